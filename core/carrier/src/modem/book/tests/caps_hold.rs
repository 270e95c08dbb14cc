//! No cap is passed, by a count of the test's own; a restart or another modem at any point changes nothing; a modem is busy.

use carrack_settings::SimTerms;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::{DAY, HOUR, MINUTE, MONDAY, SECOND, Shared, book, card, open, seated, sends, to};
use crate::modem::{Allowance, SimDesk};

/// The most of them in any time so long.
fn most_within(moments: &[u64], length: u64) -> u32 {
    let of = |first: &u64| {
        moments
            .iter()
            .filter(|at| **at >= *first && **at - first < length)
            .count()
    };
    moments.iter().map(of).max().unwrap_or(0) as u32
}

/// The most of them under one name of the calendar.
fn most_by(moments: &[(u64, u64)], zone: &TimeZone, name: &str, different: bool) -> u32 {
    let named = |utc_ns: u64| {
        let moment = Timestamp::from_nanosecond(i128::from(utc_ns)).unwrap();
        moment.to_zoned(zone.clone()).strftime(name).to_string()
    };
    let mut by = std::collections::BTreeMap::<String, Vec<u64>>::new();
    for (utc_ns, recipient) in moments {
        by.entry(named(*utc_ns)).or_default().push(*recipient);
    }
    let count = |mut recipients: Vec<u64>| {
        if different {
            recipients.sort_unstable();
            recipients.dedup();
        }
        recipients.len()
    };
    by.into_values().map(count).max().unwrap_or(0) as u32
}

fn terms() -> impl Strategy<Value = SimTerms> {
    let zones = prop::sample::select(vec![
        "UTC",
        "Europe/Berlin",
        "America/Sao_Paulo",
        "Asia/Kathmandu",
    ]);
    let cap = |range: std::ops::Range<u32>| prop::option::of(range);
    (
        1..60_u8,
        cap(1..40),
        cap(1..60),
        cap(1..90),
        cap(1..20),
        cap(1..30),
        zones,
    )
        .prop_map(
            |(per_minute, per_hour, per_day, per_month, recipients_per_month, rest_after, zone)| {
                SimTerms {
                    per_minute,
                    per_hour,
                    per_day,
                    per_month,
                    recipients_per_month,
                    rest_after,
                    zone: TimeZone::get(zone).unwrap(),
                    ..SimTerms::default()
                }
            },
        )
}

/// Times from one call to the next: mostly a few seconds, sometimes hours or weeks.
fn steps() -> impl Strategy<Value = Vec<(u64, u64)>> {
    let step = prop_oneof![
        8 => 0..8_000_u64,
        2 => 0..120_000_u64,
        1 => 0..5_000_000_u64,
        1 => 0..900_000_000_u64,
    ];
    prop::collection::vec((step, 0..40_u64), 1..400)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_cap_is_ever_passed(terms in terms(), steps in steps()) {
        let book = book(&terms);
        let sim = seated(&book, 1);
        let (mut utc_ns, mut sent) = (MONDAY, Vec::new());
        for (step_ms, recipient) in steps {
            utc_ns += step_ms * 1_000_000;
            if sends(&book, sim, recipient, utc_ns) {
                sent.push((utc_ns, recipient));
            }
        }
        let moments: Vec<u64> = sent.iter().map(|(utc_ns, _)| *utc_ns).collect();
        prop_assert!(most_within(&moments, MINUTE) <= u32::from(terms.per_minute));
        let holds = |cap: Option<u32>, most: u32| cap.is_none_or(|cap| most <= cap);
        prop_assert!(holds(terms.per_hour, most_within(&moments, HOUR)));
        prop_assert!(holds(terms.per_day, most_by(&sent, &terms.zone, "%F", false)));
        prop_assert!(holds(terms.per_month, most_by(&sent, &terms.zone, "%Y-%m", false)));
        prop_assert!(holds(terms.recipients_per_month, most_by(&sent, &terms.zone, "%Y-%m", true)));
    }

    #[test]
    fn what_says_not_before_is_open_at_that_moment(terms in terms(), steps in steps()) {
        let book = book(&terms);
        let sim = seated(&book, 1);
        let mut utc_ns = MONDAY;
        for (step_ms, recipient) in steps {
            utc_ns += step_ms * 1_000_000;
            if let Allowance::NotBefore { utc_ns: next, .. } = book.spend(sim, to(recipient), utc_ns) {
                prop_assert!(next > utc_ns);
                prop_assert!(book.allowance(sim, next - 1) != Allowance::Now);
                prop_assert_eq!(book.allowance(sim, next), Allowance::Now);
            }
        }
    }

    #[test]
    fn a_restart_or_another_modem_at_any_point_changes_nothing(terms in terms(), steps in steps(), at in 0..400_usize) {
        let (pages, other_pages) = (Shared::new(), Shared::new());
        let (mut book, other) = (open(&pages, &terms), open(&other_pages, &terms));
        let (mut sim, calm) = (seated(&book, 1), seated(&other, 1));
        let mut utc_ns = MONDAY;
        for (place, (step_ms, recipient)) in steps.into_iter().enumerate() {
            utc_ns += step_ms * 1_000_000;
            if place % (at + 1) == at {
                drop(book);
                book = open(&pages, &terms);
                sim = book.seat("rack", &format!("modem-{place}"), &card(1), utc_ns);
            }
            let (one, another) = (book.spend(sim, to(recipient), utc_ns), other.spend(calm, to(recipient), utc_ns));
            prop_assert_eq!(one, another, "call {}", place);
        }
    }
}

