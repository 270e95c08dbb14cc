//! The disk of the CDR files is full, or away: messages go on, and what ended meanwhile is in the files afterwards.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{Place, eventually};
use super::scene::{PATIENCE, place_with, submit};
use super::small_disk::SmallDisk;

/// Pauses between tries grow to half a minute.
const RECOVERY: Duration = Duration::from_secs(60);

fn exported(place: &Place) -> (u64, u64) {
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    let count = |name: &str| audit["cdr"][name].as_u64().unwrap_or(0);
    (count("exported"), count("waiting"))
}

fn check(place: &Place, folder: &Path) -> Value {
    let output = place.run(&["cdr", "check", folder.to_str().unwrap(), "--json"]);
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn full_cdr_disk_stops_no_message_and_every_end_is_in_the_files_when_there_is_room() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place_with(&north, "[cdr]\nfolder = \"small/cdr\"");
    let Some(disk) = SmallDisk::mount(&place.folder.path().join("small"), 1) else {
        return;
    };
    let node = place.serve();
    submit(&node, "before", 5);
    eventually("the first are exported", PATIENCE, || {
        exported(&place) == (5, 0)
    });
    disk.fill(0);
    // More than the rest of a page of the file holds.
    submit(&node, "meanwhile", 60);
    eventually("all end though no file can be written", PATIENCE, || {
        let audit = place.audit();
        audit["waiting"] == 0 && audit["delivered"] == 65
    });
    eventually("the fault is said", PATIENCE, || {
        place.said().contains("CDR files cannot be written")
    });
    assert_eq!(exported(&place), (5, 60));
    disk.make_room();
    eventually("the rest is exported", RECOVERY, || {
        exported(&place) == (65, 0)
    });
    submit(&node, "after", 5);
    // A stop does not wait for receipts.
    eventually("the last end too", PATIENCE, || {
        place.audit()["delivered"] == 70
    });
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    assert_eq!(exported(&place), (70, 0));
    let verdict = check(&place, &place.folder.path().join("small/cdr"));
    assert_eq!(
        (verdict["adds_up"].as_bool(), verdict["messages"].as_u64()),
        (Some(true), Some(70)),
        "{verdict}"
    );
}

#[test]
fn folder_that_went_away_is_waited_for_also_after_a_kill() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let place = place_with(&north, "[cdr]\nfolder = \"cdr\"");
    let (folder, away) = (
        place.folder.path().join("cdr"),
        place.folder.path().join("away"),
    );
    let node = place.serve();
    submit(&node, "before", 5);
    eventually("the first are exported", PATIENCE, || {
        exported(&place) == (5, 0)
    });
    node.kill();
    std::fs::rename(&folder, &away).unwrap();
    let node = place.serve();
    submit(&node, "meanwhile", 5);
    eventually("all end", PATIENCE, || place.audit()["delivered"] == 10);
    assert_eq!(exported(&place), (5, 5));
    assert!(!folder.exists(), "no other is begun in its place");
    std::fs::rename(&away, &folder).unwrap();
    eventually("the rest is exported", RECOVERY, || {
        exported(&place) == (10, 0)
    });
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let verdict = check(&place, &folder);
    assert_eq!(
        (verdict["adds_up"].as_bool(), verdict["messages"].as_u64()),
        (Some(true), Some(10)),
        "{verdict}"
    );
}
