//! What one batch may ask of time and disk.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use carrack_runtime::Io;

use super::rig::*;
use crate::batch::*;

#[test]
fn a_dry_run_ends_at_its_time_within_a_line_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let mut spec = spec(folder.path(), 4, 64, Io::Epoll);
    spec.check_time_max = Duration::ZERO;
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let mut spool = batches.spool().unwrap();
    spool.write(b"to,text\n491700000001,").unwrap();
    spool.write(&vec![b'x'; 4 << 20]).unwrap();
    let tables = Tables {
        routes: ledger.table(),
    };
    let accounts = accounts().current();
    let account = accounts.by_name("shop").unwrap();
    let view = batches
        .check(&spool, account, &asked(&[]), &tables)
        .unwrap();
    assert_eq!((view.complete, view.rows), (false, 0));
    drop(spool);
    batches.stop();
}
