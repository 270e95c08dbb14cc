//! No SIM sends what the book does not allow, and a pool knows which of its modems rest.

use carrack_carrier::modem::{Allowance, Rest, STATUS_NOT_ALLOWED};
use carrack_carrier::{Link, LinkEvent, LinkState, SubmitRefused};

use crate::support::*;
use crate::whole_texts::{ended, hand_in};

fn not_before(rig: &Rig, seconds: u64, rest: Rest) -> Allowance {
    Allowance::NotBefore {
        utc_ns: rig.now.utc_ns + seconds * SECOND,
        rest,
    }
}

#[test]
fn short_rest_costs_the_slot_and_ends_at_its_moment() {
    let mut rig = Rig::up();
    let rest = not_before(&rig, 5, Rest::Minute);
    rig.submit(1);
    rig.events();
    rig.book.page().allowance = Some(rest);
    rig.run(SECOND);
    assert_eq!(
        (rig.link.state(), rig.link.free_slots()),
        (LinkState::Up, 0)
    );
    assert_eq!(rig.try_submit(2), Err(SubmitRefused::NotNow));
    let before = rig.link.next_deadline_ns().unwrap();
    assert!(before <= rig.now.mono_ns + 4 * SECOND);
    rig.run(3 * SECOND + 999 * MS);
    assert_eq!(rig.link.free_slots(), 0);
    rig.run(MS);
    assert!(rig.link.free_slots() > 0);
    assert!(rig.events().is_empty());
    assert_eq!(rig.book.page().spent.len(), 1);
}

#[test]
fn pace_of_one_a_minute_takes_no_link_down_and_tears_no_text() {
    let rest = |rig: &Rig| Allowance::NotBefore {
        utc_ns: rig.now.utc_ns + 60_250 * MS,
        rest: Rest::Minute,
    };
    let mut rig = Rig::up();
    hand_in(&mut rig, 2);
    rig.book.page().allowance = Some(rest(&rig));
    rig.run(60 * SECOND);
    assert_eq!(rig.modem.sent.len(), 1);
    rig.run(SECOND);
    assert_eq!(ended(&mut rig), [(1, None), (2, None)]);
    rig.book.page().allowance = Some(rest(&rig));
    rig.run(70 * SECOND);
    assert!(rig.downs().is_empty());
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn long_rest_takes_the_link_down_with_the_reason_until_its_moment() {
    let mut rig = Rig::up();
    rig.book.page().allowance = Some(not_before(&rig, 7200, Rest::Day));
    rig.run(SECOND);
    let downs = rig.downs();
    assert_eq!(downs.len(), 1, "{downs:?}");
    assert_eq!(
        downs[0],
        "SIM …345678 sent all that it may today; goes on at 2026-05-28T22:26:40Z"
    );
    assert_eq!(
        (rig.link.state(), rig.link.free_slots()),
        (LinkState::Down, 0)
    );
    rig.run(7190 * SECOND);
    assert!(rig.events().is_empty(), "neither up nor said twice");
    rig.run(9 * SECOND);
    assert_eq!(rig.events(), [LinkEvent::Up]);
    assert!(rig.link.free_slots() > 0);
}

#[test]
fn rest_without_an_end_ends_when_somebody_says_so() {
    let mut rig = Rig::up();
    rig.book.page().allowance = Some(Allowance::NotBefore {
        utc_ns: u64::MAX,
        rest: Rest::Suspected,
    });
    rig.run(2 * SECOND);
    assert!(rig.downs()[0].contains("looks blocked"));
    rig.book.page().allowance = None;
    rig.to(rig.now.mono_ns + SECOND);
    rig.settle();
    assert_eq!(rig.events(), [LinkEvent::Up]);
}

#[test]
fn what_the_book_does_not_spend_is_not_written() {
    let mut rig = Rig::up();
    // The book changed its mind since it was asked.
    let rest = not_before(&rig, 30, Rest::Hour);
    rig.book.page().allowance = Some(rest);
    assert_eq!(rig.try_submit(1), Ok(()));
    assert_eq!(rig.link.free_slots(), 0);
    rig.settle();
    assert!(rig.modem.sent.is_empty(), "it waits for its moment");
    rig.run(31 * SECOND);
    assert_eq!(rig.modem.sent.len(), 1);
}

#[test]
fn recipient_that_is_one_too_many_is_refused_and_others_go() {
    let mut rig = Rig::up();
    rig.book.page().spend = Some(not_before(&rig, 9000, Rest::Recipients));
    rig.submit(1);
    let events = rig.events();
    assert!(
        matches!(&events[..], [LinkEvent::Refused { ticket: 1, refusal, late: false }]
            if refusal.status == STATUS_NOT_ALLOWED),
        "{events:?}"
    );
    assert!(rig.modem.sent.is_empty());
    assert!(rig.link.free_slots() > 0);
    rig.book.page().spend = None;
    rig.submit(2);
    assert!(matches!(
        rig.events()[..],
        [LinkEvent::Accepted { ticket: 2, .. }]
    ));
}
