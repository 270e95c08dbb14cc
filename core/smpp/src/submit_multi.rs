//! `submit_multi` (SMPP 3.4 4.5.1, 5.0 4.2.3): one text for up to 255 destinations.
//!
//! A server expands it to single messages; our ESME side never sends it. Decisions: a destination
//! flag that is not defined is `ESME_RINVDESTFLAG`, no destination at all `ESME_RINVNUMDESTS`.

use crate::encode::write_after_addresses;
use crate::fields::{DESTINATION_ADDR, DL_NAME, SERVICE_TYPE, SOURCE_ADDR, address, write_address};
use crate::oddity::{BodyError, BodyFault, Decoded, Strictness};
use crate::reader::{Reader, until_nul};
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{Address, CommandId, CommandStatus, ShortMessage};

const FLAG_ADDRESS: u8 = 1;
const FLAG_DISTRIBUTION_LIST: u8 = 2;

/// One destination (3.4 4.5.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination<'a> {
    /// A number (`dest_flag` 1).
    Address(Address<'a>),
    /// The name of a list at the SMSC (`dest_flag` 2).
    DistributionList(&'a [u8]),
}

/// The destinations of one PDU, walked where they lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Destinations<'a> {
    octets: &'a [u8],
}

impl<'a> Destinations<'a> {
    /// Views what [`write_destination`] wrote; any octets will do.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { octets }
    }

    /// Walks them in order.
    #[must_use]
    pub const fn iter(&self) -> DestinationIter<'a> {
        DestinationIter { rest: self.octets }
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.iter().count()
    }

    /// Octets of whole destinations at the front.
    fn whole_octets(&self) -> &'a [u8] {
        let mut iter = self.iter();
        while iter.next().is_some() {}
        let whole = self.octets.len().saturating_sub(iter.rest.len());
        self.octets.get(..whole).unwrap_or_default()
    }
}

impl<'a> IntoIterator for Destinations<'a> {
    type Item = Destination<'a>;
    type IntoIter = DestinationIter<'a>;

    fn into_iter(self) -> DestinationIter<'a> {
        self.iter()
    }
}

/// Walks destinations; ends at the first that is cut.
#[derive(Clone, Debug)]
pub struct DestinationIter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for DestinationIter<'a> {
    type Item = Destination<'a>;

    fn next(&mut self) -> Option<Destination<'a>> {
        let (&flag, after) = self.rest.split_first()?;
        let (head, named) = match flag {
            FLAG_ADDRESS => after.split_at_checked(2)?,
            FLAG_DISTRIBUTION_LIST => after.split_at_checked(0)?,
            _ => return None,
        };
        let name = until_nul(named);
        // Its NUL must be there.
        let rest = named.get(name.len()..)?.split_first()?.1;
        self.rest = rest;
        Some(match *head {
            [ton, npi] => Destination::Address(Address::new(ton, npi, name)),
            _ => Destination::DistributionList(name),
        })
    }
}

/// Appends one destination to `out`, for [`Destinations::new`] to view.
///
/// # Errors
/// [`EncodeError`] for a name with a NUL inside or above 255 octets; `out` is then as it was.
pub fn write_destination(
    out: &mut Vec<u8>,
    destination: &Destination<'_>,
) -> Result<(), EncodeError> {
    BodyWriter::append(out, |w| match destination {
        Destination::Address(address) => {
            w.octet(FLAG_ADDRESS);
            write_address(w, address);
        }
        Destination::DistributionList(name) => {
            w.octet(FLAG_DISTRIBUTION_LIST);
            w.cstring(name);
        }
    })
}

/// The body of `submit_multi`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct SubmitMulti<'a> {
    /// All but the destinations; its own destination is empty.
    pub message: ShortMessage<'a>,
    /// To whom.
    pub destinations: Destinations<'a>,
}

impl<'a> SubmitMulti<'a> {
    /// Reads a `submit_multi`, by the decisions of [`ShortMessage::decode`].
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let service_type = reader.cstring(&SERVICE_TYPE)?;
        let source = address(&mut reader, &SOURCE_ADDR)?;
        let [number_of_dests] = reader.octets("number_of_dests")?;
        if number_of_dests == 0 {
            return Err(BodyError {
                answer: CommandStatus::ESME_RINVNUMDESTS,
                field: "number_of_dests",
                fault: BodyFault::Undefined,
            });
        }
        let list = reader.rest();
        for _ in 0..number_of_dests {
            skip_destination(&mut reader)?;
        }
        let length = list.len().saturating_sub(reader.rest().len());
        let destinations = Destinations::new(list.get(..length).unwrap_or_default());
        let none = Address::default();
        let decoded = ShortMessage::decode_after_addresses(reader, service_type, source, none)?;
        Ok(Decoded {
            value: Self {
                message: decoded.value,
                destinations,
            },
            oddities: decoded.oddities,
        })
    }

    /// The message as a `submit_sm` to one of its destinations.
    #[must_use]
    pub const fn single(&self, destination: Address<'a>) -> ShortMessage<'a> {
        ShortMessage {
            destination,
            ..self.message
        }
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.message.service_type);
        write_address(w, &self.message.source);
        match u8::try_from(self.destinations.count()) {
            Ok(0) | Err(_) => w.fail(EncodeError::DestinationCount),
            Ok(count) => w.octet(count),
        }
        w.octets(self.destinations.whole_octets());
        write_after_addresses(w, &self.message);
    }
}

fn skip_destination(reader: &mut Reader<'_>) -> Result<(), BodyError> {
    let [flag] = reader.octets("dest_flag")?;
    match flag {
        FLAG_ADDRESS => address(reader, &DESTINATION_ADDR).map(|_| ()),
        FLAG_DISTRIBUTION_LIST => reader.cstring(&DL_NAME).map(|_| ()),
        _ => Err(BodyError {
            answer: CommandStatus::ESME_RINVDESTFLAG,
            field: "dest_flag",
            fault: BodyFault::Undefined,
        }),
    }
}

/// Appends a `submit_multi`.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_submit_multi(
    out: &mut Vec<u8>,
    sequence_number: u32,
    multi: &SubmitMulti<'_>,
) -> Result<(), EncodeError> {
    write_pdu(
        out,
        CommandId::SUBMIT_MULTI,
        CommandStatus::ESME_ROK,
        sequence_number,
        |w| multi.write(w),
    )
}
