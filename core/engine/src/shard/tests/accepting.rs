//! The first door.

use carrack_message::Status;
use carrack_message::record::{BatchProgress, RecordView};

use super::rig::{ACCOUNT, NORTH, Rig, directory, directory_with, settings};
use crate::directory::AccountEntry;
use crate::settings::EngineSettings;
use crate::submission::{Refusal, Verdict};

fn progress(rows: u64) -> BatchProgress {
    BatchProgress {
        batch: 9,
        row_first: 1,
        row_next: 1 + rows,
        source_octet: 100,
        source_line: rows + 2,
        errors_octets: 0,
        accepted: 0,
        rejected: 0,
    }
}

#[test]
fn nothing_is_answered_or_sent_before_it_is_durable() {
    let mut rig = Rig::new();
    rig.log.borrow_mut().held = true;
    let submission = rig.submission("hello");
    let given = rig.hand_in(vec![submission], None);
    rig.settle();
    assert!(given.lock().unwrap().is_empty());
    assert_eq!(rig.open(NORTH), 0);
    rig.log.borrow_mut().held = false;
    rig.settle();
    assert!(matches!(given.lock().unwrap()[..], [Verdict::Accepted(_)]));
    assert_eq!(rig.sent(NORTH), ["447700900001|hello"]);
}

#[test]
fn account_that_asked_for_it_is_answered_at_once_and_nothing_is_sent_before_it_is_durable() {
    let mut rig = Rig::new();
    let directory = directory();
    let entry = directory.account(ACCOUNT).unwrap().clone();
    let early = directory_with(AccountEntry {
        acknowledged_early: true,
        ..entry
    });
    rig.shared.replace_tables(early, rig.shared.table());
    rig.log.borrow_mut().held = true;
    let given = rig.hand_in(vec![rig.submission("hello")], None);
    let of_a_file = rig.hand_in(vec![rig.submission("row")], Some(progress(1)));
    let keyed = rig.hand_in(vec![super::keyed::keyed(rig.submission("again"))], None);
    rig.settle();
    assert!(matches!(given.lock().unwrap()[..], [Verdict::Accepted(_)]));
    assert!(of_a_file.lock().unwrap().is_empty());
    assert!(
        keyed.lock().unwrap().is_empty(),
        "whoever repeats it must find it"
    );
    assert_eq!(rig.open(NORTH), 0);
    rig.log.borrow_mut().held = false;
    rig.settle();
    assert_eq!(rig.open(NORTH), 3);
}

#[test]
fn id_says_where_the_record_lies() {
    let mut rig = Rig::new();
    for id in rig.accept(&["one", "two", "three"]) {
        let place = carrack_queue::FrameKey::of_message(id);
        let log = rig.log.borrow();
        let frame = log
            .frames
            .iter()
            .find(|frame| frame.key == place)
            .expect("the frame");
        let reader = carrack_message::record::FrameReader::new(&frame.octets).unwrap();
        let (_, _, record) = reader
            .iter()
            .nth(usize::from(id.parts().index))
            .expect("the record");
        assert!(
            matches!(record.unwrap(), RecordView::Accepted(record) if record.id.to_native() == id.0)
        );
    }
}

#[test]
fn full_queue_refuses_and_frees_its_place_when_a_message_ends() {
    let mut rig = Rig::with(EngineSettings {
        messages_max: 2,
        ..settings()
    });
    rig.accept(&["one", "two"]);
    let submission = rig.submission("three");
    let given = rig.hand_in(vec![submission.clone()], None);
    rig.settle();
    assert_eq!(
        *given.lock().unwrap(),
        [Verdict::Refused(Refusal::QueueFull)]
    );
    rig.answer(NORTH, "a");
    rig.receipt(NORTH, "a", carrack_message::ReceiptState::Delivered);
    rig.settle();
    let given = rig.hand_in(vec![submission], None);
    rig.settle();
    assert!(matches!(given.lock().unwrap()[..], [Verdict::Accepted(_)]));
}

#[test]
fn chunk_with_progress_is_taken_whole_or_not_at_all() {
    let mut rig = Rig::with(EngineSettings {
        messages_max: 2,
        ..settings()
    });
    let rows: Vec<_> = (1..=3)
        .map(|row| crate::submission::Submission {
            batch: Rig::row(9, row),
            ..rig.submission("x")
        })
        .collect();
    let given = rig.hand_in(rows.clone(), Some(progress(3)));
    rig.settle();
    assert!(
        given
            .lock()
            .unwrap()
            .iter()
            .all(|verdict| matches!(verdict, Verdict::Refused(refusal) if refusal.is_temporary()))
    );
    assert!(rig.recovered().progress.is_empty());
    assert_eq!(
        rig.shared
            .waiting
            .load(std::sync::atomic::Ordering::Relaxed),
        0
    );
    rig.hand_in(rows[..2].to_vec(), Some(progress(2)));
    rig.settle();
    let found = rig.recovered();
    assert_eq!(
        (
            found.progress[&9].accepted,
            found.progress[&9].row_next,
            found.count()
        ),
        (2, 3, 2)
    );
}

#[test]
fn refusing_store_refuses_new_work_and_keeps_the_old() {
    let mut rig = Rig::new();
    rig.accept(&["old"]);
    rig.log.borrow_mut().refuses = true;
    let submission = rig.submission("new");
    let given = rig.hand_in(vec![submission], None);
    rig.settle();
    assert!(matches!(
        given.lock().unwrap()[..],
        [Verdict::Refused(Refusal::Store(_))]
    ));
    rig.answer(NORTH, "a");
    rig.receipt(NORTH, "a", carrack_message::ReceiptState::Delivered);
    rig.settle();
    assert_eq!(rig.finals()[0].1, Status::Delivered);
}
