//! A PIN is given once to a card, over modems and restarts, until the card is unlocked.

use carrack_settings::SimTerms;

use super::{MONDAY, Shared, book, card, open};
use crate::modem::{SimDesk, SimIdentity};

/// What a card tells that is locked.
fn locked(number: u64) -> SimIdentity {
    SimIdentity {
        imsi: None,
        ..card(number)
    }
}

#[test]
fn a_pin_is_given_once_to_a_card_in_whichever_modem_and_after_a_restart() {
    let (pages, terms) = (Shared::new(), SimTerms::default());
    let first = open(&pages, &terms);
    assert!(first.give_pin(("rack", "m1"), &locked(1), "9999", MONDAY));
    assert!(!first.give_pin(("rack", "m2"), &locked(1), "9999", MONDAY));
    assert!(first.give_pin(("rack", "m1"), &locked(2), "9999", MONDAY));
    drop(first);
    let second = open(&pages, &terms);
    assert_eq!(second.pins_given("m1", &locked(1)), 1);
    assert!(!second.give_pin(("rack", "m1"), &locked(1), "9999", MONDAY));
    // Another one, and no third: that would lock it.
    assert!(second.give_pin(("rack", "m1"), &locked(1), "1234", MONDAY));
    assert!(!second.give_pin(("rack", "m1"), &locked(1), "4321", MONDAY));
    // Unlocked, it tells its subscriber as well: it is the same card.
    second.seat("rack", "m1", &card(1), MONDAY);
    second.forget_pins("m1", &card(1));
    drop(second);
    let third = open(&pages, &terms);
    assert_eq!(third.pins_given("m1", &locked(1)), 0);
    assert_eq!(third.pins_given("m1", &locked(2)), 1);
    assert!(third.give_pin(("rack", "m1"), &locked(1), "9999", MONDAY));
}

#[test]
fn a_card_that_tells_nothing_is_known_by_its_modem() {
    let (book, nobody) = (book(&SimTerms::default()), SimIdentity::default());
    assert!(book.give_pin(("rack", "m1"), &nobody, "9999", MONDAY));
    assert!(!book.give_pin(("rack", "m1"), &nobody, "9999", MONDAY));
    assert!(book.give_pin(("rack", "m2"), &nobody, "9999", MONDAY));
    assert_eq!(book.list(MONDAY).len(), 0);
    book.forget_pins("m1", &card(7));
    assert!(book.give_pin(("rack", "m1"), &nobody, "9999", MONDAY));
}

#[test]
fn cards_without_a_place_are_given_a_pin_once_as_well() {
    let book = book(&SimTerms::default());
    for number in 0..12 {
        assert!(book.give_pin(("rack", "m1"), &locked(number), "9999", MONDAY));
        assert!(!book.give_pin(("rack", "m1"), &locked(number), "9999", MONDAY));
    }
    book.forget_pins("m1", &locked(11));
    assert!(book.give_pin(("rack", "m1"), &locked(11), "9999", MONDAY));
}
