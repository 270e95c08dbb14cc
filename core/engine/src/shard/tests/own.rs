//! The node's own messages: they order no customers' routes, and no limit of recipients counts them.

use std::sync::Arc;

use carrack_carrier::Disposition;
use carrack_message::ReceiptState;
use carrack_routing::quality::Quality;
use carrack_routing::{RouteRow, RouteTable};

use super::limits::{from, rule};
use super::rig::{ACCOUNT, NORTH, Rig, SECOND, directory, settings};
use crate::credit::Terms;
use crate::directory::{AccountEntry, Directory};
use crate::limits::LimitKind;
use crate::settings::EngineSettings;
use crate::submission::{Refusal, Submission, Verdict};

const OWN: u32 = 99;
const NAME: &str = "node:own";

/// Gives the node an account of its own, with a route to NORTH alone.
fn with_own(mut rig: Rig) -> Rig {
    let own = AccountEntry {
        number: OWN,
        name: NAME.to_owned(),
        waiting: Arc::default(),
        messages_max: 1000,
        share: 1,
        group: String::new(),
        currency: None,
        terms: Terms::default(),
        acknowledged_early: false,
        balance: Arc::default(),
    };
    let before = directory();
    let accounts = before.accounts().cloned().chain([own]).collect();
    let directory = Directory::new(accounts, before.carriers().to_vec());
    let route = RouteRow {
        carriers: vec![NORTH],
        attempts_max: Some(1),
        ..RouteRow::default()
    };
    let table = RouteTable::clone(&rig.shared.table());
    let table = table.with_own(NAME, vec![route]).unwrap();
    rig.shared.replace_tables(directory, Arc::new(table));
    rig.settle();
    rig
}

fn hands_in(rig: &mut Rig, account: u32) -> Verdict {
    let submission = Submission {
        account,
        ..from(rig, "slow1", "text")
    };
    let given = rig.hand_in(vec![submission], None);
    rig.settle();
    given.lock().unwrap().remove(0)
}

/// What is public of NORTH: overall, and how many cells it is of.
fn quality(rig: &mut Rig) -> (Quality, usize) {
    rig.after(2 * SECOND);
    let seen = rig.shard.carriers[&(NORTH as u16)].observed.public();
    (seen.overall, seen.cells.len())
}

/// Ten whose receipts say no, ten that are refused, one whose receipt never comes.
fn fails(rig: &mut Rig, account: u32) {
    for number in 0..10 {
        hands_in(rig, account);
        rig.answer(NORTH, &format!("n{number}"));
        rig.settle();
        rig.receipt(NORTH, &format!("n{number}"), ReceiptState::Undeliverable);
        rig.settle();
        hands_in(rig, account);
        rig.refuse(NORTH, 0x45, Disposition::NextCarrier);
        rig.settle();
    }
    hands_in(rig, account);
    rig.answer(NORTH, "silent");
    for _ in 0..60 {
        rig.after(SECOND);
    }
}

/// With what is believed of a carrier of which nothing is known public already: it is with the first slice that ends.
fn rig() -> Rig {
    let settings = EngineSettings {
        quality_receipt_wait_ns: 5 * SECOND,
        ..settings()
    };
    let mut rig = with_own(Rig::with(settings));
    let window_s = rig.settings.quality.window_ns / SECOND;
    for _ in 0..window_s {
        rig.after(SECOND);
    }
    rig
}

#[test]
fn the_nodes_own_messages_that_fail_leave_quality_as_it_was() {
    let mut rig = rig();
    let before = quality(&mut rig);
    fails(&mut rig, OWN);
    let stats = &rig.shard.carriers[&(NORTH as u16)].stats;
    let counts = (
        stats.segments_accepted,
        stats.segments_refused,
        stats.messages_failed,
    );
    assert_eq!(counts, (11, 10, 20), "they were sent, and failed");
    let after = quality(&mut rig);
    assert_eq!(after, before);
    assert_eq!((after.0.answered, after.1), (0, 0));
}

#[test]
fn customers_messages_that_fail_so_are_measured() {
    let mut rig = rig();
    let before = quality(&mut rig);
    fails(&mut rig, ACCOUNT);
    let after = quality(&mut rig);
    assert_ne!(after, before);
    assert_eq!((after.0.ended, after.1), (11, 1), "{after:?}");
}

#[test]
fn a_limit_of_recipients_neither_counts_nor_refuses_the_nodes_own() {
    let kind = LimitKind::Recipient {
        count: 1,
        within_ns: 3600 * SECOND,
    };
    let phones = rule("phones", &["slow"], kind);
    let mut rig = with_own(Rig::limited(settings(), vec![phones]));
    let own = |rig: &mut Rig| {
        let given = hands_in(rig, OWN);
        assert!(matches!(given, Verdict::Accepted(_)), "{given:?}");
    };
    own(&mut rig);
    own(&mut rig);
    let given = hands_in(&mut rig, ACCOUNT);
    assert!(matches!(given, Verdict::Accepted(_)), "there is room still");
    own(&mut rig);
    let given = hands_in(&mut rig, ACCOUNT);
    let limited = matches!(given, Verdict::Refused(Refusal::RecipientLimit { .. }));
    assert!(limited, "{given:?}");
}
