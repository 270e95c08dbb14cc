#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;
const FOR_EVER: u64 = u64::MAX;

fn post(waiting: &mut Waiting<&'static str>, now_ns: u64) -> (u64, &'static str) {
    match waiting.next(now_ns) {
        Next::Post(ticket) => (ticket, *waiting.get(ticket).unwrap()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_fails_holds_up_no_other() {
    let mut waiting = Waiting::new(1);
    for item in ["bad", "one", "two"] {
        waiting.push(item, FOR_EVER);
    }
    let (bad, _) = post(&mut waiting, 0);
    assert_eq!(waiting.next(0), Next::Idle, "one at a time");
    assert_eq!(waiting.failed(0, bad, Outcome::Later(None), 0), SECOND);
    for expected in ["one", "two"] {
        let (ticket, item) = post(&mut waiting, 1);
        assert_eq!(item, expected);
        assert_eq!(waiting.taken(1, ticket), Some(expected));
    }
    assert_eq!(waiting.next(1), Next::At(SECOND));
    assert_eq!(post(&mut waiting, SECOND), (bad, "bad"));
}

#[test]
fn new_ones_and_those_that_failed_go_in_turn() {
    let mut waiting = Waiting::new(1);
    for item in ["bad", "worse"] {
        waiting.push(item, FOR_EVER);
    }
    for _ in 0..2 {
        let (ticket, _) = post(&mut waiting, 0);
        waiting.failed(0, ticket, Outcome::Redirected, 0);
    }
    for item in ["one", "two"] {
        waiting.push(item, FOR_EVER);
    }
    let mut order = Vec::new();
    for _ in 0..4 {
        let (ticket, item) = post(&mut waiting, 2 * SECOND);
        order.push(item);
        waiting.taken(2 * SECOND, ticket);
    }
    assert_eq!(order, ["bad", "one", "worse", "two"]);
}

#[test]
fn refusal_waits_longest_and_retry_after_holds_for_all() {
    let mut waiting = Waiting::new(4);
    for item in ["never", "later", "other"] {
        waiting.push(item, FOR_EVER);
    }
    let (never, _) = post(&mut waiting, 0);
    assert_eq!(waiting.failed(0, never, Outcome::Refused, 0), PAUSE_NS_MAX);
    let (later, _) = post(&mut waiting, 0);
    let named = Outcome::Later(Some(Duration::from_secs(40)));
    assert_eq!(waiting.failed(0, later, named, 0), 40 * SECOND);
    assert_eq!(waiting.next(SECOND), Next::At(40 * SECOND));
    assert_eq!(post(&mut waiting, 40 * SECOND).1, "later");
    let (other, item) = post(&mut waiting, 40 * SECOND);
    assert_eq!(item, "other");
    waiting.taken(40 * SECOND, other);
    let day = Outcome::Later(Some(Duration::from_secs(86_400)));
    assert_eq!(waiting.failed(0, later, day, 0), PAUSE_NS_MAX);
}

#[test]
fn receiver_that_is_back_gets_soon_what_it_could_not_take() {
    let mut waiting = Waiting::new(1);
    waiting.push("refused", FOR_EVER);
    waiting.push("long ago", FOR_EVER);
    let (refused, _) = post(&mut waiting, 0);
    waiting.failed(0, refused, Outcome::Refused, 0);
    let (mut now_ns, mut pause_ns) = (0, 0);
    while pause_ns < 100 * SECOND {
        now_ns += pause_ns;
        let (ticket, item) = post(&mut waiting, now_ns);
        assert_eq!(item, "long ago");
        pause_ns = waiting.failed(now_ns, ticket, Outcome::Unreachable, 0);
    }
    assert_eq!(
        waiting.next(now_ns + SOON_NS),
        Next::At(now_ns + pause_ns),
        "it would wait for long"
    );
    waiting.push("new", FOR_EVER);
    let (ticket, item) = post(&mut waiting, now_ns + SECOND);
    assert_eq!(item, "new");
    waiting.taken(now_ns + SECOND, ticket);
    assert_eq!(waiting.next(now_ns + SECOND), Next::At(now_ns + SOON_NS));
    let (ticket, item) = post(&mut waiting, now_ns + SOON_NS);
    assert_eq!(item, "long ago");
    waiting.taken(now_ns + SOON_NS, ticket);
    assert_eq!(
        waiting.next(now_ns + SOON_NS),
        Next::At(PAUSE_NS_MAX),
        "a refusal is not hurried"
    );
}

#[test]
fn what_was_changed_is_tried_at_once() {
    let mut waiting = Waiting::new(2);
    waiting.push("refused", FOR_EVER);
    let (ticket, _) = post(&mut waiting, 0);
    waiting.failed(0, ticket, Outcome::Refused, 0);
    waiting.change(5, 2);
    assert_eq!(post(&mut waiting, 5).0, ticket);
}

#[test]
fn what_nobody_took_in_its_time_is_let_go() {
    let mut waiting = Waiting::new(1);
    waiting.push("old", 5 * SECOND);
    let (ticket, _) = post(&mut waiting, 0);
    assert_eq!(waiting.failed(0, ticket, Outcome::Refused, 0), 5 * SECOND);
    assert_eq!(waiting.next(SECOND), Next::At(5 * SECOND));
    assert_eq!(waiting.next(5 * SECOND), Next::Over("old"));
    assert_eq!((waiting.len(), waiting.next(6 * SECOND)), (0, Next::Idle));
}

proptest! {
    /// Whatever happens, each is given out until it is taken, never twice at a time, never more than are allowed.
    #[test]
    fn each_is_given_out_until_it_is_taken(
        most in 1..6_u32,
        steps in prop::collection::vec((0..4_u8, any::<u64>(), 0..700_u64), 1..300),
    ) {
        let mut waiting = Waiting::new(most);
        let (mut now_ns, mut pushed, mut taken) = (0, 0_usize, 0_usize);
        let mut on_the_way = Vec::new();
        let how = [Outcome::Later(None), Outcome::Refused, Outcome::TimedOut, Outcome::Later(Some(Duration::from_secs(9)))];
        for (what, random, step) in steps {
            now_ns += step * SECOND / 10;
            match what {
                0 => { waiting.push(pushed, FOR_EVER); pushed += 1; }
                1 if !on_the_way.is_empty() => {
                    let ticket = on_the_way.swap_remove(random as usize % on_the_way.len());
                    prop_assert!(waiting.taken(now_ns, ticket).is_some());
                    taken += 1;
                }
                2 if !on_the_way.is_empty() => {
                    let ticket = on_the_way.swap_remove(random as usize % on_the_way.len());
                    waiting.failed(now_ns, ticket, how[random as usize % how.len()], random);
                }
                _ => match waiting.next(now_ns) {
                    Next::Post(ticket) => {
                        prop_assert!(!on_the_way.contains(&ticket));
                        on_the_way.push(ticket);
                    }
                    Next::At(due_ns) => prop_assert!(due_ns > now_ns),
                    Next::Idle => {}
                    Next::Over(_) => prop_assert!(false),
                }
            }
            prop_assert!(on_the_way.len() <= most as usize);
            prop_assert_eq!(waiting.len(), pushed - taken);
        }
        for ticket in on_the_way.drain(..) {
            waiting.taken(now_ns, ticket);
        }
        let mut rounds = 0;
        while waiting.len() > 0 {
            match waiting.next(now_ns) {
                Next::Post(ticket) => prop_assert!(waiting.taken(now_ns, ticket).is_some()),
                Next::At(due_ns) => now_ns = due_ns,
                other => prop_assert!(false, "{:?}", other),
            }
            rounds += 1;
            prop_assert!(rounds < 1_000);
        }
    }
}
