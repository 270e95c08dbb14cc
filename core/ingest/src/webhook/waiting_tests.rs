#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::time::Duration;

use proptest::prelude::*;

use super::*;

const SECOND: u64 = 1_000_000_000;
const FOR_EVER: u64 = u64::MAX;

const fn alone(concurrency: u32) -> Bounds {
    Bounds {
        concurrency,
        batch_max: 1,
        refusals_max: 0,
    }
}

fn post(waiting: &mut Waiting<&'static str>, now_ns: u64) -> (u64, &'static str) {
    match waiting.next(now_ns) {
        Next::Post(tickets) if tickets.len() == 1 => {
            (tickets[0], *waiting.get(tickets[0]).unwrap())
        }
        other => panic!("{other:?}"),
    }
}

fn post_all(waiting: &mut Waiting<&'static str>, now_ns: u64) -> (Vec<u64>, Vec<&'static str>) {
    match waiting.next(now_ns) {
        Next::Post(tickets) => {
            let items = tickets.iter().map(|ticket| *waiting.get(*ticket).unwrap());
            (tickets.clone(), items.collect())
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn one_that_fails_holds_up_no_other() {
    let mut waiting = Waiting::new(alone(1));
    for item in ["bad", "one", "two"] {
        waiting.push(item, FOR_EVER, true);
    }
    let (bad, _) = post(&mut waiting, 0);
    assert_eq!(waiting.next(0), Next::Idle, "one at a time");
    assert_eq!(waiting.failed(0, &[bad], Outcome::Later(None), 0), SECOND);
    for expected in ["one", "two"] {
        let (ticket, item) = post(&mut waiting, 1);
        assert_eq!(item, expected);
        assert_eq!(waiting.taken(1, &[ticket]), [expected]);
    }
    assert_eq!(waiting.next(1), Next::At(SECOND));
    assert_eq!(post(&mut waiting, SECOND), (bad, "bad"));
}

#[test]
fn new_ones_and_those_that_failed_go_in_turn() {
    let mut waiting = Waiting::new(alone(1));
    for item in ["bad", "worse"] {
        waiting.push(item, FOR_EVER, true);
    }
    for _ in 0..2 {
        let (ticket, _) = post(&mut waiting, 0);
        waiting.failed(0, &[ticket], Outcome::Redirected, 0);
    }
    for item in ["one", "two"] {
        waiting.push(item, FOR_EVER, true);
    }
    let mut order = Vec::new();
    for _ in 0..4 {
        let (ticket, item) = post(&mut waiting, 2 * SECOND);
        order.push(item);
        waiting.taken(2 * SECOND, &[ticket]);
    }
    assert_eq!(order, ["bad", "one", "worse", "two"]);
}

#[test]
fn refusal_waits_longest_and_retry_after_holds_for_all() {
    let mut waiting = Waiting::new(alone(4));
    for item in ["never", "later", "other"] {
        waiting.push(item, FOR_EVER, true);
    }
    let (never, _) = post(&mut waiting, 0);
    assert_eq!(
        waiting.failed(0, &[never], Outcome::Refused, 0),
        PAUSE_NS_MAX
    );
    let (later, _) = post(&mut waiting, 0);
    let named = Outcome::Later(Some(Duration::from_secs(40)));
    assert_eq!(waiting.failed(0, &[later], named, 0), 40 * SECOND);
    assert_eq!(waiting.next(SECOND), Next::At(40 * SECOND));
    assert_eq!(post(&mut waiting, 40 * SECOND).1, "later");
    let (other, item) = post(&mut waiting, 40 * SECOND);
    assert_eq!(item, "other");
    waiting.taken(40 * SECOND, &[other]);
    let day = Outcome::Later(Some(Duration::from_secs(86_400)));
    assert_eq!(waiting.failed(0, &[later], day, 0), PAUSE_NS_MAX);
}

#[test]
fn receiver_that_is_back_gets_soon_what_it_could_not_take() {
    let mut waiting = Waiting::new(alone(1));
    waiting.push("refused", FOR_EVER, true);
    waiting.push("long ago", FOR_EVER, true);
    let (refused, _) = post(&mut waiting, 0);
    waiting.failed(0, &[refused], Outcome::Refused, 0);
    let (mut now_ns, mut pause_ns) = (0, 0);
    while pause_ns < 100 * SECOND {
        now_ns += pause_ns;
        let (ticket, item) = post(&mut waiting, now_ns);
        assert_eq!(item, "long ago");
        pause_ns = waiting.failed(now_ns, &[ticket], Outcome::Unreachable, 0);
    }
    assert_eq!(
        waiting.next(now_ns + SOON_NS),
        Next::At(now_ns + pause_ns),
        "it would wait for long"
    );
    waiting.push("new", FOR_EVER, true);
    let (ticket, item) = post(&mut waiting, now_ns + SECOND);
    assert_eq!(item, "new");
    waiting.taken(now_ns + SECOND, &[ticket]);
    assert_eq!(waiting.next(now_ns + SECOND), Next::At(now_ns + SOON_NS));
    let (ticket, item) = post(&mut waiting, now_ns + SOON_NS);
    assert_eq!(item, "long ago");
    waiting.taken(now_ns + SOON_NS, &[ticket]);
    assert_eq!(
        waiting.next(now_ns + SOON_NS),
        Next::At(PAUSE_NS_MAX),
        "a refusal is not hurried"
    );
}

#[test]
fn what_was_changed_is_tried_at_once() {
    let mut waiting = Waiting::new(alone(2));
    waiting.push("refused", FOR_EVER, true);
    let (ticket, _) = post(&mut waiting, 0);
    waiting.failed(0, &[ticket], Outcome::Refused, 0);
    waiting.change(5, alone(2));
    assert_eq!(post(&mut waiting, 5).0, ticket);
}

#[test]
fn what_nobody_took_in_its_time_is_let_go() {
    let mut waiting = Waiting::new(alone(1));
    waiting.push("old", 5 * SECOND, true);
    let (ticket, _) = post(&mut waiting, 0);
    assert_eq!(
        waiting.failed(0, &[ticket], Outcome::Refused, 0),
        5 * SECOND
    );
    assert_eq!(waiting.next(SECOND), Next::At(5 * SECOND));
    assert_eq!(waiting.next(5 * SECOND), Next::Over("old", Why::Expired));
    assert_eq!((waiting.len(), waiting.next(6 * SECOND)), (0, Next::Idle));
}

proptest! {
    /// Whatever happens, each is given out until it is taken, never twice at a time, never more than are allowed.
    #[test]
    fn each_is_given_out_until_it_is_taken(
        most in 1..6_u32,
        steps in prop::collection::vec((0..4_u8, any::<u64>(), 0..700_u64), 1..300),
    ) {
        let mut waiting = Waiting::new(alone(most));
        let (mut now_ns, mut pushed, mut taken) = (0, 0_usize, 0_usize);
        let mut on_the_way = Vec::new();
        let how = [Outcome::Later(None), Outcome::Refused, Outcome::TimedOut, Outcome::Later(Some(Duration::from_secs(9)))];
        for (what, random, step) in steps {
            now_ns += step * SECOND / 10;
            match what {
                0 => { waiting.push(pushed, FOR_EVER, true); pushed += 1; }
                1 if !on_the_way.is_empty() => {
                    let ticket = on_the_way.swap_remove(random as usize % on_the_way.len());
                    prop_assert!(waiting.taken(now_ns, &[ticket]).len() == 1);
                    taken += 1;
                }
                2 if !on_the_way.is_empty() => {
                    let ticket = on_the_way.swap_remove(random as usize % on_the_way.len());
                    waiting.failed(now_ns, &[ticket], how[random as usize % how.len()], random);
                }
                _ => match waiting.next(now_ns) {
                    Next::Post(tickets) => {
                        let ticket = tickets[0];
                        prop_assert!(tickets.len() == 1 && !on_the_way.contains(&ticket));
                        on_the_way.push(ticket);
                    }
                    Next::At(due_ns) => prop_assert!(due_ns > now_ns),
                    Next::Idle => {}
                    Next::Over(..) => prop_assert!(false),
                }
            }
            prop_assert!(on_the_way.len() <= most as usize);
            prop_assert_eq!(waiting.len(), pushed - taken);
        }
        for ticket in on_the_way.drain(..) {
            waiting.taken(now_ns, &[ticket]);
        }
        let mut rounds = 0;
        while waiting.len() > 0 {
            match waiting.next(now_ns) {
                Next::Post(tickets) => prop_assert!(waiting.taken(now_ns, &tickets).len() == 1),
                Next::At(due_ns) => now_ns = due_ns,
                other => prop_assert!(false, "{:?}", other),
            }
            rounds += 1;
            prop_assert!(rounds < 1_000);
        }
    }
}

#[test]
fn those_that_wait_share_a_request_and_one_that_is_alone_does_not() {
    let mut waiting = Waiting::new(Bounds {
        batch_max: 3,
        ..alone(1)
    });
    for (item, alone) in [
        ("a", false),
        ("b", false),
        ("c", false),
        ("d", false),
        ("e", true),
        ("f", false),
    ] {
        waiting.push(item, FOR_EVER, alone);
    }
    let mut bundles = Vec::new();
    while waiting.len() > 0 {
        let (tickets, items) = post_all(&mut waiting, 0);
        assert_eq!(waiting.on_the_way(), 1);
        waiting.taken(0, &tickets);
        bundles.push(items.concat());
    }
    assert_eq!(bundles, ["abc", "d", "e", "f"]);
}

#[test]
fn those_that_were_refused_together_are_tried_alone_and_the_others_are_taken() {
    let mut waiting = Waiting::new(Bounds {
        batch_max: 10,
        refusals_max: 2,
        ..alone(4)
    });
    for item in ["good", "bad", "fine"] {
        waiting.push(item, FOR_EVER, false);
    }
    let (all, _) = post_all(&mut waiting, 0);
    assert_eq!(waiting.failed(0, &all, Outcome::Refused, 0), 0);
    let mut taken = Vec::new();
    for _ in 0..3 {
        let (ticket, item) = post(&mut waiting, 0);
        if item == "bad" {
            waiting.failed(0, &[ticket], Outcome::Refused, 0);
        } else {
            taken.extend(waiting.taken(0, &[ticket]));
        }
    }
    assert_eq!(taken, ["good", "fine"]);
    let (ticket, item) = post(&mut waiting, PAUSE_NS_MAX);
    assert_eq!(item, "bad");
    assert_eq!(
        waiting.failed(PAUSE_NS_MAX, &[ticket], Outcome::Refused, 0),
        0
    );
    assert_eq!(waiting.next(PAUSE_NS_MAX), Next::Over("bad", Why::Refused));
}

#[test]
fn receiver_in_trouble_gets_again_together_what_it_could_not_take() {
    let mut waiting = Waiting::new(Bounds {
        batch_max: 10,
        ..alone(1)
    });
    for item in ["a", "b", "c"] {
        waiting.push(item, FOR_EVER, false);
    }
    let (all, _) = post_all(&mut waiting, 0);
    waiting.failed(0, &all, Outcome::TimedOut, 0);
    let (again, mut items) = post_all(&mut waiting, SECOND);
    items.sort_unstable();
    assert_eq!((again.len(), items), (3, vec!["a", "b", "c"]));
}
