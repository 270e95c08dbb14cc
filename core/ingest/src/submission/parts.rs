//! Octets that are relayed untouched, cut into segments where one does not hold them.
//!
//! Promise: the parts joined behind their headers are the octets that were given; no character is cut in two. Pure.
//! Bound: the segments asked for. Fails by giving nothing: too long, or a header that leaves no room or says itself which
//! part it is of a longer message.

use carrack_message::alphabet::dcs::{Charset, DataCoding};
use carrack_message::alphabet::packed;
use carrack_message::record::Body;
use carrack_message::segment::Udh8;
use carrack_message::segment::udh::{Header, element};
use carrack_smpp::ESM_CLASS_UDHI;

/// Octets of one short message (3GPP TS 23.040, 9.2.3.16).
const SEGMENT_OCTETS: usize = 140;
/// Octets of the element that says which part it is, without the header's length octet.
const ELEMENT_OCTETS: usize = Udh8::OCTETS - 1;
const ESCAPE: u8 = 0x1B;

/// Octets of user data, header included, that one segment holds: a septet takes an octet here, not on air.
pub(crate) fn octets_max(data_coding: u8, header_octets: usize) -> usize {
    if !is_septets(data_coding) {
        return SEGMENT_OCTETS;
    }
    let fill_bits = packed::fill_bits(header_octets);
    let left = SEGMENT_OCTETS.saturating_sub(header_octets);
    header_octets + packed::septets_held(left, fill_bits)
}

fn is_septets(data_coding: u8) -> bool {
    let charset = DataCoding::of(data_coding).charset;
    matches!(charset, Charset::Default | Charset::Ascii | Charset::Latin1)
}

/// The segments of `own` behind `header` (its length octet first; empty: none), none where they do not fit
/// `segments_max`.
pub(crate) fn parts(
    data_coding: u8,
    header: &[u8],
    own: &[u8],
    segments_max: u8,
    reference: u8,
) -> Option<Vec<Body>> {
    if header.len() + own.len() <= octets_max(data_coding, header.len()) {
        return Some(vec![raw(
            data_coding,
            [header, own].concat(),
            !header.is_empty(),
        )]);
    }
    if is_part(header) {
        return None;
    }
    let own_header_octets = header.len().max(1) + ELEMENT_OCTETS;
    let room = octets_max(data_coding, own_header_octets).checked_sub(own_header_octets)?;
    let mut pieces = Vec::new();
    let mut rest = own;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at_checked(cut(data_coding, rest, room)?)?;
        pieces.push(piece);
        rest = after;
        if pieces.len() > usize::from(segments_max) {
            return None;
        }
    }
    let total = u8::try_from(pieces.len()).ok()?;
    let length = u8::try_from(own_header_octets - 1).ok()?;
    let body = |(place, piece): (usize, &[u8])| {
        let part = Udh8 {
            reference,
            total,
            part: u8::try_from(place + 1).ok()?,
        };
        let mut octets = Vec::with_capacity(own_header_octets + piece.len());
        octets.push(length);
        octets.extend_from_slice(header.get(1..).unwrap_or_default());
        octets.extend_from_slice(part.octets().get(1..)?);
        octets.extend_from_slice(piece);
        Some(raw(data_coding, octets, true))
    };
    pieces.into_iter().enumerate().map(body).collect()
}

fn is_part(header: &[u8]) -> bool {
    let elements = Header::parse(header).map(|(header, _)| header);
    elements.is_some_and(|header| {
        header.elements().any(|found| {
            matches!(
                found.name,
                element::CONCATENATION_8 | element::CONCATENATION_16
            )
        })
    })
}

