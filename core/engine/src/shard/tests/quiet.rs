//! Hours in which recipients are left alone: held and not dropped, whatever came first.

use std::sync::{Arc, Mutex};

use carrack_message::record::RecordView;
use carrack_message::{Class, MessageId, Status};
use carrack_routing::local::{QuietHours, QuietRule};
use carrack_routing::{Hours, Matcher};
use jiff::civil::Time;
use jiff::tz::TimeZone;

use super::rig::{NORTH, Rig, SECOND, SOUTH, directory};
use crate::engine::Rescheduled;
use crate::mail::Mail;
use crate::submission::{Submission, Verdict};

const HOUR: u64 = 3600 * SECOND;

/// From so many seconds of the rig's clock on, for so long, bulk is quiet. (The rig begins at 22:13:20 UTC.)
fn quiet(rig: &mut Rig, from_s: i64, for_s: i64) {
    let second = |after: i64| {
        let seconds = (22 * 3600 + 13 * 60 + 20 + after).rem_euclid(86_400);
        let part = |unit: i64, of: i64| (seconds / unit % of) as i8;
        Time::new(part(3600, 24), part(60, 60), part(1, 60), 0).unwrap()
    };
    let rule = QuietRule {
        name: "nights".to_owned(),
        matcher: Matcher {
            classes: vec![Class::Bulk],
            ..Matcher::default()
        },
        zone: Some(TimeZone::UTC),
        hours: Hours {
            zone: TimeZone::UTC,
            times: vec![(second(from_s), second(from_s + for_s))],
            days: Vec::new(),
            dates: Vec::new(),
        },
        holidays: Vec::new(),
    };
    let directory = directory().with_quiet(QuietHours::new(vec![rule]));
    rig.shared.replace_tables(directory, rig.shared.table());
    rig.settle();
}

fn bulk(rig: &Rig, text: &str) -> Submission {
    Submission {
        class: Class::Bulk,
        ..rig.submission(text)
    }
}

fn hand_in(rig: &mut Rig, submission: Submission) -> MessageId {
    let given = rig.hand_in(vec![submission], None);
    rig.settle();
    match given.lock().unwrap()[..] {
        [Verdict::Accepted(id)] => id,
        ref other => panic!("{other:?}"),
    }
}

fn wait(rig: &mut Rig, ns: u64) {
    for _ in 0..ns / SECOND {
        rig.after(SECOND);
    }
    rig.settle();
}

#[test]
fn what_is_accepted_in_quiet_hours_leaves_when_they_are_over_and_an_otp_at_once() {
    let mut rig = Rig::new();
    quiet(&mut rig, -600, 1200);
    let held = bulk(&rig, "held");
    hand_in(&mut rig, held);
    let otp = Submission {
        class: Class::Otp,
        ..rig.submission("code")
    };
    hand_in(&mut rig, otp);
    assert_eq!(rig.sent(NORTH).len(), 1);
    assert!(rig.sent(NORTH)[0].contains("code"));
    let told = rig.records(|record| match record {
        RecordView::Accepted(record) => record.send_at_utc_ns.to_native() > 0,
        _ => false,
    });
    assert_eq!(told, 1, "its life says when");
    wait(&mut rig, 595 * SECOND);
    assert_eq!(rig.sent(NORTH).len(), 1);
    wait(&mut rig, 10 * SECOND);
    assert_eq!(rig.sent(NORTH).len(), 2);
}

#[test]
fn what_waits_when_quiet_begins_is_held_and_survives_a_crash() {
    let mut rig = Rig::new();
    quiet(&mut rig, 60, 600);
    rig.down(NORTH);
    rig.down(SOUTH);
    for text in ["one", "two"] {
        let submission = bulk(&rig, text);
        hand_in(&mut rig, submission);
    }
    wait(&mut rig, 120 * SECOND);
    rig.up(NORTH);
    wait(&mut rig, 5 * SECOND);
    assert!(rig.sent(NORTH).is_empty());
    assert_eq!(
        (rig.waiting(), rig.shard.live.len()),
        (2, 0),
        "on the shelf"
    );
    let mut rig = rig.crash();
    quiet(&mut rig, 60, 600);
    rig.up(NORTH);
    wait(&mut rig, 400 * SECOND);
    assert!(rig.sent(NORTH).is_empty());
    wait(&mut rig, 200 * SECOND);
    assert_eq!((rig.sent(NORTH).len(), rig.waiting()), (2, 2));
}

