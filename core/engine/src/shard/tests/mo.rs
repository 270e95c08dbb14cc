//! Messages from handsets: durable before the carrier is answered, joined, given to one account, told once.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use carrack_carrier::{HandsetPart, LinkEvent, ReceiptHandle, WireAddress};
use carrack_message::mo::{MoWay, MoWays, ReassemblySettings};
use carrack_message::record::{MoOutcome, RecordView};
use carrack_routing::{MoNumber, MoRule, MoTable};

use super::rig::{NORTH, Rig, SECOND, SOUTH, directory, settings};
use super::told::BIND;
use crate::notice::{IncomingBody, News, Notice};
use crate::settings::EngineSettings;
use crate::shard::Party;

const WEBHOOK: Party = Party {
    way: MoWay::Webhook,
    ..BIND
};

fn rule(to: &str, ways: MoWays) -> MoRule {
    MoRule {
        name: format!("to {to}"),
        to: vec![MoNumber::parse(to)],
        account: "acme".to_owned(),
        ways,
        ..MoRule::default()
    }
}

/// 1234 by bind, 5678 by webhook, 9999 by both.
pub(super) fn rules() -> MoTable {
    let (bind, webhook) = (true, true);
    let one = MoWays::default();
    MoTable::new(vec![
        rule("1234", MoWays { bind, ..one }),
        rule("5678", MoWays { webhook, ..one }),
        rule("9999", MoWays { bind, webhook }),
    ])
}

/// A handset's part comes in from a carrier; gives its sequence number.
fn part_from(rig: &mut Rig, carrier: usize, to: &str, octets: &[u8], sequence: u32) {
    let address = |addr: &str| WireAddress {
        ton: 1,
        npi: 1,
        addr: addr.as_bytes().into(),
    };
    let part = HandsetPart {
        from: address("447700900001"),
        to: address(to),
        esm_class: if octets.first() == Some(&5) { 0x40 } else { 0 },
        octets: octets.to_vec(),
        ..HandsetPart::default()
    };
    let handle = ReceiptHandle {
        session: 0,
        data_sm: false,
        sequence_number: sequence,
        connection: 1,
    };
    let part = Box::new(part);
    rig.event(carrier, LinkEvent::Mo { handle, part });
}

pub(super) fn comes(rig: &mut Rig, to: &str, octets: &[u8], sequence: u32) {
    part_from(rig, NORTH, to, octets, sequence);
    rig.settle();
}

pub(super) fn texts(taken: &Mutex<Vec<Notice>>) -> Vec<(String, u8)> {
    let taken = taken.lock().unwrap();
    let text = |notice: &Notice| match &notice.news {
        News::Mo(mo) => match &mo.body {
            IncomingBody::Text(text) => (text.clone(), mo.missing),
            IncomingBody::Octets(octets) => (format!("{octets:?}"), mo.missing),
        },
        News::End(_) | News::Submitted(_) => panic!("an end"),
    };
    taken.iter().map(text).collect()
}

pub(super) fn outcomes(rig: &Rig, outcome: MoOutcome) -> usize {
    rig.records(
        |record| matches!(record, RecordView::MoSettled(record) if record.outcome.outcome() == outcome),
    )
}

/// Tells the shard that all of these were taken.
pub(super) fn take(rig: &mut Rig, taken: &Arc<Mutex<Vec<Notice>>>) {
    let keys: Vec<_> = taken.lock().unwrap().drain(..).map(|n| n.key).collect();
    for key in keys {
        rig.shard.told(rig.now, key);
    }
    rig.settle();
}

/// Frames hold nothing: every part that came has ended.
fn assert_all_ended(rig: &Rig) {
    let recovered = rig.recovered();
    assert_eq!(recovered.handsets.open(), 0);
    assert_eq!(rig.shard.mo.waiting(), 0);
}

#[test]
fn carrier_is_answered_and_customer_told_only_when_it_is_durable() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Bind, 1, 10);
    rig.log.borrow_mut().held = true;
    comes(&mut rig, "1234", b"hello", 7);
    assert!(rig.wires[NORTH].borrow().answers.is_empty());
    assert!(texts(&taken).is_empty());
    rig.log.borrow_mut().held = false;
    rig.settle();
    assert_eq!(rig.wires[NORTH].borrow().answers, [(7, true)]);
    assert_eq!(texts(&taken), [("hello".to_owned(), 0)]);
    take(&mut rig, &taken);
    assert_all_ended(&rig);
}

#[test]
fn without_rules_the_carrier_keeps_it() {
    let mut rig = Rig::new();
    let none = directory().with_mo(MoTable::default());
    rig.shared.replace_tables(none, rig.shared.table());
    comes(&mut rig, "1234", b"hello", 7);
    assert_eq!(rig.wires[NORTH].borrow().answers, [(7, false)]);
    assert_eq!(rig.records(|_| true), 0);
}

