//! What is split joins back, through the octets of the wire, for every character at every boundary.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::alphabet::{gsm7, ucs2};
use carrack_message::segment::{
    SegmentFault, Udh8, encode_segment, part_units, single_units, split,
};
use carrack_message::{Alphabet, Segmentation};
use proptest::prelude::*;

/// Holds a text and what it became to every promise of the segmenter.
fn hold(text: &str, segmentation: Segmentation) {
    let Segmentation {
        alphabet,
        segments,
        units,
    } = segmentation;
    let limit = if segments == 1 {
        single_units(alphabet)
    } else {
        part_units(alphabet)
    };
    let (mut joined, mut octets, mut count, mut sum) = (String::new(), Vec::new(), 0_u8, 0);
    for part in split(text, alphabet) {
        count += 1;
        octets.clear();
        let header = (segments > 1).then_some(Udh8 {
            reference: 9,
            total: segments,
            part: count,
        });
        encode_segment(part, alphabet, header, &mut octets).unwrap();
        let body = &octets[if header.is_some() { 6 } else { 0 }..];
        let part_sum = match alphabet {
            Alphabet::Gsm7 => body.len(),
            Alphabet::Ucs2 => body.len() / 2,
        };
        assert!(
            part_sum <= limit,
            "{part_sum} units in part {count} of {text:?}"
        );
        if count < segments {
            assert!(
                part_sum * 3 > limit * 2,
                "part {count} is nearly empty in {text:?}"
            );
        }
        assert!(segments == 1 || part_sum > 0);
        // A pair cut in two would be counted by the decoder of one of the parts.
        assert_eq!(alphabet.decode(body, &mut joined), 0);
        sum += part_sum;
    }
    assert_eq!(count, segments);
    assert_eq!(sum, units as usize);
    assert_eq!(joined, text);
}

fn held(text: &str) -> Segmentation {
    let segmentation = Segmentation::of(text, u8::MAX).unwrap();
    hold(text, segmentation);
    segmentation
}

#[test]
fn every_length_of_each_alphabet_takes_the_segments_of_the_specification() {
    for (unit, alphabet) in [('a', Alphabet::Gsm7), ('я', Alphabet::Ucs2)] {
        let (single, part) = (single_units(alphabet), part_units(alphabet));
        for length in 0..=part * 6 {
            let text: String = std::iter::repeat_n(unit, length).collect();
            let expected = if length <= single {
                1
            } else {
                length.div_ceil(part)
            };
            assert_eq!(usize::from(held(&text).segments), expected, "{length}");
        }
    }
}

#[test]
fn empty_text_is_one_empty_segment() {
    assert_eq!(held("").segments, 1);
    assert_eq!(split("", Alphabet::Gsm7).collect::<Vec<_>>(), [""]);
}

#[test]
fn every_gsm_character_at_every_offset_near_every_boundary_comes_back() {
    let characters: Vec<char> = (0..=0xFFFF_u32)
        .filter_map(char::from_u32)
        .filter(|found| gsm7::septets(*found).is_some())
        .collect();
    assert_eq!(characters.len(), 137);
    for found in characters {
        for offset in (148..=162).chain(300..=310).chain(455..=462) {
            for after in [0, 1, 10] {
                let text = format!("{}{found}{}", "a".repeat(offset), "b".repeat(after));
                assert_eq!(held(&text).alphabet, Alphabet::Gsm7);
            }
        }
    }
}

#[test]
fn every_scalar_value_at_the_boundary_of_a_part_and_of_a_single_segment_comes_back() {
    let (mut octets, mut joined) = (Vec::new(), String::new());
    let mut text = String::new();
    // All of them where the compiler optimises, which takes seconds; else every 13th.
    let step = if cfg!(debug_assertions) { 13 } else { 1 };
    for found in (0..=0x10FFFF_u32).step_by(step).filter_map(char::from_u32) {
        // One unit before the end of a part in a long text, and of a single segment.
        for (offset, after, expected) in [(66, 8, 2), (69, 0, 1)] {
            text.clear();
            text.extend(std::iter::repeat_n('я', offset));
            text.push(found);
            text.extend(std::iter::repeat_n('ю', after));
            let expected = if expected == 1 && found.len_utf16() == 2 {
                2
            } else {
                expected
            };
            joined.clear();
            let mut count = 0;
            for part in split(&text, Alphabet::Ucs2) {
                octets.clear();
                encode_segment(part, Alphabet::Ucs2, None, &mut octets).unwrap();
                assert!(octets.len() <= 140);
                assert_eq!(ucs2::decode(&octets, &mut joined), 0);
                count += 1;
            }
            assert_eq!(count, expected, "{found:?} at {offset}");
            assert_eq!(joined, text);
        }
    }
}

