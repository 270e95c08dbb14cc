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
        ("210506120001000+", None),
    ] {
        assert_eq!(date::parse(text.as_bytes()), utc_s, "{text}");
    }
}

proptest! {
    #[test]
    fn every_minute_of_the_century_comes_back(minute in 946_684_800_i64 / 60..4_102_444_800 / 60) {
        prop_assert_eq!(date::parse(written(minute * 60).as_bytes()), Some(minute * 60));
    }

    #[test]
    fn no_time_panics(utc_s in any::<i64>()) {
        prop_assert_eq!(written(utc_s).len(), 10);
    }
}
