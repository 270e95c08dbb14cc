//! What a dry run says of a file.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::time::Duration;

use carrack_runtime::Io;
use carrack_settings::{DuplicatesAnswer, DuplicatesOf};

use super::rig::*;
use crate::accounts::{AccountBook, AccountSpec, Accounts};
use crate::batch::*;

fn looked_at(source: &str, options: &[(&str, &str)]) -> CheckView {
    looked_at_for(source, options, &accounts())
}

fn looked_at_for(source: &str, options: &[(&str, &str)], accounts: &AccountBook) -> CheckView {
    let folder = tempfile::tempdir().unwrap();
    let ledger = ledger(Vec::new());
    let spec = spec(folder.path(), 4, 64, Io::Epoll);
    let batches = Batches::start(spec, ledger.clone(), super::rig::accounts()).unwrap();
    let mut spool = batches.spool("shop").unwrap();
    spool.write(source.as_bytes()).unwrap();
    let tables = Tables {
        routes: ledger.table(),
        suppressions: carrack_engine::SuppressionsNow::default(),
    };
    let accounts = accounts.current();
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

/// Accepted, refused, repeated, and what is said of those that are refused.
fn figures(view: &CheckView) -> ([u64; 3], String) {
    let faults = view.faults.iter().flat_map(|column| &column.first);
    let faults: Vec<_> = faults
        .map(|fault| format!("{}: {}", fault.line, fault.detail))
        .collect();
    (
        [view.accepted, view.rejected, view.repeated],
        faults.join("\n"),
    )
}

#[test]
fn rows_with_a_key_that_stands_in_the_file_before_are_told_as_they_would_end() {
    let source = "to,text,idempotency_key\n\
        491700000001,a,k1\n491700000002,x\u{0},k2\n491700000001,a,k1\n491700000001,b,k1\n\
        491700000002,a,k2\n491700000003,a,\n491700000003,a,\n";
    let (found, faults) = figures(&looked_at(source, &[]));
    assert_eq!(found, [4, 2, 1], "{faults}");
    assert!(
        faults.contains("5: was used before with other content"),
        "{faults}"
    );
}

#[test]
fn rows_that_the_account_takes_for_the_same_are_told_as_they_would_end() {
    let of = |answer: DuplicatesAnswer| {
        let mut spec = AccountSpec::named("shop");
        spec.sender = Some("Shop".into());
        spec.duplicates = Some(carrack_settings::Duplicates {
            within: Duration::from_secs(600),
            of: DuplicatesOf::Content,
            answer,
        });
        AccountBook::new(Accounts::build(&[spec], |_| Some(7)).unwrap())
    };
    let source = "to,text\n491700000001,a\n491700000001,a\n491700000001,b\n+491700000001,a\n";
    let (found, _) = figures(&looked_at_for(source, &[], &of(DuplicatesAnswer::Repeat)));
    assert_eq!(found, [2, 0, 2]);
    let (found, faults) = figures(&looked_at_for(source, &[], &of(DuplicatesAnswer::Refuse)));
    assert_eq!(found, [2, 2, 0]);
    assert!(faults.contains("stands in row 1 of the file"), "{faults}");
}
