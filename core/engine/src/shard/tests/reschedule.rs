//! Another moment for a message of which nothing has left.

use std::sync::{Arc, Mutex};

use carrack_message::record::Body;
use carrack_message::{MessageId, Status};

use super::rig::{NORTH, Rig, SECOND, SOUTH};
use crate::engine::{Cancelled, Rescheduled};
use crate::mail::Mail;
use crate::submission::{Submission, Verdict};

const HOUR: u64 = 3600 * SECOND;

fn later(rig: &mut Rig, ns: u64, validity_ns: u64) -> MessageId {
    let submission = Submission {
        send_at_utc_ns: rig.now.utc_ns + ns,
        validity_ns,
        ..rig.submission("later")
    };
    let given = rig.hand_in(vec![submission], None);
    rig.settle();
    match given.lock().unwrap()[..] {
        [Verdict::Accepted(id)] => id,
        ref other => panic!("{other:?}"),
    }
}

/// What the customer is told, once he is.
type Answer = Arc<Mutex<Option<Rescheduled>>>;

fn ask(rig: &Rig, id: MessageId, ns: u64) -> Answer {
    let answer = Answer::default();
    let into = Arc::clone(&answer);
    let at_utc_ns = rig.now.utc_ns + ns;
    let reply = Box::new(move |given| *into.lock().unwrap() = given);
    assert!(rig.send(Mail::SendAt(id, at_utc_ns, reply)));
    answer
}

fn send_at(rig: &mut Rig, id: MessageId, ns: u64) -> Option<Rescheduled> {
    let answer = ask(rig, id, ns);
    rig.settle();
    let given = answer.lock().unwrap();
    *given
}

/// It is moved there, and its customer is told that moment.
#[track_caller]
fn moves(rig: &mut Rig, id: MessageId, ns: u64) {
    let at_utc_ns = rig.now.utc_ns + ns;
    let given = send_at(rig, id, ns);
    assert_eq!(given, Some(Rescheduled::To(at_utc_ns)));
}

fn wait(rig: &mut Rig, ns: u64) {
    const MINUTE: u64 = 60 * SECOND;
    for _ in 0..ns / MINUTE {
        rig.after(MINUTE);
    }
    for _ in 0..ns % MINUTE / SECOND {
        rig.after(SECOND);
    }
    rig.settle();
}

#[test]
fn what_is_scheduled_is_sent_at_the_new_moment_and_not_at_the_old_one() {
    let mut rig = Rig::new();
    let (postponed, hurried) = (later(&mut rig, HOUR, 0), later(&mut rig, 10 * HOUR, 0));
    moves(&mut rig, postponed, 3 * HOUR);
    moves(&mut rig, hurried, 2 * HOUR);
    assert_eq!((rig.waiting(), rig.shard.live.len()), (2, 0));
    wait(&mut rig, 2 * HOUR - 2 * SECOND);
    assert!(rig.sent(NORTH).is_empty(), "the old moment of the first");
    wait(&mut rig, 4 * SECOND);
    assert_eq!(rig.sent(NORTH).len(), 1);
    wait(&mut rig, HOUR);
    assert_eq!(rig.sent(NORTH).len(), 2);
    wait(&mut rig, 8 * HOUR);
    assert_eq!(rig.sent(NORTH).len(), 2, "each once");
}

#[test]
fn a_moment_that_has_come_sends_it_now_and_what_has_left_is_not_moved() {
    let mut rig = Rig::new();
    let id = later(&mut rig, HOUR, 0);
    let given = send_at(&mut rig, id, 0);
    assert!(matches!(given, Some(Rescheduled::To(_))), "{given:?}");
    assert_eq!(rig.sent(NORTH).len(), 1);
    assert_eq!(send_at(&mut rig, id, HOUR), Some(Rescheduled::TooLate));
    assert_eq!(send_at(&mut rig, MessageId(7), HOUR), None);
}

#[test]
fn what_waits_for_a_carrier_can_be_put_off_and_survives_crashes() {
    let mut rig = Rig::new();
    rig.down(NORTH);
    rig.down(SOUTH);
    let id = rig.accept(&["waits"])[0];
    moves(&mut rig, id, HOUR);
    let mut rig = rig.crash();
    rig.up(NORTH);
    wait(&mut rig, HOUR - 2 * SECOND);
    assert!(rig.sent(NORTH).is_empty());
    moves(&mut rig, id, HOUR);
    let mut rig = rig.crash();
    rig.up(NORTH);
    wait(&mut rig, HOUR + 3 * SECOND);
    assert_eq!((rig.sent(NORTH).len(), rig.waiting()), (1, 1));
}

#[test]
fn validity_moves_with_the_moment() {
    let mut rig = Rig::new();
    let id = later(&mut rig, HOUR, 60 * SECOND);
    moves(&mut rig, id, 5 * HOUR);
    rig.down(NORTH);
    rig.down(SOUTH);
    wait(&mut rig, 5 * HOUR + 30 * SECOND);
    assert!(rig.finals().is_empty());
    wait(&mut rig, 40 * SECOND);
    assert!(matches!(rig.finals()[..], [(_, Status::Expired, _)]));
}

