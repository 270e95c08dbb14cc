//! A receipt outlives its connection: it goes out again until it is answered, and only once it is not needed any more.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;
use carrack_loadtest::smsc::{Settings, Smsc};
use carrack_smpp::BindKind;
use std::collections::HashSet;
use support::{Esme, Event, MS, SECOND, pass, quirks, smsc};

fn submit(esme: &mut Esme, smsc: &mut Smsc, now_ns: u64, count: u64) -> HashSet<String> {
    for ticket in 0..count {
        esme.submit(now_ns, ticket, "447700900001", &format!("text {ticket}"))
            .unwrap();
    }
    esme.exchange(smsc, now_ns);
    esme.responses().into_iter().map(|(_, _, id)| id).collect()
}

#[test]
fn receipts_of_a_dropped_bind_come_on_the_next_one() {
    let mut smsc = smsc(&[]);
    let mut first = Esme::bound(&mut smsc, 0);
    first.answers = false;
    let ids = submit(&mut first, &mut smsc, 0, 300);
    let now_ns = pass(&mut smsc, &mut [&mut first], 0, 10 * MS);
    assert_eq!(first.receipts().len(), 300);
    first.drop_connection(&mut smsc, now_ns);
    assert_eq!(smsc.report().receipts_waiting, 300);
    let mut second = Esme::bound(&mut smsc, now_ns);
    pass(&mut smsc, &mut [&mut second], now_ns, 100 * MS);
    assert_eq!(second.receipts().into_iter().collect::<HashSet<_>>(), ids);
    let report = smsc.report();
    assert_eq!(
        (
            report.receipts_sent,
            report.receipts_resent,
            report.receipts_answered,
            report.receipts_waiting
        ),
        (600, 300, 300, 0)
    );
}

#[test]
fn a_transmitters_receipts_come_on_a_receiver_of_the_same_system_id_only() {
    let mut smsc = smsc(&[]);
    let mut transmitter = Esme::connect(&mut smsc, 0, BindKind::Transmitter, "acme", "pw");
    let mut stranger = Esme::connect(&mut smsc, 0, BindKind::Receiver, "other", "pw");
    let ids = submit(&mut transmitter, &mut smsc, 0, 20);
    let now_ns = pass(
        &mut smsc,
        &mut [&mut transmitter, &mut stranger],
        0,
        50 * MS,
    );
    assert_eq!(
        (transmitter.receipts().len(), stranger.receipts().len()),
        (0, 0)
    );
    let mut receiver = Esme::connect(&mut smsc, now_ns, BindKind::Receiver, "acme", "pw");
    pass(
        &mut smsc,
        &mut [&mut receiver, &mut stranger],
        now_ns,
        50 * MS,
    );
    assert_eq!(receiver.receipts().into_iter().collect::<HashSet<_>>(), ids);
    assert!(stranger.receipts().is_empty());
}

#[test]
fn an_unanswered_receipt_goes_out_again_after_its_time() {
    let mut smsc = Smsc::new(Settings {
        receipt_timeout_ns: SECOND,
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.answers = false;
    submit(&mut esme, &mut smsc, 0, 1);
    let now_ns = pass(&mut smsc, &mut [&mut esme], 0, 500 * MS);
    assert_eq!(esme.receipts().len(), 1);
    esme.answers = true;
    pass(&mut smsc, &mut [&mut esme], now_ns, SECOND);
    assert_eq!(esme.receipts().len(), 2);
    assert_eq!(
        (
            smsc.report().receipts_answered,
            smsc.report().receipts_waiting
        ),
        (1, 0)
    );
}

#[test]
fn no_more_receipts_are_in_flight_than_the_window() {
    let mut smsc = Smsc::new(Settings {
        receipt_window: 7,
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.answers = false;
    submit(&mut esme, &mut smsc, 0, 30);
    pass(&mut smsc, &mut [&mut esme], 0, 100 * MS);
    assert_eq!(esme.receipts().len(), 7);
    assert_eq!(smsc.report().receipts_waiting, 30);
}

#[test]
fn an_early_receipt_comes_before_its_response() {
    let settings = Settings {
        quirks: quirks(&["receipt-before-response=100"]),
        latency_ns: 5 * MS,
        dlr_delay_ns: SECOND,
        ..Settings::default()
    };
    let mut smsc = Smsc::new(settings);
    let mut esme = Esme::bound(&mut smsc, 0);
    submit(&mut esme, &mut smsc, 0, 50);
    pass(&mut smsc, &mut [&mut esme], 0, 100 * MS);
    let place = |wanted: &dyn Fn(&Event) -> bool| esme.events.iter().position(wanted).unwrap();
    for (_, _, id) in esme.responses() {
        let response =
            place(&|event| matches!(event, Event::Response { id: found, .. } if *found == id));
        let receipt =
            place(&|event| matches!(event, Event::Receipt { id: found, .. } if *found == id));
        assert!(receipt < response);
    }
    assert_eq!((esme.responses().len(), esme.receipts().len()), (50, 50));
}

#[test]
fn a_receipt_says_what_became_of_the_message() {
    let undelivered = carrack_loadtest::chance::Percent::new(50.0).unwrap();
    let mut smsc = Smsc::new(Settings {
        undelivered,
        utc_base_s: 1_700_000_000,
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    submit(&mut esme, &mut smsc, 0, 400);
    pass(&mut smsc, &mut [&mut esme], 0, 50 * MS);
    let mut failed = 0;
    for event in &esme.events {
        let Event::Receipt {
            id,
            state,
            text,
            to,
            ..
        } = event
        else {
            continue;
        };
        let (word, error) = if *state == 5 {
            ("UNDELIV", "001")
        } else {
            ("DELIVRD", "000")
        };
        failed += u64::from(*state == 5);
        assert!(text.starts_with(&format!("id:{id} sub:001 ")), "{text}");
        assert!(
            text.contains("submit date:2311142213 done date:2311142213"),
            "{text}"
        );
        assert!(
            text.contains(&format!("stat:{word} err:{error} text:text ")),
            "{text}"
        );
        assert_eq!(to, "447700900001");
    }
    assert_eq!(smsc.report().undelivered, failed);
    assert!((150..=250).contains(&failed), "{failed}");
}
