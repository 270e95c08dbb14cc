//! What a text of several segments may have, and that one that has begun is not ended by its own recipient.

use std::time::Duration;

use carrack_settings::SimTerms;

use super::{HOUR, MINUTE, MONDAY, SECOND, book, seated, sends, sends_for, to};
use crate::modem::{Allowance, Rest, SimDesk, SimEvent};

#[test]
fn a_text_that_has_begun_is_not_ended_by_its_own_recipient() {
    let book = book(&SimTerms {
        per_minute: 60,
        recipients_per_month: Some(2),
        ..SimTerms::default()
    });
    let sim = seated(&book, 1);
    assert!(sends(&book, sim, 1, MONDAY));
    assert!(sends(&book, sim, 2, MONDAY + MINUTE));
    for part in 2..5 {
        let at = MONDAY + part * MINUTE;
        assert_eq!(book.spend_more(sim, to(2), at), Allowance::Now);
    }
    let rests = book.spend(sim, to(2), MONDAY + 6 * MINUTE);
    assert!(
        matches!(
            rests,
            Allowance::NotBefore {
                rest: Rest::Recipients,
                ..
            }
        ),
        "{rests:?}"
    );
    let view = book.view(sim, MONDAY + 6 * MINUTE).unwrap();
    assert_eq!((view.month.used, view.recipients.used), (5, 2));
}

#[test]
fn other_caps_hold_in_the_middle_of_a_text() {
    let book = book(&SimTerms {
        per_minute: 60,
        per_day: Some(2),
        ..SimTerms::default()
    });
    let sim = seated(&book, 1);
    let at = sends_for(&book, sim, 2, MONDAY);
    let rests = book.spend_more(sim, to(1), at);
    assert!(
        matches!(
            rests,
            Allowance::NotBefore {
                rest: Rest::Day,
                ..
            }
        ),
        "{rests:?}"
    );
}

#[test]
fn a_turn_that_was_idle_for_a_rest_has_room_for_a_whole_one() {
    let book = book(&SimTerms {
        rest_after: Some(10),
        rest: Duration::from_secs(600),
        ..SimTerms::default()
    });
    let sim = seated(&book, 1);
    let at = sends_for(&book, sim, 9, MONDAY) - 4 * SECOND;
    assert_eq!(book.room(sim, at + MINUTE), 1);
    assert_eq!(book.room(sim, at + 10 * MINUTE - SECOND), 1);
    assert_eq!(book.room(sim, at + 10 * MINUTE), 10);
    assert_eq!(
        sends_for(&book, sim, 10, at + HOUR),
        at + HOUR + 40 * SECOND
    );
}

#[test]
fn a_trial_has_room_for_one_segment() {
    let book = book(&SimTerms::default());
    let sim = seated(&book, 1);
    for minute in 0..5 {
        let at = MONDAY + minute * MINUTE;
        assert!(sends(&book, sim, minute, at));
        book.note(sim, SimEvent::Refused { cms: 21 }, at + SECOND);
    }
    let trial = MONDAY + 7 * HOUR;
    assert_eq!(book.allowance(sim, trial), Allowance::Now);
    assert_eq!(book.room(sim, trial), 1);
    assert!(sends(&book, sim, 1, trial));
    book.note(sim, SimEvent::Accepted, trial + SECOND);
    assert_eq!(book.room(sim, trial + MINUTE), u32::MAX);
}
