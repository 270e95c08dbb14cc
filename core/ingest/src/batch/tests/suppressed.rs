//! Rows to numbers that must not be sent to.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::sync::Arc;

use carrack_engine::{SuppressionRule, SuppressionsNow};
use carrack_routing::Matcher;
use carrack_routing::suppression::{
    Hashing, Keys, Mark, Reason, Scope, SuppressionIndex, SuppressionWriter,
};
use carrack_runtime::Io;

use super::rig::*;
use crate::batch::*;

const FIRST: u64 = 491_700_000_000;

fn list(numbers: impl Iterator<Item = u64>) -> SuppressionsNow {
    let keys = Keys {
        scope: Scope::Global,
        hashing: Hashing::None,
    };
    let mut writer = SuppressionWriter::new(&keys, std::io::Cursor::new(Vec::new()), 0).unwrap();
    for number in numbers {
        let mark = Mark::until(Reason::DoNotCall, u64::MAX);
        writer.push(number, mark).unwrap();
    }
    let octets = writer.finish().unwrap().0.into_inner();
    let rule = SuppressionRule {
        name: "stop".to_owned(),
        matcher: Matcher::default(),
        senders: Vec::new(),
        keys: keys.clone(),
        base: Some(SuppressionIndex::open(&keys, Arc::new(octets)).unwrap()),
    };
    SuppressionsNow::of_files(vec![rule]).unwrap()
}

/// A chunk that the engine refuses for one row is judged a second time, and waits for its answer meanwhile.
#[test]
fn rows_on_a_list_are_refused_without_a_second_chunk() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    ledger.0.lock().unwrap().suppressions = list((0..100).step_by(7).map(|row| FIRST + row));
    let spec = spec(folder.path(), 10, 64, Io::Epoll);
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let rows: String = (0..100)
        .map(|row| format!("{},hello {row}\n", FIRST + row))
        .collect();
    let source = format!("phone,words\n{rows}");
    let mut request = BatchRequest::default();
    request.columns.insert("to".to_owned(), "phone".to_owned());
    request
        .columns
        .insert("text".to_owned(), "words".to_owned());
    let number = submit(&batches, source.as_bytes(), request).unwrap();
    let view = wait(&batches, number, has_finished);
    assert_eq!((view.rows, view.accepted, view.rejected), (100, 85, 15));
    let book = ledger.0.lock().unwrap();
    assert_eq!(book.chunks, 10);
    let handed: Vec<u64> = book.accepted.iter().map(|it| it.to.as_u64()).collect();
    assert!(
        handed.iter().all(|to| !(to - FIRST).is_multiple_of(7)),
        "{handed:?}"
    );
    drop(book);
    let errors = String::from_utf8(errors(&batches, number)).unwrap();
    assert_eq!(errors.lines().count(), 16, "{errors}");
    let first = errors.lines().nth(1).unwrap();
    assert!(
        first.contains(",2,phone,") && first.contains("list stop (do_not_call)"),
        "{first}"
    );
    batches.stop();
}
