//! Loop probes through two carriers: one that brings them back, one that invents its receipts. Customers see nothing of it.

use std::time::Duration;

use carrack_loadtest::smsc::Settings;
use serde_json::{Value, json};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const LOOP: &str = "4915112345678";
const ROWS: u64 = 200;
/// A turn takes ten seconds at the least.
const PATIENCE: Duration = Duration::from_secs(30);

fn entry(name: &'static str, carrier: &Carrier) -> CarrierEntry<'static> {
    CarrierEntry {
        name,
        address: carrier.address,
        price: "0.005",
        links: 1,
        window: 100,
        more: "",
    }
}

fn write(place: &Place, from: &str, to: &str) {
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains(from), "{text}");
    std::fs::write(path, text.replace(from, to)).unwrap();
}

fn probe(carrier: &str) -> String {
    format!(
        "[[loop_probe]]\nname = \"{carrier}-loop\"\ncarrier = \"{carrier}\"\nto = \"+{LOOP}\"\nfrom = \"PROBE\"\n\
         returns = \"mo\"\nevery = \"10s\"\nwithin = \"2s\"\nalert_after = 1\n"
    )
}

/// A probe as the node shows it.
fn shown(node: &Node, name: &str) -> Value {
    let all = node.get("/v1/loop_probes");
    let mut probes = all["loop_probes"].as_array().unwrap().iter();
    let found = probes.find(|probe| probe["name"] == name).cloned();
    found.unwrap_or_else(|| panic!("{name} is missing: {all}"))
}

fn page(node: &Node) -> String {
    let page = ureq::get(format!("{}/metrics", node.http)).call();
    page.unwrap().body_mut().read_to_string().unwrap()
}

