//! Every submit is in exactly one number of the report, and the report says what the client saw.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;
use carrack_smpp::CommandStatus;
use std::collections::{BTreeMap, HashSet};
use support::{Esme, MS, SECOND, pass, smsc};

#[test]
fn what_the_client_saw_is_what_the_report_says() {
    let mut smsc = smsc(&[
        "throttle=10",
        "refuse=5",
        "reject=2",
        "drop-response=3",
        "drop-receipt=4",
        "double-receipt=6",
    ]);
    let mut esme = Esme::bound(&mut smsc, 0);
    let mut now_ns = 0;
    for ticket in 0..5_000_u64 {
        esme.submit(
            now_ns,
            ticket,
            &format!("447700900{:03}", ticket % 1_000),
            &format!("text {ticket}"),
        )
        .unwrap();
        if ticket % 100 == 0 {
            now_ns = pass(&mut smsc, &mut [&mut esme], now_ns, MS);
        }
    }
    esme.exchange(&mut smsc, now_ns);
    pass(&mut smsc, &mut [&mut esme], now_ns, SECOND);
    let report = smsc.report();
    let mut by_status: BTreeMap<CommandStatus, u64> = BTreeMap::new();
    for (_, status, _) in esme.responses() {
        *by_status.entry(status).or_default() += 1;
    }
    let count = |status| by_status.get(&status).copied().unwrap_or_default();
    assert_eq!(report.submits, 5_000);
    assert_eq!(
        report.submits,
        report.accepted + report.refused + report.throttled
    );
    assert_eq!(
        count(CommandStatus::ESME_ROK),
        report.accepted - report.dropped_responses
    );
    assert_eq!(count(CommandStatus::ESME_RTHROTTLED), report.throttled);
    assert_eq!(
        count(CommandStatus::ESME_RSUBMITFAIL),
        report.refused_by_status["ESME_RSUBMITFAIL"]
    );
    assert_eq!(
        count(CommandStatus::ESME_RINVDSTADR),
        report.refused_by_status["ESME_RINVDSTADR"]
    );
    assert_eq!(
        report.refused,
        report.refused_by_status.values().sum::<u64>()
    );
    assert_eq!(
        (report.distinct_texts, report.duplicates, report.segments),
        (report.accepted, 0, report.accepted)
    );
    let receipts = esme.receipts();
    let distinct: HashSet<_> = receipts.iter().collect();
    assert_eq!(receipts.len() as u64, report.receipts_sent);
    assert_eq!(
        (report.receipts_answered, report.receipts_waiting),
        (report.receipts_sent, 0)
    );
    assert_eq!(
        report.receipts_sent - report.receipts_doubled,
        report.accepted - report.receipts_dropped
    );
    assert_eq!(
        distinct.len() as u64,
        report.accepted - report.receipts_dropped
    );
    for (share, number, of) in [
        (10.0, report.throttled, 5_000),
        (3.0, report.dropped_responses, report.accepted),
        (4.0, report.receipts_dropped, report.accepted),
    ] {
        let percent = number as f64 * 100.0 / of as f64;
        assert!((percent - share).abs() < 1.5, "{share} {percent}");
    }
}

#[test]
fn a_resent_text_is_a_duplicate() {
    let mut smsc = smsc(&[]);
    let mut esme = Esme::bound(&mut smsc, 0);
    for (ticket, text) in ["a", "b", "a", "a"].into_iter().enumerate() {
        esme.submit(0, ticket as u64, "447700900001", text).unwrap();
    }
    esme.submit(0, 9, "447700900002", "a").unwrap();
    esme.exchange(&mut smsc, 0);
    let report = smsc.report();
    assert_eq!(
        (report.accepted, report.distinct_texts, report.duplicates),
        (5, 3, 2)
    );
    let ids: HashSet<_> = esme.responses().into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(ids.len(), 5);
}

#[test]
fn malformed_submits_are_counted_and_not_accepted() {
    let mut smsc = smsc(&[]);
    let mut esme = Esme::bound(&mut smsc, 0);
    let mut pdu = vec![0, 0, 0, 30, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 9];
    pdu.extend([
        0, 5, 0, b'A', b'A', b'A', b'A', b'A', b'A', b'A', b'A', b'A', b'A', b'A',
    ]);
    smsc.receive(0, esme.key.unwrap(), &pdu);
    esme.exchange(&mut smsc, 0);
    let report = smsc.report();
    assert_eq!(
        (report.malformed, report.submits, report.accepted),
        (1, 0, 0)
    );
    esme.drop_connection(&mut smsc, 0);
    assert_eq!(smsc.report().malformed, 1);
}

#[test]
fn a_full_simulator_refuses_and_forgets_nothing() {
    let settings = carrack_loadtest::smsc::Settings {
        pending_max: 50,
        dlr_delay_ns: SECOND,
        ..Default::default()
    };
    let mut smsc = carrack_loadtest::smsc::Smsc::new(settings);
    let mut esme = Esme::bound(&mut smsc, 0);
    for ticket in 0..200 {
        esme.submit(0, ticket, "447700900001", &format!("{ticket}"))
            .unwrap();
    }
    esme.exchange(&mut smsc, 0);
    let report = smsc.report();
    assert!(report.accepted > 10 && report.accepted < 50, "{report:?}");
    assert_eq!(
        report.refused_by_status["ESME_RMSGQFUL"],
        200 - report.accepted
    );
    pass(&mut smsc, &mut [&mut esme], 0, 2 * SECOND);
    assert_eq!(smsc.report().receipts_answered, report.accepted);
}
