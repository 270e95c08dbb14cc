//! What is due is answered in full, whatever was taken or torn between.
#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use carrack_message::MessageId;
use carrack_queue::{DueFrom, ShelfChange, ShelfEntry, ShelfMarks, ShelfQuestion, shelf_answer};

fn shelf(count: u128) -> BTreeMap<Vec<u8>, Vec<u8>> {
    let mut keys = BTreeMap::new();
    for id in 0..count {
        let marks = ShelfMarks {
            id: MessageId(id),
            account: 1,
            keeper: 7 + (id % 2) as u32,
            due_ms: 1_000,
            receipts: Vec::new(),
        };
        let put = ShelfChange::Put(ShelfEntry {
            marks,
            octets: vec![1; 8],
        });
        put.writes(&mut |key, value| drop(keys.insert(key, value.unwrap())));
    }
    keys
}

fn due(keys: &BTreeMap<Vec<u8>, Vec<u8>>, most: usize) -> Vec<u128> {
    let question = ShelfQuestion::Due {
        keepers: [7, 8].map(DueFrom::all).to_vec(),
        until_ms: 2_000,
        most,
    };
    let found = shelf_answer(keys, &question).unwrap();
    found.iter().map(|entry| entry.marks.id.0).collect()
}

/// Who asks takes a short answer for the end of the shelf.
#[test]
fn a_short_answer_means_that_there_is_no_more() {
    let mut keys = shelf(40);
    let mut entries = 0;
    keys.retain(|key, value| {
        let is_entry = key.first() == Some(&b'm');
        entries += usize::from(is_entry);
        if is_entry && entries % 4 == 1 {
            // Torn: it cannot be read.
            value.truncate(3);
        }
        // Those that came back have left their mark for a moment.
        !(is_entry && entries % 4 == 2)
    });
    let even = (0..40).step_by(2).filter(|id| id % 4 == 2);
    let odd = (1..40).step_by(2).filter(|id| id % 4 == 3);
    let all: Vec<u128> = even.chain(odd).collect();
    for most in [1, 3, 7, 19, 20, 100] {
        let found = due(&keys, most);
        assert_eq!(found, all.get(..most.min(all.len())).unwrap(), "{most}");
    }
}
