//! Lists of ported numbers become an index, changes become a new one, and bad lists change nothing.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

fn carrack(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_carrack"))
        .arg("numbers")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap()
}

/// Runs a command that has to succeed and gives its JSON.
fn told(folder: &Path, arguments: &[&str]) -> Value {
    let output = carrack(folder, &[arguments, &["--json"]].concat());
    let fault = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{arguments:?}: {fault}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn csv<'a>(rows: impl IntoIterator<Item = (u64, &'a str)>) -> String {
    let mut text = String::from("number,network\n");
    for (number, network) in rows {
        writeln!(text, "{number},{network}").unwrap();
    }
    text
}

/// Asks the index for each of these numbers.
fn networks(folder: &Path, index: &str, numbers: &[u64]) -> Vec<Option<String>> {
    let texts: Vec<String> = numbers.iter().map(u64::to_string).collect();
    let mut arguments = vec!["lookup", index];
    arguments.extend(texts.iter().map(String::as_str));
    let found = told(folder, &arguments);
    let network = |known: &Value| known["network"].as_str().map(str::to_owned);
    found.as_array().unwrap().iter().map(network).collect()
}

#[test]
fn an_index_and_its_changes_say_what_the_lists_say() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let places = ["234-10", "234-15", "310-410"];
    let mut scatter = 7_u64;
    let mut chance = move || {
        scatter = scatter
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        scatter >> 40
    };
    let mut expected = BTreeMap::new();
    let whole: Vec<(u64, &str)> = (0..900)
        .map(|_| {
            (
                447_700_900_000 + chance() % 600,
                places[chance() as usize % 3],
            )
        })
        .collect();
    expected.extend(whole.iter().copied());
    std::fs::write(folder.join("dump.csv"), csv(whole)).unwrap();
    let built = told(
        folder,
        &["build", "--csv", "dump.csv", "--out", "ported.idx"],
    );
    assert_eq!(built["numbers"], expected.len());
    assert_eq!(built["repeated"], 900 - expected.len());

    let changes: Vec<(u64, &str)> = (0..300)
        .map(|_| {
            (
                447_700_900_000 + chance() % 700,
                ["", "234-10", "262-01"][chance() as usize % 3],
            )
        })
        .collect();
    for (number, network) in &changes {
        match *network {
            "" => drop(expected.remove(number)),
            network => drop(expected.insert(*number, network)),
        }
    }
    std::fs::write(folder.join("delta.csv"), csv(changes)).unwrap();
    let delta = [
        "delta",
        "--index",
        "ported.idx",
        "--csv",
        "delta.csv",
        "--out",
        "ported.idx",
    ];
    assert_eq!(told(folder, &delta)["numbers"], expected.len());
    assert_eq!(
        told(folder, &["check", "ported.idx", "--lookups", "1000"])["good"],
        true
    );

    let asked: Vec<u64> = (447_700_900_000..447_700_900_700).collect();
    let wanted: Vec<Option<String>> = asked
        .iter()
        .map(|number| expected.get(number).map(|network| (*network).to_owned()))
        .collect();
    assert_eq!(networks(folder, "ported.idx", &asked), wanted);
    let files = std::fs::read_dir(folder).unwrap().count();
    assert_eq!(files, 3, "nothing is left beside");
}

#[test]
fn lists_with_faults_name_them_all_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("good.csv"), csv([(447_700_900_123, "23410")])).unwrap();
    std::fs::write(
        folder.join("bad.csv"),
        "number,network\n447700900124,23410\n12,23410\n447700900125,2\n",
    )
    .unwrap();
    told(
        folder,
        &["build", "--csv", "good.csv", "--out", "ported.idx"],
    );
    let before = std::fs::read(folder.join("ported.idx")).unwrap();
    let refused = carrack(
        folder,
        &[
            "build",
            "--csv",
            "good.csv",
            "--csv",
            "bad.csv",
            "--csv",
            "none.csv",
            "--out",
            "ported.idx",
        ],
    );
    assert_eq!(refused.status.code(), Some(2));
    let faults = String::from_utf8(refused.stderr).unwrap();
    for place in [
        "bad.csv:3: ",
        "bad.csv:4: network \"2\"",
        "none.csv: cannot be read",
    ] {
        assert!(faults.contains(place), "{faults}");
    }
    assert_eq!(std::fs::read(folder.join("ported.idx")).unwrap(), before);
}

#[test]
fn an_index_that_was_cut_or_spoiled_or_is_none_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("delta.csv"), csv([(447_700_900_123, "23410")])).unwrap();
    let synthetic = carrack(folder, &["synthetic", "5000", "--seed", "3"]);
    std::fs::write(folder.join("dump.csv"), &synthetic.stdout).unwrap();
    let built = told(folder, &["build", "--csv", "dump.csv", "--out", "good.idx"]);
    assert_eq!(
        (&built["numbers"], &built["repeated"]),
        (&Value::from(5_000), &Value::from(0))
    );
    let good = std::fs::read(folder.join("good.idx")).unwrap();
    let mut spoiled = good.clone();
    spoiled[500] ^= 1;
    let cut = good[..good.len() - 100].to_vec();
    for (octets, cure) in [
        (cut, "it was cut or spoiled"),
        (spoiled, "checksum of its blocks"),
        (synthetic.stdout, "is no portability index"),
        (Vec::new(), "no portability index"),
    ] {
        std::fs::write(folder.join("bad.idx"), octets).unwrap();
        for arguments in [
            &["check", "bad.idx"][..],
            &[
                "delta",
                "--index",
                "bad.idx",
                "--csv",
                "delta.csv",
                "--out",
                "new.idx",
            ],
        ] {
            let refused = carrack(folder, arguments);
            let fault = String::from_utf8(refused.stderr).unwrap();
            assert_eq!(refused.status.code(), Some(2), "{fault}");
            assert!(fault.contains(cure), "{fault}");
        }
        assert!(!folder.join("new.idx").exists());
    }
}