#[test]
fn what_no_rule_takes_is_written_down_and_answered() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Bind, 1, 10);
    comes(&mut rig, "4711", b"hello", 7);
    assert_eq!(rig.wires[NORTH].borrow().answers, [(7, true)]);
    assert!(texts(&taken).is_empty());
    assert_eq!(outcomes(&rig, MoOutcome::Nobody), 1);
    assert_all_ended(&rig);
}

#[test]
fn full_shard_leaves_it_with_the_carrier_and_goes_on_when_there_is_room() {
    let mut rig = Rig::with(EngineSettings {
        mo_waiting_max: 2,
        ..settings()
    });
    for sequence in 1..=3 {
        comes(&mut rig, "1234", b"hello", sequence);
    }
    let answers = rig.wires[NORTH].borrow().answers.clone();
    assert_eq!(answers, [(1, true), (2, true), (3, false)]);
    let refused = rig.shared.mo_refused.load(Ordering::Relaxed);
    assert_eq!(refused, 1, "who waits for one is told so");
    let taken = rig.subscribe(MoWay::Bind, 1, 10);
    rig.settle();
    take(&mut rig, &taken);
    comes(&mut rig, "1234", b"again", 4);
    assert_eq!(texts(&taken), [("again".to_owned(), 0)]);
}

#[test]
fn parts_on_two_binds_with_a_repeated_one_are_one_message_told_once() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Bind, 1, 10);
    comes(&mut rig, "1234", b"\x05\x00\x03\x07\x02\x02lo", 1);
    comes(&mut rig, "1234", b"\x05\x00\x03\x07\x02\x02lo", 2);
    assert!(texts(&taken).is_empty());
    comes(&mut rig, "1234", b"\x05\x00\x03\x07\x02\x01hel", 3);
    comes(&mut rig, "1234", b"\x05\x00\x03\x07\x02\x01hel", 4);
    assert_eq!(texts(&taken), [("hello".to_owned(), 0)]);
    assert_eq!(outcomes(&rig, MoOutcome::Repeated), 2);
    take(&mut rig, &taken);
    assert_all_ended(&rig);
}

#[test]
fn parts_of_two_carriers_are_not_joined() {
    let mut rig = Rig::with(EngineSettings {
        mo_reassembly: ReassemblySettings {
            timeout_ns: SECOND,
            ..settings().mo_reassembly
        },
        ..settings()
    });
    let taken = rig.subscribe(MoWay::Bind, 1, 10);
    part_from(&mut rig, NORTH, "1234", b"\x05\x00\x03\x07\x02\x01hel", 1);
    part_from(&mut rig, SOUTH, "1234", b"\x05\x00\x03\x07\x02\x02lo", 2);
    rig.settle();
    assert!(texts(&taken).is_empty());
    for _ in 0..20 {
        rig.after(SECOND / 10);
    }
    let mut found = texts(&taken);
    found.sort();
    assert_eq!(found, [("hel".to_owned(), 1), ("lo".to_owned(), 1)]);
    assert_eq!(outcomes(&rig, MoOutcome::Incomplete), 2);
    take(&mut rig, &taken);
    assert_all_ended(&rig);
}

#[test]
fn told_on_one_way_of_two_waits_for_the_other_and_a_crash_does_not_tell_the_first_again() {
    let mut rig = Rig::new();
    let bind = rig.subscribe(MoWay::Bind, 1, 10);
    comes(&mut rig, "9999", b"both", 1);
    assert_eq!(texts(&bind).len(), 1);
    take(&mut rig, &bind);
    assert_eq!(rig.shard.mo.waiting(), 1);
    let mut rig = rig.crash();
    rig.settle();
    let bind = rig.subscribe(MoWay::Bind, 2, 10);
    let webhook = rig.subscribe(MoWay::Webhook, 3, 10);
    rig.settle();
    assert!(texts(&bind).is_empty());
    assert_eq!(texts(&webhook), [("both".to_owned(), 0)]);
    take(&mut rig, &webhook);
    assert_all_ended(&rig);
}

#[test]
fn subscriber_that_goes_gives_it_back_to_the_next() {
    let mut rig = Rig::new();
    let first = rig.subscribe(MoWay::Webhook, 1, 10);
    comes(&mut rig, "5678", b"one", 1);
    comes(&mut rig, "5678", b"two", 2);
    assert_eq!(texts(&first).len(), 2);
    rig.shard.revoke(WEBHOOK, 1);
    let second = rig.subscribe(MoWay::Webhook, 2, 1);
    rig.settle();
    assert_eq!(texts(&second), [("one".to_owned(), 0)]);
    take(&mut rig, &second);
    assert_eq!(
        texts(&second),
        [("two".to_owned(), 0)],
        "its credit is free"
    );
    take(&mut rig, &second);
    assert_all_ended(&rig);
}

