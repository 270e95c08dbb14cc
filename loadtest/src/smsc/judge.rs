//! What one submit is, seen as an SMSC sees it: how many segments, which text, whose fate it shares. Pure.

use crate::chance::Digest;
use carrack_message::segment::parse_concatenation;
use carrack_smpp::{SubmitSm, tag};

/// One submit, judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Offer {
    /// Digest of source, destination and the whole user data with its header.
    pub(super) text: u64,
    /// Digest shared by all parts of one concatenated message; that of the text otherwise.
    pub(super) fate: u64,
    /// Short messages on the air.
    pub(super) segments: u32,
}

/// Judges a submit.
pub(super) fn offer(sm: &SubmitSm<'_>) -> Offer {
    let user_data = sm.user_data();
    let has_header = sm.has_udh();
    let parties = Digest::new(0)
        .field(sm.source.addr)
        .field(sm.destination.addr);
    let mut text = parties.field(user_data);
    let mut fate = None;
    if has_header {
        if let Some(part) = parse_concatenation(user_data, true) {
            fate = Some(
                parties
                    .number(u64::from(part.reference))
                    .number(u64::from(part.total))
                    .finish(),
            );
        }
    } else if !sm.tlvs.is_empty()
        && let Some(reference) = sm.tlvs.find(tag::SAR_MSG_REF_NUM)
    {
        let part = sm.tlvs.find(tag::SAR_SEGMENT_SEQNUM).unwrap_or_default();
        text = text.field(reference).field(part);
        fate = Some(parties.field(reference).finish());
    }
    let text = text.finish();
    Offer {
        text,
        fate: fate.unwrap_or(text),
        segments: segments(user_data.len(), sm.data_coding, has_header),
    }
}

/// Short messages needed for this much user data. What carries its own header is one already.
fn segments(octets: usize, data_coding: u8, has_header: bool) -> u32 {
    let (alone, part) = if data_coding == 0 {
        (160, 153)
    } else {
        (140, 134)
    };
    if has_header || octets <= alone {
        return 1;
    }
    u32::try_from(octets.div_ceil(part)).unwrap_or(u32::MAX)
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
    use carrack_smpp::Address;

    fn sm<'a>(to: &'a [u8], esm_class: u8, user_data: &'a [u8]) -> SubmitSm<'a> {
        SubmitSm {
            source: Address {
                ton: 5,
                npi: 0,
                addr: b"ACME",
            },
            destination: Address {
                ton: 1,
                npi: 1,
                addr: to,
            },
            esm_class,
            short_message: user_data,
            ..SubmitSm::default()
        }
    }

    #[test]
    fn parts_of_one_message_are_different_texts_with_one_fate() {
        let one = offer(&sm(b"447700900001", 0x40, b"\x05\x00\x03\x09\x02\x01same"));
        let two = offer(&sm(b"447700900001", 0x40, b"\x05\x00\x03\x09\x02\x02same"));
        let other = offer(&sm(b"447700900001", 0x40, b"\x05\x00\x03\x0A\x02\x02same"));
        assert_ne!(one.text, two.text);
        assert_eq!(one.fate, two.fate);
        assert_ne!(one.fate, other.fate);
        assert_eq!((one.segments, two.segments), (1, 1));
    }

    #[test]
    fn a_part_sent_again_is_the_same_text() {
        let part = b"\x05\x00\x03\x09\x02\x01same";
        assert_eq!(
            offer(&sm(b"447700900001", 0x40, part)),
            offer(&sm(b"447700900001", 0x40, part))
        );
        assert_ne!(
            offer(&sm(b"447700900001", 0, b"x")),
            offer(&sm(b"447700900002", 0, b"x"))
        );
    }

    #[test]
    fn longer_texts_count_their_segments() {
        for (octets, data_coding, expected) in [
            (0, 0, 1),
            (160, 0, 1),
            (161, 0, 2),
            (306, 0, 2),
            (307, 0, 3),
            (140, 8, 1),
            (142, 8, 2),
            (268, 8, 2),
            (270, 8, 3),
        ] {
            assert_eq!(
                segments(octets, data_coding, false),
                expected,
                "{octets} {data_coding}"
            );
        }
    }
}
