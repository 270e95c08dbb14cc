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
