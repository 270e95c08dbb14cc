//! Short ids over restarts, broken files and a disk that refuses.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::collections::HashSet;
use std::fs;
use std::sync::atomic::Ordering;
use std::time::Instant;

use proptest::prelude::*;
use tempfile::TempDir;

use super::super::short_marks::BLOCK;
use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn book_in(data_dir: &Path, remembered_max: usize) -> ShortIdBook {
    let counts = Arc::new(Counts::default());
    ShortIdBook::open(data_dir, remembered_max, counts).unwrap()
}

/// A book that forgets nothing on the disk while `TempDir` is there, ready for the account.
pub(crate) fn ready(name: &str) -> (TempDir, Arc<ShortIdBook>) {
    let data_dir = tempfile::tempdir().unwrap();
    let book = book_in(data_dir.path(), 100);
    book.prepare(name).unwrap();
    (data_dir, Arc::new(book))
}

/// The next id, when it is there.
fn next(ids: &Arc<ShortIds>) -> ShortId {
    let begun = Instant::now();
    loop {
        match ids.give() {
            Ok(id) => return id,
            Err(status) => assert_eq!(status, CommandStatus::ESME_RTHROTTLED),
        }
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
}

#[test]
fn account_that_was_prepared_gives_at_once_and_another_when_its_block_is_there() {
    let data_dir = tempfile::tempdir().unwrap();
    let book = book_in(data_dir.path(), 10);
    book.prepare("shop").unwrap();
    book.prepare("shop").unwrap();
    let ids = book.of("shop");
    // 0 is never given.
    assert_eq!(ids.give(), Ok(ShortId(1)));
    assert_eq!(ids.give(), Ok(ShortId(2)));
    assert_eq!(next(&book.of("other")), ShortId(1));
    assert_eq!(book.of("shop").give(), Ok(ShortId(3)));
}

#[test]
fn id_after_the_last_of_2_to_the_32_is_the_first_again() {
    let data_dir = tempfile::tempdir().unwrap();
    let folder = data_dir.path().join("short_ids");
    fs::create_dir(&folder).unwrap();
    let text = format!(
        "carrack short ids 1\naccount shop {}\n",
        (1_u64 << 32) - BLOCK
    );
    let checksum = crc32c::crc32c(text.as_bytes());
    fs::write(
        folder.join("marks"),
        format!("{text}checksum {checksum:08x}\n"),
    )
    .unwrap();
    let book = book_in(data_dir.path(), 10);
    book.prepare("shop").unwrap();
    let ids = book.of("shop");
    let first = next(&ids);
    let mut last = first;
    let mut seen = 1_u32;
    while last != ShortId(5) {
        let id = next(&ids);
        ids.remember(id, MessageId(u128::from(id.0)));
        assert_eq!(ids.find(id), Some(MessageId(u128::from(id.0))));
        let follows = last.0.wrapping_add(1).max(1);
        assert_eq!(id.0, follows);
        (last, seen) = (id, seen + 1);
    }
    assert!(u64::from(seen) <= 2 * BLOCK && first.0 > u32::MAX - 3 * BLOCK as u32);
}

#[test]
fn newest_ids_are_remembered_and_older_ones_counted_as_unknown() {
    let data_dir = tempfile::tempdir().unwrap();
    let counts = Arc::new(Counts::default());
    let book = ShortIdBook::open(data_dir.path(), 100, Arc::clone(&counts)).unwrap();
    book.prepare("shop").unwrap();
    let ids = book.of("shop");
    let given: Vec<_> = (0..1000).map(|_| ids.give().unwrap()).collect();
    // Verdicts come in any order, and not all are good.
    for pair in given.chunks(2).rev() {
        ids.remember(pair[0], MessageId(1_000_000 + u128::from(pair[0].0)));
    }
    for pair in given.chunks(2) {
        ids.remember(pair[0], MessageId(1_000_000 + u128::from(pair[0].0)));
    }
    for (place, id) in given.iter().enumerate() {
        let remembered = place >= 900 && place % 2 == 0;
        let message = MessageId(1_000_000 + u128::from(id.0));
        assert_eq!(ids.find(*id), remembered.then_some(message), "{place}");
    }
    assert_eq!(counts.short_ids_unknown.load(Ordering::Relaxed), 950);
    assert_eq!(ids.find(ShortId(0)), None);
    assert!(lock(&ids.state).recent.places.len() <= 100);
    // Those of before a restart are not known, nor is anything where none are kept.
    drop((ids, book));
    let book = book_in(data_dir.path(), 0);
    book.prepare("shop").unwrap();
    let ids = book.of("shop");
    assert_eq!(ids.find(given[999]), None);
    let id = ids.give().unwrap();
    ids.remember(id, MessageId(7));
    assert_eq!(ids.find(id), None);
}

#[test]
fn disk_that_refuses_ends_the_ids_by_a_status_and_one_that_recovers_goes_on() {
    let data_dir = tempfile::tempdir().unwrap();
    let book = book_in(data_dir.path(), 10);
    book.prepare("shop").unwrap();
    let ids = book.of("shop");
    let mut seen = HashSet::from([next(&ids)]);
    // The block after the first is there, and nothing is being written.
    let begun = Instant::now();
    while lock(&ids.state).next.is_empty() {
        assert!(begun.elapsed() < PATIENCE);
        std::thread::yield_now();
    }
    let folder = data_dir.path().join("short_ids");
    fs::remove_dir_all(&folder).unwrap();
    fs::write(&folder, "in the way").unwrap();
    let begun = Instant::now();
    loop {
        match ids.give() {
            Ok(id) => assert!(seen.insert(id)),
            Err(CommandStatus::ESME_RSYSERR) => break,
            Err(status) => assert_eq!(status, CommandStatus::ESME_RTHROTTLED),
        }
        assert!(begun.elapsed() < PATIENCE);
    }
    fs::remove_file(&folder).unwrap();
    while begun.elapsed() < PATIENCE {
        if let Ok(id) = ids.give() {
            assert!(seen.insert(id));
            return;
        }
        std::thread::yield_now();
    }
    panic!("nothing is given again");
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Give(usize),
    Restart,
    Lose(&'static str),
    Break(&'static str),
}

fn step() -> impl Strategy<Value = Step> {
    let file = || prop_oneof![Just("marks"), Just("marks.copy")];
    prop_oneof![
        (1_usize..100).prop_map(Step::Give),
        (60_000_usize..140_000).prop_map(Step::Give),
        Just(Step::Restart),
        file().prop_map(Step::Lose),
        file().prop_map(Step::Break),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn no_id_is_given_twice_over_restarts_and_a_spoiled_file_at_each(
        steps in proptest::collection::vec(step(), 1..12)
    ) {
        let data_dir = tempfile::tempdir().unwrap();
        let mut seen = HashSet::new();
        let mut book = None;
        let start = || {
            let book = book_in(data_dir.path(), 10);
            book.prepare("shop").unwrap();
            book
        };
        for step in steps {
            match step {
                Step::Give(count) => {
                    let ids = book.get_or_insert_with(start).of("shop");
                    for _ in 0..count {
                        prop_assert!(seen.insert(next(&ids)));
                    }
                }
                Step::Restart => {
                    drop(book.take());
                    book = Some(start());
                }
                // The file is spoiled while the node is down, and both are whole again after.
                Step::Lose(file) | Step::Break(file) => {
                    drop(book.take());
                    let path = data_dir.path().join("short_ids").join(file);
                    match step {
                        Step::Lose(_) => drop(fs::remove_file(path)),
                        _ if path.exists() => fs::write(path, "broken").unwrap(),
                        _ => {}
                    }
                    book = Some(start());
                }
            }
        }
    }
}
