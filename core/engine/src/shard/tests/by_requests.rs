//! Ends, and that a carrier has it, told by requests: each until it is taken, of one message in order, whatever is killed.

use std::sync::{Arc, Mutex};

use carrack_carrier::Disposition;
use carrack_message::mo::MoWay;
use carrack_message::record::{ReceiptWish, RecordView};
use carrack_message::{Callback, ReceiptState, StateEvents, Status, write_callback};

use super::rig::{NORTH, Rig, SECOND, settings};
use super::told::BIND;
use crate::notice::{Ending, News, Notice};
use crate::settings::EngineSettings;
use crate::shard::Party;
use crate::submission::Submission;

const WEBHOOK: Party = Party {
    way: MoWay::Webhook,
    ..BIND
};

type Taken = Arc<Mutex<Vec<Notice>>>;

fn asking(rig: &Rig, last: u64, events: StateEvents) -> Submission {
    let mut tlvs = Vec::new();
    assert!(write_callback(&Callback::webhook(events), &mut tlvs));
    Submission {
        tlvs,
        client_ref: Some(format!("ref{last}")),
        batch: Rig::row(7, last),
        ..rig.submission_to("hello", last)
    }
}

fn accepted(rig: &mut Rig, last: u64, events: StateEvents) {
    let submission = asking(rig, last, events);
    rig.hand_in(vec![submission], None);
    rig.settle();
}

fn delivered(rig: &mut Rig, last: u64) {
    rig.answer(NORTH, &format!("n{last}"));
    rig.settle();
    rig.receipt(NORTH, &format!("n{last}"), ReceiptState::Delivered);
    rig.settle();
}

fn ending(news: &News) -> &Ending {
    match news {
        News::End(ending) | News::Submitted(ending) => ending,
        News::Mo(_) => panic!("a message from a handset"),
    }
}

/// Recipient and state of each notice; `first` where it says that submitted was not told.
fn heard(taken: &Taken) -> Vec<(u64, &'static str, bool)> {
    let taken = taken.lock().unwrap();
    let one = |notice: &Notice| {
        let ending = ending(&notice.news);
        let at = ending.at_webhook.as_deref().unwrap();
        (
            ending.to.as_u64() % 1000,
            ending.status.name(),
            at.submitted_first,
        )
    };
    taken.iter().map(one).collect()
}

/// The customer takes all that he was handed.
fn take(rig: &mut Rig, taken: &Taken) -> Vec<(u64, &'static str, bool)> {
    rig.settle();
    let all = heard(taken);
    let keys: Vec<_> = taken.lock().unwrap().drain(..).map(|n| n.key).collect();
    for key in keys {
        rig.shard.told(rig.now, key);
    }
    rig.settle();
    all
}

fn count(rig: &Rig, which: fn(RecordView<'_>) -> bool) -> usize {
    rig.records(which)
}

fn told(rig: &Rig) -> (usize, usize) {
    let ends = count(rig, |record| matches!(record, RecordView::Told(_)));
    let taken = count(rig, |record| matches!(record, RecordView::ToldSubmitted(_)));
    (ends, taken)
}

#[test]
fn an_end_goes_to_the_webhook_with_all_that_its_customer_knows_it_by() {
    let mut rig = Rig::new();
    let (bind, taken) = (
        rig.subscribe(MoWay::Bind, 1, 5),
        rig.subscribe(MoWay::Webhook, 2, 5),
    );
    accepted(&mut rig, 1, StateEvents::FINALS);
    delivered(&mut rig, 1);
    {
        let heard = taken.lock().unwrap();
        let ending = heard[0].ending().unwrap();
        let at = ending.at_webhook.as_deref().unwrap();
        assert_eq!(at.telling.client_ref.as_deref(), Some("ref1"));
        assert_eq!(at.telling.batch, Rig::row(7, 1));
        assert!(ending.taken_utc_ns > 0);
    }
    assert_eq!(take(&mut rig, &taken), [(1, "delivered", false)]);
    assert!(bind.lock().unwrap().is_empty());
    assert_eq!(told(&rig), (1, 0));
    rig.assert_nothing_kept();
}

#[test]
fn what_nobody_asked_for_is_not_told_and_holds_nothing() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Webhook, 1, 5);
    accepted(&mut rig, 1, StateEvents::REJECTED);
    delivered(&mut rig, 1);
    assert!(take(&mut rig, &taken).is_empty());
    accepted(&mut rig, 2, StateEvents::REJECTED);
    rig.refuse(NORTH, 11, Disposition::MessageFault);
    assert_eq!(take(&mut rig, &taken), [(2, "rejected", false)]);
    rig.assert_nothing_kept();
}

#[test]
fn submitted_is_told_before_the_end_and_the_end_waits_for_it() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Webhook, 1, 5);
    accepted(&mut rig, 1, StateEvents::ALL);
    delivered(&mut rig, 1);
    rig.settle();
    assert_eq!(heard(&taken), [(1, "submitted", false)], "its end waits");
    take(&mut rig, &taken);
    assert_eq!(take(&mut rig, &taken), [(1, "delivered", false)]);
    assert_eq!(told(&rig), (1, 1));
    rig.assert_nothing_kept();
}

