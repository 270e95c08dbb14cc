//! The last hand on the octets of one connection: bodies in odd shapes and odd sequence numbers on their way out, and what comes
//! back to these numbers on its way in. Whole PDUs go out; a partial one that comes in waits for its rest.
//!
//! Bounded: one partial PDU, and [`ASKED_MAX`] requests whose number is not their own. What is no PDU passes as it came.

use super::quirk::sequence::Numbering;
use super::quirk::shape::{BindBody, ErrorBody, Shape};
use super::quirk::{Played, Quirks};
use crate::chance::Draws;
use carrack_smpp::{
    CommandId, HEADER_OCTETS, Header, PDU_OCTETS_MAX_DEFAULT, split_frame, tag, write_tlv,
};
use std::collections::VecDeque;

/// Requests remembered whose sequence number on the wire is not their own.
const ASKED_MAX: usize = 100_000;
/// The number of `sequence-constant`.
const CONSTANT: u32 = 7;
/// Turned over in a sequence number that shall belong to nobody.
const FOREIGN_BIT: u32 = 0x4000_0000;
const HIGH_BIT: u32 = 0x8000_0000;
const VENDOR_TAG: u16 = 0x1401;
const VENDOR_TAG_CUT: u16 = 0x1402;

/// The bending of one connection.
#[derive(Debug)]
pub(super) struct Bend {
    draws: Draws,
    carry: Vec<u8>,
    asked: VecDeque<(CommandId, u32)>,
}

impl Bend {
    /// `number` tells connections apart, so that each has draws of its own.
    pub(super) fn new(seed: u64, number: u64) -> Self {
        Self {
            draws: Draws::new(seed, number),
            carry: Vec::new(),
            asked: VecDeque::new(),
        }
    }

