//! References of one pair do not come again before all others have been used.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::HashSet;
use std::sync::Mutex;

use carrack_message::References;
use proptest::prelude::*;

proptest! {
    #[test]
    fn successive_references_of_a_pair_all_differ(
        seed in any::<u64>(), sender in prop::collection::vec(any::<u8>(), 0..30), recipient in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        let references = References::new(seed);
        let seen: HashSet<u8> = (0..256).map(|_| references.next(&sender, &recipient)).collect();
        prop_assert_eq!(seen.len(), 256);
    }
}

#[test]
fn threads_that_share_a_pair_never_get_the_same_reference() {
    let references = References::new(1);
    let seen = Mutex::new(HashSet::new());
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..64 {
                    let reference = references.next(b"Carrack", b"447911123456");
                    assert!(seen.lock().unwrap().insert(reference));
                }
            });
        }
    });
    assert_eq!(seen.lock().unwrap().len(), 256);
}

#[test]
fn pairs_spread_over_the_counters() {
    let references = References::new(7);
    // A pair with a counter of its own sees two numbers in a row; one that shares it may not.
    let disturbed = (0..10_000_u64)
        .map(|number| {
            (
                number,
                references.next(
                    b"Carrack",
                    (447_900_000_000 + number).to_string().as_bytes(),
                ),
            )
        })
        .collect::<Vec<_>>()
        .into_iter()
        .filter(|(number, first)| {
            let recipient = (447_900_000_000 + number).to_string();
            references.next(b"Carrack", recipient.as_bytes()) != first.wrapping_add(1)
        })
        .count();
    // 10,000 pairs on 65,536 places: one in seven shares; of a poor hash it would be most.
    assert!((500..2_000).contains(&disturbed), "{disturbed}");
}

#[test]
fn sender_and_recipient_do_not_run_together() {
    let equal = (0..64_u64)
        .filter(|seed| {
            let references = References::new(*seed);
            let first = references.next(b"ab", b"c");
            references.next(b"a", b"bc") == first.wrapping_add(1)
        })
        .count();
    assert!(equal < 8, "{equal}");
}

#[test]
fn another_seed_begins_elsewhere() {
    let first: HashSet<u8> = (0..64)
        .map(|seed| References::new(seed).next(b"a", b"b"))
        .collect();
    assert!(first.len() > 32);
}