/// So much is written, and not durable, that nothing new is taken.
fn back_up(rig: &mut Rig) {
    for _ in 0..2 {
        let large = |rig: &Rig| Submission {
            body: Body::Raw {
                data_coding: 4,
                esm_class: 0,
                octets: vec![7; 4 << 20],
            },
            send_at_utc_ns: rig.now.utc_ns + 100 * HOUR,
            ..rig.submission("large")
        };
        let chunk = (0..9).map(|_| large(rig)).collect();
        rig.hand_in(chunk, None);
        rig.turn();
    }
}

#[test]
fn what_cannot_be_put_off_now_is_not_sent_but_tried_again() {
    for moment_passes in [false, true] {
        let mut rig = Rig::new();
        let id = later(&mut rig, HOUR, 0);
        rig.log.borrow_mut().held = true;
        let answer = ask(&rig, id, 2 * SECOND);
        rig.turn();
        rig.turn();
        back_up(&mut rig);
        rig.log.borrow_mut().held = false;
        // It is back durably, and cannot go there again.
        rig.turn();
        assert_eq!((*answer.lock().unwrap(), rig.shard.live.len()), (None, 1));
        assert!(rig.sent(NORTH).is_empty(), "tomorrow's text left now");
        if moment_passes {
            rig.after(3 * SECOND);
        }
        rig.settle();
        let given = *answer.lock().unwrap();
        assert!(matches!(given, Some(Rescheduled::To(_))), "{given:?}");
        assert_eq!(rig.sent(NORTH).len(), usize::from(moment_passes));
        wait(&mut rig, 4 * SECOND);
        assert_eq!(rig.sent(NORTH).len(), 1);
        wait(&mut rig, HOUR);
        assert_eq!(rig.sent(NORTH).len(), 1, "once");
    }
}

#[test]
fn what_ends_while_it_cannot_be_put_off_is_not_put_off() {
    let mut rig = Rig::new();
    let id = later(&mut rig, HOUR, 0);
    rig.log.borrow_mut().held = true;
    let answer = ask(&rig, id, 2 * HOUR);
    rig.turn();
    rig.turn();
    back_up(&mut rig);
    rig.log.borrow_mut().held = false;
    rig.turn();
    let (key, _) = rig.shard.live.iter().next().unwrap();
    rig.shard.finish(rig.now, key, Status::Cancelled, "ended");
    rig.settle();
    assert_eq!(*answer.lock().unwrap(), Some(Rescheduled::TooLate));
    wait(&mut rig, 2 * HOUR + 5 * SECOND);
    assert!(rig.sent(NORTH).is_empty());
}

#[test]
fn its_life_says_the_moment_that_it_had_last() {
    let mut rig = Rig::new();
    let id = later(&mut rig, HOUR, 0);
    moves(&mut rig, id, 5 * HOUR);
    let moved_utc_ns = rig.story(id).send_at_utc_ns;
    let last_utc_ns = rig.now.utc_ns + 3 * HOUR;
    moves(&mut rig, id, 3 * HOUR);
    assert!(moved_utc_ns > last_utc_ns);
    wait(&mut rig, 3 * HOUR + 2 * SECOND);
    assert_eq!(rig.sent(NORTH).len(), 1);
    assert_eq!(rig.story(id).send_at_utc_ns, last_utc_ns);

    let mut rig = Rig::new();
    let id = later(&mut rig, HOUR, 0);
    let given = send_at(&mut rig, id, 0);
    assert_eq!(rig.sent(NORTH).len(), 1);
    let sent_utc_ns = rig.story(id).send_at_utc_ns;
    assert_eq!(given, Some(Rescheduled::To(sent_utc_ns)));
    assert!(sent_utc_ns <= rig.now.utc_ns);
}

fn take_back(rig: &Rig, id: MessageId) -> Arc<Mutex<Option<Cancelled>>> {
    let answer = Arc::new(Mutex::new(None));
    let into = Arc::clone(&answer);
    let reply = Box::new(move |given| *into.lock().unwrap() = given);
    assert!(rig.send(Mail::Cancel(id, reply)));
    answer
}

#[test]
fn who_wants_something_of_a_message_that_is_being_moved_is_told_to_come_again() {
    let mut rig = Rig::new();
    let id = later(&mut rig, HOUR, 0);
    rig.log.borrow_mut().held = true;
    let moved = ask(&rig, id, 2 * HOUR);
    let mut busy = 0;
    for turn in 0..8 {
        // Its way leads from the shelf into the log and back to the shelf.
        rig.log.borrow_mut().held = turn != 5;
        rig.turn();
        if rig.shard.live.len() == 0 || moved.lock().unwrap().is_some() {
            continue;
        }
        let (cancelled, again) = (take_back(&rig, id), ask(&rig, id, 3 * HOUR));
        rig.turn();
        assert_eq!(*cancelled.lock().unwrap(), Some(Cancelled::Busy), "{turn}");
        assert_eq!(*again.lock().unwrap(), Some(Rescheduled::Busy), "{turn}");
        busy += 1;
    }
    assert!(busy > 1, "never on its way");
    rig.log.borrow_mut().held = false;
    rig.settle();
    let given = *moved.lock().unwrap();
    assert!(matches!(given, Some(Rescheduled::To(_))), "{given:?}");
    let cancelled = take_back(&rig, id);
    rig.settle();
    assert_eq!(*cancelled.lock().unwrap(), Some(Cancelled::Done));
}