#[test]
fn submitted_alone_is_told_though_nobody_is_there_until_its_end() {
    let mut rig = Rig::new();
    accepted(&mut rig, 1, StateEvents::SUBMITTED);
    delivered(&mut rig, 1);
    let taken = rig.subscribe(MoWay::Webhook, 1, 5);
    assert_eq!(take(&mut rig, &taken), [(1, "submitted", false)]);
    assert_eq!(take(&mut rig, &taken), [(1, "delivered", false)]);
    rig.assert_nothing_kept();
}

#[test]
fn receipt_that_comes_with_the_answer_swallows_no_submitted() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Webhook, 1, 5);
    accepted(&mut rig, 1, StateEvents::ALL);
    rig.receipt(NORTH, "n1", ReceiptState::Delivered);
    rig.settle();
    rig.answer(NORTH, "n1");
    assert_eq!(take(&mut rig, &taken), [(1, "delivered", true)]);
    rig.assert_nothing_kept();
}

#[test]
fn what_was_handed_and_not_taken_is_handed_to_the_next_in_order() {
    let mut rig = Rig::new();
    let first = rig.subscribe(MoWay::Webhook, 1, 5);
    for last in 1..=3 {
        accepted(&mut rig, last, StateEvents::ALL);
        delivered(&mut rig, last);
    }
    rig.settle();
    assert_eq!(heard(&first).len(), 3);
    rig.shard.revoke(WEBHOOK, 1);
    let second = rig.subscribe(MoWay::Webhook, 2, 5);
    let expected: Vec<_> = (1..=3).map(|last| (last, "submitted", false)).collect();
    assert_eq!(take(&mut rig, &second), expected);
    let expected: Vec<_> = (1..=3).map(|last| (last, "delivered", false)).collect();
    assert_eq!(take(&mut rig, &second), expected);
    rig.assert_nothing_kept();
}

#[test]
fn crash_tells_all_that_was_not_taken_and_nothing_that_was() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Webhook, 1, 9);
    for last in 1..=4 {
        accepted(&mut rig, last, StateEvents::ALL);
    }
    // 1 is told all, 2 that it was submitted, 3 nothing though it ended, 4 is with its carrier.
    delivered(&mut rig, 1);
    take(&mut rig, &taken);
    take(&mut rig, &taken);
    rig.answer(NORTH, "n2");
    take(&mut rig, &taken);
    rig.receipt(NORTH, "n2", ReceiptState::Delivered);
    delivered(&mut rig, 3);
    rig.answer(NORTH, "n4");
    rig.settle();
    let mut rig = rig.crash();
    let taken = rig.subscribe(MoWay::Webhook, 2, 9);
    let mut all = take(&mut rig, &taken);
    all.sort_unstable();
    let expected = [
        (2, "delivered", false),
        (3, "delivered", true),
        (4, "submitted", false),
    ];
    assert_eq!(all, expected);
    rig.up(NORTH);
    rig.receipt(NORTH, "n4", ReceiptState::Delivered);
    assert_eq!(take(&mut rig, &taken), [(4, "delivered", false)]);
    rig.assert_nothing_kept();
    assert_eq!(rig.crash().shard.outbox.waiting(), 0);
}

#[test]
fn ends_of_an_absent_receiver_leave_memory_with_submitted_untold() {
    let mut rig = Rig::with(EngineSettings {
        untold_live_max: 128,
        tell_within_ns: 60 * SECOND,
        ..settings()
    });
    for last in 1..=30 {
        accepted(&mut rig, last, StateEvents::ALL);
        delivered(&mut rig, last);
    }
    assert!(rig.shard.live.len() <= 3, "{} live", rig.shard.live.len());
    let taken = rig.subscribe(MoWay::Webhook, 1, 4);
    let (mut ends, mut submitted) = (Vec::new(), 0);
    for _ in 0..60 {
        for (last, state, first) in take(&mut rig, &taken) {
            submitted += usize::from(state == "submitted") + usize::from(first);
            if state == "delivered" {
                ends.push(last);
            }
        }
    }
    ends.sort_unstable();
    assert_eq!(ends, (1..=30).collect::<Vec<_>>());
    assert_eq!(submitted, 30, "each once, before its end or with it");
    rig.assert_nothing_kept();
}

#[test]
fn both_ways_of_an_account_are_told_their_own_messages() {
    let mut rig = Rig::new();
    let bind = rig.subscribe(MoWay::Bind, 1, 5);
    let taken = rig.subscribe(MoWay::Webhook, 2, 5);
    accepted(&mut rig, 1, StateEvents::FINALS);
    delivered(&mut rig, 1);
    let submission = Submission {
        wants_receipt: ReceiptWish::Always,
        ..rig.submission_to("hello", 2)
    };
    rig.hand_in(vec![submission], None);
    rig.settle();
    delivered(&mut rig, 2);
    assert_eq!(take(&mut rig, &taken), [(1, "delivered", false)]);
    let binds: Vec<Status> = {
        let bind = bind.lock().unwrap();
        bind.iter().map(|n| n.ending().unwrap().status).collect()
    };
    assert_eq!(binds, [Status::Delivered]);
}
