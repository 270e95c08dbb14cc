//! Messages that a customer knows by one id, and customers who ask for some ends only.

use std::sync::Mutex;

use carrack_message::mo::MoWay;
use carrack_message::record::ReceiptWish;
use carrack_message::{MessageId, ReceiptState, Status};

use super::rig::{MS, NORTH, Rig, SECOND, SOUTH, settings};
use crate::notice::Notice;
use crate::settings::EngineSettings;
use crate::submission::{Group, Submission, ToldAs, Verdict};

fn group(number: u32) -> Option<Group> {
    Some(Group {
        number,
        told_as: ToldAs::First(|id| id.hex().to_vec()),
    })
}

fn grouped(rig: &Rig, number: u32, last: u64) -> Submission {
    Submission {
        wants_receipt: ReceiptWish::Always,
        group: group(number),
        ..rig.submission_to("hello", last)
    }
}

fn ids(given: &Mutex<Vec<Verdict>>) -> Vec<Option<MessageId>> {
    let given = given.lock().unwrap();
    let id = |verdict: &Verdict| match verdict {
        Verdict::Accepted(id) | Verdict::Repeated(id, _) => Some(*id),
        Verdict::Refused(_) => None,
    };
    given.iter().map(id).collect()
}

/// The carrier takes and delivers all that it is given.
fn deliver_all(rig: &mut Rig) {
    rig.settle();
    let mut given = 0;
    while rig.open(NORTH) > 0 {
        let id = format!("n{given}");
        rig.answer(NORTH, &id);
        rig.settle();
        rig.receipt(NORTH, &id, ReceiptState::Delivered);
        rig.settle();
        given += 1;
    }
}

/// What was told, and of whom.
fn told(taken: &Mutex<Vec<Notice>>) -> Vec<(u64, Vec<u8>)> {
    let taken = taken.lock().unwrap();
    let mut told: Vec<_> = taken
        .iter()
        .filter_map(Notice::ending)
        .map(|ending| (ending.to.as_u64() % 100, ending.told_as.clone()))
        .collect();
    told.sort();
    told
}

#[test]
fn group_is_told_under_the_id_of_its_first_accepted_and_others_under_their_own() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Bind, 1, 100);
    let alone = Submission {
        group: None,
        ..grouped(&rig, 0, 1)
    };
    let nobodys = Submission {
        account: u32::MAX,
        ..grouped(&rig, 1, 2)
    };
    let chunk = vec![
        alone,
        nobodys,
        grouped(&rig, 1, 3),
        grouped(&rig, 1, 4),
        grouped(&rig, 2, 5),
        grouped(&rig, 2, 6),
    ];
    let given = rig.hand_in(chunk, None);
    deliver_all(&mut rig);
    let ids = ids(&given);
    assert_eq!(ids[1], None);
    let (first, second) = (ids[2].unwrap(), ids[4].unwrap());
    assert_eq!(
        ids[3].unwrap().0,
        first.0 + 1,
        "ids of a group follow each other"
    );
    let (first, second) = (first.hex().to_vec(), second.hex().to_vec());
    assert_eq!(
        told(&taken),
        [
            (1, Vec::new()),
            (3, first.clone()),
            (4, first),
            (5, second.clone()),
            (6, second)
        ]
    );
}

#[test]
fn group_that_was_given_a_text_is_told_by_it_whichever_is_accepted_first_and_after_a_crash() {
    for crash in [false, true] {
        let mut rig = Rig::new();
        let given = |rig: &Rig, number, text: &[u8; 8], last| Submission {
            group: Some(Group {
                number,
                told_as: ToldAs::Given(*text),
            }),
            ..grouped(rig, number, last)
        };
        let nobodys = Submission {
            account: u32::MAX,
            ..given(&rig, 1, b"0000A001", 2)
        };
        let chunk = vec![
            nobodys,
            given(&rig, 1, b"0000A001", 3),
            given(&rig, 1, b"0000A001", 4),
            given(&rig, 2, b"0000A002", 5),
        ];
        rig.hand_in(chunk, None);
        rig.settle();
        if crash {
            rig = rig.crash();
            rig.up(NORTH);
            rig.after(2 * SECOND);
            rig.after(3600 * SECOND);
        }
        deliver_all(&mut rig);
        // Taken after another crash: the customer was not there.
        let mut rig = rig.crash();
        let taken = rig.subscribe(MoWay::Bind, 1, 100);
        rig.settle();
        let mut told = told(&taken);
        told.dedup();
        let text = |text: &[u8]| text.to_vec();
        assert_eq!(
            told,
            [
                (3, text(b"0000A001")),
                (4, text(b"0000A001")),
                (5, text(b"0000A002"))
            ]
        );
    }
}