#[test]
fn what_was_scheduled_into_quiet_hours_gets_their_end() {
    let mut rig = Rig::new();
    quiet(&mut rig, 60, 600);
    let later = Submission {
        send_at_utc_ns: rig.now.utc_ns + 120 * SECOND,
        ..bulk(&rig, "later")
    };
    hand_in(&mut rig, later);
    wait(&mut rig, 650 * SECOND);
    assert!(rig.sent(NORTH).is_empty());
    wait(&mut rig, 20 * SECOND);
    assert_eq!(rig.sent(NORTH).len(), 1);
}

#[test]
fn validity_that_ends_before_quiet_does_ends_the_message_then() {
    let mut rig = Rig::new();
    quiet(&mut rig, -60, 3600);
    let short = Submission {
        validity_ns: 600 * SECOND,
        ..bulk(&rig, "short")
    };
    let id = hand_in(&mut rig, short);
    wait(&mut rig, 590 * SECOND);
    assert!(rig.finals().is_empty());
    wait(&mut rig, 20 * SECOND);
    let [(ended, Status::Expired, _)] = rig.finals()[..] else {
        panic!("{:?}", rig.finals());
    };
    assert_eq!(ended, id);
    assert!(rig.sent(NORTH).is_empty());
}

#[test]
fn a_long_lane_that_meets_the_night_loses_nobody() {
    let mut rig = Rig::with(crate::settings::EngineSettings {
        lane_live_max: 4,
        ..super::rig::settings()
    });
    quiet(&mut rig, 60, 600);
    rig.down(NORTH);
    rig.down(SOUTH);
    for place in 0..40 {
        let submission = bulk(&rig, &place.to_string());
        hand_in(&mut rig, submission);
    }
    wait(&mut rig, 100 * SECOND);
    rig.up(NORTH);
    wait(&mut rig, 60 * SECOND);
    assert!(rig.sent(NORTH).is_empty());
    assert_eq!(rig.waiting(), 40);
    let mut sent = 0;
    for _ in 0..HOUR / SECOND / 4 {
        rig.after(SECOND);
        rig.settle();
        while rig.open(NORTH) > 0 {
            sent += 1;
            rig.answer(NORTH, &sent.to_string());
        }
    }
    assert_eq!(rig.sent(NORTH).len(), 40);
    let mut texts = rig.sent(NORTH);
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 40);
}

fn of_batch(rig: &Rig, batch: u64) -> Submission {
    Submission {
        batch: Rig::row(batch, 1),
        ..bulk(rig, &format!("of {batch}"))
    }
}

/// What left, and how many of the batch ended as cancelled by their moment.
fn left_in_the_morning(rig: &mut Rig) -> (Vec<String>, u64) {
    rig.up(NORTH);
    wait(rig, 700 * SECOND);
    let withdrawn = &rig.shared.batches.counters(9).withdrawn;
    let withdrawn = withdrawn.load(std::sync::atomic::Ordering::Relaxed);
    let cancelled = |(_, status, _): &(MessageId, Status, i64)| *status == Status::Cancelled;
    let finals = rig.finals();
    assert_eq!(finals.iter().filter(|end| cancelled(end)).count(), 3);
    (rig.sent(NORTH), withdrawn)
}

