//! Segments of a text that are handed in together go one behind the other over one modem, or are given back together.

use carrack_carrier::modem::{
    Allowance, BalanceQuestion, ModemSpec, Rest, STATUS_NOT_ALLOWED, STATUS_NOT_WRITTEN,
};
use carrack_carrier::{Link, LinkEvent, SubmitRefused};

use crate::fake::Fake;
use crate::support::*;

/// Hands in a text of so many segments in one turn.
pub fn hand_in(rig: &mut Rig, segments: u64) {
    let from = sender();
    for ticket in 1..=segments {
        let segment = text(&from, b"part");
        assert_eq!(rig.link.submit(rig.now, ticket, &segment), Ok(()));
    }
}

/// Tickets that came back, and whether each was accepted.
pub fn ended(rig: &mut Rig) -> Vec<(u64, Option<u32>)> {
    let events = rig.events();
    let ended = events.into_iter().filter_map(|event| match event {
        LinkEvent::Accepted { ticket, .. } => Some((ticket, None)),
        LinkEvent::Refused {
            ticket, refusal, ..
        } => Some((ticket, Some(refusal.status))),
        _ => None,
    });
    ended.collect()
}

#[test]
fn segments_handed_in_together_go_in_their_order_and_nothing_else_is_taken_meanwhile() {
    let mut rig = Rig::up();
    hand_in(&mut rig, 3);
    assert_eq!((rig.link.free_slots(), rig.link.in_flight()), (0, 3));
    rig.turn();
    let from = sender();
    let another = rig.link.submit(rig.now, 9, &text(&from, b"more"));
    assert_eq!(another, Err(SubmitRefused::NotNow), "the text was whole");
    rig.settle();
    assert_eq!(ended(&mut rig), [(1, None), (2, None), (3, None)]);
    assert_eq!((rig.modem.sent.len(), rig.book.page().spent.len()), (3, 3));
    assert!(rig.link.free_slots() > 0);
}

#[test]
fn a_pace_is_waited_for_in_the_middle_of_a_text() {
    let mut rig = Rig::up();
    hand_in(&mut rig, 2);
    let until = rig.now.utc_ns + 4 * SECOND;
    let rest = Rest::Minute;
    rig.book.page().allowance = Some(Allowance::NotBefore {
        utc_ns: until,
        rest,
    });
    rig.settle();
    assert_eq!(ended(&mut rig), [(1, None)]);
    assert_eq!(rig.link.in_flight(), 1);
    rig.run(5 * SECOND);
    assert_eq!(ended(&mut rig), [(2, None)]);
}

#[test]
fn text_whose_recipient_was_the_last_of_the_month_goes_whole() {
    let mut rig = Rig::up();
    hand_in(&mut rig, 3);
    let utc_ns = rig.now.utc_ns + 9_000 * SECOND;
    let rest = Rest::Recipients;
    rig.book.page().spend = Some(Allowance::NotBefore { utc_ns, rest });
    rig.settle();
    assert_eq!(ended(&mut rig), [(1, None), (2, None), (3, None)]);
}

#[test]
fn what_may_not_go_for_long_comes_back_with_all_that_stands_behind_it() {
    let mut rig = Rig::up();
    hand_in(&mut rig, 3);
    let until = rig.now.utc_ns + 4_000 * SECOND;
    let rest = Rest::Day;
    rig.book.page().allowance = Some(Allowance::NotBefore {
        utc_ns: until,
        rest,
    });
    rig.settle();
    let expected = [
        (1, None),
        (2, Some(STATUS_NOT_ALLOWED)),
        (3, Some(STATUS_NOT_WRITTEN)),
    ];
    assert_eq!(ended(&mut rig), expected);
    assert_eq!((rig.modem.sent.len(), rig.link.in_flight()), (1, 0));
}

#[test]
fn a_modem_that_is_lost_in_a_text_gives_back_what_it_was_not_told() {
    let mut rig = Rig::up();
    hand_in(&mut rig, 3);
    rig.cut();
    rig.turn();
    rig.run(SECOND);
    let events = rig.events();
    let of_text = events.iter().filter(|event| {
        matches!(
            event,
            LinkEvent::Refused { .. } | LinkEvent::Unanswered { .. } | LinkEvent::TimedOut { .. }
        )
    });
    assert_eq!(of_text.count(), 3, "{events:?}");
    assert_eq!(rig.link.in_flight(), 0);
}

#[test]
fn no_balance_is_asked_for_between_the_parts_of_a_text() {
    let balance = Some(BalanceQuestion {
        code: "*100#".to_owned(),
        every_ns: 60 * SECOND,
    });
    let modem = Fake {
        ussd: Some("0,\"5.00\",15".to_owned()),
        ..Fake::default()
    };
    let mut rig = Rig::new(ModemSpec { balance, ..spec() }, modem);
    rig.settle();
    // Due two seconds after the text is begun.
    rig.run(58 * SECOND);
    rig.events();
    rig.modem.asked.clear();
    hand_in(&mut rig, 2);
    let until = rig.now.utc_ns + 30 * SECOND;
    let rest = Rest::Minute;
    rig.book.page().allowance = Some(Allowance::NotBefore {
        utc_ns: until,
        rest,
    });
    rig.run(60 * SECOND);
    assert_eq!(ended(&mut rig), [(1, None), (2, None)]);
    let asked = rig.modem.asked.iter();
    let order: Vec<_> = asked
        .filter_map(|command| command.split_once('=').map(|(name, _)| name))
        .filter(|name| matches!(*name, "+CMGS" | "+CUSD"))
        .collect();
    assert_eq!(order, ["+CMGS", "+CMGS", "+CUSD"]);
}
