//! Rate, window and latency are what was asked for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;
use carrack_loadtest::smsc::{Settings, Smsc};
use carrack_smpp::CommandStatus;
use support::{Esme, Event, MS, SECOND, pass, quirks};

#[test]
fn no_second_holds_more_than_the_rate_and_none_is_wasted() {
    let mut smsc = Smsc::new(Settings {
        rate: Some(100),
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    let mut accepted_ns = Vec::new();
    for ticket in 0..5_000_u64 {
        let now_ns = ticket * MS;
        esme.submit(now_ns, ticket, "447700900001", &format!("{ticket}"))
            .unwrap();
        let before = smsc.report().accepted;
        esme.exchange(&mut smsc, now_ns);
        smsc.tick(now_ns);
        if smsc.report().accepted > before {
            accepted_ns.push(now_ns);
        }
    }
    for (index, from_ns) in accepted_ns.iter().enumerate() {
        let held = accepted_ns[index..]
            .iter()
            .filter(|at_ns| **at_ns < from_ns + SECOND)
            .count();
        assert!(held <= 100, "{held}");
    }
    let report = smsc.report();
    assert_eq!(report.accepted, 500);
    assert_eq!((report.throttled, report.throttled_by_rate), (4_500, 4_500));
    assert_eq!(report.peak_accepted_per_second, 100);
    assert!(
        (990..=1_000).contains(&report.peak_per_second),
        "{}",
        report.peak_per_second
    );
}

#[test]
fn a_submit_over_the_window_is_throttled() {
    let mut smsc = Smsc::new(Settings {
        window: 10,
        latency_ns: 50 * MS,
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    for ticket in 0..15 {
        esme.submit(0, ticket, "447700900001", &format!("{ticket}"))
            .unwrap();
    }
    esme.exchange(&mut smsc, 0);
    let refused: Vec<_> = esme
        .responses()
        .into_iter()
        .map(|(ticket, status, _)| (ticket, status))
        .collect();
    assert_eq!(
        refused,
        (10..15)
            .map(|ticket| (ticket, CommandStatus::ESME_RTHROTTLED))
            .collect::<Vec<_>>()
    );
    assert_eq!(smsc.report().throttled_by_window, 5);
    let now_ns = pass(&mut smsc, &mut [&mut esme], 0, 60 * MS);
    esme.submit(now_ns, 99, "447700900001", "room again")
        .unwrap();
    pass(&mut smsc, &mut [&mut esme], now_ns, 60 * MS);
    assert_eq!(smsc.report().accepted, 11);
}

#[test]
fn a_dropped_response_leaves_its_place_in_the_window() {
    let mut smsc = Smsc::new(Settings {
        window: 10,
        quirks: quirks(&["drop-response=100"]),
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    for ticket in 0..100 {
        esme.submit(0, ticket, "447700900001", &format!("{ticket}"))
            .unwrap();
        esme.exchange(&mut smsc, 0);
    }
    let report = smsc.report();
    assert_eq!(
        (report.accepted, report.dropped_responses, report.throttled),
        (100, 100, 0)
    );
    assert!(esme.responses().is_empty());
}

#[test]
fn answers_come_within_the_jitter_of_their_latency() {
    let mut smsc = Smsc::new(Settings {
        latency_ns: 20 * MS,
        latency_jitter_ns: 10 * MS,
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    for ticket in 0..500 {
        esme.submit(0, ticket, "447700900001", &format!("{ticket}"))
            .unwrap();
    }
    esme.exchange(&mut smsc, 0);
    let mut sum_ms = 0;
    let mut seen = 0;
    for step in 1..40 {
        pass(&mut smsc, &mut [&mut esme], (step - 1) * MS, MS);
        let now_seen = esme.responses().len() as u64;
        assert!(now_seen == 0 || step >= 10, "{step}");
        sum_ms += (now_seen - seen) * step;
        seen = now_seen;
        assert!(step < 31 || seen == 500, "{step} {seen}");
    }
    let mean_ms = sum_ms as f64 / 500.0;
    assert!((19.0..=22.0).contains(&mean_ms), "{mean_ms}");
}

#[test]
fn the_same_seed_plays_the_same_faults() {
    let play = |seed| {
        let faults = quirks(&[
            "throttle=20",
            "refuse=10",
            "reject=5",
            "drop-response=5",
            "drop-receipt=5",
            "double-receipt=5",
        ]);
        let mut smsc = Smsc::new(Settings {
            quirks: faults,
            seed,
            latency_ns: 3 * MS,
            latency_jitter_ns: 3 * MS,
            ..Settings::default()
        });
        let mut esme = Esme::bound(&mut smsc, 0);
        for ticket in 0..500 {
            esme.submit(
                0,
                ticket,
                &format!("447700900{ticket:03}"),
                &format!("{ticket}"),
            )
            .unwrap();
        }
        pass(&mut smsc, &mut [&mut esme], 0, 100 * MS);
        (esme.events, smsc.report())
    };
    assert_eq!(play(1), play(1));
    assert_ne!(play(1).0, play(2).0);
}

#[test]
fn a_rejected_destination_is_always_rejected() {
    let mut smsc = Smsc::new(Settings {
        quirks: quirks(&["reject=30"]),
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    for ticket in 0..300 {
        esme.submit(
            0,
            ticket,
            &format!("447700900{:03}", ticket % 100),
            &format!("{ticket}"),
        )
        .unwrap();
    }
    esme.exchange(&mut smsc, 0);
    let verdicts: Vec<_> = esme
        .responses()
        .into_iter()
        .map(|(_, status, _)| status)
        .collect();
    for destination in 0..100 {
        assert_eq!(verdicts[destination], verdicts[destination + 100]);
        assert_eq!(verdicts[destination], verdicts[destination + 200]);
    }
    assert!(
        esme.events
            .iter()
            .any(|event| matches!(event, Event::Response { status, .. } if !status.is_ok()))
    );
}
