//! Every family of quirks, played in simulated time against a client's session: what the wire shows and what the report says.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "../support/mod.rs"]
mod support;

mod alphabets;
mod doors;
mod ids;
mod links;
mod mos;
mod receipts;
mod refusals;
mod responses;
mod scenarios;
mod services;
mod shapes;

use carrack_loadtest::smsc::{Settings, Smsc};
use support::{Esme, MS, pass, quirks};

/// An SMSC with these quirks, 2 ms of latency, 20 ms to the receipt, that keeps texts.
fn smsc(spellings: &[&str]) -> Smsc {
    Smsc::new(settings(spellings))
}

fn settings(spellings: &[&str]) -> Settings {
    Settings {
        quirks: quirks(spellings),
        latency_ns: 2 * MS,
        dlr_delay_ns: 20 * MS,
        texts_kept: 1_000,
        ..Settings::default()
    }
}

/// Submits so many different texts, lets all that follows happen; the client.
fn play(smsc: &mut Smsc, count: u64) -> Esme {
    let mut esme = Esme::bound(smsc, 0);
    submit(smsc, &mut esme, 0, count);
    pass(smsc, &mut [&mut esme], 0, 300 * MS);
    esme
}

fn submit(smsc: &mut Smsc, esme: &mut Esme, now_ns: u64, count: u64) {
    for ticket in 0..count {
        let to = format!("447700900{:03}", ticket % 1_000);
        esme.submit(now_ns, ticket, &to, &format!("text {ticket}"))
            .unwrap();
    }
    esme.exchange(smsc, now_ns);
}
