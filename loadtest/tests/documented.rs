//! The page and the registry say the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_loadtest::smsc::quirk;
use std::collections::BTreeSet;

#[test]
fn the_page_lists_every_quirk_with_its_values_traps_and_meaning() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/simulator.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, table) = page.split_once("| quirk | traps | what it does |").unwrap();
    let rows: BTreeSet<&str> = table
        .lines()
        .filter(|line| line.starts_with("| `"))
        .collect();
    let expected: BTreeSet<String> = quirk::registry()
        .map(|quirk| {
            let default = match quirk.default_shown() {
                none if none.is_empty() => none,
                default => format!(" (default {default})"),
            };
            let traps = quirk.traps.join(" ");
            format!(
                "| `{}` | {traps} | {}{default} |",
                quirk.usage(),
                quirk.line
            )
        })
        .collect();
    let missing: Vec<_> = expected
        .iter()
        .filter(|row| !rows.contains(row.as_str()))
        .collect();
    assert!(missing.is_empty(), "not in docs/simulator.md: {missing:#?}");
    assert_eq!(
        rows.len(),
        expected.len(),
        "docs/simulator.md lists what is no quirk"
    );
}

#[test]
fn every_trap_that_a_carrier_can_play_has_a_quirk() {
    let played: BTreeSet<&str> = quirk::registry()
        .flat_map(|quirk| quirk.traps)
        .copied()
        .collect();
    // Answered fast enough (the report says), times, TLS (options), submit_multi.
    let others = ["T13", "T44", "T47", "T48"];
    for number in 1..=48 {
        let trap = format!("T{number:02}");
        let is_other = others.contains(&trap.as_str());
        assert_ne!(played.contains(trap.as_str()), is_other, "{trap}");
    }
}