#[test]
fn group_of_another_chunk_is_another_group() {
    let mut rig = Rig::new();
    let taken = rig.subscribe(MoWay::Bind, 1, 100);
    let chunk = vec![grouped(&rig, 1, 1)];
    let one = rig.hand_in(chunk, None);
    let chunk = vec![grouped(&rig, 1, 2)];
    let other = rig.hand_in(chunk, None);
    deliver_all(&mut rig);
    let hex = |given| ids(given)[0].unwrap().hex().to_vec();
    assert_eq!(told(&taken), [(1, hex(&one)), (2, hex(&other))]);
}

#[test]
fn group_is_told_under_its_id_after_crashes_at_every_stage() {
    let mut rig = Rig::new();
    let chunk = (1..=4).map(|last| grouped(&rig, 1, last)).collect();
    let given = rig.hand_in(chunk, None);
    rig.settle();
    let id = ids(&given)[0].unwrap().hex().to_vec();
    // In a window, then waiting for its receipt, then untold.
    for stage in 0..3 {
        rig = rig.crash();
        rig.up(NORTH);
        rig.after(2 * SECOND);
        rig.settle();
        if stage == 1 {
            rig.after(3600 * SECOND);
            deliver_all(&mut rig);
        }
    }
    let taken = rig.subscribe(MoWay::Bind, 9, 100);
    rig.settle();
    let told = told(&taken);
    assert!(!told.is_empty());
    assert!(told.iter().all(|(_, told_as)| *told_as == id), "{told:?}");
}

#[test]
fn group_that_waited_in_the_log_or_on_the_shelf_is_told_under_its_id() {
    let mut rig = Rig::with(EngineSettings {
        lane_live_max: 2,
        receipt_in_memory_ns: SECOND,
        ..settings()
    });
    rig.down(NORTH);
    rig.down(SOUTH);
    rig.turn();
    let later = rig.now.utc_ns + 60 * SECOND;
    let chunk = (1..=12).map(|last| Submission {
        send_at_utc_ns: if last > 8 { later } else { 0 },
        ..grouped(&rig, 1, last)
    });
    let chunk = chunk.collect();
    let given = rig.hand_in(chunk, None);
    rig.settle();
    assert!(rig.shard.live.len() < 8, "the rest waits elsewhere");
    let id = ids(&given)[0].unwrap().hex().to_vec();
    rig.after(61 * SECOND);
    rig.after(200 * MS);
    rig.settle();
    rig.up(NORTH);
    let mut given = 0;
    for _ in 0..100 {
        rig.after(10 * MS);
        while rig.open(NORTH) > 0 {
            rig.answer(NORTH, &format!("n{given}"));
            given += 1;
        }
    }
    assert_eq!(given, 12);
    // All receipts take long.
    rig.after(2 * SECOND);
    rig.after(200 * MS);
    rig.settle();
    assert_eq!(rig.shard.live.len(), 0);
    let taken = rig.subscribe(MoWay::Bind, 1, 100);
    for number in 0..given {
        rig.receipt(NORTH, &format!("n{number}"), ReceiptState::Delivered);
        rig.settle();
    }
    let expected: Vec<_> = (1..=12).map(|last| (last, id.clone())).collect();
    assert_eq!(told(&taken), expected);
}

#[test]
fn customer_is_told_the_ends_that_he_asked_for() {
    let wishes = [
        ReceiptWish::Never,
        ReceiptWish::Always,
        ReceiptWish::Failure,
        ReceiptWish::Success,
    ];
    for crash in [false, true] {
        let mut rig = Rig::new();
        // Of each wish one that is delivered and one that is not.
        let both = wishes.iter().chain(&wishes);
        let chunk = both.zip(1..).map(|(wish, last)| Submission {
            wants_receipt: *wish,
            ..rig.submission_to("hello", last)
        });
        let chunk = chunk.collect();
        let given = rig.hand_in(chunk, None);
        rig.settle();
        for number in 0..8 {
            rig.answer(NORTH, &format!("n{number}"));
            rig.settle();
        }
        if crash {
            rig = rig.crash();
            rig.up(NORTH);
            rig.settle();
        }
        let taken = rig.subscribe(MoWay::Bind, 1, 100);
        for number in 0..8 {
            let state = match number < 4 {
                true => ReceiptState::Delivered,
                false => ReceiptState::Undeliverable,
            };
            rig.receipt(NORTH, &format!("n{number}"), state);
            rig.settle();
        }
        let ids = ids(&given);
        let mut heard: Vec<_> = taken
            .lock()
            .unwrap()
            .iter()
            .filter_map(Notice::ending)
            .map(|ending| (ending.id, ending.status))
            .collect();
        heard.sort_by_key(|(id, _)| *id);
        let expected = [
            (ids[1].unwrap(), Status::Delivered),
            (ids[3].unwrap(), Status::Delivered),
            (ids[5].unwrap(), Status::Undelivered),
            (ids[6].unwrap(), Status::Undelivered),
        ];
        assert_eq!(heard, expected);
        assert_eq!(rig.finals().len(), 8);
        assert_eq!(
            rig.shard.live.len(),
            4,
            "nothing is kept of what is not told"
        );
    }
}
