//! A packed source is unpacked from its beginning to be gone on with: nobody waits for that.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use std::io::Write as _;
use std::time::{Duration, Instant};

use carrack_message::record::BatchProgress;
use carrack_runtime::Io;
use flate2::Compression;
use flate2::write::GzEncoder;

use super::rig::*;
use crate::batch::*;

/// Sixteen GiB of one row again and again, in a few megabytes: many seconds of work to unpack.
fn packed() -> (Vec<u8>, u64) {
    let gz = |text: &[u8]| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        packed.write_all(text).unwrap();
        packed.finish().unwrap()
    };
    let row = format!("491700000001,{}\n", "x".repeat(100));
    let rows = row.repeat((16 << 20) / row.len());
    let (first, member) = (gz(b"to,text\n"), gz(rows.as_bytes()));
    let members = 1024;
    let octets = 8 + members as u64 * rows.len() as u64;
    ([first, member.repeat(members)].concat(), octets)
}

#[test]
fn a_stop_a_pause_and_a_cancel_do_not_wait_until_a_packed_source_has_found_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let start = || {
        let spec = BatchSpec {
            unpacked_max: 32 << 30,
            ..spec(folder.path(), 4, 64 << 10, Io::Epoll)
        };
        Batches::start(spec, ledger.clone(), accounts()).unwrap()
    };
    let (source, octets) = packed();
    let batches = start();
    let number = submit(&batches, &source, asked(&[("rate", "1")])).unwrap();
    wait(&batches, number, |view| view.accepted > 0);
    batches.stop();
    // The log says that it was taken nearly to its end.
    let far = BatchProgress {
        batch: number.0,
        row_first: 1,
        row_next: 1_000_000,
        source_octet: octets - (1 << 20),
        source_line: 1_000_001,
        errors_octets: std::fs::metadata(batches.errors(number, "shop").unwrap().path)
            .unwrap()
            .len(),
        accepted: 999_999,
        rejected: 0,
    };
    ledger.0.lock().unwrap().progress.insert(number.0, far);
    let batches = start();
    wait(&batches, number, |view| view.rows > 900_000);
    let begun = Instant::now();
    batches.change(number, "shop", Change::Pause).unwrap();
    batches.change(number, "shop", Change::Cancel).unwrap();
    wait(&batches, number, |view| view.state == BatchState::Cancelled);
    batches.stop();
    let batches = start();
    batches.stop();
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "{:?}",
        begun.elapsed()
    );
}
