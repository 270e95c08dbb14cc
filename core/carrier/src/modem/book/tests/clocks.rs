//! A clock that jumps frees no caps and stops no SIM for ever.

use carrack_settings::SimTerms;
use proptest::prelude::*;

use super::{DAY, HOUR, MINUTE, MONDAY, SECOND, book, seated, sends};
use crate::modem::{Allowance, SimDesk};

fn capped() -> SimTerms {
    SimTerms {
        per_minute: 60,
        per_hour: Some(30),
        per_day: Some(50),
        per_month: Some(200),
        recipients_per_month: Some(20),
        ..SimTerms::default()
    }
}

/// Sends as much as it may in so long, asking twice a second; how many.
fn flood(book: &super::SimBook, sim: crate::modem::SimNumber, from: u64, length: u64) -> u32 {
    let mut sent = 0;
    for half in 0..length / (SECOND / 2) {
        sent += u32::from(sends(
            book,
            sim,
            u64::from(sent) % 7,
            from + half * SECOND / 2,
        ));
    }
    sent
}

#[test]
fn a_clock_set_back_frees_nothing() {
    let noon = MONDAY + 12 * HOUR;
    for back in [
        SECOND,
        MINUTE,
        HOUR,
        5 * HOUR,
        13 * HOUR,
        DAY,
        40 * DAY,
        900 * DAY,
    ] {
        let book = book(&capped());
        let sim = seated(&book, 1);
        assert_eq!(flood(&book, sim, noon, 20 * MINUTE), 30);
        let now = noon + 20 * MINUTE - back;
        assert_eq!(flood(&book, sim, now, 39 * MINUTE), 0, "set back {back}");
        // Of the day 20 are left, under whatever name.
        assert_eq!(
            flood(&book, sim, now + 39 * MINUTE, 2 * HOUR),
            20,
            "set back {back}"
        );
    }
}

#[test]
fn a_clock_that_was_behind_for_a_while_frees_nothing_when_it_returns() {
    let noon = MONDAY + 12 * HOUR;
    for back in [HOUR, 13 * HOUR, 40 * DAY, 900 * DAY] {
        let book = book(&capped());
        let sim = seated(&book, 1);
        assert_eq!(flood(&book, sim, noon, 10 * MINUTE), 30);
        assert_eq!(flood(&book, sim, noon + 10 * MINUTE - back, 10 * MINUTE), 0);
        assert_eq!(
            flood(&book, sim, noon + 20 * MINUTE, 39 * MINUTE),
            0,
            "back {back}"
        );
        assert_eq!(flood(&book, sim, noon + HOUR, 2 * HOUR), 20, "back {back}");
    }
}

#[test]
fn a_clock_that_was_far_ahead_counts_all_of_it_and_tomorrow_is_a_new_day() {
    let noon = MONDAY + 12 * HOUR;
    for ahead in [DAY, 40 * DAY, 900 * DAY, 30_000 * DAY] {
        let book = book(&capped());
        let sim = seated(&book, 1);
        assert_eq!(flood(&book, sim, noon, 10 * MINUTE), 30);
        let there = flood(&book, sim, noon + 10 * MINUTE + ahead, 10 * MINUTE);
        // Nothing tells it from a node that was off so long, and once it is back all of it counts.
        assert_eq!(there, 30);
        assert_eq!(
            flood(&book, sim, noon + 20 * MINUTE, 11 * HOUR),
            0,
            "ahead {ahead}"
        );
        let tomorrow = flood(&book, sim, MONDAY + DAY + HOUR, 6 * HOUR);
        assert_eq!(
            tomorrow,
            if ahead == DAY { 20 } else { 50 },
            "ahead {ahead}"
        );
        assert_eq!(
            flood(&book, sim, MONDAY + 2 * DAY, 6 * HOUR),
            50,
            "ahead {ahead}"
        );
    }
}

#[test]
fn a_clock_that_is_ahead_while_nothing_is_sent_frees_nothing() {
    let noon = MONDAY + 12 * HOUR;
    let book = book(&capped());
    let sim = seated(&book, 1);
    assert_eq!(flood(&book, sim, noon, 10 * MINUTE), 30);
    for ahead in 1..100 {
        let _ = book.allowance(sim, noon + 10 * MINUTE + ahead * 11 * HOUR);
        let _ = book.list(noon + ahead * DAY);
    }
    assert_eq!(flood(&book, sim, noon + 10 * MINUTE, 49 * MINUTE), 0);
    assert_eq!(flood(&book, sim, noon + HOUR, 2 * HOUR), 20);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Whatever the clock did: once it runs again, a SIM sends within a day and a half, and within a month and a half has its month's cap again.
    #[test]
    fn no_clock_stops_a_sim_for_ever(jumps in prop::collection::vec((0..80_000_u64, 0..200_u64), 0..12), last in 0..40_000_u64) {
        let terms = SimTerms { per_month: None, recipients_per_month: None, ..capped() };
        let book = book(&terms);
        let sim = seated(&book, 1);
        for (hours, seconds) in jumps {
            flood(&book, sim, MONDAY + hours * HOUR, seconds * SECOND);
        }
        let now = MONDAY + last * HOUR;
        let mut open = 0;
        for hour in 0..36 {
            open += u32::from(sends(&book, sim, 1, now + hour * HOUR));
        }
        prop_assert!(open > 0);
    }

    /// What is not before a moment is not before a moment that comes.
    #[test]
    fn a_rest_is_never_longer_than_the_cap_it_is_of(jumps in prop::collection::vec((0..80_000_u64, 1..100_u64), 1..12)) {
        let book = book(&SimTerms { rest_after: Some(25), ..capped() });
        let sim = seated(&book, 1);
        for (hours, seconds) in jumps {
            let at = MONDAY + hours * HOUR;
            flood(&book, sim, at, seconds * SECOND);
            if let Allowance::NotBefore { utc_ns, rest } = book.allowance(sim, at + seconds * SECOND) {
                prop_assert!(utc_ns - at <= 32 * DAY, "{:?} {:?}", rest, book.view(sim, at + seconds * SECOND));
            }
        }
    }
}
