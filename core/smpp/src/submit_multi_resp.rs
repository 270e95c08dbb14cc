//! `submit_multi_resp` (SMPP 3.4 4.5.2, 5.0 4.2.3.2): one id, and the destinations that failed.
//!
//! Promise: every shape decodes, because the request must be settled; failures after a cut are lost.

use crate::fields::write_address;
use crate::oddity::{Decoded, Oddities};
use crate::reader::until_nul;
use crate::tlv::Tlvs;
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{Address, CommandId, CommandStatus, MessageIdBody};

/// A destination that the SMSC did not take (3.4 4.5.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsuccessSme<'a> {
    /// Which.
    pub destination: Address<'a>,
    /// Why.
    pub error_status_code: CommandStatus,
}

/// The failures of one response, walked where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct UnsuccessSmes<'a> {
    octets: &'a [u8],
}

impl<'a> UnsuccessSmes<'a> {
    /// Views what [`write_unsuccess_sme`] wrote; any octets will do.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// Walks them in order.
    #[must_use]
    pub const fn iter(&self) -> UnsuccessSmeIter<'a> {
        UnsuccessSmeIter { rest: self.octets }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.iter().count()
    }
}

impl<'a> IntoIterator for UnsuccessSmes<'a> {
    type Item = UnsuccessSme<'a>;
    type IntoIter = UnsuccessSmeIter<'a>;

    fn into_iter(self) -> UnsuccessSmeIter<'a> {
        self.iter()
    }
}

/// Walks failures; ends at the first that is cut.
#[derive(Clone, Debug)]
pub struct UnsuccessSmeIter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for UnsuccessSmeIter<'a> {
    type Item = UnsuccessSme<'a>;

    fn next(&mut self) -> Option<UnsuccessSme<'a>> {
        let (&[ton, npi], after) = self.rest.split_first_chunk::<2>()?;
        let addr = until_nul(after);
        let behind = after.get(addr.len()..)?.split_first()?.1;
        let (code, rest) = behind.split_first_chunk::<4>()?;
        self.rest = rest;
        Some(UnsuccessSme {
            destination: Address::new(ton, npi, addr),
            error_status_code: CommandStatus(u32::from_be_bytes(*code)),
        })
    }
}

/// Appends one failure to `out`, for [`UnsuccessSmes::new`] to view.
///
/// # Errors
/// [`EncodeError`] for an address with a NUL inside or above 255 octets; `out` is then as it was.
pub fn write_unsuccess_sme(
    out: &mut Vec<u8>,
    unsuccess: &UnsuccessSme<'_>,
) -> Result<(), EncodeError> {
    BodyWriter::append(out, |w| {
        write_address(w, &unsuccess.destination);
        w.octets(&unsuccess.error_status_code.0.to_be_bytes());
    })
}

/// The body of `submit_multi_resp`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SubmitMultiResp<'a> {
    /// One id for all that were taken; may be empty.
    pub message_id: &'a [u8],
    /// Those that were not.
    pub unsuccess_smes: UnsuccessSmes<'a>,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> SubmitMultiResp<'a> {
    /// Reads a `submit_multi_resp`, an empty one too.
    #[must_use]
    pub fn decode(body: &'a [u8]) -> Decoded<Self> {
        let text = until_nul(body);
        let counted = body.get(text.len() + 1..).unwrap_or_default();
        let Some((&no_unsuccess, list)) = counted.split_first() else {
            // As a submit_sm_resp: an id and nothing more.
            let short = MessageIdBody::decode(body);
            let mut oddities = short.oddities;
            oddities.insert(Oddities::SHORT_BODY);
            let value = Self {
                message_id: short.value.message_id,
                ..Self::default()
            };
            return Decoded { value, oddities };
        };
        // The id alone, with the bounds that ids have everywhere.
        let id = MessageIdBody::decode(body.get(..=text.len()).unwrap_or_default());
        let mut oddities = id.oddities;
        let mut iter = UnsuccessSmes::new(list).iter();
        let walked = iter.by_ref().take(usize::from(no_unsuccess)).count();
        let length = list.len().saturating_sub(iter.rest.len());
        let (entries, rest) = list.split_at_checked(length).unwrap_or_default();
        let whole = walked == usize::from(no_unsuccess);
        // Behind a failure that is cut nothing can be found.
        let tlvs = Tlvs::new(if whole { rest } else { &[] });
        if !whole {
            oddities.insert(Oddities::SHORT_BODY);
        } else if tlvs.is_cut() {
            oddities.insert(Oddities::CUT_TLV);
        }
        let value = Self {
            message_id: id.value.message_id,
            unsuccess_smes: UnsuccessSmes::new(entries),
            tlvs,
        };
        Decoded { value, oddities }
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.message_id);
        let mut entries = self.unsuccess_smes.iter();
        match u8::try_from(entries.by_ref().count()) {
            Ok(count) => w.octet(count),
            Err(_) => w.fail(EncodeError::DestinationCount),
        }
        let octets = self.unsuccess_smes.octets;
        let whole = octets.len().saturating_sub(entries.rest.len());
        w.octets(octets.get(..whole).unwrap_or_default());
        w.octets(self.tlvs.whole_octets());
    }
}

/// Appends a `submit_multi_resp`. Refusals of the whole are headers alone: see
/// [`crate::encode_header_only`].
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_submit_multi_resp(
    out: &mut Vec<u8>,
    sequence_number: u32,
    response: &SubmitMultiResp<'_>,
) -> Result<(), EncodeError> {
    write_pdu(
        out,
        CommandId::SUBMIT_MULTI_RESP,
        CommandStatus::ESME_ROK,
        sequence_number,
        |w| response.write(w),
    )
}