/// How much of its cap a modem sends in four hours, that takes so long for an answer and is looked after so late.
fn busy_percent(per_minute: u8, per_hour: Option<u32>, answer_ms: u64, late_ms: u64) -> u64 {
    let terms = SimTerms {
        per_minute,
        per_hour,
        ..SimTerms::default()
    };
    let book = book(&terms);
    let sim = seated(&book, 1);
    let (mut utc_ns, mut sent, mut noise) = (MONDAY, 0, 7_u64);
    while utc_ns < MONDAY + 4 * HOUR {
        match book.spend(sim, to(sent % 50), utc_ns) {
            Allowance::Now => {
                sent += 1;
                utc_ns += answer_ms * 1_000_000;
            }
            Allowance::NotBefore { utc_ns: next, .. } => utc_ns = next,
        }
        noise = noise
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        utc_ns += (noise >> 33) % (late_ms * 1_000_000);
    }
    let most = per_hour.map_or(4 * 60 * u64::from(per_minute), |cap| 4 * u64::from(cap));
    sent * 100 / most
}

#[test]
fn a_healthy_modem_is_busy() {
    for per_minute in [1, 4, 10, 15, 20, 30, 60] {
        let gap_ms = 60_000 / u64::from(per_minute);
        for (answer_ms, late_ms) in [
            (gap_ms / 2, 50),
            (gap_ms * 8 / 10, gap_ms / 10),
            (10, gap_ms / 4),
        ] {
            let percent = busy_percent(per_minute, None, answer_ms, late_ms);
            assert!(
                percent >= 97,
                "{per_minute} a minute, {answer_ms} ms, {late_ms} ms late: {percent} %"
            );
        }
    }
    let percent = busy_percent(15, Some(300), 2_000, 200);
    assert!(percent >= 95, "hour: {percent} %");
}

#[test]
fn segments_go_evenly_also_after_silence() {
    let book = book(&SimTerms::default());
    let sim = seated(&book, 1);
    let (mut utc_ns, mut sent) = (MONDAY + HOUR, Vec::new());
    while utc_ns < MONDAY + HOUR + 3 * MINUTE {
        if sends(&book, sim, 1, utc_ns) {
            sent.push(utc_ns);
        }
        utc_ns += SECOND / 10;
    }
    assert_eq!(sent.len(), 45);
    assert!(sent.windows(2).all(|two| two[1] - two[0] >= 2 * SECOND));
    assert!(
        sent.windows(3)
            .all(|three| three[2] - three[0] >= 6 * SECOND)
    );
}

#[test]
fn a_turn_ends_and_a_sim_that_was_idle_has_rested() {
    let terms = SimTerms {
        rest_after: Some(10),
        ..SimTerms::default()
    };
    let book = book(&terms);
    let sim = seated(&book, 1);
    let after = super::sends_for(&book, sim, 9, MONDAY);
    let later = super::sends_for(&book, sim, 10, after + 10 * MINUTE);
    let Allowance::NotBefore { utc_ns, rest } = book.allowance(sim, later) else {
        panic!("no rest after ten segments");
    };
    assert_eq!(rest, crate::modem::Rest::Turn);
    assert_eq!(utc_ns, later - 4 * SECOND + 10 * MINUTE);
    assert!(sends(&book, sim, 3, utc_ns));
    assert!(most_within(&[], DAY) == 0);
}
