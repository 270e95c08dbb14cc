//! Lanes that are longer than the memory allows: their end waits in the log.

use std::sync::{Arc, Mutex};

use carrack_message::Status;

use super::rig::{MS, NORTH, Rig, SECOND, SOUTH, settings};
use crate::engine::Cancelled;
use crate::mail::Mail;
use crate::settings::EngineSettings;

fn short_lanes() -> EngineSettings {
    EngineSettings {
        lane_live_max: 4,
        ..settings()
    }
}

/// Answers all that is sent until nothing more is; gives the texts in their order.
fn send_all(rig: &mut Rig, carrier: usize) -> Vec<String> {
    for round in 0..2000 {
        rig.after(10 * MS);
        let mut answered = 0;
        while rig.open(carrier) > 0 {
            answered += 1;
            rig.answer(carrier, &format!("{carrier}-{round}-{answered}"));
        }
    }
    let text = |sent: &String| sent.split('|').nth(1).unwrap().to_owned();
    rig.sent(carrier).iter().map(text).collect()
}

fn hand_in(rig: &mut Rig, from: usize, count: usize) -> Vec<carrack_message::MessageId> {
    let texts: Vec<String> = (from..from + count).map(|n| format!("text {n}")).collect();
    rig.accept(&texts.iter().map(String::as_str).collect::<Vec<_>>())
}

fn expected(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("text {n}")).collect()
}

#[test]
fn long_lane_keeps_little_in_memory_and_is_sent_whole_in_its_order() {
    let mut rig = Rig::with(short_lanes());
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    for chunk in 0..20 {
        hand_in(&mut rig, chunk * 10, 10);
    }
    rig.settle();
    assert!(
        rig.shard.live.len() <= 14,
        "{} in memory",
        rig.shard.live.len()
    );
    let waiting: usize = rig.shard.view().lanes.iter().map(|lane| lane.waiting).sum();
    assert_eq!(waiting, 200);
    rig.up(SOUTH);
    assert_eq!(send_all(&mut rig, SOUTH), expected(200));
    assert!(rig.sent(NORTH).is_empty());
}

#[test]
fn cancelled_in_the_log_is_never_sent() {
    let mut rig = Rig::with(short_lanes());
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    let ids = hand_in(&mut rig, 0, 30);
    let answer = Arc::new(Mutex::new(None));
    for _ in 0..2 {
        let told = Arc::clone(&answer);
        let reply = Box::new(move |cancelled| *told.lock().unwrap() = Some(cancelled));
        assert!(rig.send(Mail::Cancel(ids[20], reply)));
        rig.settle();
        rig.settle();
        if rig.finals().len() == 1 {
            break;
        }
    }
    assert_eq!(*answer.lock().unwrap(), Some(Some(Cancelled::Done)));
    assert_eq!(rig.finals(), [(ids[20], Status::Cancelled, 0)]);
    rig.up(NORTH);
    let sent = send_all(&mut rig, NORTH);
    assert_eq!(sent.len(), 29);
    assert!(!sent.contains(&"text 20".to_owned()));
}

#[test]
fn validity_that_ends_in_the_log_ends_the_message() {
    let mut rig = Rig::with(short_lanes());
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    let submissions = (0..30).map(|n| crate::submission::Submission {
        validity_ns: if n < 20 { 60 * SECOND } else { 600 * SECOND },
        ..rig.submission(&format!("text {n}"))
    });
    let submissions: Vec<_> = submissions.collect();
    rig.hand_in(submissions, None);
    rig.settle();
    for _ in 0..700 {
        rig.after(100 * MS);
    }
    let finals = rig.finals();
    assert_eq!(finals.len(), 20, "{finals:?}");
    assert!(
        finals
            .iter()
            .all(|(_, status, _)| *status == Status::Expired)
    );
    rig.up(NORTH);
    assert_eq!(send_all(&mut rig, NORTH).len(), 10);
}

#[test]
fn crash_with_a_long_lane_loses_nothing() {
    let mut rig = Rig::with(short_lanes());
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    hand_in(&mut rig, 0, 50);
    rig.settle();
    let mut rig = rig.crash();
    hand_in(&mut rig, 50, 20);
    rig.up(NORTH);
    let sent = send_all(&mut rig, NORTH);
    assert_eq!(sent, expected(70));
}