/// Octets of the next piece: never between an escape and its septet, nor within a character of two octets or four.
fn cut(data_coding: u8, rest: &[u8], room: usize) -> Option<usize> {
    if rest.len() <= room {
        return Some(rest.len());
    }
    let mut end = room;
    if is_septets(data_coding) {
        if rest.get(end.checked_sub(1)?) == Some(&ESCAPE) {
            end -= 1;
        }
    } else if DataCoding::of(data_coding).charset == Charset::Ucs2 {
        end -= end % 2;
        let is_high = |octet: Option<&u8>| octet.is_some_and(|octet| octet & 0xFC == 0xD8);
        if is_high(rest.get(end.checked_sub(2)?)) {
            end -= 2;
        }
    }
    (end > 0).then_some(end)
}

fn raw(data_coding: u8, octets: Vec<u8>, is_behind_header: bool) -> Body {
    Body::Raw {
        data_coding,
        esm_class: if is_behind_header { ESM_CLASS_UDHI } else { 0 },
        octets,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn octets(body: &Body) -> (u8, &[u8]) {
        match body {
            Body::Raw {
                esm_class, octets, ..
            } => (*esm_class, octets),
            Body::Text(text) => panic!("{text}"),
        }
    }

    #[test]
    fn what_one_segment_holds_stays_whole() {
        for (data_coding, header, length) in [(4, 0, 140), (0, 0, 160), (8, 0, 140), (4, 7, 133)] {
            let mut udh = vec![0; header];
            if let Some(first) = udh.first_mut() {
                *first = 6;
            }
            let parts = parts(data_coding, &udh, &vec![1; length], 1, 9).unwrap();
            assert_eq!(parts.len(), 1);
            assert_eq!(octets(&parts[0]).0, if header > 0 { 0x40 } else { 0 });
            assert!(super::parts(data_coding, &udh, &vec![1; length + 1], 1, 9).is_none());
        }
    }

    #[test]
    fn parts_carry_the_header_they_were_given() {
        let udh = [6, 5, 4, 0x0B, 0x84, 0x23, 0xF0];
        let parts = parts(4, &udh, &[7; 200], 9, 0x55).unwrap();
        assert_eq!(parts.len(), 2);
        let (esm_class, first) = octets(&parts[0]);
        assert_eq!((esm_class, first.len()), (0x40, 140));
        let expected = [11, 5, 4, 0x0B, 0x84, 0x23, 0xF0, 0, 3, 0x55, 2, 1, 7];
        assert_eq!(first[..13], expected);
    }

    #[test]
    fn a_part_of_a_longer_message_is_not_cut_again() {
        assert!(parts(4, &[5, 0, 3, 1, 2, 1], &[0; 140], 9, 1).is_none());
        assert!(parts(4, &[139; 140], &[0; 140], 9, 1).is_none());
    }

    #[test]
    fn no_escape_and_no_pair_is_cut() {
        let mut septets = vec![b'a'; 152];
        septets.extend([ESCAPE, 0x65]);
        septets.extend([b'b'; 20]);
        let cut = parts(0, &[], &septets, 9, 1).unwrap();
        assert_eq!(octets(&cut[0]).1.len(), 6 + 152);
        let mut pairs = vec![0, b'a', 0, b'a'];
        pairs.extend([0xD8, 0x3D, 0xDE, 0x00].repeat(40));
        let cut = parts(8, &[], &pairs, 9, 1).unwrap();
        assert_eq!(octets(&cut[0]).1.len(), 6 + 132);
    }

    proptest! {
        #[test]
        fn parts_joined_are_what_was_given(
            data_coding in prop_oneof![Just(0_u8), Just(4), Just(8), Just(0xF5)],
            own in proptest::collection::vec(any::<u8>(), 0..900),
            segments_max in 1_u8..12,
        ) {
            if let Some(parts) = parts(data_coding, &[], &own, segments_max, 3) {
                prop_assert!(parts.len() <= usize::from(segments_max));
                let mut joined = Vec::new();
                for part in &parts {
                    let (esm_class, octets) = octets(part);
                    let header = if esm_class == 0x40 { 6 } else { 0 };
                    prop_assert!(octets.len() <= octets_max(data_coding, header));
                    joined.extend_from_slice(&octets[header..]);
                }
                prop_assert_eq!(joined, own);
            }
        }
    }
}
