//! A batch in many scripts with every fault: good rows arrive once, each bad one is named.

use std::time::Duration;

use carrack_loadtest::chance::Percent;
use carrack_loadtest::load::batch::{self, Options};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place};

fn place(north: &Carrier) -> Place {
    let entry = CarrierEntry::north(north.address, (2, 500));
    Place::new(&[entry], "")
}

#[test]
fn good_rows_arrive_once_and_bad_rows_are_named_with_line_column_and_reason() {
    let rows = std::env::var("CARRACK_TEST_ROWS")
        .ok()
        .and_then(|rows| rows.parse().ok())
        .unwrap_or(20_000);
    let north = Carrier::start(settings(
        "north",
        1,
        5,
        &["receipt-before-response=5", "double-receipt=2"],
    ));
    let place = place(&north);
    let file = place.folder.path().join("rows.csv");
    let options = Options {
        rows,
        seed: 11,
        mixed: true,
        bad: Percent::new(3.0).unwrap(),
        long: Percent::new(1.0).unwrap(),
        keys: false,
    };
    let sample = batch::write(&options, &mut std::fs::File::create(&file).unwrap()).unwrap();
    assert!(
        sample.several_segments > 0
            && sample.bad_rows.empty_text > 0
            && sample.bad_rows.letter_in_number > 0
    );
    let node = place.serve();
    let id = node.submit_batch(&file);
    let done = node.batch_done(&id, Duration::from_secs(240));
    assert_eq!(
        (done["accepted"].as_u64(), done["rejected"].as_u64()),
        (Some(sample.good), Some(sample.bad)),
        "{done}"
    );
    assert_eq!(done["delivered"], sample.good);

    let errors = node.batch_errors(&id);
    let header = "to,from,text,error_line,error_column,error";
    assert_eq!(errors.lines().next(), Some(header));
    let mut reader = csv::Reader::from_reader(errors.as_bytes());
    let named: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(named.len() as u64, sample.bad);
    for column in ["text", "to"] {
        assert!(
            named.iter().any(|row| &row[4] == column),
            "a fault of column {column}"
        );
    }
    assert!(
        named
            .iter()
            .all(|row| row[3].parse::<u64>().is_ok_and(|line| line > 1) && row[5].len() > 10)
    );
    let report = north.report();
    assert_eq!(
        (report.distinct_texts, report.segments, report.duplicates),
        (sample.segments, sample.segments, 0)
    );
    assert_eq!(report.malformed, 0);

    // The errors file can be mended and sent again as it is.
    let mended = place.folder.path().join("mended.csv");
    std::fs::write(
        &mended,
        format!("{header}\n447700900123,ACME,mended,7,to,\"it was wrong\"\n"),
    )
    .unwrap();
    let id = node.submit_batch(&mended);
    let done = node.batch_done(&id, Duration::from_secs(30));
    assert_eq!(
        (done["accepted"].as_u64(), done["rejected"].as_u64()),
        (Some(1), Some(0)),
        "{done}"
    );
    assert_eq!(node.stop().0, Some(0));
    assert_eq!(place.audit()["adds_up"], true);
}

#[test]
fn command_follows_a_batch_to_its_end() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let file = place.folder.path().join("rows.csv");
    std::fs::write(
        &file,
        "to,name\n447700900001,Ann\n447700900002,Ben\n12,Tom\n",
    )
    .unwrap();
    let node = place.serve();
    let file = file.to_str().unwrap();
    let url = ["--url", &node.http, "--key", "test-key"];
    let submit = [
        "batch",
        "submit",
        file,
        "--template",
        "Hello {name}!",
        "--from",
        "ACME",
        "--follow",
        "--json",
    ];
    let output = place.run(&[&submit[..], &url[..]].concat());
    assert_eq!(
        output.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let said = String::from_utf8(output.stdout).unwrap();
    let done: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(
        (
            done["accepted"].as_u64(),
            done["rejected"].as_u64(),
            done["delivered"].as_u64()
        ),
        (Some(2), Some(1), Some(2)),
        "{said}"
    );
    let errors = place.run(
        &[
            &["batch", "errors", done["id"].as_str().unwrap()][..],
            &url[..],
        ]
        .concat(),
    );
    assert!(
        String::from_utf8_lossy(&errors.stdout).contains("12,Tom,4,to,"),
        "{}",
        String::from_utf8_lossy(&errors.stdout)
    );
}

#[test]
fn following_ends_at_once_where_asking_again_cannot_help() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&north);
    let node = place.serve();
    for (key, said) in [("test-key", "404"), ("wrong", "401")] {
        let begun = std::time::Instant::now();
        let command = ["batch", "status", "019f3a5c2b7d0001", "--follow"];
        let output = place.run(&[&command[..], &["--url", &node.http, "--key", key]].concat());
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            output.status.code() == Some(1) && stderr.contains(said),
            "{stderr}"
        );
        assert!(begun.elapsed() < Duration::from_secs(10), "{stderr}");
    }
}
