//! A SIM that looks blocked is left alone, tried, and comes back; what is not its fault is not held against it.

use carrack_settings::SimTerms;

use super::{HOUR, MINUTE, MONDAY, SECOND, Shared, book, open, seated, sends, sends_for, to};
use crate::modem::book::SimBook;
use crate::modem::{Allowance, Rest, SimDesk, SimEvent, SimNumber};

const BARRED: SimEvent = SimEvent::Refused { cms: 21 };
const CONGESTED: SimEvent = SimEvent::Refused { cms: 42 };
const UNKNOWN: SimEvent = SimEvent::Refused { cms: 500 };

/// Segments of which the same becomes, a minute apart; the moment after.
fn fail(book: &SimBook, sim: SimNumber, event: SimEvent, times: u64, from: u64) -> u64 {
    for time in 0..times {
        let at = from + time * MINUTE;
        assert!(sends(book, sim, time, at), "segment {time} rests already");
        book.note(sim, event, at + SECOND);
    }
    from + times * MINUTE
}

#[track_caller]
fn suspected_until(book: &SimBook, sim: SimNumber, utc_ns: u64) -> u64 {
    match book.allowance(sim, utc_ns) {
        Allowance::NotBefore {
            utc_ns,
            rest: Rest::Suspected,
        } => utc_ns,
        other => panic!("not suspected: {other:?}"),
    }
}

#[test]
fn refusals_that_mean_barring_rest_a_sim_and_one_segment_brings_it_back() {
    let pages = Shared::new();
    let book = open(&pages, &SimTerms::default());
    let sim = seated(&book, 1);
    let at = fail(&book, sim, BARRED, 4, MONDAY);
    assert_eq!(book.view(sim, at).unwrap().state, "sends");
    let at = fail(&book, sim, BARRED, 1, at);
    let until = suspected_until(&book, sim, at);
    assert_eq!(until, MONDAY + 4 * MINUTE + SECOND + 6 * HOUR);
    let alerts = book.take_alerts();
    assert!(
        alerts.len() == 1 && alerts[0].contains("+CMS ERROR: 21"),
        "{alerts:?}"
    );
    let view = book.view(sim, at).unwrap();
    assert_eq!(view.state, "suspected");
    assert!(
        view.alert.is_some() && view.next_trial == view.until,
        "{view:?}"
    );
    // Over a restart.
    drop(book);
    let book = open(&pages, &SimTerms::default());
    let sim = seated(&book, 1);
    assert_eq!(suspected_until(&book, sim, at), until);
    // One segment, and no second before an answer.
    assert!(sends(&book, sim, 1, until));
    suspected_until(&book, sim, until + 5 * MINUTE);
    book.note(sim, SimEvent::Accepted, until + 6 * MINUTE);
    assert_eq!(book.allowance(sim, until + 6 * MINUTE), Allowance::Now);
    let view = book.view(sim, until + 6 * MINUTE).unwrap();
    assert_eq!((view.state, view.alert), ("sends", None));
    assert_eq!(book.counts().cleared, 1);
}

#[test]
fn cool_downs_grow_to_a_week_and_are_short_again_for_one_that_sends() {
    let book = book(&SimTerms {
        per_minute: 60,
        ..SimTerms::default()
    });
    let sim = seated(&book, 1);
    let mut at = fail(&book, sim, BARRED, 5, MONDAY);
    let mut lengths = Vec::new();
    for _ in 0..7 {
        at = suspected_until(&book, sim, at);
        assert!(sends(&book, sim, 1, at));
        book.note(sim, BARRED, at);
        lengths.push((suspected_until(&book, sim, at) - at) / HOUR);
    }
    assert_eq!(lengths, [12, 24, 48, 96, 168, 168, 168]);
    at = suspected_until(&book, sim, at);
    assert!(sends(&book, sim, 1, at));
    book.note(sim, SimEvent::Accepted, at);
    at = sends_for(&book, sim, 50, at + MINUTE);
    let at = fail(&book, sim, BARRED, 5, at);
    assert!(suspected_until(&book, sim, at) < at + 6 * HOUR);
}

