//! kill -9 while CDR files are written: each message that has ended stands there once.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use carrack_loadtest::chance::Percent;
use carrack_loadtest::load::batch::{self, Options};
use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place};

const KILLS: u64 = 8;
const ROWS: u64 = 20_000;

fn check(place: &Place, folder: &Path) -> Value {
    let output = place.run(&["cdr", "check", folder.to_str().unwrap(), "--json"]);
    let verdict: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(
        output.status.code(),
        Some(i32::from(verdict["adds_up"] != true)),
        "exit code says what the check says"
    );
    verdict
}

fn lines(folder: &Path) -> Vec<Value> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        assert_ne!(path.extension().unwrap(), "open", "{}", path.display());
        if path.extension().unwrap() == "jsonl" {
            let text = std::fs::read_to_string(&path).unwrap();
            lines.extend(
                text.lines()
                    .map(|line| serde_json::from_str::<Value>(line).unwrap()),
            );
        }
    }
    lines
}

#[test]
fn every_message_has_one_cdr_through_every_kill() {
    let north = Carrier::start(settings("north", 5, 30, &["receipt-before-response=10"]));
    let south = Carrier::start(settings("south", 2, 20, &[]));
    let entry = |name, address, price, more| CarrierEntry {
        name,
        address,
        price,
        links: 2,
        window: 50,
        more,
    };
    let entries = [
        entry("north", north.address, "0.005", "rate = 2000"),
        entry("south", south.address, "0.009", "rate = 2000"),
    ];
    let more = "deck = \"sell.csv\"\n[cdr]\nfolder = \"cdr\"\nformat = [\"jsonl\", \"csv\"]\nrotate_size = \"1MiB\"";
    let place = Place::new(&entries, more);
    std::fs::write(
        place.folder.path().join("sell.csv"),
        "prefix,price,currency\n44,0.012,EUR\n1,0.02,EUR\n3,0.02,EUR\n4,0.02,EUR\n5,0.02,EUR\n",
    )
    .unwrap();
    let file = place.folder.path().join("rows.csv");
    let options = Options {
        rows: ROWS,
        seed: 5,
        mixed: true,
        bad: Percent::new(1.0).unwrap(),
        long: Percent::new(3.0).unwrap(),
        keys: false,
    };
    let sample = batch::write(&options, &mut std::fs::File::create(&file).unwrap()).unwrap();

    let mut node = place.serve();
    let id = node.submit_batch(&file);
    let mut chance = 0x2545_f491_4f6c_dd1du64;
    for _ in 0..KILLS {
        chance = chance
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        std::thread::sleep(Duration::from_millis(300 + (chance >> 33) % 1_200));
        node.kill();
        node = place.serve();
    }
    let done = node.batch_done(&id, Duration::from_secs(120));
    assert_eq!(done["accepted"], sample.good, "{done}");
    let (code, took) = node.stop();
    assert_eq!(code, Some(0), "{}", place.said());
    assert!(took < Duration::from_secs(20), "{took:?}");

    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    let cdr = &audit["cdr"];
    assert_eq!(
        (cdr["exported"].as_u64(), cdr["waiting"].as_u64()),
        (Some(sample.good), Some(0)),
        "a stopped node has exported all that is final: {cdr}"
    );
    assert_eq!(cdr["without_origin"], 0, "{cdr}");
    let folder = place.folder.path().join("cdr");
    let verdict = check(&place, &folder);
    assert_eq!(
        (
            verdict["adds_up"].as_bool(),
            verdict["jsonl_lines"].as_u64(),
            verdict["csv_lines"].as_u64(),
            verdict["files_open"].as_u64()
        ),
        (Some(true), Some(sample.good), Some(sample.good), Some(0)),
        "{verdict}"
    );
    let mut ids = BTreeMap::new();
    let mut rows = BTreeMap::new();
    for line in lines(&folder) {
        *ids.entry(line["id"].as_str().unwrap().to_owned())
            .or_insert(0u32) += 1;
        *rows.entry(line["row"].as_u64().unwrap()).or_insert(0u32) += 1;
        assert_eq!(line["account"], "test");
        assert_eq!(line["batch"].as_str(), Some(id.as_str()));
        assert_eq!(line["status"], "delivered", "{line}");
    }
    assert_eq!(ids.len() as u64, sample.good);
    assert_eq!(rows.len() as u64, sample.good, "each row of the batch once");
    let one = ids.keys().next().unwrap();
    println!("{} lines, one is {one}; {}", ids.len(), verdict["sums"]);
    // Twice the same file is what it must find.
    let path = std::fs::read_dir(&folder)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let name = path
        .file_name()
        .unwrap()
        .to_string_lossy()
        .replace("cdr-", "cdr-again-");
    std::fs::copy(&path, folder.join(name)).unwrap();
    let doubled = check(&place, &folder);
    assert_eq!(doubled["adds_up"], false, "{doubled}");
    assert!(doubled["doubled"].as_u64().unwrap() > 0, "{doubled}");
}

#[test]
fn files_are_written_while_the_node_runs_and_its_status_says_how_far() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let entry = CarrierEntry::north(north.address, (1, 50));
    let place = Place::new(&[entry], "[cdr]\nfolder = \"cdr\"\nrotate_after = \"1s\"");
    let file = place.folder.path().join("rows.csv");
    std::fs::write(&file, "to,text\n447700900001,hello\n447700900002,hello\n").unwrap();
    let node = place.serve();
    let id = node.submit_batch(&file);
    node.batch_done(&id, Duration::from_secs(30));
    let folder = place.folder.path().join("cdr");
    super::node::eventually(
        "the file is finished by its age",
        Duration::from_secs(20),
        || {
            std::fs::read_dir(&folder)
                .into_iter()
                .flatten()
                .any(|entry| entry.unwrap().path().extension().unwrap() == "jsonl")
        },
    );
    assert_eq!(lines(&folder).len(), 2);
    let output = place.run(&["cdr", "--json"]);
    let status: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
    assert_eq!(
        (status["exported"].as_u64(), status["waiting"].as_u64()),
        (Some(2), Some(0)),
        "{status}"
    );
    assert_eq!(status["files_finished"], 1, "{status}");
    let metrics = ureq::get(format!("{}/metrics", node.http))
        .call()
        .unwrap()
        .body_mut()
        .read_to_string()
        .unwrap();
    assert!(metrics.contains("carrack_cdr_lines_total 2"), "{metrics}");
    assert!(metrics.contains("carrack_cdr_lag_seconds"), "{metrics}");
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}
