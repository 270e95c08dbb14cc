//! Rows so long that fewer than asked for make a chunk: one write of the log holds each chunk whole.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use carrack_engine::Chunk;
use carrack_runtime::Io;

use super::rig::*;
use crate::accounts::{AccountBook, AccountSpec, Accounts};
use crate::batch::*;

/// Of one row with 255 segments, with what stands beside its text.
const ROW_OCTETS: usize = 40_000;

#[test]
fn long_rows_are_handed_in_in_chunks_that_a_frame_holds() {
    let account = AccountSpec {
        sender: Some("Shop".into()),
        segments_max: 255,
        ..AccountSpec::named("shop")
    };
    let accounts = Accounts::build(&[account], |_| Some(7)).unwrap();
    let accounts = Arc::new(AccountBook::new(accounts));
    let text = "x".repeat(255 * 153);
    let rows: String = (0..600)
        .map(|row| format!("{},{text}\n", 491_700_000_000_u64 + row))
        .collect();
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let spec = spec(folder.path(), 4_096, 1 << 20, Io::Epoll);
    let batches = Batches::start(spec, ledger.clone(), accounts).unwrap();
    let source = format!("to,text\n{rows}");
    let number = submit(&batches, source.as_bytes(), BatchRequest::default()).unwrap();
    let view = wait(&batches, number, has_finished);
    assert_eq!((view.accepted, view.rejected), (600, 0));
    let octets = ledger.0.lock().unwrap().octets;
    assert!(
        (8 << 20..Chunk::OCTETS + ROW_OCTETS).contains(&octets),
        "{octets}"
    );
    batches.stop();
}