#[test]
fn what_a_cancelled_batch_has_on_the_shelf_is_never_sent() {
    for crashes in [false, true] {
        let mut rig = Rig::new();
        quiet(&mut rig, -60, 600);
        for batch in [9, 8, 9, 9] {
            let held = of_batch(&rig, batch);
            hand_in(&mut rig, held);
        }
        rig.shared.batches.counters(9).cancel();
        if crashes {
            rig.on_start = Some(Arc::new(|shared| shared.batches.counters(9).cancel()));
            rig = rig.crash();
            quiet(&mut rig, -60, 600);
        }
        let (sent, withdrawn) = left_in_the_morning(&mut rig);
        assert_eq!((sent.len(), withdrawn), (1, 3), "{sent:?}");
        assert!(sent[0].contains("of 8"), "{sent:?}");
    }
}

#[test]
fn what_came_back_just_before_the_node_died_is_not_sent_where_its_batch_was_cancelled() {
    let mut rig = Rig::new();
    quiet(&mut rig, -60, 600);
    for batch in [9, 8, 9, 9] {
        let held = of_batch(&rig, batch);
        hand_in(&mut rig, held);
    }
    rig.down(NORTH);
    rig.down(SOUTH);
    wait(&mut rig, 700 * SECOND);
    assert_eq!(rig.shard.live.len(), 4, "in lanes");
    rig.on_start = Some(Arc::new(|shared| shared.batches.counters(9).cancel()));
    let mut rig = rig.crash();
    let (sent, withdrawn) = left_in_the_morning(&mut rig);
    assert_eq!((sent.len(), withdrawn), (1, 3), "{sent:?}");
}

/// The moment that its customer is told when he moves it.
fn moved_to(rig: &mut Rig, id: MessageId, at_utc_ns: u64) -> Option<Rescheduled> {
    let answer = Arc::new(Mutex::new(None));
    let into = Arc::clone(&answer);
    let reply = Box::new(move |given| *into.lock().unwrap() = given);
    assert!(rig.send(Mail::SendAt(id, at_utc_ns, reply)));
    rig.settle();
    *answer.lock().unwrap()
}

#[test]
fn who_moves_it_into_quiet_hours_is_told_when_it_leaves() {
    for after_s in [0, 120, 599, 700] {
        let mut rig = Rig::new();
        let submission = Submission {
            send_at_utc_ns: rig.now.utc_ns + 3000 * SECOND,
            ..bulk(&rig, "later")
        };
        let id = hand_in(&mut rig, submission);
        let began_utc_ns = rig.now.utc_ns;
        quiet(&mut rig, -60, 660);
        let morning_utc_ns = 1_700_000_600 * SECOND;
        let told = moved_to(&mut rig, id, began_utc_ns + after_s * SECOND);
        let leaves_utc_ns = morning_utc_ns.max(began_utc_ns + after_s * SECOND);
        assert_eq!(told, Some(Rescheduled::To(leaves_utc_ns)));
        wait(&mut rig, 599 * SECOND);
        assert!(rig.sent(NORTH).is_empty());
        wait(&mut rig, 110 * SECOND);
        assert_eq!(rig.sent(NORTH).len(), 1);
        let story = rig.story(id);
        assert_eq!(story.send_at_utc_ns, leaves_utc_ns);
        let held = story.events.iter().filter(|event| event.state == "held");
        assert_eq!(held.count(), usize::from(after_s < 600));
    }
}

#[test]
fn its_life_says_that_it_was_held_when_it_has_ended_as_well() {
    let mut rig = Rig::new();
    quiet(&mut rig, -60, 660);
    let submission = Submission {
        validity_ns: 60 * SECOND,
        ..bulk(&rig, "held")
    };
    let id = hand_in(&mut rig, submission);
    wait(&mut rig, 100 * SECOND);
    let story = rig.story(id);
    let states: Vec<&str> = story.events.iter().map(|event| &*event.state).collect();
    assert_eq!(states, ["accepted", "held", "expired"]);
}