#[test]
fn scalar_values_of_every_block_at_every_offset_near_every_boundary_come_back() {
    for found in (0..=0x10FFFF_u32).step_by(211).filter_map(char::from_u32) {
        for offset in [65, 66, 67, 68, 69, 70, 133, 134, 135] {
            for after in [0, 1, 9] {
                let text = format!("{}{found}{}", "я".repeat(offset), "ю".repeat(after));
                assert_eq!(held(&text).alphabet, Alphabet::Ucs2);
            }
        }
    }
}

#[test]
fn an_escape_pair_is_never_cut() {
    let text = format!("{}€{}", "a".repeat(152), "b".repeat(20));
    let parts: Vec<&str> = split(&text, Alphabet::Gsm7).collect();
    assert_eq!(parts[0].len(), 152);
    assert!(parts[1].starts_with('€'));
    let single = format!("{}€", "a".repeat(158));
    assert_eq!(held(&single).segments, 1);
    let over = format!("{}€", "a".repeat(159));
    assert_eq!(held(&over).segments, 2);
}

#[test]
fn what_is_shown_as_one_character_is_not_cut() {
    for cluster in [
        "\u{1F469}\u{200D}\u{1F467}\u{200D}\u{1F466}",
        "e\u{301}\u{323}",
        "\u{1F44D}\u{1F3FD}",
        "\u{2764}\u{FE0F}",
        "\u{1F1EC}\u{1F1E7}",
        "\u{915}\u{94D}\u{200D}\u{937}",
        "\r\n",
    ] {
        for offset in 55..=67 {
            let text = format!("{}{cluster}{}", "я".repeat(offset), "ю".repeat(20));
            let parts: Vec<&str> = split(&text, Alphabet::Ucs2).collect();
            assert!(
                parts.iter().any(|part| part.contains(cluster)),
                "{cluster:?} at {offset}"
            );
            held(&text);
        }
    }
}

#[test]
fn a_row_of_flags_is_cut_between_flags() {
    let text = "\u{1F1EC}\u{1F1E7}".repeat(40);
    for part in split(&text, Alphabet::Ucs2) {
        assert_eq!(part.chars().count() % 2, 0);
    }
    held(&text);
}

#[test]
fn a_character_with_endless_marks_is_cut_all_the_same() {
    let text = format!("a{}", "\u{301}".repeat(1000));
    assert!(held(&text).segments >= 15);
}

#[test]
fn too_many_segments_are_refused_with_both_counts() {
    let text = "a".repeat(153 * 3 + 1);
    assert_eq!(
        Segmentation::of(&text, 3),
        Err(SegmentFault::TooLong {
            segments: 4,
            segments_max: 3
        })
    );
    assert!(Segmentation::of(&text, 4).is_ok());
    let full = "a".repeat(153 * 255);
    assert_eq!(held(&full).segments, 255);
    let over = "a".repeat(153 * 255 + 1);
    assert_eq!(
        Segmentation::of(&over, 255),
        Err(SegmentFault::TooLong {
            segments: 256,
            segments_max: 255
        })
    );
}

#[test]
fn an_alphabet_that_lacks_a_character_is_refused() {
    let fault = Segmentation::within("abя", Alphabet::Gsm7, 9).unwrap_err();
    assert!(matches!(fault, SegmentFault::Unencodable(fault) if fault.position == 2));
    assert_eq!(
        Segmentation::within("ab", Alphabet::Ucs2, 9).unwrap().units,
        2
    );
    let mut out = vec![1];
    let header = Udh8 {
        reference: 1,
        total: 2,
        part: 1,
    };
    assert!(encode_segment("я", Alphabet::Gsm7, Some(header), &mut out).is_err());
    assert_eq!(out, [1]);
}

proptest! {
    #[test]
    fn any_text_joins_back(text in prop::collection::vec(any::<char>(), 0..500)) {
        held(&text.into_iter().collect::<String>());
    }

    #[test]
    fn any_gsm_text_joins_back(text in "[a-z€\\[\\]{}\\^|~@ñ\r\n]{0,800}") {
        prop_assert_eq!(held(&text).alphabet, Alphabet::Gsm7);
        hold(&text, Segmentation::within(&text, Alphabet::Ucs2, 255).unwrap());
    }

    #[test]
    fn any_heap_of_marks_flags_and_joiners_joins_back(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "a", "я", "\u{301}", "\u{200D}", "\u{1F469}", "\u{1F3FD}", "\u{FE0F}", "\u{1F1EC}", "\u{94D}", "\r", "\n", "€", "\u{E0067}",
        ]), 0..400),
    ) {
        held(&pieces.concat());
    }
}
