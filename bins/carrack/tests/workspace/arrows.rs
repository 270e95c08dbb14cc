//! Dependencies point one way: a room knows only what stands below it, and the pure rooms know nothing of I/O.

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Package};

use crate::metadata;

/// Floors of the house; a room may use rooms of lower floors only.
const FLOORS: [(&str, u8); 16] = [
    ("carrack-smpp", 1),
    ("carrack-message", 1),
    ("carrack-throttle", 1),
    ("carrack-telemetry", 1),
    ("carrack-settings", 2),
    ("carrack-runtime", 2),
    ("carrack-carrier", 3),
    ("carrack-lookup", 3),
    ("carrack-queue", 3),
    ("carrack-routing", 3),
    ("carrack-loadtest", 3),
    ("carrack-engine", 4),
    ("carrack-ingest", 5),
    ("carrack-simulation", 5),
    ("bench", 5),
    ("carrack", 6),
];

/// Rooms that decide and do no I/O.
const PURE: [&str; 4] = [
    "carrack-smpp",
    "carrack-message",
    "carrack-routing",
    "carrack-throttle",
];

/// What does I/O.
const IO: [&str; 8] = [
    "tokio",
    "tokio-uring",
    "mio",
    "socket2",
    "rocksdb",
    "hyper",
    "axum",
    "ureq",
];

fn used(package: &Package) -> impl Iterator<Item = String> + '_ {
    let normal = package
        .dependencies
        .iter()
        .filter(|dependency| dependency.kind == DependencyKind::Normal);
    normal.map(|dependency| dependency.name.clone())
}

#[test]
fn rooms_use_only_rooms_of_lower_floors() {
    let metadata = metadata();
    let floors: BTreeMap<&str, u8> = FLOORS.into_iter().collect();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let name = package.name.to_string();
        let floor = *floors
            .get(name.as_str())
            .unwrap_or_else(|| panic!("{name} stands on no floor: give it one in this test"));
        for other in used(package).filter(|other| other.starts_with("carrack")) {
            if floors
                .get(other.as_str())
                .is_none_or(|lower| *lower >= floor)
            {
                wrong.push(format!("{name} uses {other}"));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "arrows that point up or sideways: {wrong:?}"
    );
}

#[test]
fn load_tools_share_only_codec_and_message() {
    let metadata = metadata();
    let tools = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_ref() == "carrack-loadtest")
        .unwrap();
    let ours: BTreeSet<String> = used(tools)
        .filter(|other| other.starts_with("carrack"))
        .collect();
    let allowed = ["carrack-message", "carrack-smpp"]
        .map(str::to_owned)
        .into_iter()
        .collect();
    assert!(
        ours.is_subset(&allowed),
        "{ours:?}: an independent judge must not share the engine's code"
    );
}

#[test]
fn pure_rooms_do_no_io() {
    let metadata = metadata();
    for package in metadata
        .workspace_packages()
        .into_iter()
        .filter(|package| PURE.contains(&package.name.as_ref()))
    {
        let io: Vec<String> = used(package)
            .filter(|other| IO.contains(&other.as_str()))
            .collect();
        assert!(io.is_empty(), "{} is pure and uses {io:?}", package.name);
    }
}

#[test]
fn engine_does_not_know_the_doors() {
    let metadata = metadata();
    let engine = metadata
        .workspace_packages()
        .into_iter()
        .find(|package| package.name.as_ref() == "carrack-engine")
        .unwrap();
    assert!(
        !used(engine)
            .any(|other| other == "carrack-ingest" || other == "carrack-smpp" || other == "axum")
    );
}
