//! A disk that takes its time with `job.json` keeps no batch from its rows.
#![allow(clippy::unwrap_used)]

use std::fs::{File, remove_file};
use std::process::Command;

use super::rig::*;
use crate::batch::*;
use carrack_runtime::Io;

#[test]
fn a_job_that_cannot_be_written_for_a_while_holds_up_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let spec = spec(folder.path(), 8, 1 << 16, Io::Epoll);
    let batches = Batches::start(spec, ledger, accounts()).unwrap();
    let send = |rows: u64, rate: &str| {
        let rows: String = (0..rows).map(|row| format!("4917{row:08},x\n")).collect();
        let mut request = BatchRequest::default();
        request.set("rate", rate).unwrap();
        submit(&batches, format!("to,text\n{rows}").as_bytes(), request).unwrap()
    };
    let slow = send(30, "60");
    wait(&batches, slow, |view| view.accepted > 0);
    // Whoever opens it to write waits until somebody reads.
    let fresh = folder.path().join(format!("batches/{slow}/job.json.fresh"));
    let made = || {
        Command::new("mkfifo")
            .arg(&fresh)
            .status()
            .unwrap()
            .success()
    };
    // It may be there just now as what it is.
    assert!((0..100).any(|_| made()));
    wait(&batches, slow, |view| view.accepted == 30);
    let other = send(100, "50");
    wait(&batches, other, |view| view.accepted == 100);
    let reader = File::open(&fresh).unwrap();
    remove_file(&fresh).unwrap();
    drop(reader);
    batches.stop();
}
