//! The book by its promises.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod caps_hold;
mod clocks;
mod faults;
mod killed;
mod pins;
mod seats;
mod speed;
mod suspected;
mod texts;

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use carrack_message::Msisdn;
use carrack_settings::SimTerms;

use super::{Layout, MemoryPages, PoolRules, SimBook, SimPages, SimRules};
use crate::modem::{Allowance, SimDesk, SimEvent, SimIdentity, SimNumber};

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// 2026-11-23T00:00:00Z, a Monday.
const MONDAY: u64 = 1_795_392_000 * SECOND;
const LAYOUT: Layout = Layout {
    sims_max: 8,
    recipients_max: 64,
};

/// Pages that two books have one after the other.
#[derive(Clone)]
struct Shared(Arc<MemoryPages>);

impl Shared {
    fn new() -> Self {
        Self(Arc::new(MemoryPages::new(LAYOUT)))
    }
}

impl SimPages for Shared {
    fn octets(&self) -> u64 {
        self.0.octets()
    }
    fn read(&self, at: u64, into: &mut [u8]) {
        self.0.read(at, into);
    }
    fn write(&self, at: u64, from: &[u8]) {
        self.0.write(at, from);
    }
}

fn rules(terms: &SimTerms) -> SimRules {
    let pool = |networks: &[&str]| PoolRules {
        terms: terms.clone(),
        networks: networks.iter().map(ToString::to_string).collect(),
    };
    SimRules {
        pools: HashMap::from([
            ("rack".to_owned(), pool(&[])),
            ("german".to_owned(), pool(&["26202"])),
        ]),
        ..SimRules::default()
    }
}

fn open(pages: &Shared, terms: &SimTerms) -> SimBook {
    SimBook::open(Box::new(pages.clone()), Path::new("sims"), rules(terms)).unwrap()
}

fn book(terms: &SimTerms) -> SimBook {
    open(&Shared::new(), terms)
}

/// A card and its subscriber, by a number.
fn card(number: u64) -> SimIdentity {
    SimIdentity {
        iccid: Some(format!("8949020000{number:09}")),
        imsi: Some(format!("26202{number:010}")),
    }
}

fn seated(book: &SimBook, number: u64) -> SimNumber {
    book.seat("rack", &format!("m{number}"), &card(number), MONDAY)
}

fn to(number: u64) -> Msisdn {
    Msisdn::from_u64(491_510_000_000 + number).unwrap()
}

/// Sends one segment, and says whether it might.
fn sends(book: &SimBook, sim: SimNumber, recipient: u64, utc_ns: u64) -> bool {
    let asked = book.allowance(sim, utc_ns);
    let spent = book.spend(sim, to(recipient), utc_ns);
    assert_eq!(asked, spent, "asked and spent at one moment differ");
    spent == Allowance::Now
}

/// Sends as soon as it may, so many times, and has each accepted; the moment after.
fn sends_for(book: &SimBook, sim: SimNumber, segments: u32, mut utc_ns: u64) -> u64 {
    for segment in 0..segments {
        match book.spend(sim, to(u64::from(segment)), utc_ns) {
            Allowance::Now => book.note(sim, SimEvent::Accepted, utc_ns + SECOND),
            Allowance::NotBefore { utc_ns: next, rest } => {
                panic!("segment {segment} rests: {rest:?} until {next}")
            }
        }
        utc_ns += 4 * SECOND;
    }
    utc_ns
}
