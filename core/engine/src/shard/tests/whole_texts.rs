//! Carriers whose links are senders of their own: a handset joins only what came over one of them.

use carrack_carrier::Disposition;

use super::rig::{NORTH, Rig, SECOND, SOUTH, TWIN, settings};
use crate::rules::CarrierRules;

/// Three parts of one letter.
fn text(letter: &str) -> String {
    letter.repeat(400)
}

fn rig() -> Rig {
    let rules = CarrierRules {
        whole_texts: true,
        ..CarrierRules::default()
    };
    let mut rig = Rig::with_rules(settings(), rules);
    rig.up(NORTH);
    rig.up(TWIN);
    rig
}

/// The letters of what a wire was sent.
fn letters(rig: &Rig, wire: usize) -> String {
    let sent = rig.sent(wire);
    let last = |sent: &String| sent.chars().next_back();
    sent.iter().filter_map(last).collect()
}

#[test]
fn all_parts_of_a_text_go_over_one_link_and_the_next_text_over_another() {
    let mut rig = rig();
    rig.accept(&[&text("a"), &text("b"), "c", "d"]);
    let (north, twin) = (letters(&rig, NORTH), letters(&rig, TWIN));
    assert!(
        north.contains("aaa") && twin.contains("bbb")
            || north.contains("bbb") && twin.contains("aaa"),
        "{north} {twin}"
    );
    assert_eq!(north.len() + twin.len(), 8);
}

#[test]
fn a_text_of_which_one_part_was_refused_goes_again_as_a_whole_over_one_link() {
    let mut rig = rig();
    rig.accept(&[&text("a")]);
    let first = if rig.open(NORTH) > 0 { NORTH } else { TWIN };
    assert_eq!(rig.open(first), 3);
    rig.answer(first, "n1");
    rig.refuse(first, 8, Disposition::RetryHere);
    rig.settle();
    rig.after(120 * SECOND);
    rig.settle();
    assert_eq!(
        rig.open(NORTH) + rig.open(TWIN),
        1,
        "one part has no answer yet"
    );
    rig.answer(first, "n3");
    rig.settle();
    rig.after(120 * SECOND);
    rig.settle();
    let mut open = [rig.open(NORTH), rig.open(TWIN)];
    open.sort_unstable();
    assert_eq!(open, [0, 3]);
}

#[test]
fn a_text_that_no_link_takes_whole_goes_to_another_carrier_and_others_do_not_wait_for_it() {
    let mut rig = rig();
    rig.up(SOUTH);
    for wire in [NORTH, TWIN] {
        rig.wires[wire].borrow_mut().slots = Some(2);
    }
    rig.accept(&[&text("a"), "b", "c", "d"]);
    assert_eq!(letters(&rig, SOUTH), "aaa");
    assert_eq!(rig.open(NORTH) + rig.open(TWIN), 3);
}

#[test]
fn a_text_waits_for_a_link_that_has_room_for_all_of_it() {
    let mut rig = rig();
    for wire in [NORTH, TWIN] {
        rig.wires[wire].borrow_mut().slots = Some(3);
    }
    rig.accept(&["b", "c", &text("a")]);
    assert_eq!(rig.open(NORTH) + rig.open(TWIN), 2);
    assert_eq!(rig.open(SOUTH), 0);
    rig.answer(NORTH, "n1");
    rig.settle();
    assert_eq!(letters(&rig, NORTH).matches('a').count(), 3);
}

#[test]
fn what_a_link_gave_back_unwritten_is_held_against_no_carrier() {
    let mut rig = rig();
    rig.up(SOUTH);
    // A bad text of three parts: one is the message's fault, and those behind it are given back. Twice what opens a breaker.
    for _ in 0..40 {
        rig.accept(&[&text("a")]);
        let wire = if rig.open(NORTH) > 0 { NORTH } else { TWIN };
        assert_eq!(rig.open(wire), 3, "the carrier is still asked");
        rig.refuse(wire, 1, Disposition::MessageFault);
        rig.refuse(wire, 20_000, Disposition::NotWritten);
        rig.refuse(wire, 20_000, Disposition::NotWritten);
        rig.settle();
    }
    assert_eq!(rig.open(NORTH) + rig.open(TWIN) + rig.open(SOUTH), 0);
    rig.accept(&["b"]);
    assert_eq!((rig.open(NORTH) + rig.open(TWIN), rig.open(SOUTH)), (1, 0));
}

#[test]
fn a_carrier_that_gives_all_back_unwritten_is_left_for_another() {
    let mut rig = rig();
    rig.up(SOUTH);
    rig.accept(&["a"]);
    for _ in 0..20 {
        for wire in [NORTH, TWIN] {
            if rig.open(wire) > 0 {
                rig.refuse(wire, 20_000, Disposition::NotWritten);
            }
        }
        rig.settle();
        rig.after(120 * SECOND);
        if rig.open(SOUTH) == 1 {
            return;
        }
    }
    panic!("it stays where nothing is written");
}