/// What `route explain` says of a message to the loop number.
fn explained(place: &Place) -> Value {
    let output = place.run(&["route", "explain", "--json", "--to", LOOP, "--from", "ACME"]);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_comes_back_is_told_from_receipts_that_are_invented_and_customers_see_nothing_of_it() {
    let north = Carrier::start(Settings {
        loops: vec![LOOP.to_owned()],
        mo_rate: 20,
        mo_from: "447700900001".to_owned(),
        mo_to: LOOP.to_owned(),
        mo_text: Some("carrack probe {n}".to_owned()),
        ..settings("north", 2, 20, &[])
    });
    let south = Carrier::start(settings("south", 2, 20, &[]));
    let place = Place::new(
        &[entry("north", &north), entry("south", &south)],
        "[[mo_route]]\nname = \"all\"\naccount = \"test\"\n[cdr]\nfolder = \"cdr\"\n",
    );
    let without = explained(&place);
    let probes = format!("{}{}", probe("north"), probe("south"));
    write(&place, "[[route]]", &format!("{probes}[[route]]"));
    assert_eq!(
        explained(&place),
        without,
        "customers' routes are as without"
    );
    let node = place.serve();
    let file = place.folder.path().join("rows.csv");
    let rows: String = (0..ROWS)
        .map(|row| format!("4477009{row:05},ACME,hello\n"))
        .collect();
    std::fs::write(&file, format!("to,from,text\n{rows}")).unwrap();
    let batch = node.submit_batch(&file);
    the_honest_one_comes_back(&node);
    the_invented_one_is_found_out(&place, &node);
    seen_by_an_operator(&place);
    reloaded(&place, &node);
    reloaded_with_another_carrier(&place, &node);
    north.toggle();
    eventually("none is sent while the carrier is down", PATIENCE, || {
        shown(&node, "north-loop")["state"] == "carrier is down"
    });
    assert_eq!(
        shown(&node, "south-loop")["carrier"],
        "south",
        "its route is the old one still"
    );
    let sums = shown(&node, "north-loop")["sums"].clone();
    assert_eq!(
        (&sums["missed"], &sums["failed"]),
        (&json!(0), &json!(0)),
        "{sums}"
    );
    node.batch_done(&batch, Duration::from_secs(60));
    let sent = sums["returned"].as_u64().unwrap();
    let south_sent = south.report().accepted;
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    adds_up(&place, sent, north.report().mo - sent);
    assert!(south_sent >= 1, "{south_sent}");
}

fn the_honest_one_comes_back(node: &Node) {
    assert_eq!(shown(node, "north-loop")["state"], "new");
    eventually("the honest carrier's came back", PATIENCE, || {
        shown(node, "north-loop")["sums"]["returned"] == 1
    });
    let found = shown(node, "north-loop");
    let last = &found["results"][0];
    assert_eq!(
        (&found["state"], &found["alert"]),
        (&json!("returned"), &json!(false))
    );
    assert_eq!(last["status"], "delivered", "{found}");
    for step in ["response_ms", "receipt_ms", "return_ms"] {
        assert!(
            last[step].as_u64().is_some_and(|ms| ms < 2_000),
            "{step}: {found}"
        );
    }
}

fn the_invented_one_is_found_out(place: &Place, node: &Node) {
    eventually("the invented receipt is found out", PATIENCE, || {
        shown(node, "south-loop")["state"] == "unreturned"
    });
    let found = shown(node, "south-loop");
    let last = &found["results"][0];
    assert_eq!(
        (&last["status"], &last["return_ms"]),
        (&json!("delivered"), &Value::Null)
    );
    assert_eq!(
        (&found["alert"], &found["sums"]["missed"]),
        (&json!(true), &json!(0))
    );
    eventually("the log has the alert", PATIENCE, || {
        place.said().contains("loop probes do not come back")
    });
    let page = page(node);
    for row in [
        "carrack_loop_probe_alert{probe=\"south-loop\",carrier=\"south\"} 1\n",
        "carrack_loop_probe_alert{probe=\"north-loop\",carrier=\"north\"} 0\n",
        "carrack_loop_probes_total{probe=\"south-loop\",carrier=\"south\",outcome=\"unreturned\"} ",
    ] {
        assert!(page.contains(row), "{row}: {page}");
    }
}

fn seen_by_an_operator(place: &Place) {
    let list = place.run(&["carrier", "list"]);
    let list = String::from_utf8_lossy(&list.stdout).into_owned();
    for part in [
        "north: loop probe north-loop to 4915112345678: returned, ",
        "south: loop probe south-loop to 4915112345678: unreturned, ",
        "ALERT: 1 in a row did not come back",
    ] {
        assert!(list.contains(part), "{part}: {list}");
    }
    let loops = place.run(&["carrier", "loops"]);
    assert_eq!(loops.status.code(), Some(1), "there is an alert");
    let loops = String::from_utf8_lossy(&loops.stdout).into_owned();
    assert!(loops.contains("south-loop"), "{loops}");
    let balances = place.run(&["balance"]);
    let balances = String::from_utf8_lossy(&balances.stdout).into_owned();
    assert!(!balances.contains("node:"), "no customer: {balances}");
    let money = [
        "balance",
        "add",
        "node:loop-probes",
        "5",
        "--reference",
        "slip",
    ];
    let refused = place.run(&money);
    assert_eq!(refused.status.code(), Some(1), "nobody could see it again");
    let why = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(why.contains("there is no account"), "{why}");
}

/// A probe that was changed begins anew, the other keeps its sums.
fn reloaded(place: &Place, node: &Node) {
    let kept = shown(node, "north-loop")["sums"]["returned"]
        .as_u64()
        .unwrap();
    let before = probe("south");
    write(
        place,
        &before,
        &before.replace("alert_after = 1", "alert_after = 2"),
    );
    node.signal("HUP");
    eventually("the changed one began anew", PATIENCE, || {
        shown(node, "south-loop")["alert"] == false
    });
    assert!(
        shown(node, "north-loop")["sums"]["returned"]
            .as_u64()
            .unwrap()
            >= kept
    );
}

/// Routes stay until a restart, and probes stay with them.
fn reloaded_with_another_carrier(place: &Place, node: &Node) {
    let east = "[[carrier]]\nname = \"east\"\naddress = \"127.0.0.1:9\"\nsystem_id = \"c\"\npassword = \"p\"\nprice = \"1\"\n";
    write(place, "[[route]]", &format!("{east}[[route]]"));
    write(place, "carrier = \"south\"", "carrier = \"east\"");
    node.signal("HUP");
    eventually("it is said what stays", PATIENCE, || {
        place
            .said()
            .contains("routes, prices and loop probes stay as they are until a restart")
    });
}

/// Every message and every part from a handset is where it belongs: what came back was the node's, the rest waits for its
/// customer.
fn adds_up(place: &Place, returned: u64, of_customers: u64) {
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    let count = |key: &str| audit["mo"][key].as_u64().unwrap();
    assert_eq!((count("told"), count("nobody")), (returned, 0), "{audit}");
    assert!(
        count("waiting") <= of_customers && count("waiting") > 20,
        "{audit}"
    );
    let mut lines = String::new();
    for file in std::fs::read_dir(place.folder.path().join("cdr")).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_some_and(|end| end == "jsonl") {
            lines.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    let of = |account: &str| {
        let account = format!("\"account\":\"{account}\"");
        lines.lines().filter(|line| line.contains(&account)).count() as u64
    };
    assert_eq!(of("test"), ROWS);
    assert!(of("node:loop-probes") > returned, "{lines}");
    assert!(
        lines.contains("\"tag\":\"loop-probe.north-loop\""),
        "{lines}"
    );
    let checked = place.run(&[
        "cdr",
        "check",
        place.folder.path().join("cdr").to_str().unwrap(),
    ]);
    assert_eq!(
        checked.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&checked.stderr)
    );
}
