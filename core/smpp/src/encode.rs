//! The PDUs we send, each by name. See [`crate::writer`] for the promise.
//!
//! `sm_length` is never above 254: longer user data goes to `message_payload` with `sm_length` 0,
//! and so does user data that came there. An error response without an id is a header alone.

use crate::fields::{SHORT_MESSAGE_OCTETS_MAX, write_address};
use crate::writer::{BodyWriter, EncodeError, encode_header_only, write_pdu};
use crate::{
    Bind, BindKind, CommandId, CommandStatus, DeliverSm, ShortMessage, SubmitSm, Tlvs, tag,
};

const REQUEST: CommandStatus = CommandStatus::ESME_ROK;

/// Appends a `submit_sm`.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
#[inline]
pub fn encode_submit_sm(
    out: &mut Vec<u8>,
    sequence_number: u32,
    sm: &SubmitSm<'_>,
) -> Result<(), EncodeError> {
    encode_message(out, CommandId::SUBMIT_SM, sequence_number, sm)
}

/// Appends a `deliver_sm`.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
#[inline]
pub fn encode_deliver_sm(
    out: &mut Vec<u8>,
    sequence_number: u32,
    sm: &DeliverSm<'_>,
) -> Result<(), EncodeError> {
    encode_message(out, CommandId::DELIVER_SM, sequence_number, sm)
}

/// Appends a `data_sm`: the user data goes to `message_payload`, fields it does not have are left out.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_data_sm(
    out: &mut Vec<u8>,
    sequence_number: u32,
    sm: &ShortMessage<'_>,
) -> Result<(), EncodeError> {
    write_pdu(out, CommandId::DATA_SM, REQUEST, sequence_number, |w| {
        write_data_sm(w, sm, true);
    })
}

/// `payload` wants a `message_payload` even where there is no user data.
pub(crate) fn write_data_sm(w: &mut BodyWriter<'_>, sm: &ShortMessage<'_>, payload: bool) {
    write_addresses(w, sm);
    w.octets(&[sm.esm_class, sm.registered_delivery, sm.data_coding]);
    let (tlvs, has_payload) = sm.tlvs.whole_octets_and(tag::MESSAGE_PAYLOAD);
    if !has_payload && (payload || !sm.short_message.is_empty()) {
        w.tlv(tag::MESSAGE_PAYLOAD, sm.short_message);
    }
    w.octets(tlvs);
}

#[inline]
fn encode_message(
    out: &mut Vec<u8>,
    command_id: CommandId,
    sequence_number: u32,
    sm: &ShortMessage<'_>,
) -> Result<(), EncodeError> {
    write_pdu(out, command_id, REQUEST, sequence_number, |w| {
        write_message(w, sm);
    })
}

#[inline]
pub(crate) fn write_message(w: &mut BodyWriter<'_>, sm: &ShortMessage<'_>) {
    write_addresses(w, sm);
    write_after_addresses(w, sm);
}

/// The fields from `esm_class` on, which `submit_multi` has too.
#[inline]
pub(crate) fn write_after_addresses(w: &mut BodyWriter<'_>, sm: &ShortMessage<'_>) {
    let parts = UserData::of(sm.short_message, sm.tlvs);
    let sm_length = parts.sm_length();
    if sm.schedule_delivery_time.is_empty() && sm.validity_period.is_empty() {
        w.octets(&[
            sm.esm_class,
            sm.protocol_id,
            sm.priority_flag,
            0,
            0,
            sm.registered_delivery,
            sm.replace_if_present_flag,
            sm.data_coding,
            sm.sm_default_msg_id,
            sm_length,
        ]);
    } else {
        w.octets(&[sm.esm_class, sm.protocol_id, sm.priority_flag]);
        w.time(sm.schedule_delivery_time);
        w.time(sm.validity_period);
        w.octets(&[
            sm.registered_delivery,
            sm.replace_if_present_flag,
            sm.data_coding,
            sm.sm_default_msg_id,
            sm_length,
        ]);
    }
    parts.write(w);
}

/// Where the user data and the optional parameters go.
pub(crate) struct UserData<'a> {
    /// At most 254 octets.
    short_message: &'a [u8],
    /// User data for a `message_payload` of its own.
    moved: Option<&'a [u8]>,
    tlvs: &'a [u8],
}

