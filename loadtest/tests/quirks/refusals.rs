//! Submits that are refused (T14, T15, T16, T42).

use super::support::{Esme, Event, MS, SECOND, pass, quirks};
use super::{play, smsc};
use carrack_loadtest::smsc::{Settings, Smsc};
use carrack_smpp::CommandStatus;

fn statuses(quirk: &str, count: u64) -> Vec<CommandStatus> {
    let mut smsc = smsc(&[quirk]);
    let esme = play(&mut smsc, count);
    let report = smsc.report();
    let name = quirk.split('=').next().unwrap();
    let mut answers = esme.responses();
    answers.sort_unstable_by_key(|(ticket, _, _)| *ticket);
    let refused = answers
        .iter()
        .filter(|(_, status, _)| !status.is_ok())
        .count() as u64;
    assert_eq!(
        report.quirks.get(name).copied().unwrap_or_default(),
        refused,
        "{quirk}"
    );
    assert_eq!(
        report.submits,
        report.accepted + report.refused + report.throttled
    );
    answers.into_iter().map(|(_, status, _)| status).collect()
}

#[test]
fn shares_of_submits_are_refused_with_their_status() {
    for (quirk, status) in [
        ("throttle=20", CommandStatus::ESME_RTHROTTLED),
        ("queue-full=20", CommandStatus::ESME_RMSGQFUL),
        ("submit-fail=20", CommandStatus::ESME_RSUBMITFAIL),
        ("system-error=20", CommandStatus::ESME_RSYSERR),
        ("temporary-error=20", CommandStatus::ESME_RX_T_APPN),
        ("vendor-status=20:0x55F", CommandStatus(0x55F)),
        ("nack-submit=20", CommandStatus::ESME_RSYSERR),
        (
            "account-fault=20:ESME_RPROHIBITED",
            CommandStatus::ESME_RPROHIBITED,
        ),
    ] {
        let statuses = statuses(quirk, 500);
        assert_eq!(statuses.len(), 500, "{quirk}");
        let refused: Vec<_> = statuses.iter().filter(|status| !status.is_ok()).collect();
        assert!(
            (60..=140).contains(&refused.len()),
            "{quirk} {}",
            refused.len()
        );
        assert!(refused.iter().all(|found| **found == status), "{quirk}");
    }
}

#[test]
fn vendor_statuses_are_none_of_the_specification() {
    let found: std::collections::HashSet<_> =
        statuses("vendor-status=100", 50).into_iter().collect();
    assert!(found.len() > 3);
    assert!(
        found.iter().all(|status| status.name().is_none()),
        "{found:?}"
    );
}

#[test]
fn an_account_at_fault_takes_nothing() {
    assert!(
        statuses("account-fault", 20)
            .iter()
            .all(|status| !status.is_ok())
    );
}

#[test]
fn a_burst_refuses_so_many_in_a_row_and_no_more() {
    let statuses = statuses("throttle-burst=7:100", 1_000);
    let refused: Vec<_> = (0..1_000)
        .filter(|place| !statuses[*place].is_ok())
        .collect();
    assert!((60..=77).contains(&refused.len()), "{}", refused.len());
    let runs = refused.chunk_by(|a, b| a + 1 == *b).map(<[usize]>::len);
    let lengths: Vec<_> = runs.collect();
    assert!(
        lengths.iter().filter(|length| **length == 7).count() >= 7,
        "{lengths:?}"
    );
}

#[test]
fn a_full_destination_is_full_for_all_and_free_later() {
    let mut smsc = smsc(&["queue-full-destination=30:1s"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    let mut verdicts = Vec::new();
    for turn in 0..4 {
        let now_ns = turn * SECOND;
        for ticket in 0..200_u64 {
            let to = format!("447700900{:03}", ticket % 100);
            esme.submit(
                now_ns,
                turn * 1_000 + ticket,
                &to,
                &format!("{turn} {ticket}"),
            )
            .unwrap();
        }
        esme.exchange(&mut smsc, now_ns);
        pass(&mut smsc, &mut [&mut esme], now_ns, 10 * MS);
        let mut answers = esme.responses();
        answers.retain(|(ticket, _, _)| ticket / 1_000 == turn);
        answers.sort_unstable_by_key(|(ticket, _, _)| *ticket);
        let full: Vec<_> = answers
            .iter()
            .map(|(_, status, _)| !status.is_ok())
            .collect();
        assert_eq!(full[..100], full[100..]);
        verdicts.push(full[..100].to_vec());
    }
    assert_ne!(verdicts[0], verdicts[1]);
    let always = (0..100)
        .filter(|place| verdicts.iter().all(|full| full[*place]))
        .count();
    assert!(always < 10, "{always}");
}

#[test]
fn a_nack_with_number_zero_names_no_request() {
    let mut smsc = smsc(&["nack-zero=20"]);
    let esme = play(&mut smsc, 50);
    let nacked = smsc.report().quirks["nack-zero"];
    assert_eq!(esme.responses().len() as u64, 50 - nacked);
    assert_eq!(esme.session.counters().nacks_unmatched, nacked);
}

#[test]
fn a_tumbling_rate_lets_two_seconds_meet() {
    let rate = |quirk: &[&str]| {
        let mut smsc = Smsc::new(Settings {
            quirks: quirks(quirk),
            rate: Some(100),
            ..Settings::default()
        });
        let mut esme = Esme::bound(&mut smsc, 0);
        for (from_ns, first) in [(900 * MS, 0), (1_000 * MS, 1_000)] {
            for ticket in 0..100 {
                esme.submit(
                    from_ns,
                    first + ticket,
                    "447700900001",
                    &format!("{first} {ticket}"),
                )
                .unwrap();
            }
            esme.exchange(&mut smsc, from_ns);
        }
        smsc.report().accepted
    };
    assert_eq!((rate(&[]), rate(&["rate-tumbling"])), (100, 200));
}

#[test]
fn segments_beyond_the_limits_are_counted() {
    let mut smsc = Smsc::new(Settings {
        rate: Some(10),
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    for ticket in 0..10 {
        esme.submit(
            0,
            ticket,
            "447700900001",
            &format!("{ticket} {}", "x".repeat(170)),
        )
        .unwrap();
    }
    esme.exchange(&mut smsc, 0);
    let report = smsc.report();
    assert_eq!((report.accepted, report.segments), (5, 10));
    assert_eq!(
        (report.throttled_by_rate, report.segments_over_rate),
        (5, 10)
    );
    assert!(
        esme.events
            .iter()
            .any(|event| matches!(event, Event::Response { .. }))
    );
}
