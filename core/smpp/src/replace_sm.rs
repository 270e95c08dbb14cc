//! `replace_sm` (SMPP 3.4 4.10, 5.0 4.5.3). Its response is a header alone.
//!
//! Decision: 3.4 gives it no optional parameters, 5.0 gives it `message_payload`; user data above
//! 254 octets goes there, as in `submit_sm`.

use crate::encode::UserData;
use crate::fields::{
    MESSAGE_ID, SCHEDULE, SOURCE_ADDR, VALIDITY, address, optional_part, short_message, time,
    write_address,
};
use crate::oddity::{BodyError, Decoded, Oddities, Strictness};
use crate::reader::Reader;
use crate::tlv::Tlvs;
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{Address, CommandId, CommandStatus, tag};

/// The body of `replace_sm`: another text for a message that still waits at the SMSC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct ReplaceSm<'a> {
    /// The id that the SMSC gave.
    pub message_id: &'a [u8],
    /// The sender, as it was submitted.
    pub source: Address<'a>,
    /// Empty to keep the old one, or an SMPP time.
    pub schedule_delivery_time: &'a [u8],
    /// Empty to keep the old one, or an SMPP time.
    pub validity_period: &'a [u8],
    /// Receipt wishes (3.4 5.2.17).
    pub registered_delivery: u8,
    /// A message stored at the SMSC; 0 for none.
    pub sm_default_msg_id: u8,
    /// The new user data. See [`ReplaceSm::user_data`].
    pub short_message: &'a [u8],
    /// Optional parameters as they came.
    pub tlvs: Tlvs<'a>,
}

impl<'a> ReplaceSm<'a> {
    /// Reads a `replace_sm`, by the decisions of [`crate::ShortMessage::decode`].
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let message_id = reader.cstring(&MESSAGE_ID)?;
        let source = address(&mut reader, &SOURCE_ADDR)?;
        let schedule_delivery_time = time(&mut reader, &SCHEDULE)?;
        let validity_period = time(&mut reader, &VALIDITY)?;
        let [registered_delivery, sm_default_msg_id, sm_length] =
            reader.octets("registered_delivery")?;
        let short_message = short_message(&mut reader, sm_length)?;
        let tlvs = optional_part(&mut reader)?;
        let value = Self {
            message_id,
            source,
            schedule_delivery_time,
            validity_period,
            registered_delivery,
            sm_default_msg_id,
            short_message,
            tlvs,
        };
        let payload = value.tlvs.find(tag::MESSAGE_PAYLOAD).unwrap_or_default();
        if !short_message.is_empty() && !payload.is_empty() {
            reader.oddities.insert(Oddities::BOTH_PAYLOADS);
        }
        Ok(reader.done(value))
    }

    /// The user data: `message_payload` if it has octets, else `short_message`.
    #[must_use]
    pub fn user_data(&self) -> &'a [u8] {
        match self.tlvs.find(tag::MESSAGE_PAYLOAD) {
            Some(payload) if !payload.is_empty() => payload,
            _ => self.short_message,
        }
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        let parts = UserData::of(self.short_message, self.tlvs);
        w.cstring(self.message_id);
        write_address(w, &self.source);
        w.time(self.schedule_delivery_time);
        w.time(self.validity_period);
        w.octets(&[
            self.registered_delivery,
            self.sm_default_msg_id,
            parts.sm_length(),
        ]);
        parts.write(w);
    }
}

/// Appends a `replace_sm`.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_replace_sm(
    out: &mut Vec<u8>,
    sequence_number: u32,
    replace: &ReplaceSm<'_>,
) -> Result<(), EncodeError> {
    write_pdu(
        out,
        CommandId::REPLACE_SM,
        CommandStatus::ESME_ROK,
        sequence_number,
        |w| replace.write(w),
    )
}
