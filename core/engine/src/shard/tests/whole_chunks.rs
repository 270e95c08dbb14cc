//! Chunks that are taken whole or not at all find room for all of it, or none of it is written.

use carrack_message::record::{Accepted, BatchProgress, BatchRow, Body, FrameWriter, ReceiptWish};
use carrack_message::{Class, Micros, Msisdn, Sender};
use proptest::prelude::*;

use super::rig::{ACCOUNT, Rig, directory, directory_with};
use crate::directory::AccountEntry;
use crate::submission::{Chunk, Refusal, Submission, Verdict};

const BATCH: u64 = 9;

fn progress(row_first: u64, row_next: u64) -> BatchProgress {
    BatchProgress {
        batch: BATCH,
        row_first,
        row_next,
        source_octet: row_next,
        source_line: row_next,
        errors_octets: 0,
        accepted: 0,
        rejected: 0,
    }
}

/// Its account may have more waiting than a frame holds.
fn roomy() -> Rig {
    let rig = Rig::new();
    let entry = directory().account(ACCOUNT).unwrap().clone();
    let directory = directory_with(AccountEntry {
        messages_max: 10_000,
        ..entry
    });
    rig.shared.replace_tables(directory, rig.shared.table());
    rig
}

/// Rows with 255 segments each.
fn rows(rig: &Rig, first: u64, count: u64) -> Vec<Submission> {
    let long = rig.submission(&"x".repeat(255 * 153));
    let row = |row| Submission {
        batch: Some(BatchRow { batch: BATCH, row }),
        ..long.clone()
    };
    (first..first + count).map(row).collect()
}

#[test]
fn chunk_that_no_frame_holds_leaves_nothing_behind() {
    let mut rig = roomy();
    let large = rows(&rig, 1, 1_800);
    let given = rig.hand_in(large, Some(progress(1, 1_801)));
    rig.settle();
    let full = vec![Verdict::Refused(Refusal::QueueFull); 1_800];
    assert!(*given.lock().unwrap() == full, "refused as a whole");
    let found = rig.recovered();
    assert!(found.progress.is_empty() && found.count() == 0);
    assert_eq!(rig.waiting(), 0);
}

#[test]
fn chunks_as_large_as_a_door_makes_them_are_taken_one_behind_the_other() {
    let mut rig = roomy();
    let count = u64::try_from(Chunk::OCTETS / 39_000).unwrap();
    let mut all = Vec::new();
    for chunk in 0..4 {
        let first = 1 + chunk * count;
        let rows = rows(&rig, first, count);
        all.push(rig.hand_in(rows, Some(progress(first, first + count))));
        rig.settle();
    }
    for given in all {
        let given = given.lock().unwrap();
        assert_eq!(given.len() as u64, count);
        assert!(given.iter().all(|it| matches!(it, Verdict::Accepted(_))));
    }
    let found = rig.recovered();
    assert_eq!(found.progress[&BATCH].row_next, 1 + 4 * count);
    assert_eq!(found.count() as u64, 4 * count);
}

fn octets() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 0..300)
}

proptest! {
    #[test]
    fn record_takes_no_more_than_is_reckoned(
        text in "\\PC{0,200}",
        raw in prop::option::of(octets()),
        from in "[A-Z]{1,11}",
        client_ref in prop::option::of("[a-z]{0,128}"),
        tlvs in octets(),
        batch in prop::option::of(any::<u64>()),
        before in 0..40_usize,
    ) {
        let submission = Submission {
            account: u32::MAX,
            class: Class::Bulk,
            to: Msisdn::from_u64(447_700_900_001).unwrap(),
            from: Sender::parse(&from).unwrap(),
            body: raw.map_or(Body::Text(text), |octets| Body::Raw { data_coding: 4, esm_class: 0x40, octets }),
            segments: 255,
            send_at_utc_ns: u64::MAX,
            validity_ns: u64::MAX,
            wants_receipt: ReceiptWish::Never,
            price: Some(Micros(i64::MAX)),
            client_ref,
            batch: batch.map(|batch| BatchRow { batch, row: batch }),
            tlvs,
            group: None,
            key: None,
        };
        let most = submission.octets_max();
        let mut frame = FrameWriter::default();
        let record = |text: String, submission: Submission| Accepted {
            id: u128::MAX,
            account: submission.account,
            class: submission.class.as_u8(),
            to: submission.to.as_u64(),
            from: submission.from.as_str().to_owned(),
            body: match text.is_empty() { true => submission.body, false => Body::Text(text) },
            segments: submission.segments,
            reference: 255,
            wants_receipt: submission.wants_receipt,
            at_utc_ns: u64::MAX,
            send_at_utc_ns: u64::MAX,
            expires_utc_ns: u64::MAX,
            price_micros: i64::MAX,
            client_ref: submission.client_ref,
            batch: submission.batch,
            tlvs: submission.tlvs,
            told_as: vec![b'f'; 36],
        };
        // What stands before it decides how it is aligned.
        frame.push(&record("x".repeat(1 + before), submission.clone())).unwrap();
        let begun = frame.octets();
        frame.push(&record(String::new(), submission)).unwrap();
        let found = frame.octets() - begun;
        prop_assert!(found <= most, "{found} octets, reckoned {most}");
    }
}
