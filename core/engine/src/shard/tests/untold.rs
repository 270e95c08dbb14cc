//! Ends whose customer is away: little of each in memory, told in order when he comes, given up by age.

use std::sync::atomic::Ordering;

use carrack_message::ReceiptState;
use carrack_message::mo::MoWay;
use carrack_message::record::{ReceiptWish, RecordView};

use super::rig::{ACCOUNT, NORTH, Rig, SECOND, directory, settings};
use super::told::BIND;
use crate::notice::{Ending, Notice};
use crate::settings::EngineSettings;
use crate::submission::Submission;

fn rig(untold_live_max: usize) -> Rig {
    Rig::with(EngineSettings {
        untold_live_max,
        tell_within_ns: 60 * SECOND,
        ..settings()
    })
}

/// So many messages that end one after the other; their recipients say which.
fn end(rig: &mut Rig, from: u64, count: u64) {
    for last in from..from + count {
        let submission = Submission {
            wants_receipt: ReceiptWish::Always,
            ..rig.submission_to("hello", last)
        };
        rig.hand_in(vec![submission], None);
        rig.settle();
        rig.answer(NORTH, &format!("n{last}"));
        rig.receipt(NORTH, &format!("n{last}"), ReceiptState::Delivered);
        rig.settle();
    }
}

fn heard(taken: &std::sync::Mutex<Vec<Notice>>) -> Vec<u64> {
    let taken = taken.lock().unwrap();
    let last = |ending: &Ending| ending.to.as_u64() % 1000;
    taken.iter().filter_map(Notice::ending).map(last).collect()
}

fn told(rig: &Rig) -> usize {
    rig.records(|record| matches!(record, RecordView::Told(_)))
}

fn counted(rig: &Rig) -> u64 {
    let directory = rig.shared.directory();
    let account = directory.account(ACCOUNT).unwrap();
    account.waiting.load(Ordering::Relaxed)
}

#[test]
fn ends_of_an_absent_customer_leave_memory_and_are_told_in_order_when_he_comes() {
    let mut rig = rig(128);
    end(&mut rig, 1, 30);
    assert_eq!(rig.shard.outbox.waiting(), 30);
    assert!(rig.shard.live.len() <= 3, "{} live", rig.shard.live.len());
    let taken = rig.subscribe(MoWay::Bind, 1, 4);
    let mut all = Vec::new();
    for _ in 0..20 {
        rig.settle();
        all.extend(heard(&taken));
        let keys: Vec<_> = taken.lock().unwrap().drain(..).map(|n| n.key).collect();
        for key in keys {
            rig.shard.told(rig.now, key);
        }
    }
    assert_eq!(all, (1..=30).collect::<Vec<_>>());
    assert_eq!((told(&rig), rig.shard.outbox.waiting()), (30, 0));
    rig.assert_nothing_kept();
    assert_eq!(counted(&rig), 0);
}

#[test]
fn crash_tells_all_that_was_not_taken_and_nothing_that_was() {
    let mut rig = rig(128);
    end(&mut rig, 1, 20);
    let taken = rig.subscribe(MoWay::Bind, 1, 7);
    rig.settle();
    let first: Vec<_> = taken.lock().unwrap().drain(..3).map(|n| n.key).collect();
    for key in first {
        rig.shard.told(rig.now, key);
    }
    rig.settle();
    let mut rig = rig.crash();
    assert_eq!(rig.shard.live.len(), 0, "they wait in the log");
    let taken = rig.subscribe(MoWay::Bind, 2, 100);
    rig.settle();
    assert_eq!(heard(&taken), (4..=20).collect::<Vec<_>>());
}

#[test]
fn end_that_nobody_took_in_time_is_given_up_and_holds_no_place() {
    let mut rig = rig(128);
    rig.shared.replace_tables(directory(), rig.shared.table());
    end(&mut rig, 1, 12);
    assert_eq!(counted(&rig), 12);
    let taken = rig.subscribe(MoWay::Bind, 1, 2);
    rig.settle();
    assert_eq!(heard(&taken).len(), 2);
    for _ in 0..200 {
        rig.after(SECOND);
    }
    let given_up = |rig: &Rig| rig.records(|record| matches!(record, RecordView::GivenUp(_)));
    assert_eq!(given_up(&rig), 12, "what he has in hand too");
    let late: Vec<_> = taken.lock().unwrap().drain(..).map(|n| n.key).collect();
    for key in late {
        rig.shard.told(rig.now, key);
    }
    rig.shard.revoke(BIND, 1);
    rig.settle();
    assert_eq!(told(&rig), 0);
    assert_eq!(counted(&rig), 0);
    rig.assert_nothing_kept();
    let mut rig = rig.crash();
    let taken = rig.subscribe(MoWay::Bind, 2, 100);
    rig.settle();
    assert!(heard(&taken).is_empty());
}
