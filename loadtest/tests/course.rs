//! The course of a load: what is recorded while it runs adds up to its report, and time is counted from when messages should have
//! gone, for receipts as for answers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_loadtest::load::{LoadReport, Mix, Pace, Ramp, Texts, Timeline, Watch, page, smpp};
use carrack_loadtest::simulator::Running;
use carrack_loadtest::smsc::{Quirks, Report, Settings};
use std::time::Duration;

const MS: u64 = 1_000_000;

fn drive(settings: Settings, window: u32, pace: Pace, mix: &str) -> (LoadReport, Timeline, Report) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let simulator = Running::start(settings).await.unwrap();
        let options = smpp::Options {
            address: simulator.address.to_string(),
            system_id: "acme".into(),
            password: "pw".into(),
            binds: 1,
            window,
            receipts: true,
            wait: Duration::from_millis(700),
            linger: Duration::ZERO,
            response_timeout: Duration::from_secs(10),
            reconnect: None,
            tls: None,
        };
        let texts = Texts::new("447700900", 9, "ACME", 7).with_mix(Mix::parse(mix).unwrap());
        let watch = Watch {
            progress: false,
            timeline: true,
        };
        let (load, timeline) = smpp::run_watched(options, texts, pace, watch)
            .await
            .unwrap();
        (load, timeline, simulator.report())
    })
}

#[test]
fn a_ramp_of_a_mix_is_recorded_to_the_last_message() {
    let settings = Settings {
        latency_ns: 2 * MS,
        dlr_delay_ns: 20 * MS,
        ..Settings::default()
    };
    let ramp = Ramp::parse("0..2000/2s").unwrap();
    let timed = Pace::with_ramp(None, Some(2_500 * MS), ramp).expected();
    assert!(timed.unwrap().abs_diff(3_000) <= 1, "{timed:?}");
    let expected = 3_000;
    let pace = Pace::with_ramp(Some(expected), None, ramp);
    let mix = "gsm7:short=6,gsm7:long=1,ucs2:short=2,ucs2:long=1";
    let (load, timeline, report) = drive(settings, 1_000, pace, mix);
    assert!(load.is_success(), "{load:?}");
    assert_eq!((load.sent, load.receipts), (expected, expected));
    assert_eq!((report.distinct_texts, report.duplicates), (expected, 0));
    assert_eq!((report.texts_unreadable, report.wrong_data_coding), (0, 0));
    // A fifth of the messages have several segments.
    assert!(report.segments > report.submits * 5 / 4, "{report:?}");

    let sum = |count: fn(&carrack_loadtest::load::timeline::Sample) -> u64| {
        timeline.samples.iter().map(count).sum::<u64>()
    };
    assert_eq!(sum(|sample| sample.sent), expected);
    assert_eq!(sum(|sample| sample.answered), expected);
    assert_eq!(sum(|sample| sample.receipts), expected);
    assert_eq!(timeline.window, 1_000);
    let rates: Vec<_> = timeline
        .samples
        .iter()
        .map(|sample| sample.sent as f64 / sample.seconds)
        .collect();
    assert!(rates[1] > 1.5 * rates[0], "it rises: {rates:?}");

    assert!(
        load.receipt_ms.p50 >= load.latency_ms.p50 + 18.0,
        "{load:?}"
    );
    assert!(load.service_ms.p50 >= 2.0 && load.service_ms.max <= load.latency_ms.max);
    let written = page::write("test", &load, &timeline).unwrap();
    assert_eq!(written.matches("<svg").count(), 4);
}

#[test]
fn the_time_of_a_receipt_counts_from_when_its_message_should_have_gone() {
    // Two hundred a second are due, one window of one takes twenty.
    let settings = Settings {
        latency_ns: 50 * MS,
        ..Settings::default()
    };
    let pace = Pace::new(Some(20), None, Some(200));
    let (load, _, _) = drive(settings, 1, pace, "gsm7:30");
    assert_eq!((load.accepted, load.receipts), (20, 20));
    // The last should have gone after 95 ms and had its receipt a second after the first went.
    assert!(load.receipt_ms.max >= 850.0, "{:?}", load.receipt_ms);
    assert!(load.receipt_ms.p50 >= 400.0, "{:?}", load.receipt_ms);
    assert!(load.service_ms.p50 < load.latency_ms.p50);
}

#[test]
fn a_receipt_that_never_came_counts_as_long_as_it_was_waited_for() {
    let settings = Settings {
        quirks: Quirks::parse(&["drop-receipt=100"]).unwrap(),
        ..Settings::default()
    };
    let (load, _, _) = drive(settings, 10, Pace::new(Some(50), None, None), "gsm7:30");
    assert_eq!((load.accepted, load.receipts_missing), (50, 50));
    assert!(load.receipt_ms.p50 >= 690.0, "{:?}", load.receipt_ms);
    assert!(load.latency_ms.max < 690.0);
}

#[test]
fn service_in_a_closed_loop_is_the_latency() {
    let settings = Settings {
        latency_ns: 5 * MS,
        ..Settings::default()
    };
    let (load, _, _) = drive(settings, 10, Pace::new(Some(200), None, None), "gsm7:30");
    assert!(load.service_ms.p50 >= 5.0);
    assert_eq!(load.service_ms, load.latency_ms);
}
