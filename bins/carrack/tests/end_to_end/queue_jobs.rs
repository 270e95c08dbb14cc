//! Queue jobs against a running node: a carrier that is down, a purge of a part, a move of the rest.

use std::fmt::Write as _;
use std::time::Duration;

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place, eventually};

const ROWS: u64 = 4000;

fn run(place: &Place, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = place.run(arguments);
    let text = |octets: &[u8]| String::from_utf8_lossy(octets).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

fn json(place: &Place, arguments: &[&str]) -> Value {
    let (code, stdout, stderr) = run(place, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {stdout}{stderr}");
    serde_json::from_str(&stdout).unwrap()
}

/// Half of the numbers begin with 447, half with 448.
fn rows() -> String {
    let mut text = "to,text\n".to_owned();
    for row in 0..ROWS {
        writeln!(text, "44{}009{row:05},text {row}", 77 + row % 2 * 4).unwrap();
    }
    text
}

#[test]
fn what_waits_for_a_carrier_that_is_down_is_purged_in_part_and_the_rest_moved() {
    let second = Duration::from_secs(1);
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let south = Carrier::start(settings("south", 1, 5, &[]));
    let entry = |name, address, price| CarrierEntry {
        name,
        address,
        price,
        links: 1,
        window: 100,
        more: "",
    };
    let place = Place::new(
        &[
            entry("north", north.address, "0.005"),
            entry("south", south.address, "0.009"),
        ],
        "[queue]\nlane_in_memory = 300\n",
    );
    north.toggle();
    let node = place.serve();
    eventually("south is up", 5 * second, || south.report().binds_now == 1);
    assert_eq!(run(&place, &["carrier", "pause", "south"]).0, Some(0));
    let file = place.folder.path().join("rows.csv");
    std::fs::write(&file, rows()).unwrap();
    let batch = node.submit_batch(&file);
    eventually("all of it waits", 20 * second, || {
        node.get("/v1/queue")["waiting"] == ROWS
    });

    let wanted = ["queue", "purge", "--carrier", "north", "--to-prefix", "448"];
    let counted = json(&place, &[&wanted[..], &["--dry-run", "--json"]].concat());
    assert_eq!(
        (&counted["matched"], &counted["done"]),
        (&(ROWS / 2).into(), &0.into())
    );
    let (code, _, said) = run(&place, &wanted);
    assert!(code == Some(2) && said.contains("--yes"), "{said}");
    let (code, _, said) = run(&place, &["queue", "purge", "--yes"]);
    assert!(code == Some(2) && said.contains("--all"), "{said}");
    let purged = json(
        &place,
        &[&wanted[..], &["--yes", "--follow", "--json"]].concat(),
    );
    assert_eq!(
        (&purged["state"], &purged["done"], &purged["left"]),
        (&"done".into(), &(ROWS / 2).into(), &0.into()),
        "{purged}"
    );
    let queue = node.get("/v1/queue");
    assert_eq!(queue["waiting"], ROWS / 2, "{queue}");

    let wanted = [
        "queue",
        "move",
        "--carrier",
        "north",
        "--to",
        "south",
        "--follow",
    ];
    let moved = json(&place, &[&wanted[..], &["--json"]].concat());
    assert_eq!(moved["done"], ROWS / 2, "{moved}");
    let (code, _, said) = run(&place, &["queue", "move", "--all", "--to", "west"]);
    assert!(code == Some(1) && said.contains("west"), "{said}");
    let (code, table, _) = run(&place, &["queue", "jobs"]);
    assert!(
        code == Some(0) && table.contains("move to south"),
        "{table}"
    );
    assert_eq!(
        run(&place, &["queue", "stop"]).0,
        Some(1),
        "nothing is at work"
    );

    assert_eq!(run(&place, &["carrier", "resume", "south"]).0, Some(0));
    eventually("the dear one gets it", 10 * second, || {
        south.report().accepted > 0
    });
    north.toggle();
    let done = node.batch_done(&batch, 60 * second);
    assert_eq!(
        (&done["delivered"], &done["failed"]),
        (&(ROWS / 2).into(), &(ROWS / 2).into())
    );
    assert_eq!(
        north.report().accepted,
        0,
        "the cheap one is up again and gets nothing of it"
    );
    assert_eq!(south.report().accepted, ROWS / 2);
    assert_eq!(node.stop().0, Some(0));
    let audit = place.audit();
    let count = |key: &str| audit[key].as_u64().unwrap();
    assert_eq!(
        (
            count("accepted"),
            count("delivered"),
            count("cancelled"),
            count("waiting")
        ),
        (ROWS, ROWS / 2, ROWS / 2, 0),
        "{audit}"
    );
    assert_eq!(audit["adds_up"], true, "{audit}");
}
