//! Dates of receipts agree with the calendar.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::receipt::date;
use proptest::prelude::*;

fn written(utc_s: i64) -> String {
    let mut out = Vec::new();
    date::write(utc_s, &mut out);
    String::from_utf8(out).unwrap()
}

#[test]
fn days_are_those_of_the_calendar() {
    for (utc_s, text) in [
        (0, "7001010000"),
        (951_782_400, "0002290000"),
        (951_868_800, "0003010000"),
        (1_709_164_800, "2402290000"),
        (1_735_689_599, "2412312359"),
        (1_735_689_600, "2501010000"),
        (4_107_542_400, "0003010000"),
        (-1, "6912312359"),
    ] {
        assert_eq!(written(utc_s), text);
    }
}

#[test]
fn every_usual_form_is_read() {
    let noon = 1_620_302_400;
    for (text, utc_s) in [
        ("2105061200", Some(noon)),
        ("210506120001", Some(noon + 1)),
        ("202105061200", Some(noon)),
        ("20210506120001", Some(noon + 1)),
        ("21-05-06 12:00", Some(noon)),
        ("2021-05-06T12:00:01", Some(noon + 1)),
        ("", None),
        ("0000000000", None),
        ("2113061200", None),
        ("2102301200", None),
        ("2105062400", None),
        ("210506", None),
        ("210506120001000+", Some(noon + 1)),
        ("210506120001908+", Some(noon + 1 - 7200)),
        ("210506120001012-", Some(noon + 1 + 10_800)),
        ("210506120001000R", None),
        ("2021-05-06T12:00:01.250Z", Some(noon + 1)),
        ("2021-05-06 12:00:00 +05:30", Some(noon - 19_800)),
        ("20210506120000-0300", Some(noon + 10_800)),
        ("2021-05-06T14:00+02", Some(noon)),
        ("2023010112000000", None),
    ] {
        assert_eq!(date::parse(text.as_bytes()), utc_s, "{text}");
    }
}

#[test]
fn a_carrier_that_writes_its_own_time_is_read_with_its_offset() {
    let noon = 1_620_302_400;
    assert_eq!(date::parse_at(b"2105061500", 180), Some(noon));
    assert_eq!(date::parse_at(b"2105060630", -330), Some(noon));
    assert_eq!(
        date::parse_at(b"2105061200Z", 180),
        Some(noon),
        "the date's own zone wins"
    );
    assert_eq!(date::parse_at(b"210506150000012+", -60), Some(noon));
}

proptest! {
    #[test]
    fn no_octets_are_a_date_that_panics(octets in prop::collection::vec(any::<u8>(), 0..32), text in "[0-9:TZ+. -]{0,32}", offset in any::<i16>()) {
        let _ = (date::parse_at(&octets, offset), date::parse_at(text.as_bytes(), offset));
    }

    #[test]
    fn every_minute_of_the_century_comes_back(minute in 946_684_800_i64 / 60..4_102_444_800 / 60) {
        prop_assert_eq!(date::parse(written(minute * 60).as_bytes()), Some(minute * 60));
    }

    #[test]
    fn no_time_panics(utc_s in any::<i64>()) {
        prop_assert_eq!(written(utc_s).len(), 10);
    }
}
