//! SMPP times.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_smpp::time::{SmppTime, absolute, parse, relative};
use proptest::prelude::*;

proptest! {
    #[test]
    fn a_relative_time_comes_back(seconds in 0u64..99 * 365 * 86_400) {
        let text = relative(seconds);
        prop_assert_eq!(parse(&text), Ok(Some(SmppTime::Relative { seconds })));
        prop_assert!(text[..15].iter().all(u8::is_ascii_digit));
    }

    #[test]
    fn an_absolute_time_comes_back(utc_seconds in 946_684_800i64..4_102_444_800) {
        let text = absolute(utc_seconds);
        prop_assert_eq!(parse(&text), Ok(Some(SmppTime::Absolute { utc_seconds })));
    }

    #[test]
    fn any_octets_are_read_or_refused(text in prop::collection::vec(any::<u8>(), 0..20)) {
        let _ = parse(&text);
    }

    #[test]
    fn any_digits_are_read_or_refused(text in "[0-9]{12,17}[+R-]?") {
        let _ = parse(text.as_bytes());
    }
}

#[test]
fn known_times_are_read() {
    let absolute_of = |text: &[u8]| match parse(text) {
        Ok(Some(SmppTime::Absolute { utc_seconds })) => utc_seconds,
        other => panic!("{other:?}"),
    };
    assert_eq!(absolute_of(b"000101000000000+"), 946_684_800);
    // 2024-02-29T12:34:56Z
    assert_eq!(absolute_of(b"240229123456000+"), 1_709_210_096);
    // One hour east of Greenwich is one hour earlier in UTC.
    assert_eq!(absolute_of(b"240229133456004+"), 1_709_210_096);
    assert_eq!(absolute_of(b"240229113456004-"), 1_709_210_096);
    assert_eq!(absolute_of(b"240229123456"), 1_709_210_096);
    let day = Ok(Some(SmppTime::Relative { seconds: 86_400 }));
    assert_eq!(parse(b"000001000000000R"), day);
    assert_eq!(parse(b"000001000000R"), day);
    assert_eq!(parse(b""), Ok(None));
    assert_eq!(&relative(86_400 + 61), b"000001000101000R");
}

#[test]
fn dates_that_do_not_exist_are_refused() {
    for text in [
        b"230229000000000+".as_slice(),
        b"001301000000000+",
        b"000100000000000+",
        b"000101240000000+",
        b"0001010000",
        b"tomorrow at noon",
    ] {
        assert!(parse(text).is_err(), "{}", String::from_utf8_lossy(text));
    }
}
