//! A goodbye ends within its bound, and what is under way is told.

use carrack_carrier::{Link, LinkEvent, LinkState};

use crate::incoming::message;
use crate::support::*;

#[test]
fn idle_link_is_closed_at_once() {
    let mut rig = Rig::up();
    rig.link.close(rig.now);
    rig.turn();
    assert!(rig.link.is_closed());
    assert_eq!(rig.link.state(), LinkState::Closing);
    assert_eq!(rig.link.next_deadline_ns(), None);
}

#[test]
fn goodbye_waits_for_the_segment_under_way_and_no_longer_than_its_bound() {
    for answers in [true, false] {
        let mut rig = Rig::up();
        rig.modem.deaf_to_pdu = true;
        rig.submit(1);
        rig.link.close(rig.now);
        rig.settle();
        assert!(!rig.link.is_closed());
        assert_eq!(rig.link.free_slots(), 0);
        if answers {
            rig.says("+CMGS: 5\r\n\r\nOK");
        }
        let took = rig.until(5 * SECOND, |rig| rig.link.is_closed());
        assert_eq!(took, if answers { 0 } else { 5 * SECOND });
        let events = rig.events();
        let ended = events.iter().any(|event| match event {
            LinkEvent::Accepted { .. } => answers,
            LinkEvent::Unanswered { .. } => !answers,
            _ => false,
        });
        assert!(ended, "{events:?}");
    }
}

#[test]
fn what_was_taken_is_deleted_before_the_goodbye() {
    let mut rig = Rig::up();
    rig.modem.store.insert(1, (0, message(b"one", b"")));
    rig.says("+CMTI: \"SM\",1");
    let handle = Rig::handles(&rig.events())[0];
    rig.link.answer(handle, true);
    rig.link.close(rig.now);
    rig.settle();
    assert!(rig.link.is_closed());
    assert!(rig.modem.store.is_empty());
}

#[test]
fn link_that_is_not_up_is_closed_at_once() {
    for seconds in [0, 1, 20] {
        let mut rig = Rig::up();
        rig.modem.deaf_to.push(String::new());
        rig.says("RDY");
        rig.run(seconds * SECOND);
        rig.link.close(rig.now);
        rig.turn();
        assert!(rig.link.is_closed());
    }
}
