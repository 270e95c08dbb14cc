//! A file is sent once, whatever ends the process between two steps.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use carrack_runtime::Io;

use super::*;
use crate::batch::Change;
use crate::batch::tests::rig::{Ledger, accounts, asked, ledger, spec, texts};

const ROWS: &str = "to;text\n491700000001;one\nnonsense;two\n";

fn folder_spec(folder: &Path) -> DropFolderSpec {
    DropFolderSpec {
        folder: folder.to_owned(),
        account: "shop".to_owned(),
        settle: Duration::ZERO,
        look_every: Duration::from_millis(5),
        request: asked(&[]),
    }
}

struct Node {
    batches: Batches,
    watch: Watch,
}

fn node(home: &Path, ledger: &Ledger) -> Node {
    let batches =
        Batches::start(spec(home, 10, 4096, Io::Epoll), ledger.clone(), accounts()).unwrap();
    let watch = Watch::open(folder_spec(&home.join("in")), batches.clone(), accounts()).unwrap();
    Node { batches, watch }
}

fn look_until(node: &mut Node, is_there: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !is_there() {
        node.watch.look();
        assert!(Instant::now() < deadline);
        std::thread::park_timeout(Duration::from_millis(2));
    }
}

#[test]
fn a_file_becomes_a_batch_and_is_archived_with_its_report() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("in");
    let ledger = ledger(Vec::new());
    let mut node = node(home.path(), &ledger);
    fs::write(place.join("people.csv"), ROWS).unwrap();
    fs::write(place.join("half.csv.part"), ROWS).unwrap();
    fs::write(place.join("bad.csv"), "nothing\n").unwrap();
    let archived = place.join("archive/people.csv");
    let refused = place.join("refused/bad.csv");
    look_until(&mut node, || archived.exists() && refused.exists());
    assert_eq!(texts(&ledger), [(1, "one".to_owned())]);
    let report: serde_json::Value =
        serde_json::from_slice(&fs::read(place.join("archive/people.csv.report.json")).unwrap())
            .unwrap();
    assert_eq!(
        (&report["accepted"], &report["rejected"]),
        (&1.into(), &1.into())
    );
    let errors = fs::read_to_string(place.join("archive/people.csv.errors.csv")).unwrap();
    assert!(errors.contains("nonsense;two;3;to;"), "{errors}");
    let reason = fs::read_to_string(place.join("refused/bad.csv.reason.txt")).unwrap();
    assert!(reason.contains("there is no column `to`"), "{reason}");
    assert!(place.join("half.csv.part").exists());
    // The same name once more keeps both.
    fs::write(place.join("people.csv"), ROWS).unwrap();
    look_until(&mut node, || {
        fs::read_dir(place.join("archive")).unwrap().count() == 6
    });
    assert_eq!(texts(&ledger).len(), 2);
    node.batches.stop();
}

#[test]
fn a_crash_between_any_two_steps_sends_nothing_twice() {
    // What a crash leaves: taken and not submitted; submitted and not said so; said so; archived but for the file.
    for step in 0..4 {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("in");
        let ledger = ledger(Vec::new());
        let mut first = node(home.path(), &ledger);
        fs::write(place.join("people.csv"), ROWS).unwrap();
        let archived = place.join("archive/people.csv");
        look_until(&mut first, || archived.exists());
        first.batches.stop();
        let number = fs::read_dir(home.path().join("batches"))
            .unwrap()
            .next()
            .unwrap()
            .unwrap()
            .file_name();
        let number = number.to_string_lossy().into_owned();
        let name = if step < 2 { "new" } else { "sent" };
        fs::rename(
            &archived,
            place.join(format!("taken/{number}.{name}.people.csv")),
        )
        .unwrap();
        if step < 3 {
            fs::remove_file(place.join("archive/people.csv.report.json")).unwrap();
        }
        if step == 0 {
            fs::remove_dir_all(home.path().join("batches").join(&number)).unwrap();
            let mut book = ledger.0.lock().unwrap();
            (book.accepted, book.progress) = (Vec::new(), std::collections::HashMap::new());
        }
        let mut second = node(home.path(), &ledger);
        look_until(&mut second, || archived.exists());
        second.batches.stop();
        assert_eq!(texts(&ledger), [(1, "one".to_owned())], "step {step}");
        assert!(place.join("archive/people.csv.report.json").exists());
        assert_eq!(
            fs::read_dir(home.path().join("batches")).unwrap().count(),
            1
        );
    }
}

