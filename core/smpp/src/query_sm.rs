//! `query_sm` and its response (SMPP 3.4 4.8, 5.0 4.5.2).
//!
//! Promise: every shape of the response decodes, because the question must be settled.

use crate::fields::{MESSAGE_ID, SOURCE_ADDR, last_address, optional_part, write_address};
use crate::oddity::{BodyError, Decoded, Oddities, Strictness};
use crate::reader::{Reader, until_nul};
use crate::tlv::Tlvs;
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{Address, CommandId, CommandStatus};

/// The body of `query_sm`: what became of this message?
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct QuerySm<'a> {
    /// The id that the SMSC gave.
    pub message_id: &'a [u8],
    /// The sender of the message, as it was submitted.
    pub source: Address<'a>,
    /// None in the specification; carried where a peer sends them.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QuerySm<'a> {
    /// Reads a `query_sm`; the last NUL may be missing where tolerant.
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let message_id = reader.cstring(&MESSAGE_ID)?;
        let source = last_address(&mut reader, &SOURCE_ADDR)?;
        let tlvs = optional_part(&mut reader)?;
        Ok(reader.done(Self {
            message_id,
            source,
            tlvs,
        }))
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.message_id);
        write_address(w, &self.source);
        w.octets(self.tlvs.whole_octets());
    }
}

/// The body of `query_sm_resp`. What a peer left out is `None`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct QuerySmResp<'a> {
    /// The id asked for.
    pub message_id: &'a [u8],
    /// When the message became final, an SMPP time; empty while it is not.
    pub final_date: &'a [u8],
    /// `message_state` (3.4 5.2.28, 5.0 4.7.15).
    pub message_state: Option<u8>,
    /// The network's error, its own numbers; 0 for none.
    pub error_code: Option<u8>,
    /// None in the specification; carried where a peer sends them.
    pub tlvs: Tlvs<'a>,
}

impl<'a> QuerySmResp<'a> {
    /// Reads a `query_sm_resp`, an empty one too.
    #[must_use]
    pub fn decode(body: &'a [u8]) -> Decoded<Self> {
        let mut oddities = Oddities::default();
        let (message_id, rest) = text(body);
        let (final_date, rest) = text(rest);
        let (message_state, rest) = number(rest);
        let (error_code, rest) = number(rest);
        if error_code.is_none() {
            oddities.insert(Oddities::SHORT_BODY);
        }
        let tlvs = Tlvs::new(rest);
        if tlvs.is_cut() {
            oddities.insert(Oddities::CUT_TLV);
        }
        let value = Self {
            message_id,
            final_date,
            message_state,
            error_code,
            tlvs,
        };
        Decoded { value, oddities }
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.message_id);
        w.time(self.final_date);
        // A body may end early, but has no gaps.
        let Some(message_state) = self.message_state else {
            return;
        };
        w.octet(message_state);
        let Some(error_code) = self.error_code else {
            return;
        };
        w.octet(error_code);
        w.octets(self.tlvs.whole_octets());
    }
}

fn text(octets: &[u8]) -> (&[u8], &[u8]) {
    let text = until_nul(octets);
    (text, octets.get(text.len() + 1..).unwrap_or_default())
}

fn number(octets: &[u8]) -> (Option<u8>, &[u8]) {
    match octets.split_first() {
        Some((&first, rest)) => (Some(first), rest),
        None => (None, &[]),
    }
}

/// Appends a `query_sm`.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_query_sm(
    out: &mut Vec<u8>,
    sequence_number: u32,
    query: &QuerySm<'_>,
) -> Result<(), EncodeError> {
    write_pdu(
        out,
        CommandId::QUERY_SM,
        CommandStatus::ESME_ROK,
        sequence_number,
        |w| query.write(w),
    )
}

/// Appends a `query_sm_resp`. Refusals are headers alone: see [`crate::encode_header_only`].
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_query_sm_resp(
    out: &mut Vec<u8>,
    sequence_number: u32,
    response: &QuerySmResp<'_>,
) -> Result<(), EncodeError> {
    write_pdu(
        out,
        CommandId::QUERY_SM_RESP,
        CommandStatus::ESME_ROK,
        sequence_number,
        |w| response.write(w),
    )
}
