//! A card that is changed while the modem runs: nothing goes by the new one on the account of the old one.

use carrack_carrier::modem::{Allowance, Rest, STATUS_NOT_WRITTEN};
use carrack_carrier::{Link, LinkEvent, LinkState, SubmitRefused};

use crate::incoming::message;
use crate::support::*;
use crate::whole_texts::{ended, hand_in};

fn change_card(rig: &mut Rig) {
    rig.modem.iccid_answer = "+CCID: 8949020000087654321".to_owned();
    rig.modem.imsi = "262029876543210".to_owned();
}

/// A text of so many parts whose first has gone; the second has to wait.
fn in_a_text(parts: u64) -> Rig {
    let mut rig = Rig::up();
    hand_in(&mut rig, parts);
    let utc_ns = rig.now.utc_ns + 20 * SECOND;
    let rest = Rest::Minute;
    rig.book.page().allowance = Some(Allowance::NotBefore { utc_ns, rest });
    rig.settle();
    assert_eq!(ended(&mut rig), [(1, None)]);
    rig
}

fn cards_asked(rig: &Rig) -> usize {
    let asked = rig.modem.asked.iter();
    asked.filter(|command| *command == "+CCID").count()
}

#[test]
fn text_in_mid_way_is_given_back_where_the_card_is_another() {
    let mut rig = in_a_text(3);
    rig.says("+CPIN: NOT READY");
    change_card(&mut rig);
    rig.says("+CPIN: READY");
    rig.run(30 * SECOND);
    let expected = [(2, Some(STATUS_NOT_WRITTEN)), (3, Some(STATUS_NOT_WRITTEN))];
    assert_eq!(ended(&mut rig), expected);
    assert_eq!((rig.modem.sent.len(), rig.book.page().spent.len()), (1, 1));
    assert_eq!(rig.book.page().seated.len(), 2);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn text_in_mid_way_is_given_back_where_the_card_is_gone() {
    let mut rig = in_a_text(2);
    rig.modem.sim = "10".to_owned();
    rig.says("+CPIN: NOT READY");
    rig.run(SECOND);
    assert_eq!(rig.link.in_flight(), 0);
    assert_eq!(ended(&mut rig), [(2, Some(STATUS_NOT_WRITTEN))]);
    assert_eq!(rig.link.state(), LinkState::Down);
}

#[test]
fn text_in_mid_way_goes_on_over_the_same_card() {
    let mut rig = in_a_text(3);
    let before = cards_asked(&rig);
    rig.says("+CPIN: NOT READY");
    rig.says("+CPIN: READY");
    assert!(cards_asked(&rig) > before);
    assert_eq!((rig.link.free_slots(), rig.link.in_flight()), (0, 2));
    rig.run(30 * SECOND);
    let events = rig.events();
    assert!(
        !events
            .iter()
            .any(|event| matches!(event, LinkEvent::Down(_))),
        "{events:?}"
    );
    assert_eq!(rig.modem.sent.len(), 3);
}

#[test]
fn nothing_is_taken_between_word_of_a_change_and_a_look_at_the_card() {
    let mut rig = Rig::up();
    rig.modem.deaf_to.push("+CSQ".to_owned());
    rig.until(40 * SECOND, |rig| {
        rig.modem.asked.last().is_some_and(|asked| asked == "+CSQ")
    });
    assert!(rig.link.free_slots() > 0);
    rig.says("+CPIN: NOT READY");
    assert_eq!(rig.link.free_slots(), 0);
    assert_eq!(rig.try_submit(1), Err(SubmitRefused::NotNow));
}

#[test]
fn card_that_is_changed_without_a_word_is_known_before_anything_is_sent() {
    let mut rig = Rig::up();
    rig.modem.registration = 2;
    rig.run(35 * SECOND);
    assert_eq!(rig.link.state(), LinkState::Down);
    change_card(&mut rig);
    rig.modem.registration = 1;
    rig.events();
    let sims = |rig: &Rig| rig.book.page().seated.len();
    while rig.events().is_empty() {
        assert_eq!((rig.link.free_slots(), sims(&rig)), (0, 1));
        rig.run(10 * MS);
        if sims(&rig) == 2 {
            break;
        }
    }
    rig.run(SECOND);
    assert_eq!((rig.link.state(), sims(&rig)), (LinkState::Up, 2));
}

#[test]
fn store_of_another_card_is_not_emptied_for_what_the_first_one_held() {
    let mut rig = Rig::up();
    rig.modem.store.insert(1, (0, message(b"old", b"")));
    rig.says("+CMTI: \"SM\",1");
    let handle = Rig::handles(&rig.events())[0];
    rig.modem.registration = 2;
    rig.run(35 * SECOND);
    change_card(&mut rig);
    rig.modem.store.insert(1, (0, message(b"new", b"")));
    rig.link.answer(handle, true);
    rig.run(4 * SECOND);
    assert_eq!(rig.modem.store.len(), 1);
    rig.modem.registration = 1;
    rig.events();
    rig.run(10 * SECOND);
    let handles = Rig::handles(&rig.events());
    assert_eq!((handles.len(), rig.modem.store.len()), (1, 1));
    rig.link.answer(handles[0], true);
    rig.settle();
    assert!(rig.modem.store.is_empty());
}

#[test]
fn moment_out_of_the_network_is_enough_to_look_at_card_and_store() {
    let mut rig = Rig::up();
    let lists = |rig: &Rig| {
        let asked = rig.modem.asked.iter();
        asked.filter(|command| *command == "+CMGL=4").count()
    };
    let before = (cards_asked(&rig), lists(&rig));
    rig.run(5 * SECOND);
    rig.says("+CREG: 2");
    rig.says("+CREG: 1");
    rig.run(2 * SECOND);
    assert_eq!(
        (cards_asked(&rig), lists(&rig)),
        (before.0 + 1, before.1 + 1)
    );
    assert_eq!(rig.link.state(), LinkState::Up);
    // And no oftener than that.
    rig.says("+CREG: 1");
    rig.run(40 * SECOND);
    assert_eq!(cards_asked(&rig), before.0 + 1);
}
