//! Answers out of order, late, twice, under other numbers (T19, T20, T21, T22).

use super::support::{Esme, Event, MS, SECOND, pass};
use super::{play, smsc, submit};
use carrack_smpp::{BindKind, ClientSettings};
use std::collections::HashSet;

#[test]
fn shuffled_answers_are_all_there_in_another_order() {
    let mut smsc = smsc(&["shuffle-responses"]);
    let esme = play(&mut smsc, 200);
    let tickets: Vec<_> = esme
        .responses()
        .into_iter()
        .map(|(ticket, _, _)| ticket)
        .collect();
    let mut sorted = tickets.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, (0..200).collect::<Vec<_>>());
    let displaced = tickets.iter().zip(&sorted).filter(|(a, b)| a != b).count();
    assert!(displaced > 150, "{displaced}");
}

#[test]
fn late_answers_come_after_the_time_out_and_settle_once() {
    let mut smsc = smsc(&["late-response=20:500ms"]);
    let settings = ClientSettings {
        bind: BindKind::Transceiver,
        system_id: "acme".into(),
        window: 1_000,
        response_timeout_ns: 100 * MS,
        ..ClientSettings::default()
    };
    let mut esme = Esme::connect_with(&mut smsc, 0, settings);
    submit(&mut smsc, &mut esme, 0, 200);
    pass(&mut smsc, &mut [&mut esme], 0, 300 * MS);
    let now_ns = 300 * MS;
    let events = std::mem::take(&mut esme.events);
    let answered = events
        .iter()
        .filter(|event| matches!(event, Event::Response { .. }))
        .count();
    let late = smsc.report().quirks["late-response"];
    assert!((20..=60).contains(&late), "{late}");
    assert_eq!(answered as u64, 200 - late);
    let noted = std::cell::RefCell::new(HashSet::new());
    esme.session.tick(now_ns, &mut |event| {
        if let carrack_smpp::ClientEvent::TimedOut { ticket } = event {
            noted.borrow_mut().insert(ticket);
        }
    });
    assert_eq!(noted.borrow().len() as u64, late);
    pass(&mut smsc, &mut [&mut esme], now_ns, SECOND);
    let settled: HashSet<_> = esme
        .events
        .iter()
        .filter_map(|event| match event {
            Event::LateResponse { ticket, status, .. } if status.is_ok() => Some(*ticket),
            _ => None,
        })
        .collect();
    assert_eq!(settled, noted.into_inner());
}

#[test]
fn doubled_answers_settle_once() {
    let mut smsc = smsc(&["double-response=50"]);
    let esme = play(&mut smsc, 200);
    assert_eq!(esme.responses().len(), 200);
    let doubled = smsc.report().quirks["double-response"];
    assert!((70..=130).contains(&doubled), "{doubled}");
    assert_eq!(esme.session.counters().unexpected_responses, doubled);
}

#[test]
fn foreign_numbers_settle_nothing() {
    let mut smsc = smsc(&["sequence-mismatch=20"]);
    let esme = play(&mut smsc, 200);
    let foreign = smsc.report().quirks["sequence-mismatch"];
    assert!((20..=60).contains(&foreign), "{foreign}");
    assert_eq!(esme.responses().len() as u64, 200 - foreign);
    assert_eq!(esme.session.counters().unexpected_responses, foreign);
    assert_eq!(smsc.report().receipts_answered, 200);
}

#[test]
fn own_numbers_are_odd_and_their_answers_still_settle() {
    for (quirk, is_expected) in [
        (
            "sequence-zero",
            (|place, number| number == place) as fn(u32, u32) -> bool,
        ),
        ("sequence-high", |_, number| number > 0x7FFF_FFFF),
        ("sequence-constant", |_, number| number == 7),
    ] {
        let mut smsc = smsc(&[quirk]);
        let esme = play(&mut smsc, 100);
        let numbers: Vec<_> = esme
            .raw_receipts()
            .iter()
            .map(|raw| raw.sequence_number)
            .collect();
        assert_eq!(numbers.len(), 100, "{quirk}");
        let fits = (0..)
            .zip(&numbers)
            .all(|(place, number)| is_expected(place, *number));
        assert!(fits, "{quirk} {numbers:?}");
        let report = smsc.report();
        assert_eq!(
            (report.receipts_answered, report.receipts_waiting),
            (100, 0),
            "{quirk}"
        );
        assert_eq!(report.receipts_resent, 0, "{quirk}");
    }
}

#[test]
fn answers_cut_anywhere_still_settle_under_odd_numbers() {
    let mut smsc = smsc(&["sequence-constant"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.answers = false;
    submit(&mut smsc, &mut esme, 0, 20);
    pass(&mut smsc, &mut [&mut esme], 0, 100 * MS);
    let key = esme.key.unwrap();
    let mut answers = Vec::new();
    for raw in esme.raw_receipts() {
        carrack_smpp::encode_deliver_sm_resp(
            &mut answers,
            raw.sequence_number,
            carrack_smpp::CommandStatus::ESME_ROK,
        );
    }
    for octet in answers {
        smsc.receive(100 * MS, key, &[octet]);
    }
    assert_eq!(smsc.report().receipts_answered, 20);
}
