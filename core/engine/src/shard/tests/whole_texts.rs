//! Carriers whose links are senders of their own: a handset joins only what came over one of them.

use std::sync::Arc;
use std::time::Duration;

use carrack_carrier::Disposition;
use carrack_message::{Micros, Msisdn, Network};
use carrack_routing::{CarrierRow, Margin, RouteRow, RouteTable};

use super::limits::{by_sender, from};
use super::rig::{NORTH, Rig, SECOND, SOUTH, TWIN, directory, settings};
use crate::limits::LimitSettings;
use crate::register::{Register, RegisterReply};
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

/// Knows one network of everybody.
#[derive(Debug)]
struct Knows(Network);

impl Register for Knows {
    fn known(&self, _: Msisdn) -> Option<Network> {
        Some(self.0)
    }

    fn ask(&self, _: Msisdn, _: Duration, reply: RegisterReply) {
        reply(Some(self.0));
    }
}

/// Whose recipients are all of this network, and whose second link is at home in one.
fn at_home(recipients: &str, home: &str) -> Rig {
    let mut rig = rig();
    let register: Arc<dyn Register> = Arc::new(Knows(recipients.parse().unwrap()));
    rig.shared.register.set(register).unwrap();
    let carrier = |name: &str| CarrierRow {
        name: name.to_owned(),
        deck: None,
        flat_price: Some(Micros(1)),
        enabled: true,
    };
    let route = RouteRow {
        name: "all".to_owned(),
        carriers: vec![NORTH],
        looks_up: true,
        margin: Margin::Any,
        ..RouteRow::default()
    };
    let carriers = vec![carrier("north"), carrier("south")];
    let table = RouteTable::build(carriers, vec![route]).unwrap();
    rig.shared.replace_tables(directory(), Arc::new(table));
    for wire in [NORTH, TWIN] {
        rig.wires[wire].borrow_mut().slots = Some(4);
    }
    rig.wires[TWIN].borrow_mut().home = home.parse().unwrap();
    rig.settle();
    rig
}

#[test]
fn a_link_that_is_at_home_in_the_recipients_network_is_taken_first_and_others_when_it_has_no_room()
{
    let mut rig = at_home("262-02", "262-02");
    rig.accept(&["a", &text("b")]);
    assert_eq!((rig.open(NORTH), rig.open(TWIN)), (0, 4));
    rig.accept(&["c"]);
    assert_eq!((rig.open(NORTH), rig.open(TWIN)), (1, 4));
}

#[test]
fn links_take_turns_where_none_is_at_home() {
    let mut rig = at_home("262-02", "262-03");
    rig.accept(&["a", "b", "c", "d"]);
    assert_eq!((rig.open(NORTH), rig.open(TWIN)), (2, 2));
}

#[test]
fn a_text_under_a_limit_goes_over_one_link_at_once_and_is_paid_for_by_silence() {
    let rules = CarrierRules {
        whole_texts: true,
        ..CarrierRules::default()
    };
    let mut rig = Rig::with_rules(settings(), rules);
    rig.shared.replace_limits(LimitSettings {
        rules: vec![by_sender(1, 1)],
        ..LimitSettings::default()
    });
    rig.up(NORTH);
    rig.up(TWIN);
    let texts = [from(&rig, "slow1", &text("a")), from(&rig, "slow1", "b")];
    rig.hand_in(texts.into(), None);
    rig.settle();
    let mut open = [rig.open(NORTH), rig.open(TWIN)];
    open.sort_unstable();
    assert_eq!(open, [0, 3], "all of it over one, and nothing else yet");
    rig.after(2 * SECOND);
    rig.settle();
    assert_eq!(
        rig.open(NORTH) + rig.open(TWIN),
        3,
        "three segments, three seconds"
    );
    rig.after(2 * SECOND);
    rig.settle();
    assert_eq!(rig.open(NORTH) + rig.open(TWIN), 4);
}

#[test]
fn a_text_that_is_longer_than_what_any_link_has_left_goes_to_another_carrier() {
    let mut rig = rig();
    rig.up(SOUTH);
    for wire in [NORTH, TWIN] {
        rig.wires[wire].borrow_mut().text_max = Some(2);
    }
    rig.accept(&["b", &text("a"), "c"]);
    assert_eq!(letters(&rig, SOUTH), "aaa");
    assert_eq!(rig.open(NORTH) + rig.open(TWIN), 2);
}

#[test]
fn a_text_that_only_carrier_has_no_room_for_holds_up_nobody_and_goes_when_there_is_room() {
    let mut rig = at_home("262-02", "262-03");
    for wire in [NORTH, TWIN] {
        rig.wires[wire].borrow_mut().text_max = Some(1);
    }
    rig.accept(&[&text("a"), "b", "c"]);
    assert_eq!(rig.open(NORTH) + rig.open(TWIN), 2, "shorter ones go");
    for wire in [NORTH, TWIN] {
        if rig.open(wire) > 0 {
            rig.answer(wire, "n");
        }
        rig.wires[wire].borrow_mut().text_max = None;
    }
    rig.settle();
    rig.after(6 * SECOND);
    rig.settle();
    let mut open =
        [letters(&rig, NORTH), letters(&rig, TWIN)].map(|sent| sent.matches('a').count());
    open.sort_unstable();
    assert_eq!(open, [0, 3]);
}
