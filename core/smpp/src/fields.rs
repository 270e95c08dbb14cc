//! Fields that several bodies share: their names, their lengths, and how each is read and written.
//!
//! Promise: the decisions about one field are the same in every PDU that has it.

use crate::oddity::{BodyError, BodyFault, Oddities};
use crate::reader::{Field, Reader};
use crate::tlv::{Ending, Tlvs};
use crate::writer::BodyWriter;
use crate::{Address, CommandStatus};

/// The most that `short_message` holds; longer user data goes to `message_payload`.
pub const SHORT_MESSAGE_OCTETS_MAX: usize = 254;

const fn field(name: &'static str, octets_max: usize, answer: CommandStatus) -> Field {
    Field {
        name,
        octets_max,
        answer,
    }
}

pub(crate) const SYSTEM_ID: Field = field("system_id", 16, CommandStatus::ESME_RINVSYSID);
pub(crate) const PASSWORD: Field = field("password", 9, CommandStatus::ESME_RINVPASWD);
pub(crate) const SYSTEM_TYPE: Field = field("system_type", 13, CommandStatus::ESME_RINVSYSTYP);
pub(crate) const ADDRESS_RANGE: Field = field("address_range", 41, CommandStatus::ESME_RINVPARLEN);
pub(crate) const SERVICE_TYPE: Field = field("service_type", 6, CommandStatus::ESME_RINVSERTYP);
pub(crate) const MESSAGE_ID: Field = field("message_id", 65, CommandStatus::ESME_RINVMSGID);
pub(crate) const SOURCE_ADDR: Field = field("source_addr", 21, CommandStatus::ESME_RINVSRCADR);
pub(crate) const DESTINATION_ADDR: Field =
    field("destination_addr", 21, CommandStatus::ESME_RINVDSTADR);
/// `data_sm` and `alert_notification` take longer addresses.
pub(crate) const LONG_SOURCE_ADDR: Field = field("source_addr", 65, CommandStatus::ESME_RINVSRCADR);
pub(crate) const LONG_DESTINATION_ADDR: Field =
    field("destination_addr", 65, CommandStatus::ESME_RINVDSTADR);
pub(crate) const ESME_ADDR: Field = field("esme_addr", 65, CommandStatus::ESME_RINVDSTADR);
pub(crate) const DL_NAME: Field = field("dl_name", 21, CommandStatus::ESME_RINVDLNAME);
pub(crate) const SCHEDULE: Field =
    field("schedule_delivery_time", 17, CommandStatus::ESME_RINVSCHED);
pub(crate) const VALIDITY: Field = field("validity_period", 17, CommandStatus::ESME_RINVEXPIRY);

#[inline]
pub(crate) fn address<'a>(
    reader: &mut Reader<'a>,
    field: &Field,
) -> Result<Address<'a>, BodyError> {
    let [ton, npi] = reader.octets(field.name)?;
    let addr = reader.cstring(field)?;
    Ok(Address { ton, npi, addr })
}

/// An address at the end of a body: it may miss its NUL where we are tolerant.
pub(crate) fn last_address<'a>(
    reader: &mut Reader<'a>,
    field: &Field,
) -> Result<Address<'a>, BodyError> {
    let [ton, npi] = reader.octets(field.name)?;
    let addr = reader.last_cstring(field)?;
    Ok(Address { ton, npi, addr })
}

#[inline]
pub(crate) fn write_address(w: &mut BodyWriter<'_>, address: &Address<'_>) {
    w.octets(&[address.ton, address.npi]);
    w.cstring(address.addr);
}

/// A time (3.4 7.1.1): strict decoders want none or 16 characters.
#[inline]
pub(crate) fn time<'a>(reader: &mut Reader<'a>, field: &Field) -> Result<&'a [u8], BodyError> {
    let text = reader.cstring(field)?;
    if reader.is_strict() && !matches!(text.len(), 0 | 16) {
        return Err(BodyError {
            answer: field.answer,
            field: field.name,
            fault: BodyFault::NotATime,
        });
    }
    Ok(text)
}

/// The user data that `sm_length` announces. One too many is repaired, 255 taken if it is there.
#[inline]
pub(crate) fn short_message<'a>(
    reader: &mut Reader<'a>,
    sm_length: u8,
) -> Result<&'a [u8], BodyError> {
    let length = usize::from(sm_length);
    let overrun = |fault| BodyError {
        answer: CommandStatus::ESME_RINVPARLEN,
        field: "short_message",
        fault,
    };
    if length > SHORT_MESSAGE_OCTETS_MAX {
        if reader.is_strict() {
            return Err(overrun(BodyFault::TooLong));
        }
        reader.oddities.insert(Oddities::SM_LENGTH_255);
    }
    if let Some(text) = reader.slice(length) {
        return Ok(text);
    }
    let left = reader.rest().len();
    if reader.is_strict() || left == 0 || left + 1 != length {
        return Err(overrun(BodyFault::Overrun));
    }
    reader.oddities.insert(Oddities::SM_LENGTH_REPAIRED);
    Ok(reader.slice(left).unwrap_or_default())
}

/// What follows the mandatory fields: optional parameters (3.4 5.3), perhaps behind a spare NUL.
#[inline]
pub(crate) fn optional_part<'a>(reader: &mut Reader<'a>) -> Result<Tlvs<'a>, BodyError> {
    let rest = reader.rest();
    if rest.is_empty() {
        return Ok(Tlvs::default());
    }
    let tlvs = Tlvs::new(rest);
    let ending = tlvs.ending();
    if ending == Ending::Whole {
        return Ok(tlvs);
    }
    if reader.is_strict() {
        return Err(BodyError {
            answer: CommandStatus::ESME_RINVPARLEN,
            field: "optional parameters",
            fault: match ending {
                Ending::Stray => BodyFault::Stray,
                _ => BodyFault::Overrun,
            },
        });
    }
    // A NUL that ends the text although sm_length already did: the TLVs start one octet later.
    if let Some((0, after)) = rest.split_first() {
        let shifted = Tlvs::new(after);
        if shifted.ending() == Ending::Whole {
            reader.oddities.insert(Oddities::EXTRA_NUL);
            return Ok(shifted);
        }
    }
    reader.oddities.insert(match ending {
        Ending::Stray => Oddities::STRAY_OCTETS,
        _ => Oddities::CUT_TLV,
    });
    Ok(tlvs)
}
