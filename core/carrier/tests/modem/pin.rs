//! A SIM that is locked gets its PIN once, and never a second time.

use carrack_carrier::modem::Order;
use carrack_carrier::{Link, LinkState};

use crate::fake::Fake;
use crate::support::*;

fn locked(pin: &str) -> Fake {
    Fake {
        sim: "SIM PIN".to_owned(),
        pin: pin.to_owned(),
        ..Fake::default()
    }
}

fn tries(rig: &Rig) -> usize {
    let asked = rig.modem.asked.iter();
    asked
        .filter(|command| command.starts_with("+CPIN="))
        .count()
}

#[test]
fn right_pin_opens_the_sim() {
    let mut rig = Rig::new(spec(), locked("1234"));
    rig.book.page().pin = Some("1234".to_owned());
    rig.run(5 * SECOND);
    assert_eq!(rig.link.state(), LinkState::Up);
    assert_eq!(tries(&rig), 1);
}

#[test]
fn wrong_pin_is_tried_once_whatever_happens_after() {
    let mut rig = Rig::new(spec(), locked("1234"));
    rig.book.page().pin = Some("9999".to_owned());
    rig.run(600 * SECOND);
    rig.says("RDY");
    rig.run(600 * SECOND);
    rig.cut();
    rig.run(600 * SECOND);
    assert_eq!((tries(&rig), rig.modem.pin_tries), (1, 2));
    assert!(
        rig.panel.view().alert.contains("PIN"),
        "{:?}",
        rig.panel.view()
    );
    assert_eq!(rig.link.state(), LinkState::Down);
}

#[test]
fn pin_is_not_tried_where_a_try_is_missing_already() {
    let mut rig = Rig::new(
        spec(),
        Fake {
            pin_tries: 2,
            ..locked("1234")
        },
    );
    rig.book.page().pin = Some("9999".to_owned());
    rig.run(600 * SECOND);
    assert_eq!(tries(&rig), 0);
    assert!(rig.panel.view().alert.contains("wrong PIN"));
}

#[test]
fn pin_that_was_not_answered_is_not_tried_again() {
    let mut rig = Rig::new(spec(), locked("1234"));
    rig.book.page().pin = Some("1234".to_owned());
    rig.modem.deaf_to.push("+CPIN=".to_owned());
    rig.run(600 * SECOND);
    assert_eq!(tries(&rig), 1);
}

/// A modem that is lost each time it is given a PIN.
fn deaf_to_pins(pin: &str) -> Rig {
    let mut rig = Rig::new(spec(), locked("1234"));
    rig.modem.refuses.push("+CPINR");
    rig.modem.deaf_to.push("+CPIN=".to_owned());
    rig.book.page().pin = Some(pin.to_owned());
    rig.until(60 * SECOND, |rig| tries(rig) == 1);
    rig
}

#[test]
fn pin_whose_outcome_was_lost_with_the_port_or_in_a_restart_is_not_given_again() {
    let mut rig = deaf_to_pins("9999");
    rig.cut();
    rig.modem.deaf_to.clear();
    rig.run(600 * SECOND);
    assert_eq!(tries(&rig), 1, "the port was lost");
    assert!(rig.panel.view().alert.contains("PIN"));

    let mut rig = deaf_to_pins("9999");
    rig.says("RDY");
    rig.modem.deaf_to.clear();
    rig.run(600 * SECOND);
    assert_eq!(tries(&rig), 1, "it began anew");
}

#[test]
fn pin_is_taken_down_before_it_is_written() {
    let mut rig = Rig::new(spec(), locked("1234"));
    rig.book.page().pin = Some("9999".to_owned());
    rig.until(60 * SECOND, |rig| !rig.book.page().given.is_empty());
    let mut rig = deaf_to_pins("9999").linked_anew();
    rig.modem.deaf_to.clear();
    rig.run(600 * SECOND);
    assert_eq!(tries(&rig), 1, "another link, as after a plug or a restart");
}

#[test]
fn modem_that_takes_a_pin_and_stays_locked_is_not_given_it_again() {
    let mut rig = Rig::new(spec(), locked("1234"));
    rig.modem.says_ok_to_pins = true;
    rig.book.page().pin = Some("9999".to_owned());
    rig.run(600 * SECOND);
    assert_eq!(tries(&rig), 1);
}

#[test]
fn another_pin_is_given_once_and_another_card_too() {
    let mut rig = Rig::new(spec(), locked("1234"));
    rig.book.page().pin = Some("9999".to_owned());
    rig.run(60 * SECOND);
    assert_eq!((tries(&rig), rig.modem.pin_tries), (1, 2));
    // Mended: the try that is missing is ours.
    rig.book.page().pin = Some("1234".to_owned());
    rig.until(40 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert!(rig.book.page().given.is_empty(), "READY forgets them");

    let mut rig = deaf_to_pins("9999");
    rig.cut();
    rig.modem.deaf_to.clear();
    rig.modem.iccid_answer = "+CCID: 8949020000099999999".to_owned();
    rig.run(600 * SECOND);
    assert_eq!(tries(&rig), 2);
}

#[test]
fn reset_by_order_lets_a_pin_be_given_once_more() {
    let mut rig = deaf_to_pins("1234");
    rig.cut();
    rig.modem.deaf_to.clear();
    rig.run(60 * SECOND);
    assert_eq!((tries(&rig), rig.link.state()), (1, LinkState::Down));
    let answered = Box::new(|answer: Result<_, _>| assert!(answer.is_ok()));
    rig.panel.order(Order::Reset, answered).unwrap();
    rig.until(60 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert_eq!(tries(&rig), 2);
}

#[test]
fn modem_without_a_sim_says_so_and_comes_up_when_there_is_one() {
    let mut rig = Rig::new(
        spec(),
        Fake {
            sim: "10".to_owned(),
            ..Fake::default()
        },
    );
    rig.run(60 * SECOND);
    assert!(
        rig.panel.view().alert.contains("no SIM"),
        "{:?}",
        rig.panel.view()
    );
    rig.modem.sim = "READY".to_owned();
    rig.until(31 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert_eq!(rig.panel.view().alert, "");
}

#[test]
fn sim_that_is_busy_after_a_start_is_asked_again() {
    let mut rig = Rig::new(
        spec(),
        Fake {
            sim: "14".to_owned(),
            ..Fake::default()
        },
    );
    rig.run(6 * SECOND);
    rig.modem.sim = "READY".to_owned();
    rig.until(3 * SECOND, |rig| rig.link.state() == LinkState::Up);
}

#[test]
fn other_sim_in_the_same_modem_takes_its_own_place() {
    let mut rig = Rig::up();
    rig.modem.iccid_answer = "+CCID: 8949020000099999999".to_owned();
    rig.modem.imsi = "262020000000001".to_owned();
    rig.says("+CPIN: NOT READY");
    rig.run(10 * SECOND);
    assert_eq!(rig.book.page().seated.len(), 2);
    assert_eq!(rig.panel.view().iccid, "…999999");
}