impl<'a> UserData<'a> {
    #[inline]
    pub(crate) fn of(short_message: &'a [u8], tlvs: Tlvs<'a>) -> Self {
        let (tlvs, has_payload) = if tlvs.is_empty() {
            ([].as_slice(), false)
        } else {
            tlvs.whole_octets_and(tag::MESSAGE_PAYLOAD)
        };
        let (short_message, moved) = if has_payload {
            ([].as_slice(), None)
        } else if short_message.len() > SHORT_MESSAGE_OCTETS_MAX {
            ([].as_slice(), Some(short_message))
        } else {
            (short_message, None)
        };
        Self {
            short_message,
            moved,
            tlvs,
        }
    }

    #[inline]
    pub(crate) fn sm_length(&self) -> u8 {
        u8::try_from(self.short_message.len()).unwrap_or_default()
    }

    #[inline]
    pub(crate) fn write(&self, w: &mut BodyWriter<'_>) {
        w.octets(self.short_message);
        if let Some(payload) = self.moved {
            w.tlv(tag::MESSAGE_PAYLOAD, payload);
        }
        w.octets(self.tlvs);
    }
}

#[inline]
fn write_addresses(w: &mut BodyWriter<'_>, sm: &ShortMessage<'_>) {
    w.cstring(sm.service_type);
    write_address(w, &sm.source);
    write_address(w, &sm.destination);
}

/// Appends a bind request.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_bind(
    out: &mut Vec<u8>,
    sequence_number: u32,
    kind: BindKind,
    bind: &Bind<'_>,
) -> Result<(), EncodeError> {
    write_pdu(out, kind.command_id(), REQUEST, sequence_number, |w| {
        bind.write(w);
    })
}

/// Appends the response to a bind of this kind; a refusal is a header alone.
/// `sc_interface_version` is written when given.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
pub fn encode_bind_resp(
    out: &mut Vec<u8>,
    sequence_number: u32,
    kind: BindKind,
    command_status: CommandStatus,
    system_id: &[u8],
    sc_interface_version: Option<u8>,
) -> Result<(), EncodeError> {
    let command_id = kind.command_id().response();
    if !command_status.is_ok() {
        encode_header_only(out, command_id, command_status, sequence_number);
        return Ok(());
    }
    write_pdu(out, command_id, command_status, sequence_number, |w| {
        w.cstring(system_id);
        if let Some(version) = sc_interface_version {
            w.tlv(tag::SC_INTERFACE_VERSION, &[version]);
        }
    })
}

/// Appends a `submit_sm_resp`; an error without an id is a header alone.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
#[inline]
pub fn encode_submit_sm_resp(
    out: &mut Vec<u8>,
    sequence_number: u32,
    command_status: CommandStatus,
    message_id: &[u8],
) -> Result<(), EncodeError> {
    encode_message_id(
        out,
        CommandId::SUBMIT_SM_RESP,
        sequence_number,
        command_status,
        message_id,
    )
}

/// Appends a response that carries a `message_id` (`submit_sm_resp`, `data_sm_resp`); an error
/// without an id is a header alone.
///
/// # Errors
/// [`EncodeError`]; `out` is then as it was.
#[inline]
pub fn encode_message_id(
    out: &mut Vec<u8>,
    command_id: CommandId,
    sequence_number: u32,
    command_status: CommandStatus,
    message_id: &[u8],
) -> Result<(), EncodeError> {
    if !command_status.is_ok() && message_id.is_empty() {
        encode_header_only(out, command_id, command_status, sequence_number);
        return Ok(());
    }
    write_pdu(out, command_id, command_status, sequence_number, |w| {
        w.cstring(message_id);
    })
}

/// Appends a `deliver_sm_resp`: its `message_id` is unused and always empty (3.4 4.6.2).
#[inline]
pub fn encode_deliver_sm_resp(
    out: &mut Vec<u8>,
    sequence_number: u32,
    command_status: CommandStatus,
) {
    encode_empty_id(
        out,
        CommandId::DELIVER_SM_RESP,
        sequence_number,
        command_status,
    );
}

/// Appends a response whose body is one NUL.
#[inline]
pub(crate) fn encode_empty_id(
    out: &mut Vec<u8>,
    command_id: CommandId,
    sequence_number: u32,
    command_status: CommandStatus,
) {
    let header = crate::Header {
        command_length: 17,
        command_id,
        command_status,
        sequence_number,
    };
    out.extend_from_slice(&header.encode());
    out.push(0);
}
