//! Connections that go silent or away.

use super::{Argument, Quirk};
use carrack_smpp::CommandId;

/// Faults of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub struct Link {
    /// enquire_link is never answered.
    pub no_enquire_answer: bool,
    /// The connection is dropped, without unbind, when this many submits came on it.
    pub close_after_submits: Option<u64>,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "no-enquire-answer",
        argument: Argument::None,
        line: "never answers enquire_link",
        set: |quirks, _| quirks.link.no_enquire_answer = true,
    },
    Quirk {
        name: "close-after",
        argument: Argument::Count(1_000),
        line: "drops the connection, without unbind, when this many submits came on it",
        set: |quirks, value| quirks.link.close_after_submits = Some(value.count()),
    },
];

/// Takes the enquire_link_resp out of whole PDUs written at and after `from`.
pub fn strip_enquire_answers(output: &mut Vec<u8>, from: usize) {
    let mut at = from;
    while let Some((length, command)) = output.get(at..).and_then(head) {
        let end = at.saturating_add(length);
        if length < 16 || end > output.len() {
            return;
        }
        if command == CommandId::ENQUIRE_LINK_RESP.0 {
            output.drain(at..end);
        } else {
            at = end;
        }
    }
}

fn head(octets: &[u8]) -> Option<(usize, u32)> {
    let (length, rest) = octets.split_first_chunk::<4>()?;
    let (command, _) = rest.split_first_chunk::<4>()?;
    Some((
        u32::from_be_bytes(*length) as usize,
        u32::from_be_bytes(*command),
    ))
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    fn pdu(command: u32, body: &[u8]) -> Vec<u8> {
        let mut pdu = (16 + body.len() as u32).to_be_bytes().to_vec();
        pdu.extend_from_slice(&command.to_be_bytes());
        pdu.extend_from_slice(&[0; 8]);
        pdu.extend_from_slice(body);
        pdu
    }

    #[test]
    fn only_answers_to_enquire_link_are_taken_out() {
        let enquiry = pdu(0x8000_0015, b"");
        let other = pdu(0x8000_0004, b"id\0");
        let mut output = [
            enquiry.clone(),
            other.clone(),
            enquiry.clone(),
            enquiry.clone(),
            other.clone(),
            enquiry.clone(),
        ]
        .concat();
        strip_enquire_answers(&mut output, 16);
        assert_eq!(output, [enquiry, other.clone(), other].concat());
    }
}
