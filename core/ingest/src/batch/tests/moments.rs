//! When rows are sent: by a column, by an option for those that do not say it, and by the recipient's own clock.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use carrack_engine::IdempotencyKey;
use carrack_runtime::Io;
use jiff::{SignedDuration, Timestamp};

use super::rig::*;
use crate::batch::*;

/// Ten days from now, a whole second.
fn later() -> Timestamp {
    let later = Timestamp::now() + SignedDuration::from_hours(240);
    Timestamp::from_second(later.as_second()).unwrap()
}

fn utc_ns(moment: Timestamp) -> u64 {
    u64::try_from(moment.as_nanosecond()).unwrap()
}

/// Moments and lives of what was accepted, and the errors file.
fn sent(source: &str, options: &[(&str, &str)]) -> (Vec<(u64, u64)>, String) {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let spec = spec(folder.path(), 8, 1 << 16, Io::Epoll);
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let number = submit(&batches, source.as_bytes(), asked(options)).unwrap();
    wait(&batches, number, has_finished);
    let found = String::from_utf8(errors(&batches, number)).unwrap();
    batches.stop();
    let book = ledger.0.lock().unwrap();
    let accepted = book.accepted.iter();
    let moments = accepted.map(|taken| (taken.send_at_utc_ns, taken.validity_ns));
    (moments.collect(), found)
}

#[test]
fn a_row_is_sent_when_it_says_else_when_the_batch_says() {
    let (own, of_batch) = (later(), later() + SignedDuration::from_hours(1));
    let source = format!(
        "to,text,Send_At,validity\n491700000001,a,{own},20s\n491700000002,b,,\n491700000003,c, , 30s \n"
    );
    let all = of_batch.to_string();
    let (moments, errors) = sent(&source, &[("send_at", &all), ("validity", "10s")]);
    const SECOND_NS: u64 = 1_000_000_000;
    let expected = [
        (utc_ns(own), 20 * SECOND_NS),
        (utc_ns(of_batch), 10 * SECOND_NS),
        (utc_ns(of_batch), 30 * SECOND_NS),
    ];
    assert_eq!(moments, expected, "{errors}");
}

#[test]
fn a_local_time_is_that_of_each_recipient() {
    let day = later().to_string()[..10].to_owned();
    let nine = format!("{day}T09:00 local");
    let source = "to,text\n491700000001,a\n447700900001,b\n";
    let (moments, _) = sent(source, &[("send_at", &nine)]);
    let nine_utc: Timestamp = format!("{day}T09:00:00Z").parse().unwrap();
    let hours = |index: usize| (utc_ns(nine_utc) - moments[index].0) / 3_600_000_000_000;
    // Germany is an hour before Great Britain the whole year.
    assert_eq!(hours(0), hours(1) + 1, "{moments:?}");
    assert!(hours(1) <= 1, "{moments:?}");
}

#[test]
fn a_moment_that_is_none_refuses_its_row_and_one_of_the_template_is_text() {
    let (moments, errors) = sent(
        "to,text,send_at\n491700000001,a,noon\n491700000002,b,\n",
        &[],
    );
    assert_eq!(
        (moments.len(), moments.first().map(|found| found.0)),
        (1, Some(0)),
        "{errors}"
    );
    assert!(errors.contains("send_at,\"is no moment"), "{errors}");
    let source = "to,send_at\n491700000001,noon\n";
    let (moments, _) = sent(source, &[("template", "At {send_at}")]);
    assert_eq!(moments.len(), 1);
    let mapped = [("template", "At {send_at}"), ("column.send_at", "send_at")];
    assert_eq!(sent(source, &mapped).0, []);
}

#[test]
fn a_batch_that_begins_by_everybodys_own_clock_is_told_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let spec = spec(folder.path(), 8, 1 << 16, Io::Epoll);
    let batches = Batches::start(spec, ledger(Vec::new()), accounts()).unwrap();
    for (option, text, part) in [
        ("start_at", "2026-12-24T09:00 local", "send_at"),
        ("send_at", "noon", "is no moment"),
        ("validity", "never", "validity"),
        ("validity", "61s", "the 60 s allowed"),
    ] {
        let fault = submit(
            &batches,
            b"to,text\n491700000001,a\n",
            asked(&[(option, text)]),
        );
        let fault = fault.unwrap_err().to_string();
        assert!(fault.contains(option) && fault.contains(part), "{fault}");
    }
    batches.stop();
}

#[test]
fn the_moment_of_a_row_counts_under_its_key_as_that_of_a_request_does() {
    let (own, of_batch) = (
        later().to_string(),
        (later() + SignedDuration::from_hours(1)).to_string(),
    );
    let source = format!(
        "to,text,send_at,idempotency_key\n491700000001,a, {own} ,k1\n491700000002,b,,k2\n491700000003,c,,\n"
    );
    let key_of = |options: &[(&str, &str)], row: usize, said: &str| {
        let folder = tempfile::tempdir().unwrap();
        let ledger = ledger(Vec::new());
        let spec = spec(folder.path(), 8, 1 << 16, Io::Epoll);
        let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
        let number = submit(&batches, source.as_bytes(), asked(options)).unwrap();
        wait(&batches, number, has_finished);
        batches.stop();
        let book = ledger.0.lock().unwrap();
        let taken = &book.accepted[row - 1];
        let by_request =
            IdempotencyKey::of_call(format!("k{row}").as_bytes(), taken, said.as_bytes());
        (
            taken.key.as_deref() == Some(&by_request),
            taken.key.is_some(),
        )
    };
    assert_eq!(key_of(&[], 1, &own), (true, true));
    assert_eq!(
        key_of(&[], 1, ""),
        (false, true),
        "another moment, another content"
    );
    assert_eq!(key_of(&[], 2, ""), (true, true));
    assert_eq!(
        key_of(&[("send_at", &of_batch)], 2, &of_batch),
        (true, true)
    );
    assert_eq!(key_of(&[("send_at", &of_batch)], 1, &own), (true, true));
    assert_eq!(key_of(&[("send_at", &of_batch)], 3, ""), (false, false));
}
