//! What a dry run says of a file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use carrack_runtime::Io;

use super::rig::*;
use crate::batch::*;

fn looked_at(source: &str, options: &[(&str, &str)]) -> CheckView {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let spec = spec(folder.path(), 4, 64, Io::Epoll);
    let batches = Batches::start(spec, ledger.clone(), accounts()).unwrap();
    let mut spool = batches.spool("shop").unwrap();
    spool.write(source.as_bytes()).unwrap();
    let tables = Tables {
        routes: ledger.table(),
        suppressions: carrack_engine::SuppressionsNow::default(),
    };
    let accounts = accounts().current();
    let account = accounts.by_name("shop").unwrap();
    let view = batches
        .check(&spool, account, &asked(options), &tables)
        .unwrap();
    drop(spool);
    batches.stop();
    view
}

#[test]
fn characters_that_make_a_row_ucs2_are_named_though_they_cost_no_segment() {
    let source = "to,text\n491700000001,plain\n491700000002,a – b…\n491700000003,c – d – e\n";
    let view = looked_at(source, &[]);
    let found = view.outside_gsm7.iter();
    let found: Vec<_> = found
        .map(|found| (found.character, found.rows, found.line))
        .collect();
    assert_eq!(found, [('–', 2, 3), ('…', 1, 3)]);
    assert_eq!(view.outside_gsm7[0].code, "U+2013");
    assert!(view.replacements.is_empty());
    // Of another script it is enough to know some.
    let script: String = ('一'..='龥').take(60).collect();
    let view = looked_at(&format!("to,text\n491700000001,{script}\n"), &[]);
    assert_eq!(view.outside_gsm7.len(), 20);
}