#[test]
fn a_file_that_was_sent_and_whose_batch_is_gone_is_not_sent_again() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("in");
    let ledger = ledger(Vec::new());
    let mut node = node(home.path(), &ledger);
    fs::write(place.join("taken/0000000000000007.sent.old.csv"), ROWS).unwrap();
    look_until(&mut node, || place.join("refused/old.csv").exists());
    assert!(texts(&ledger).is_empty());
    node.batches.stop();
}

#[test]
fn a_file_that_cannot_be_gone_on_with_keeps_no_other() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("in");
    let ledger = ledger(Vec::new());
    let mut node = node(home.path(), &ledger);
    // It can be opened and not read: it is tried again for ever.
    fs::create_dir(place.join("taken/0000000000000001.new.folder.csv")).unwrap();
    for stale in 0..FILES_A_LOOK + 100 {
        fs::write(place.join(format!("{stale}.part")), "").unwrap();
    }
    let long = format!("{}.csv", "é".repeat(125));
    fs::write(place.join(&long), ROWS).unwrap();
    fs::write(place.join("people.csv"), ROWS).unwrap();
    let archived = || {
        let names = fs::read_dir(place.join("archive")).unwrap();
        let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.ends_with(".csv") && !name.ends_with("errors.csv"))
            .count()
    };
    look_until(&mut node, || archived() == 2);
    // The same long name once more, and it stands under another one.
    fs::write(place.join(&long), ROWS).unwrap();
    look_until(&mut node, || archived() == 3);
    assert_eq!(texts(&ledger).len(), 3);
    node.batches.stop();
}

#[test]
fn a_folder_hands_in_no_more_batches_than_may_wait() {
    let home = tempfile::tempdir().unwrap();
    let place = home.path().join("in");
    let mut node = node(home.path(), &ledger(Vec::new()));
    let later = jiff::Timestamp::now() + Duration::from_secs(3600);
    let request = asked(&[("start_at", &later.to_string())]);
    let folder = DropFolderSpec {
        request,
        ..folder_spec(&place)
    };
    node.watch = Watch::open(folder, node.batches.clone(), accounts()).unwrap();
    for file in 0..13 {
        fs::write(place.join(format!("{file}.csv")), ROWS).unwrap();
    }
    for _ in 0..5 {
        node.watch.look();
    }
    let waiting = node.batches.list("shop", 100);
    let most = spec(home.path(), 10, 4096, Io::Epoll).queued_of_account_max;
    assert_eq!(waiting.len(), most);
    // When one is done, another is handed in.
    let number = waiting.first().unwrap().id.parse().unwrap();
    node.batches.change(number, "shop", Change::Cancel).unwrap();
    node.watch.look();
    assert_eq!(node.batches.list("shop", 100).len(), most + 1);
    node.batches.stop();
}

#[test]
fn a_file_that_grew_after_it_was_taken_is_archived_with_what_was_not_sent() {
    for (more, said) in [
        (
            "491700000002;late\n",
            "what stands behind octet 38 was not sent",
        ),
        ("", "from 38 octets to 0"),
    ] {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("in");
        let ledger = ledger(Vec::new());
        let mut node = node(home.path(), &ledger);
        let path = place.join("late.csv");
        fs::write(&path, ROWS).unwrap();
        let writer = fs::OpenOptions::new().append(true).open(&path).unwrap();
        node.watch.look();
        assert!(!path.exists(), "it is taken");
        match more.is_empty() {
            true => writer.set_len(0).unwrap(),
            false => (&writer).write_all(more.as_bytes()).unwrap(),
        }
        let archived = place.join("archive/late.csv");
        look_until(&mut node, || archived.exists());
        assert_eq!(texts(&ledger), [(1, "one".to_owned())]);
        let report = fs::read(place.join("archive/late.csv.report.json")).unwrap();
        let report: serde_json::Value = serde_json::from_slice(&report).unwrap();
        let fault = report["fault"].as_str().unwrap_or_default();
        assert!(fault.contains(said), "{report}");
        // Who asks for the batch is told as well, after a restart too.
        node.batches.stop();
        let node = self::node(home.path(), &ledger);
        let view = node.batches.list("shop", 1);
        assert_eq!(view[0].fault.as_deref(), Some(fault));
        node.batches.stop();
    }
}
