//! The PDUs we send, each by name. See [`crate::writer`] for the promise.
//!
//! `sm_length` is never above 254: longer user data goes to `message_payload` with `sm_length` 0,
//! and so does user data that came there. An error response without an id is a header alone.

use crate::short_message::SHORT_MESSAGE_OCTETS_MAX;
use crate::writer::{BodyWriter, EncodeError, encode_header_only, write_pdu};
use crate::{Bind, BindKind, CommandId, CommandStatus, DeliverSm, ShortMessage, SubmitSm, tag};

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
        write_addresses(w, sm);
        w.octets(&[sm.esm_class, sm.registered_delivery, sm.data_coding]);
        if !carries_payload(sm) {
            w.tlv(tag::MESSAGE_PAYLOAD, sm.short_message);
        }
        w.octets(sm.tlvs.whole_octets());
    })
}

#[inline]
fn encode_message(
    out: &mut Vec<u8>,
    command_id: CommandId,
    sequence_number: u32,
    sm: &ShortMessage<'_>,
) -> Result<(), EncodeError> {
    let by_tlv = carries_payload(sm);
    let moved = !by_tlv && sm.short_message.len() > SHORT_MESSAGE_OCTETS_MAX;
    let short_message = if by_tlv || moved {
        &[]
    } else {
        sm.short_message
    };
    // Held by `moved`: at most 254 octets.
    let sm_length = u8::try_from(short_message.len()).unwrap_or_default();
    write_pdu(out, command_id, REQUEST, sequence_number, |w| {
        write_addresses(w, sm);
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
            w.cstring(sm.schedule_delivery_time);
            w.cstring(sm.validity_period);
            w.octets(&[
                sm.registered_delivery,
                sm.replace_if_present_flag,
                sm.data_coding,
                sm.sm_default_msg_id,
                sm_length,
            ]);
        }
        w.octets(short_message);
        if moved {
            w.tlv(tag::MESSAGE_PAYLOAD, sm.short_message);
        }
        if !sm.tlvs.is_empty() {
            w.octets(sm.tlvs.whole_octets());
        }
    })
}

#[inline]
fn carries_payload(sm: &ShortMessage<'_>) -> bool {
    !sm.tlvs.is_empty() && sm.payload().is_some_and(|p| !p.is_empty())
}

#[inline]
fn write_addresses(w: &mut BodyWriter<'_>, sm: &ShortMessage<'_>) {
    w.cstring(sm.service_type);
    w.octets(&[sm.source.ton, sm.source.npi]);
    w.cstring(sm.source.addr);
    w.octets(&[sm.destination.ton, sm.destination.npi]);
    w.cstring(sm.destination.addr);
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
        w.cstring(bind.system_id);
        w.cstring(bind.password);
        w.cstring(bind.system_type);
        w.octets(&[bind.interface_version, bind.addr_ton, bind.addr_npi]);
        w.cstring(bind.address_range);
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
