//! The body of `submit_sm` and `deliver_sm` (SMPP 3.4 4.4.1, 4.6.1), and of `data_sm` in the same view.
//!
//! Promise: whatever can be understood is understood; nothing is copied.
//! Decisions, each noted in [`Oddities`]: `sm_length` one too long is repaired; 255 is taken if the
//! octets are there; a NUL between `short_message` and the TLVs is skipped; a cut TLV is dropped
//! alone; a user data header that does not fit its user data is relayed raw. An `sm_length` further
//! out is `ESME_RINVPARLEN`. A strict decoder repairs nothing.

use crate::fields::{
    DESTINATION_ADDR, LONG_DESTINATION_ADDR, LONG_SOURCE_ADDR, SCHEDULE, SERVICE_TYPE, SOURCE_ADDR,
    VALIDITY, address, optional_part, short_message, time,
};
use crate::oddity::{BodyError, Decoded, Oddities, Strictness};
use crate::reader::Reader;
use crate::tlv::Tlvs;
use crate::{Address, tag};

/// `esm_class` bit: the user data starts with a header.
pub const ESM_CLASS_UDHI: u8 = 0x40;
/// `esm_class` bits 5-2: the message type.
pub const ESM_CLASS_TYPE_MASK: u8 = 0x3C;
/// `esm_class` message type: an SMSC delivery receipt.
pub const ESM_CLASS_DELIVERY_RECEIPT: u8 = 0x04;
/// `esm_class` message type: an intermediate delivery notification.
pub const ESM_CLASS_INTERMEDIATE_NOTIFICATION: u8 = 0x20;

/// The body of `submit_sm`, `deliver_sm` and, with an empty `short_message`, `data_sm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ShortMessage<'a> {
    /// Service type without its NUL.
    pub service_type: &'a [u8],
    /// Sender.
    pub source: Address<'a>,
    /// Recipient.
    pub destination: Address<'a>,
    /// Mode, type and features (5.2.12).
    pub esm_class: u8,
    /// TP-PID.
    pub protocol_id: u8,
    /// Priority 0 to 3.
    pub priority_flag: u8,
    /// Empty for at once, or an SMPP time (7.1.1).
    pub schedule_delivery_time: &'a [u8],
    /// Empty for the SMSC's own, or an SMPP time (7.1.1).
    pub validity_period: &'a [u8],
    /// Receipt wishes (5.2.17).
    pub registered_delivery: u8,
    /// 1 replaces a waiting message of the same service type and ends.
    pub replace_if_present_flag: u8,
    /// Alphabet and class (5.2.19).
    pub data_coding: u8,
    /// A message stored at the SMSC; 0 for none.
    pub sm_default_msg_id: u8,
    /// User data up to 254 octets (255 tolerated inbound). See [`ShortMessage::user_data`].
    pub short_message: &'a [u8],
    /// Optional parameters as they came.
    pub tlvs: Tlvs<'a>,
}

/// The body of `submit_sm`.
pub type SubmitSm<'a> = ShortMessage<'a>;
/// The body of `deliver_sm`.
pub type DeliverSm<'a> = ShortMessage<'a>;
/// The body of `data_sm`; see [`ShortMessage::decode_data_sm`].
pub type DataSm<'a> = ShortMessage<'a>;

