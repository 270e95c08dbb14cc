//! Slot patience (trap T27) in simulated time: what a lost response costs, and that a silent carrier
//! is not flooded.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_smpp::*;
use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use support::*;

const MS: u64 = 1_000_000;

/// A carrier that answers after a round trip, loses some answers and gives some of them late.
#[derive(Clone, Copy)]
struct Carrier {
    round_trip_ns: u64,
    jitter_ns: u64,
    lost_per_mille: u64,
    /// Of those lost, so many per mille come after all, this much later.
    straggling: (u64, u64),
}

const STEADY: Carrier = Carrier {
    round_trip_ns: 5 * MS,
    jitter_ns: 0,
    lost_per_mille: 0,
    straggling: (0, 0),
};

fn settings(window: u32, slot_patience: bool) -> ClientSettings {
    ClientSettings {
        window,
        slot_patience,
        enquire_link_idle_ns: 0,
        ..client_settings()
    }
}

struct Run {
    session: ClientSession,
    random: u64,
    now: u64,
    next_ticket: u64,
    wire: BinaryHeap<Reverse<(u64, u32)>>,
    open: BTreeSet<u64>,
    answered: u64,
    late: u64,
    uncertain: BTreeSet<u64>,
}

impl Run {
    fn new(settings: ClientSettings, seed: u64) -> Self {
        Self {
            session: bound_client(settings),
            random: seed | 1,
            now: 0,
            next_ticket: 0,
            wire: BinaryHeap::new(),
            open: BTreeSet::new(),
            answered: 0,
            late: 0,
            uncertain: BTreeSet::new(),
        }
    }

    fn random(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 11) % bound
    }

    fn submit_all(&mut self, carrier: &Carrier) {
        while self.session.free_slots() > 0 {
            let ticket = self.next_ticket;
            self.next_ticket += 1;
            let sequence = self
                .session
                .submit(self.now, ticket, &message(b"x"))
                .unwrap();
            assert!(self.open.insert(ticket));
            let jitter = self.random(carrier.jitter_ns + 1);
            let mut at = self.now + carrier.round_trip_ns + jitter;
            if self.random(1000) < carrier.lost_per_mille {
                if self.random(1000) >= carrier.straggling.0 {
                    continue;
                }
                at += carrier.straggling.1;
            }
            self.wire.push(Reverse((at, sequence)));
        }
        self.session.output().clear();
    }

    /// One step: the next response or the next deadline, whatever is first.
    fn step(&mut self, carrier: &Carrier, until: u64) -> bool {
        self.submit_all(carrier);
        let response = self.wire.peek().map(|next| next.0.0);
        let deadline = self.session.next_deadline_ns();
        let at = response.into_iter().chain(deadline).min().unwrap();
        if at >= until {
            return false;
        }
        self.now = self.now.max(at);
        let mut bytes = Vec::new();
        while let Some(Reverse((at, sequence))) = self.wire.peek().copied()
            && at <= self.now
        {
            self.wire.pop();
            bytes.extend(response_to(sequence));
        }
        let (open, uncertain) = (&mut self.open, &mut self.uncertain);
        let (answered, late) = (&mut self.answered, &mut self.late);
        let mut on = |event: ClientEvent<'_>| match event {
            ClientEvent::Response { ticket, .. } => {
                assert!(open.remove(&ticket), "answered twice");
                *answered += 1;
            }
            ClientEvent::TimedOut { ticket } => {
                assert!(open.remove(&ticket), "timed out twice");
                assert!(uncertain.insert(ticket));
            }
            ClientEvent::LateResponse { ticket, .. } => {
                assert!(uncertain.remove(&ticket), "late but not uncertain");
                *late += 1;
            }
            other => panic!("{other:?}"),
        };
        self.session.receive(self.now, &bytes, &mut on);
        self.session.tick(self.now, &mut on);
        true
    }

    fn run(mut self, carrier: Carrier, seconds: u64) -> Self {
        let until = self.now + seconds * SECOND;
        while self.step(&carrier, until) {}
        self.now = until;
        self
    }
}

fn response_to(sequence: u32) -> Vec<u8> {
    response(sequence, b"id")
}

/// As long as the carrier takes for 60,000 messages.
fn seconds(window: u32) -> u64 {
    300 / u64::from(window)
}

fn answered(window: u32, carrier: Carrier, slot_patience: bool, seconds: u64) -> u64 {
    let run = Run::new(settings(window, slot_patience), 0x5EED).run(carrier, seconds);
    run.answered
}

