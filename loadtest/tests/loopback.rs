//! The load generator against the simulator over real sockets: every number of both reports.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_loadtest::load::{LoadReport, Pace, Texts, smpp};
use carrack_loadtest::simulator::Running;
use carrack_loadtest::smsc::{Quirks, Report, Settings};
use std::time::Duration;

fn options(address: String) -> smpp::Options {
    smpp::Options {
        address,
        system_id: "acme".into(),
        password: "pw".into(),
        binds: 2,
        window: 50,
        receipts: true,
        wait: Duration::from_secs(5),
        linger: Duration::from_millis(100),
        response_timeout: Duration::from_secs(10),
        reconnect: None,
        tls: None,
    }
}

fn drive(
    settings: Settings,
    change: impl FnOnce(&mut smpp::Options),
    pace: Pace,
) -> (LoadReport, Report) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let simulator = Running::start(settings).await.unwrap();
        let mut options = options(simulator.address.to_string());
        change(&mut options);
        let texts = Texts::new("447700900", 3, "ACME", 7)
            .with_length(120)
            .unwrap();
        let load = smpp::run(options, texts, pace).await.unwrap();
        (load, simulator.report())
    })
}

fn settings(quirks: &[&str]) -> Settings {
    let mut faults = Quirks::default();
    for quirk in quirks {
        faults.switch_on(quirk).unwrap();
    }
    Settings {
        system_id: Some("acme".into()),
        password: Some("pw".into()),
        latency_ns: 2_000_000,
        dlr_delay_ns: 5_000_000,
        quirks: faults,
        ..Settings::default()
    }
}

#[test]
fn two_thousand_messages_are_all_accounted_for() {
    let (load, report) = drive(settings(&[]), |_| {}, Pace::new(Some(2_000), None, None));
    assert!(load.is_success(), "{load:?}");
    assert_eq!(
        (
            load.sent,
            load.accepted,
            load.refused_total(),
            load.unanswered
        ),
        (2_000, 2_000, 0, 0)
    );
    assert_eq!(
        (
            load.receipts,
            load.receipts_missing,
            load.receipts_unmatched,
            load.receipts_duplicate
        ),
        (2_000, 0, 0, 0)
    );
    assert_eq!(load.receipts_by_state["DELIVRD"], 2_000);
    assert_eq!((load.disconnects, &load.fault), (0, &None));
    assert!(load.rate > 0.0 && load.seconds > 0.0 && load.life_seconds >= load.seconds);
    assert!(load.latency_ms.p50 >= 2.0 && load.latency_ms.p50 <= load.latency_ms.p90);
    assert!(
        load.latency_ms.p90 <= load.latency_ms.p99 && load.latency_ms.p99 <= load.latency_ms.max
    );
    let expected = Report {
        name: "smscsim".into(),
        binds: 2,
        submits: 2_000,
        accepted: 2_000,
        segments: 2_000,
        distinct_texts: 2_000,
        messages: 2_000,
        messages_distinct: 2_000,
        receipts_sent: 2_000,
        receipts_answered: 2_000,
        receipt_answer_us: report.receipt_answer_us,
        // Its binds may be counted as dropped or not when the report is taken.
        unbinds: report.unbinds,
        // Two numbers depend on the machine's speed; `peak` must be within what was sent.
        peak_per_second: report.peak_per_second,
        peak_accepted_per_second: report.peak_accepted_per_second,
        binds_now: report.binds_now,
        ..Report::default()
    };
    assert_eq!(report, expected);
    assert!((1..=2_000).contains(&report.peak_per_second));
}

#[test]
fn both_reports_agree_when_faults_are_played() {
    let faults = [
        "throttle=5",
        "refuse=3",
        "reject=4",
        "receipt-before-response=30",
        "double-receipt=10",
    ];
    let (load, report) = drive(
        settings(&faults),
        |_| {},
        Pace::new(Some(2_000), None, None),
    );
    assert_eq!((load.sent, load.unanswered), (2_000, 0));
    assert_eq!(load.accepted, report.accepted);
    assert_eq!(load.refused["ESME_RTHROTTLED"], report.throttled);
    assert_eq!(load.refused_total(), report.throttled + report.refused);
    assert_eq!(load.receipts, report.accepted);
    assert_eq!(load.receipts_duplicate, report.receipts_doubled);
    assert_eq!((load.receipts_unmatched, load.receipts_missing), (0, 0));
    assert!(
        load.receipts_early > report.accepted / 5,
        "{}",
        load.receipts_early
    );
}

#[test]
fn dropped_responses_are_unanswered_and_their_receipts_unmatched() {
    let change =
        |options: &mut smpp::Options| options.response_timeout = Duration::from_millis(300);
    let (load, report) = drive(
        settings(&["drop-response=5"]),
        change,
        Pace::new(Some(1_000), None, None),
    );
    assert!(report.dropped_responses > 20);
    assert_eq!(load.unanswered, report.dropped_responses);
    assert_eq!(load.receipts_unmatched, report.dropped_responses);
    assert_eq!(
        (load.accepted, load.receipts_missing),
        (1_000 - report.dropped_responses, 0)
    );
    assert!(!load.is_success());
}

#[test]
fn a_broken_link_is_connected_again_and_nothing_is_sent_twice() {
    let change = |options: &mut smpp::Options| options.reconnect = Some(Duration::from_millis(5));
    let (load, report) = drive(
        settings(&["close-after=200"]),
        change,
        Pace::new(Some(2_000), None, None),
    );
    assert!(load.disconnects >= 5, "{load:?}");
    assert_eq!(load.sent, load.accepted + load.unanswered);
    assert_eq!((report.duplicates, load.receipts_missing), (0, 0));
    assert!(report.accepted >= load.accepted && report.accepted <= load.sent);
    assert_eq!(
        report.receipts_answered + report.receipts_waiting,
        report.accepted
    );
}

#[test]
fn an_open_loop_keeps_its_rate() {
    let (load, report) = drive(
        settings(&[]),
        |_| {},
        Pace::new(Some(500), None, Some(1_000)),
    );
    assert_eq!((load.accepted, report.accepted), (500, 500));
    assert!(load.seconds > 0.45, "{}", load.seconds);
}

#[test]
fn a_refused_bind_is_a_fault() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let ended = tokio::task::LocalSet::new().block_on(&runtime, async {
        let simulator = Running::start(settings(&[])).await.unwrap();
        let options = smpp::Options {
            password: "wrong".into(),
            ..options(simulator.address.to_string())
        };
        smpp::run(
            options,
            Texts::new("447700900", 3, "ACME", 7),
            Pace::new(Some(1), None, None),
        )
        .await
    });
    assert!(ended.unwrap_err().to_string().contains("ESME_RINVPASWD"));
}
