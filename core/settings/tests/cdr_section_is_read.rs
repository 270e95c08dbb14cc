//! `[cdr]`: off where it is missing, its formats each once, and its faults with their cure.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::time::Duration;

use carrack_settings::{Cdr, CdrFormat, Faults, Settings};

const NODE: &str = "[node]\ndata_dir = \"data\"\n";

fn read(text: &str) -> Result<Option<Cdr>, Faults> {
    Settings::parse(
        &format!("{NODE}{text}"),
        "c.toml",
        Path::new("/etc/carrack"),
    )
    .map(|settings| settings.cdr)
}

#[test]
fn section_that_is_missing_is_off_and_an_empty_one_has_defaults() {
    assert_eq!(read("").unwrap(), None);
    let cdr = read("[cdr]\n").unwrap().unwrap();
    assert_eq!(cdr.folder, Path::new("/etc/carrack/cdr"));
    assert_eq!(cdr.format, [CdrFormat::Jsonl]);
    assert_eq!(cdr.rotate_after, Duration::from_secs(3600));
    assert_eq!((cdr.rotate_size, cdr.hold_max), (256 << 20, 10 << 30));
}

#[test]
fn formats_are_one_or_a_list_and_each_counts_once() {
    let format = |value: &str| {
        read(&format!("[cdr]\nformat = {value}\n"))
            .unwrap()
            .unwrap()
            .format
    };
    assert_eq!(format("\"csv\""), [CdrFormat::Csv]);
    let both = [CdrFormat::Jsonl, CdrFormat::Csv];
    assert_eq!(format("[\"csv\", \"jsonl\", \"csv\"]"), both);
}

#[test]
fn faults_are_named_with_their_cure() {
    let text =
        "[cdr]\nfolder = \"\"\nformat = []\nrotate_after = \"10ms\"\nrotate_sise = \"1MiB\"\n";
    let said = read(text).unwrap_err().to_string();
    for part in [
        "name a folder",
        "take [cdr] away",
        "rotate_after",
        "did you mean `rotate_size`?",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = read("[cdr]\nformat = \"parquet\"\n")
        .unwrap_err()
        .to_string();
    assert!(said.contains("jsonl, csv"), "{said}");
}