#[test]
fn t27_one_percent_lost_costs_less_than_five_percent_of_the_rate() {
    for window in [1, 2, 3, 4, 5, 10, 100] {
        let seconds = seconds(window);
        let lossy = Carrier {
            lost_per_mille: 10,
            ..STEADY
        };
        let whole = answered(window, STEADY, true, seconds);
        let with_loss = answered(window, lossy, true, seconds);
        assert!(
            with_loss * 100 >= whole * 95,
            "window {window}: {with_loss} of {whole}"
        );
        let without = answered(window, lossy, false, seconds);
        assert!(
            without * 100 < whole * 95,
            "window {window}: without patience it must be worse, {without} of {whole}"
        );
    }
}

#[test]
fn t27_jitter_and_loss_together_cost_little_too() {
    for window in [1, 10, 100] {
        let jittery = Carrier {
            jitter_ns: 5 * MS,
            ..STEADY
        };
        let lossy = Carrier {
            lost_per_mille: 10,
            ..jittery
        };
        let seconds = seconds(window);
        let whole = answered(window, jittery, true, seconds);
        let with_loss = answered(window, lossy, true, seconds);
        assert!(
            with_loss * 100 >= whole * 95,
            "window {window}: {with_loss} of {whole}"
        );
    }
}

#[test]
fn t27_without_loss_no_slot_is_given_on() {
    for window in [1, 2, 10, 100] {
        let jittery = Carrier {
            jitter_ns: 5 * MS,
            ..STEADY
        };
        let run = Run::new(settings(window, true), 3).run(jittery, 60);
        assert!(run.uncertain.is_empty());
        assert_eq!(run.session.counters().slots_given_on, 0);
    }
}

#[test]
fn t27_a_carrier_that_falls_silent_is_not_flooded() {
    for window in [1u32, 2, 4, 5, 10, 100] {
        let run = Run::new(settings(window, true), 7).run(STEADY, 10);
        let before = run.next_ticket;
        let silent = Carrier {
            lost_per_mille: 1000,
            ..STEADY
        };
        // Just short of the response time-out.
        let run = run.run(silent, 9);
        let sent = run.next_ticket - before;
        let allowed = u64::from(window) + if window <= 4 { 3 } else { 0 };
        assert!(
            sent <= allowed,
            "window {window}: {sent} sent into the silence"
        );
        // And after it no faster than the window for each time-out.
        let run = run.run(silent, 20);
        let sent = run.next_ticket - before;
        assert!(sent <= allowed * 4, "window {window}: {sent}");
    }
}

#[test]
fn t27_a_carrier_silent_from_the_start_gets_its_window_and_no_more() {
    for window in [1u32, 4, 10] {
        let silent = Carrier {
            lost_per_mille: 1000,
            ..STEADY
        };
        let run = Run::new(settings(window, true), 7).run(silent, 9);
        assert_eq!(run.next_ticket, u64::from(window));
    }
}

#[test]
fn t27_a_carrier_that_becomes_slow_is_soon_waited_for() {
    for window in [1, 2, 10] {
        let run = Run::new(settings(window, true), 11).run(STEADY, 10);
        let slow = Carrier {
            round_trip_ns: 200 * MS,
            ..STEADY
        };
        let run = run.run(slow, 60);
        let given_on = run.session.counters().slots_given_on;
        assert!(
            given_on <= u64::from(window) + 6,
            "window {window}: {given_on} given on"
        );
        assert_eq!(run.late, given_on, "every one of them was told late");
    }
}

#[test]
fn t22_stragglers_are_told_late_and_settle_once() {
    let straggling = Carrier {
        lost_per_mille: 20,
        straggling: (1000, 3 * SECOND),
        ..STEADY
    };
    let run = Run::new(settings(10, true), 13).run(straggling, 60);
    assert!(run.late > 500, "{}", run.late);
    // What straggles at the end is not lost either.
    let run = run.run(STEADY, 20);
    assert!(run.uncertain.is_empty(), "{:?}", run.uncertain);
    let counters = run.session.counters();
    assert_eq!(counters.late_responses, run.late);
    assert_eq!(counters.unexpected_responses, 0);
}

#[test]
fn t27_no_slot_leaks_over_a_million_messages() {
    let messages = if cfg!(debug_assertions) {
        100_000
    } else {
        1_000_000
    };
    let lossy = Carrier {
        lost_per_mille: 10,
        jitter_ns: 3 * MS,
        straggling: (300, SECOND),
        ..STEADY
    };
    let mut run = Run::new(settings(100, true), 17);
    while run.next_ticket < messages {
        assert!(run.step(&lossy, u64::MAX));
        assert_eq!(run.session.in_flight() as usize, run.open.len());
    }
    let sent = run.next_ticket;
    let settled = run.answered + run.late + run.uncertain.len() as u64;
    assert_eq!(settled + run.open.len() as u64, sent);
    assert!(run.session.free_slots() <= 100);
}