    /// Moves whole PDUs from `written` to the end of `out`, bent.
    pub(super) fn outbound(
        &mut self,
        quirks: &Quirks,
        written: &mut Vec<u8>,
        out: &mut Vec<u8>,
        played: &mut Played,
    ) {
        let mut rest = written.as_slice();
        while let Ok(Some((pdu, length))) = split_frame(rest, u32::MAX) {
            let (whole, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
            rest = after;
            if quirks.link.no_enquire_answer
                && pdu.header.command_id == CommandId::ENQUIRE_LINK_RESP
            {
                played.count("no-enquire-answer");
                continue;
            }
            let begin = out.len();
            out.extend_from_slice(whole);
            self.bend(quirks, pdu.header, begin, out, played);
            let mut header = self.renumbered(quirks, pdu.header, played);
            header.command_length = (out.len() - begin) as u32;
            if let Some(field) = out.get_mut(begin..).and_then(|pdu| pdu.first_chunk_mut()) {
                *field = header.encode();
            }
        }
        out.extend_from_slice(rest);
        written.clear();
    }

    fn bend(
        &mut self,
        quirks: &Quirks,
        header: Header,
        begin: usize,
        out: &mut Vec<u8>,
        played: &mut Played,
    ) {
        let shape = &quirks.shape;
        let command = header.command_id;
        let has_body = out.len() > begin + HEADER_OCTETS;
        if !header.command_status.is_ok() {
            if command.is_response() && command != CommandId::GENERIC_NACK && !has_body {
                error_body(shape.error_body, out);
            }
            return;
        }
        match command {
            CommandId::SUBMIT_SM_RESP | CommandId::DATA_SM_RESP => {
                let is_bare =
                    !shape.bare_response.is_never() && shape.bare_response.takes(self.draws.draw());
                if played.when(is_bare, "response-bare") {
                    out.truncate(begin + HEADER_OCTETS);
                    return;
                }
                if shape.is_id_unterminated && out.len() > begin + HEADER_OCTETS + 1 {
                    out.pop();
                    return;
                }
                tail(shape, out);
            }
            CommandId::DELIVER_SM | CommandId::DATA_SM => tail(shape, out),
            CommandId::BIND_RECEIVER_RESP
            | CommandId::BIND_TRANSMITTER_RESP
            | CommandId::BIND_TRANSCEIVER_RESP => bind_body(shape, begin, out),
            _ => {}
        }
    }

    /// The header with the sequence number that goes on the wire.
    fn renumbered(&mut self, quirks: &Quirks, mut header: Header, played: &mut Played) -> Header {
        let mismatch = quirks.sequence.mismatch;
        if header.command_id == CommandId::SUBMIT_SM_RESP {
            let is_foreign = !mismatch.is_never() && mismatch.takes(self.draws.draw());
            if played.when(is_foreign, "sequence-mismatch") {
                header.sequence_number ^= FOREIGN_BIT;
            }
        }
        if header.command_id.is_response() {
            return header;
        }
        match quirks.sequence.numbering {
            Numbering::Usual => {}
            Numbering::Zero => header.sequence_number = header.sequence_number.wrapping_sub(1),
            Numbering::High => header.sequence_number |= HIGH_BIT,
            Numbering::Constant => {
                let has_answer = !matches!(
                    header.command_id,
                    CommandId::ALERT_NOTIFICATION | CommandId::OUTBIND
                );
                if has_answer && self.asked.len() < ASKED_MAX {
                    self.asked
                        .push_back((header.command_id, header.sequence_number));
                }
                header.sequence_number = CONSTANT;
            }
        }
        header
    }

    /// Appends what came in to `out`, with the numbers that the session gave.
    pub(super) fn inbound(
        &mut self,
        quirks: &Quirks,
        octets: &[u8],
        out: &mut Vec<u8>,
        played: &mut Played,
    ) {
        let mut carry = std::mem::take(&mut self.carry);
        carry.extend_from_slice(octets);
        let mut rest = carry.as_slice();
        loop {
            match split_frame(rest, PDU_OCTETS_MAX_DEFAULT) {
                Ok(Some((pdu, length))) => {
                    let (whole, after) = rest.split_at_checked(length).unwrap_or((rest, &[]));
                    rest = after;
                    let is_unbind = pdu.header.command_id == CommandId::UNBIND;
                    if played.when(is_unbind && quirks.link.ignore_unbind, "ignore-unbind") {
                        continue;
                    }
                    let mut header = pdu.header;
                    if header.command_id.is_response() {
                        header.sequence_number = self.own_number(quirks, &header);
                    }
                    out.extend_from_slice(&header.encode());
                    out.extend_from_slice(whole.get(HEADER_OCTETS..).unwrap_or_default());
                }
                Ok(None) => break,
                Err(_) => {
                    // The session will say what it thinks of it.
                    out.extend_from_slice(rest);
                    rest = &[];
                    break;
                }
            }
        }
        let left = carry.len() - rest.len();
        carry.drain(..left);
        self.carry = carry;
    }

    /// The session's number of the request that a response answers.
    fn own_number(&mut self, quirks: &Quirks, header: &Header) -> u32 {
        let number = header.sequence_number;
        match quirks.sequence.numbering {
            Numbering::Usual => number,
            Numbering::Zero => number.wrapping_add(1),
            Numbering::High => number & !HIGH_BIT,
            Numbering::Constant => {
                let answers = |(command, _): &(CommandId, u32)| {
                    header.command_id == CommandId::GENERIC_NACK
                        || header.command_id == command.response()
                };
                let found = self.asked.iter().position(answers);
                let asked = found.and_then(|place| self.asked.remove(place));
                asked.map_or(number, |(_, own)| own)
            }
        }
    }
}

fn error_body(kind: ErrorBody, out: &mut Vec<u8>) {
    match kind {
        ErrorBody::None => {}
        ErrorBody::Nul => out.push(0),
        ErrorBody::Id => out.extend_from_slice(b"error-0815\0"),
        ErrorBody::Tlvs => {
            put(out, tag::ADDITIONAL_STATUS_INFO_TEXT, b"not today\0");
            put(out, tag::DELIVERY_FAILURE_REASON, &[3]);
        }
    }
}

fn bind_body(shape: &Shape, begin: usize, out: &mut Vec<u8>) {
    let body = begin + HEADER_OCTETS;
    let system_id = out.get(body..).unwrap_or_default();
    let system_id = system_id
        .split(|octet| *octet == 0)
        .next()
        .map_or(0, <[u8]>::len);
    match shape.bind_body {
        BindBody::Bare => return out.truncate(body),
        BindBody::Short => return out.truncate(body + system_id),
        BindBody::Whole => {}
    }
    if let Some(version) = shape.version {
        out.truncate(body + system_id + 1);
        if let Some(version) = version {
            put(out, tag::SC_INTERFACE_VERSION, &[version]);
        }
    }
}

/// What stands behind the body.
fn tail(shape: &Shape, out: &mut Vec<u8>) {
    if shape.has_unknown_tlv {
        put(out, VENDOR_TAG, b"carrier");
        put(out, tag::SC_INTERFACE_VERSION, &[0x34]);
        put(out, tag::DEST_NETWORK_TYPE, &[0xEE]);
    }
    if shape.has_repeated_tlv {
        put(out, tag::USER_MESSAGE_REFERENCE, &[0, 1]);
        put(out, tag::USER_MESSAGE_REFERENCE, &[0, 2]);
        put(out, tag::USER_MESSAGE_REFERENCE, &[]);
    }
    if shape.has_cut_tlv {
        out.extend_from_slice(&VENDOR_TAG_CUT.to_be_bytes());
        out.extend_from_slice(&[0, 200, b'c', b'u', b't']);
    }
    if shape.has_stray_octets {
        out.extend_from_slice(&[0xFF, 0xFF]);
    }
}

fn put(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    // A few octets, which are never too many.
    let _ = write_tlv(out, tag, value);
}