#[test]
fn what_is_not_taken_in_time_is_given_up_once() {
    let mut rig = Rig::with(EngineSettings {
        mo_keep_ns: 60 * SECOND,
        ..settings()
    });
    let taken = rig.subscribe(MoWay::Bind, 1, 10);
    comes(&mut rig, "1234", b"late", 1);
    for _ in 0..100 {
        rig.after(SECOND);
    }
    assert_eq!(outcomes(&rig, MoOutcome::Expired), 1);
    take(&mut rig, &taken);
    assert_eq!(outcomes(&rig, MoOutcome::Told), 0);
    assert_all_ended(&rig);
}

/// Every place where the process can end: each text is told, by one id, and never after it was taken.
#[test]
fn crash_at_every_frame_loses_none_and_repeats_none_that_was_taken() {
    let play = |crash_at: Option<usize>| {
        let mut rig = Rig::new();
        let taken = rig.subscribe(MoWay::Bind, 1, 10);
        let parts: [&[u8]; 4] = [
            b"\x05\x00\x03\x07\x03\x01a",
            b"single",
            b"\x05\x00\x03\x07\x03\x03c",
            b"\x05\x00\x03\x07\x03\x02b",
        ];
        for (part, sequence) in parts.iter().zip(1..) {
            comes(&mut rig, "1234", part, sequence);
            take(&mut rig, &taken);
        }
        let frames = rig.log.borrow().frames.len();
        let Some(crash_at) = crash_at else {
            return frames;
        };
        let mut rig = rig.crash_at(crash_at);
        rig.up(NORTH);
        rig.settle();
        let told_before = outcomes(&rig, MoOutcome::Told);
        let taken = rig.subscribe(MoWay::Bind, 2, 10);
        rig.settle();
        let mut heard = texts(&taken);
        // The carrier had no answer, and brings all of it again but what is single: that is another by then.
        let long = parts.iter().filter(|part| part.first() == Some(&5));
        for (part, sequence) in long.zip(10..) {
            comes(&mut rig, "1234", part, sequence);
        }
        heard.extend(texts(&taken).into_iter().skip(heard.len()));
        let whole = heard.iter().filter(|(text, _)| text == "abc").count();
        assert!(heard.iter().all(|(_, missing)| *missing == 0), "{heard:?}");
        let told_long = rig.records(|record| {
            matches!(record, RecordView::MoSettled(record)
                if record.parts.len() == 3 && record.outcome.outcome() == MoOutcome::Told)
        });
        assert_eq!(outcomes(&rig, MoOutcome::Nobody), 0);
        assert_eq!(whole + told_long, 1, "at {crash_at}: {heard:?}");
        take(&mut rig, &taken);
        assert!(outcomes(&rig, MoOutcome::Told) >= told_before);
        assert_all_ended(&rig);
        frames
    };
    let frames = play(None);
    assert!(frames >= 6);
    for crash_at in 0..=frames {
        play(Some(crash_at));
    }
}

#[test]
fn what_the_node_waits_for_is_its_own_before_all_rules_and_nothing_else_is() {
    let mut rig = Rig::new();
    let customer = rig.subscribe(MoWay::Bind, 1, 10);
    let own = 99;
    let taken: Arc<Mutex<Vec<Notice>>> = Arc::default();
    let sink = Arc::clone(&taken);
    let party = Party {
        account: own,
        way: MoWay::Bind,
    };
    rig.shard.outbox.grant(
        party,
        7,
        10,
        Arc::new(move |notices| sink.lock().unwrap().extend(notices)),
    );
    assert!(rig.shard.shared.awaited.add("K7Q2M9", own));
    comes(&mut rig, "1234", b"carrack probe K7Q2M9", 1);
    comes(&mut rig, "1234", b"carrack probe K7Q2M8", 2);
    comes(&mut rig, "4321", b"probe K7Q2M9", 3);
    let texts_of = |taken: &Mutex<Vec<Notice>>| -> Vec<String> {
        texts(taken).into_iter().map(|(text, _)| text).collect()
    };
    assert_eq!(texts_of(&taken), ["carrack probe K7Q2M9", "probe K7Q2M9"]);
    assert_eq!(texts_of(&customer), ["carrack probe K7Q2M8"]);
    take(&mut rig, &taken);
    take(&mut rig, &customer);
    rig.shard.shared.awaited.remove("K7Q2M9");
    comes(&mut rig, "1234", b"carrack probe K7Q2M9", 4);
    assert_eq!(
        texts_of(&customer),
        ["carrack probe K7Q2M9"],
        "not awaited any more"
    );
    take(&mut rig, &customer);
    assert_eq!(outcomes(&rig, MoOutcome::Told), 4);
    assert_all_ended(&rig);
}