impl<'a> ShortMessage<'a> {
    /// Reads the body of `submit_sm` or `deliver_sm`.
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer; see the module's decisions.
    #[inline]
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let service_type = reader.cstring(&SERVICE_TYPE)?;
        let source = address(&mut reader, &SOURCE_ADDR)?;
        let destination = address(&mut reader, &DESTINATION_ADDR)?;
        Self::decode_after_addresses(reader, service_type, source, destination)
    }

    /// The fields from `esm_class` on, which `submit_multi` has too.
    #[inline]
    pub(crate) fn decode_after_addresses(
        mut reader: Reader<'a>,
        service_type: &'a [u8],
        source: Address<'a>,
        destination: Address<'a>,
    ) -> Result<Decoded<Self>, BodyError> {
        let (schedule_delivery_time, validity_period, numbers) = middle(&mut reader)?;
        let [
            esm_class,
            protocol_id,
            priority_flag,
            registered_delivery,
            replace_if_present_flag,
            data_coding,
            sm_default_msg_id,
            sm_length,
        ] = numbers;
        let short_message = short_message(&mut reader, sm_length)?;
        let tlvs = optional_part(&mut reader)?;
        reader
            .oddities
            .insert(oddities(esm_class, short_message, tlvs));
        let value = Self {
            service_type,
            source,
            destination,
            esm_class,
            protocol_id,
            priority_flag,
            schedule_delivery_time,
            validity_period,
            registered_delivery,
            replace_if_present_flag,
            data_coding,
            sm_default_msg_id,
            short_message,
            tlvs,
        };
        Ok(Decoded {
            value,
            oddities: reader.oddities,
        })
    }

    /// Reads the body of `data_sm` (4.7.1): its user data is in `message_payload`.
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer.
    pub fn decode_data_sm(
        body: &'a [u8],
        strictness: Strictness,
    ) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let service_type = reader.cstring(&SERVICE_TYPE)?;
        let source = address(&mut reader, &LONG_SOURCE_ADDR)?;
        let destination = address(&mut reader, &LONG_DESTINATION_ADDR)?;
        let [esm_class, registered_delivery, data_coding] = reader.octets("esm_class")?;
        let tlvs = optional_part(&mut reader)?;
        reader.oddities.insert(oddities(esm_class, &[], tlvs));
        let value = Self {
            service_type,
            source,
            destination,
            esm_class,
            registered_delivery,
            data_coding,
            tlvs,
            ..Self::default()
        };
        Ok(Decoded {
            value,
            oddities: reader.oddities,
        })
    }

    /// The user data, its header included: `message_payload` if it has octets, else `short_message`.
    #[must_use]
    #[inline]
    pub fn user_data(&self) -> &'a [u8] {
        user_data(self.short_message, self.tlvs)
    }

    /// The value of `message_payload`, if there is one.
    #[must_use]
    #[inline]
    pub fn payload(&self) -> Option<&'a [u8]> {
        self.tlvs.find(tag::MESSAGE_PAYLOAD)
    }

    /// True when `esm_class` says that the user data starts with a header.
    #[must_use]
    pub const fn has_udh(&self) -> bool {
        self.esm_class & ESM_CLASS_UDHI != 0
    }

    /// The user data header without its length octet, and the octets after it. `None` when
    /// `esm_class` does not announce one or when it does not fit.
    #[must_use]
    pub fn split_udh(&self) -> Option<(&'a [u8], &'a [u8])> {
        if !self.has_udh() {
            return None;
        }
        split_udh(self.user_data())
    }

    /// `esm_class` bits 5-2, in place.
    #[must_use]
    pub const fn message_type(&self) -> u8 {
        self.esm_class & ESM_CLASS_TYPE_MASK
    }

    /// True when the message type is a delivery receipt, final or intermediate. Other bits of
    /// `esm_class` do not matter.
    #[must_use]
    pub const fn is_receipt(&self) -> bool {
        matches!(
            self.message_type(),
            ESM_CLASS_DELIVERY_RECEIPT | ESM_CLASS_INTERMEDIATE_NOTIFICATION
        )
    }

    /// True when the message type is an intermediate notification.
    #[must_use]
    pub const fn is_intermediate(&self) -> bool {
        self.message_type() == ESM_CLASS_INTERMEDIATE_NOTIFICATION
    }
}

#[inline]
fn user_data<'a>(short_message: &'a [u8], tlvs: Tlvs<'a>) -> &'a [u8] {
    match tlvs.find(tag::MESSAGE_PAYLOAD) {
        Some(payload) if !payload.is_empty() => payload,
        _ => short_message,
    }
}

fn split_udh(user_data: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&length, rest) = user_data.split_first()?;
    rest.split_at_checked(usize::from(length))
}

/// What only the whole body shows.
#[inline]
fn oddities(esm_class: u8, short_message: &[u8], tlvs: Tlvs<'_>) -> Oddities {
    let mut oddities = Oddities::default();
    if !short_message.is_empty()
        && !tlvs.is_empty()
        && tlvs
            .find(tag::MESSAGE_PAYLOAD)
            .is_some_and(|p| !p.is_empty())
    {
        oddities.insert(Oddities::BOTH_PAYLOADS);
    }
    if esm_class & ESM_CLASS_UDHI != 0 && split_udh(user_data(short_message, tlvs)).is_none() {
        oddities.insert(Oddities::BROKEN_UDH);
    }
    oddities
}

/// schedule_delivery_time, validity_period, the numbers around them.
type Middle<'a> = (&'a [u8], &'a [u8], [u8; 8]);

/// Both times, and the numbers from `esm_class` to `sm_length`. Nearly always both times are empty,
/// and then all of it is ten octets.
#[inline]
fn middle<'a>(reader: &mut Reader<'a>) -> Result<Middle<'a>, BodyError> {
    if let Some(&[e, p, f, 0, 0, r, i, d, m, l]) = reader.rest().first_chunk::<10>() {
        reader.slice(10);
        return Ok((&[], &[], [e, p, f, r, i, d, m, l]));
    }
    let [e, p, f] = reader.octets("esm_class")?;
    let schedule_delivery_time = time(reader, &SCHEDULE)?;
    let validity_period = time(reader, &VALIDITY)?;
    let [r, i, d, m, l] = reader.octets("sm_length")?;
    Ok((
        schedule_delivery_time,
        validity_period,
        [e, p, f, r, i, d, m, l],
    ))
}