/// One that is valid for two minutes, held for ten, and sent at another moment meanwhile: when it expires, where no
/// carrier is up.
fn expires_after_being_moved(crashes: bool, mut rig: Rig, id: MessageId, after_s: u64) -> u64 {
    let at_utc_ns = rig.now.utc_ns + after_s * SECOND;
    assert_eq!(
        moved_to(&mut rig, id, at_utc_ns),
        Some(Rescheduled::To(at_utc_ns))
    );
    if crashes {
        rig = rig.crash();
    }
    rig.down(NORTH);
    rig.down(SOUTH);
    let began_utc_ns = at_utc_ns - after_s * SECOND;
    for _ in 0..2000 {
        if let [(ended, Status::Expired, _)] = rig.finals()[..] {
            assert_eq!(ended, id);
            return (rig.now.utc_ns - began_utc_ns) / SECOND;
        }
        wait(&mut rig, SECOND);
    }
    panic!("{:?}", rig.finals());
}

#[test]
fn validity_keeps_its_length_when_what_quiet_hours_held_is_moved() {
    for (later_s, crashes) in [(0, false), (0, true), (60, false), (60, true)] {
        let mut rig = Rig::new();
        quiet(&mut rig, -60, 660);
        let submission = Submission {
            validity_ns: 120 * SECOND,
            send_at_utc_ns: rig.now.utc_ns * u64::from(later_s > 0) + later_s * SECOND,
            ..bulk(&rig, "held")
        };
        let id = hand_in(&mut rig, submission);
        wait(&mut rig, 30 * SECOND);
        let seconds = expires_after_being_moved(crashes, rig, id, 900);
        assert!((1020..=1025).contains(&seconds), "{seconds}");
    }
}

#[test]
fn validity_keeps_its_length_when_what_waited_was_held_and_is_moved_twice() {
    let mut rig = Rig::new();
    quiet(&mut rig, 60, 600);
    rig.down(NORTH);
    rig.down(SOUTH);
    let submission = Submission {
        validity_ns: 700 * SECOND,
        ..bulk(&rig, "waits")
    };
    let id = hand_in(&mut rig, submission);
    wait(&mut rig, 120 * SECOND);
    rig.up(NORTH);
    wait(&mut rig, 5 * SECOND);
    assert_eq!((rig.waiting(), rig.shard.live.len()), (1, 0), "held");
    // Into quiet hours again, and out of them.
    let first_utc_ns = rig.now.utc_ns + 200 * SECOND;
    let told = moved_to(&mut rig, id, first_utc_ns);
    assert!(
        matches!(told, Some(Rescheduled::To(at)) if at > first_utc_ns),
        "{told:?}"
    );
    let seconds = expires_after_being_moved(false, rig, id, 100 + 700);
    assert!((1500..=1505).contains(&seconds), "{seconds}");
}

#[test]
fn who_moves_it_to_where_it_could_only_expire_is_told_so_and_it_stays() {
    let mut rig = Rig::new();
    let submission = Submission {
        validity_ns: 120 * SECOND,
        send_at_utc_ns: rig.now.utc_ns + 3000 * SECOND,
        ..bulk(&rig, "short")
    };
    let id = hand_in(&mut rig, submission);
    let began_utc_ns = rig.now.utc_ns;
    quiet(&mut rig, -60, 660);
    let told = moved_to(&mut rig, id, began_utc_ns + 60 * SECOND);
    assert_eq!(told, Some(Rescheduled::WouldExpire));
    let told = moved_to(&mut rig, id, began_utc_ns + 550 * SECOND);
    assert!(matches!(told, Some(Rescheduled::To(_))), "{told:?}");
    let told = moved_to(&mut rig, id, began_utc_ns + 60 * SECOND);
    assert_eq!(told, Some(Rescheduled::WouldExpire));
    assert_eq!(
        (rig.waiting(), rig.shard.live.len()),
        (1, 0),
        "on the shelf still"
    );
    wait(&mut rig, 620 * SECOND);
    assert_eq!(rig.sent(NORTH).len(), 1);
}
