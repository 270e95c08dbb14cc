//! A world that lies is reported: an oracle that cannot fail proves nothing.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use carrack_simulation::{Mutant, Scenario, simulate};

/// Of so many seeds at least one must tell; the lie needs its occasion.
const SEEDS: u64 = 150;

fn told(mutant: Mutant, words: &str) {
    let scenario = Scenario {
        mutant: Some(mutant),
        ..Scenario::default()
    };
    let says = |seed: u64| {
        let report = simulate(seed, &scenario).ok()?;
        report
            .violations
            .into_iter()
            .find(|violation| violation.contains(words))
    };
    let found = (1..=SEEDS).find_map(says);
    assert!(
        found.is_some(),
        "{mutant:?}: no seed of {SEEDS} says \"{words}\""
    );
}

#[test]
fn lost_durable_frame_is_reported() {
    told(
        Mutant::DiskLosesDurableFrame,
        "was acknowledged and is not in the log",
    );
}

#[test]
fn frame_reported_durable_too_soon_is_reported() {
    told(Mutant::DiskReportsTooSoon, "and not durable");
}

#[test]
fn carrier_that_doubles_is_reported() {
    told(
        Mutant::CarrierDoubles,
        "was taken 2 times, and 0 are listed as uncertain",
    );
}

#[test]
fn exceeded_window_is_reported() {
    told(Mutant::LinkHidesWindow, "window of carrier");
}

#[test]
fn exceeded_rate_is_reported() {
    told(Mutant::RateNotTold, "segments in a second and its rate is");
}

#[test]
fn forgotten_journal_is_reported() {
    told(Mutant::JournalForgotten, "are listed as uncertain");
}

#[test]
fn request_with_a_key_that_becomes_two_messages_is_reported() {
    told(Mutant::KeysForgotten, "accepted as");
}

#[test]
fn notice_told_again_after_its_answer_is_reported() {
    told(Mutant::AnswerForgotten, "is told again, and was answered");
}
