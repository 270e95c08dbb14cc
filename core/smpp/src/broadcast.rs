//! The broadcast PDUs (SMPP 5.0 4.4.1, 4.6.1, 4.6.2). Areas, content type, frequency and repeats are
//! optional parameters here and are carried as they come; see [`crate::tag`].
//!
//! The responses of `broadcast_sm` and `query_broadcast_sm` are an id and optional parameters:
//! [`crate::MessageIdBody`]. That of `cancel_broadcast_sm` is a header alone.

use crate::fields::{
    MESSAGE_ID, SCHEDULE, SERVICE_TYPE, SOURCE_ADDR, VALIDITY, address, last_address,
    optional_part, time, write_address,
};
use crate::oddity::{BodyError, Decoded, Strictness};
use crate::reader::Reader;
use crate::tlv::Tlvs;
use crate::writer::{BodyWriter, EncodeError, write_pdu};
use crate::{Address, CommandId, CommandStatus, QuerySm};

/// The body of `broadcast_sm` (5.0 4.4.1.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct BroadcastSm<'a> {
    /// Service type without its NUL.
    pub service_type: &'a [u8],
    /// Sender.
    pub source: Address<'a>,
    /// The message to replace; else empty.
    pub message_id: &'a [u8],
    /// Priority 0 to 4.
    pub priority_flag: u8,
    /// Empty for at once, or an SMPP time.
    pub schedule_delivery_time: &'a [u8],
    /// Empty for the SMSC's own, or an SMPP time.
    pub validity_period: &'a [u8],
    /// 1 replaces the message named by `message_id`.
    pub replace_if_present_flag: u8,
    /// Alphabet and class.
    pub data_coding: u8,
    /// A message stored at the SMSC; 0 for none.
    pub sm_default_msg_id: u8,
    /// The broadcast's own parameters; the user data is in `message_payload`.
    pub tlvs: Tlvs<'a>,
}

impl<'a> BroadcastSm<'a> {
    /// Reads a `broadcast_sm`.
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let service_type = reader.cstring(&SERVICE_TYPE)?;
        let source = address(&mut reader, &SOURCE_ADDR)?;
        let message_id = reader.cstring(&MESSAGE_ID)?;
        let [priority_flag] = reader.octets("priority_flag")?;
        let schedule_delivery_time = time(&mut reader, &SCHEDULE)?;
        let validity_period = time(&mut reader, &VALIDITY)?;
        let [replace_if_present_flag, data_coding, sm_default_msg_id] =
            reader.octets("replace_if_present_flag")?;
        let tlvs = optional_part(&mut reader)?;
        Ok(reader.done(Self {
            service_type,
            source,
            message_id,
            priority_flag,
            schedule_delivery_time,
            validity_period,
            replace_if_present_flag,
            data_coding,
            sm_default_msg_id,
            tlvs,
        }))
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.service_type);
        write_address(w, &self.source);
        w.cstring(self.message_id);
        w.octet(self.priority_flag);
        w.time(self.schedule_delivery_time);
        w.time(self.validity_period);
        w.octets(&[
            self.replace_if_present_flag,
            self.data_coding,
            self.sm_default_msg_id,
        ]);
        w.octets(self.tlvs.whole_octets());
    }
}

/// The body of `query_broadcast_sm` (5.0 4.6.1.1): that of `query_sm`, with an empty id where `user_message_reference`
/// names the message.
pub type QueryBroadcastSm<'a> = QuerySm<'a>;

/// The body of `cancel_broadcast_sm` (5.0 4.6.2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct CancelBroadcastSm<'a> {
    /// Service type of a group to be cancelled; else empty.
    pub service_type: &'a [u8],
    /// The id that the SMSC gave; empty to cancel a group.
    pub message_id: &'a [u8],
    /// Sender, as it was submitted.
    pub source: Address<'a>,
    /// Optional parameters.
    pub tlvs: Tlvs<'a>,
}

impl<'a> CancelBroadcastSm<'a> {
    /// Reads a `cancel_broadcast_sm`; the last NUL may be missing where tolerant.
    ///
    /// # Errors
    /// [`BodyError`] with the status to answer.
    pub fn decode(body: &'a [u8], strictness: Strictness) -> Result<Decoded<Self>, BodyError> {
        let mut reader = Reader::new(body, strictness);
        let service_type = reader.cstring(&SERVICE_TYPE)?;
        let message_id = reader.cstring(&MESSAGE_ID)?;
        let source = last_address(&mut reader, &SOURCE_ADDR)?;
        let tlvs = optional_part(&mut reader)?;
        Ok(reader.done(Self {
            service_type,
            message_id,
            source,
            tlvs,
        }))
    }

    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.cstring(self.service_type);
        w.cstring(self.message_id);
        write_address(w, &self.source);
        w.octets(self.tlvs.whole_octets());
    }
}

macro_rules! encoders {
    ($($function:ident, $body:ident, $command:ident, $name:literal;)*) => {
        $(
            #[doc = concat!("Appends a `", $name, "`.")]
            ///
            /// # Errors
            /// [`EncodeError`]; `out` is then as it was.
            pub fn $function(
                out: &mut Vec<u8>,
                sequence_number: u32,
                body: &$body<'_>,
            ) -> Result<(), EncodeError> {
                let status = CommandStatus::ESME_ROK;
                write_pdu(out, CommandId::$command, status, sequence_number, |w| body.write(w))
            }
        )*
    };
}

encoders! {
    encode_broadcast_sm, BroadcastSm, BROADCAST_SM, "broadcast_sm";
    encode_query_broadcast_sm, QueryBroadcastSm, QUERY_BROADCAST_SM, "query_broadcast_sm";
    encode_cancel_broadcast_sm, CancelBroadcastSm, CANCEL_BROADCAST_SM, "cancel_broadcast_sm";
}
