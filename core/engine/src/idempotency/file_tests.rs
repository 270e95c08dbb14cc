//! Rows of a file are taken whole or not at all, also where one of them is the same as another.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::BTreeMap;

use carrack_message::record::{BatchProgress, BatchRow};
use proptest::prelude::*;

use super::OnRepeat;
use super::rig::{Given, Stand, keyed, of_content, submission};
use crate::submission::{Refusal, Submission, Verdict};

fn progress(row_first: u64, row_next: u64) -> BatchProgress {
    BatchProgress {
        batch: 1,
        row_first,
        row_next,
        source_octet: 0,
        source_line: 0,
        errors_octets: 0,
        accepted: 0,
        rejected: 0,
    }
}

fn at_row(row: u64, submission: Submission) -> Submission {
    let batch = Some(BatchRow { batch: 1, row });
    Submission {
        batch,
        ..submission
    }
}

fn verdicts(stand: &mut Stand, rows: &[(u64, Submission)]) -> Vec<Verdict> {
    let submissions = rows.iter().map(|(row, found)| at_row(*row, found.clone()));
    let progress = progress(rows[0].0, rows[rows.len() - 1].0 + 1);
    let given: Given = stand.take_chunk(submissions.collect(), Some(progress), 1);
    stand.commit(|_| true);
    let given = given.lock().unwrap();
    given.clone()
}

/// As a batch does: of a chunk with a refusal nothing is durable; rows that are refused for good are left out, and the
/// rest is handed in again.
fn land(stand: &mut Stand, chunk: &[(u64, Submission)], ends: &mut BTreeMap<u64, Verdict>) {
    let mut left = chunk.to_vec();
    while !left.is_empty() {
        let given = verdicts(stand, &left);
        assert_eq!(given.len(), left.len());
        let is_taken = given.iter().all(|it| !matches!(it, Verdict::Refused(_)));
        let mut next = Vec::new();
        for (row, verdict) in left.into_iter().zip(given) {
            match &verdict {
                Verdict::Refused(refusal) if refusal.is_of_the_message() => {
                    assert!(ends.insert(row.0, verdict).is_none());
                }
                _ if is_taken => assert!(ends.insert(row.0, verdict).is_none()),
                _ => next.push(row),
            }
        }
        left = next;
    }
}

#[test]
fn a_row_that_stands_twice_in_a_chunk_keeps_the_chunk_back_and_names_the_first() {
    let mut stand = Stand::new();
    let row = || of_content(1, "hi", OnRepeat::Refuse);
    let rows = [(7, row()), (8, submission(1, 2, "other")), (9, row())];
    let together = Verdict::Refused(Refusal::Together);
    let twice = Verdict::Refused(Refusal::DuplicateRow(7));
    let given = verdicts(&mut stand, &rows);
    assert_eq!(given, [together.clone(), together, twice]);
    assert!(
        stand.shard.lock().unwrap().is_empty(),
        "nothing of it is sent"
    );
    let given = verdicts(&mut stand, &rows[..2]);
    assert!(given.iter().all(|it| matches!(it, Verdict::Accepted(_))));
}

/// A row: how it is known again, to whom, which text.
fn row() -> impl Strategy<Value = (u8, u64, u8)> {
    (0..4u8, 0..3u64, 0..2u8)
}

proptest! {
    #[test]
    fn each_row_of_a_file_has_the_end_it_is_told_of(rows in prop::collection::vec(row(), 1..24), chunk_rows in 1..9usize) {
        let mut stand = Stand::new();
        let rows: Vec<(u64, Submission)> = rows.iter().zip(1..).map(|((how, to, text), row)| {
            let text = format!("text {text}");
            let submission = match how {
                0 => submission(1, *to, &text),
                1 => keyed(1, &format!("key {to}"), *to, &text),
                2 => of_content(*to, &text, OnRepeat::Repeat),
                _ => of_content(*to, &text, OnRepeat::Refuse),
            };
            (row, submission)
        }).collect();
        let mut ends = BTreeMap::new();
        for chunk in rows.chunks(chunk_rows) {
            land(&mut stand, chunk, &mut ends);
        }
        prop_assert_eq!(ends.len(), rows.len());
        let accepted = ends.values().filter(|it| matches!(it, Verdict::Accepted(_))).count();
        prop_assert_eq!(accepted as u64, stand.accepted, "as many are durable as are told accepted");
        for (row, verdict) in &ends {
            if let Verdict::Refused(Refusal::DuplicateRow(first)) = verdict {
                let (first, second) = (&rows[*first as usize - 1].1, &rows[*row as usize - 1].1);
                prop_assert_eq!((first.to, &first.body), (second.to, &second.body));
            }
        }
    }
}