#[test]
fn a_trial_that_says_nothing_is_tried_again() {
    let book = book(&SimTerms::default());
    let sim = seated(&book, 1);
    let at = fail(&book, sim, BARRED, 5, MONDAY);
    let until = suspected_until(&book, sim, at);
    // A wrong number: the next one tries at once, by the pace.
    assert!(sends(&book, sim, 1, until));
    book.note(sim, SimEvent::Refused { cms: 1 }, until + SECOND);
    assert!(sends(&book, sim, 2, until + MINUTE));
    // Nothing was heard of it, as after a kill: a quarter of an hour later the next one.
    assert_eq!(
        suspected_until(&book, sim, until + 2 * MINUTE),
        until + 16 * MINUTE
    );
    assert!(sends(&book, sim, 3, until + 16 * MINUTE));
}

#[test]
fn messages_and_congestion_at_fault_are_not_held_against_a_sim() {
    let book = book(&SimTerms::default());
    let sim = seated(&book, 1);
    let mut at = MONDAY;
    for event in [
        CONGESTED,
        SimEvent::Refused { cms: 1 },
        SimEvent::Refused { cms: 322 },
    ] {
        at = fail(&book, sim, event, 40, at);
    }
    // Refusals that mean barring, but never five in a row.
    for _ in 0..10 {
        at = fail(&book, sim, BARRED, 4, at);
        at = fail(&book, sim, SimEvent::Accepted, 1, at);
    }
    assert_eq!(book.view(sim, at).unwrap().state, "sends");
}

#[test]
fn failures_of_one_among_others_are_its_own_and_those_of_all_the_networks() {
    for event in [SimEvent::Unanswered, UNKNOWN] {
        let book = book(&SimTerms::default());
        let sims: Vec<_> = (1..=4).map(|number| seated(&book, number)).collect();
        fail(&book, sims[0], event, 10, MONDAY);
        suspected_until(&book, sims[0], MONDAY + HOUR);
        // All at once: the network is away, and nobody is to blame.
        let book = super::book(&SimTerms::default());
        let sims: Vec<_> = (1..=4).map(|number| seated(&book, number)).collect();
        for minute in 0..30 {
            for sim in &sims {
                let at = MONDAY + minute * MINUTE;
                let _ = book.spend(*sim, to(1), at);
                book.note(*sim, event, at + SECOND);
            }
        }
        assert_eq!(book.counts().suspected, 0, "{event:?}");
    }
}

#[test]
fn receipts_far_worse_than_others_have_rest_a_sim_until_one_arrives() {
    let book = book(&SimTerms::default());
    let (sim, other) = (seated(&book, 1), seated(&book, 2));
    for receipt in 0..40 {
        let bad = receipt % 10 == 0;
        let event = if bad {
            SimEvent::Undelivered
        } else {
            SimEvent::Delivered
        };
        book.note(other, event, MONDAY + receipt * MINUTE);
    }
    for receipt in 0..20 {
        let event = if receipt % 2 == 0 {
            SimEvent::Delivered
        } else {
            SimEvent::Undelivered
        };
        book.note(sim, event, MONDAY + receipt * MINUTE);
    }
    let until = suspected_until(&book, sim, MONDAY + HOUR);
    assert!(book.take_alerts()[0].contains("10 of its last 20"));
    assert!(sends(&book, sim, 1, until));
    book.note(sim, SimEvent::Accepted, until + SECOND);
    suspected_until(&book, sim, until + MINUTE);
    book.note(sim, SimEvent::Delivered, until + 2 * MINUTE);
    assert!(sends(&book, sim, 2, until + 2 * MINUTE));
}

#[test]
fn receipts_that_are_bad_for_all_are_no_fault_of_one() {
    let book = book(&SimTerms::default());
    let sims: Vec<_> = (1..=4).map(|number| seated(&book, number)).collect();
    for receipt in 0..400_u64 {
        let event = if receipt % 3 == 0 {
            SimEvent::Delivered
        } else {
            SimEvent::Undelivered
        };
        for sim in &sims {
            book.note(*sim, event, MONDAY + receipt * MINUTE);
        }
    }
    assert_eq!(book.counts().suspected, 0);
}

#[test]
fn somebody_who_looked_at_it_lets_it_go_on() {
    let book = book(&SimTerms::default());
    let sim = seated(&book, 1);
    let at = fail(&book, sim, BARRED, 5, MONDAY);
    suspected_until(&book, sim, at);
    assert!(book.acquit(sim));
    assert_eq!(book.allowance(sim, at), Allowance::Now);
    assert!(!book.acquit(SimNumber(99)));
}
