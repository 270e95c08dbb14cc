//! Messages from handsets: taken and given away by rules through kills, refused while there are none, explained.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use carrack_loadtest::smsc::Settings;
use serde_json::{Value, json};

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const ROWS: u64 = 1500;
const KILLS: usize = 3;
/// What the simulator cuts each of its long messages into.
const PARTS: u64 = 3;

fn entry<'a>(north: &Carrier, more: &'a str) -> CarrierEntry<'a> {
    CarrierEntry {
        name: "north",
        address: north.address,
        price: "0.005",
        links: 2,
        window: 100,
        more,
    }
}

fn rules(place: &Place, rules: &str) {
    let path = place.configuration();
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, format!("{text}{rules}")).unwrap();
}

const SHORT_CODE: &str =
    "[[mo_route]]\nname = \"code\"\nmatch = { to = \"80808\" }\naccount = \"test\"\n";

/// `carrack_mo...` of the node, by name and labels.
fn metrics(node: &Node) -> BTreeMap<String, u64> {
    let page = ureq::get(format!("{}/metrics", node.http)).call();
    let page = page.unwrap().body_mut().read_to_string().unwrap();
    let lines = page.lines().filter(|line| line.starts_with("carrack_mo_"));
    lines
        .filter_map(|line| line.rsplit_once(' '))
        .map(|(name, value)| (name.to_owned(), value.parse().unwrap()))
        .collect()
}

/// Every handset answers, in parts, to whom wrote to it: half of them to a number with a rule, half to one without.
#[test]
fn part_that_was_answered_is_in_the_log_through_every_kill() {
    let quirks = ["mo=100", "mo-udh16", "mo-sar", "mo-out-of-order"];
    let north = Carrier::start(settings("north", 2, 5, &quirks));
    let place = Place::new(&[entry(&north, "rate = 500")], "");
    rules(&place, SHORT_CODE);
    let file = place.folder.path().join("rows.csv");
    let mut rows = String::from("to,from,text\n");
    for row in 0..ROWS {
        let from = if row % 2 == 0 { "80808" } else { "90909" };
        writeln!(rows, "4477009{row:05},{from},are you well").unwrap();
    }
    std::fs::write(&file, rows).unwrap();
    let mut node = place.serve();
    let id = node.submit_batch(&file);
    for _ in 0..KILLS {
        std::thread::sleep(Duration::from_millis(700));
        node.kill();
        node = place.serve();
    }
    node.batch_done(&id, Duration::from_secs(60));
    eventually(
        "every handset has answered and every part was taken",
        Duration::from_secs(60),
        || {
            let report = north.report();
            report.mo >= ROWS && report.mo_answered == report.mo * PARTS
        },
    );
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let report = north.report();
    assert_eq!(report.mo_refused, 0, "{report:?}");
    let audit = place.audit();
    assert_eq!(audit["adds_up"], true, "{audit}");
    let count = |key: &str| audit["mo"][key].as_u64().unwrap();
    let (received, repeated) = (count("received"), count("repeated"));
    println!(
        "{} parts answered, {} written, {received} received, {repeated} repeated",
        report.mo_answered, report.mo_sent
    );
    // What came again after a kill is known by its number in its message: what is left came once.
    assert_eq!(received - repeated, report.mo_answered, "{audit}");
    assert!(received <= report.mo_sent, "{audit}");
    let (waiting, nobody) = (count("waiting"), count("nobody"));
    assert_eq!(waiting + nobody + repeated, received, "{audit}");
    assert_eq!((count("told"), count("expired")), (0, 0), "{audit}");
    // Each message whole, and in the hands that its rule says.
    assert_eq!((waiting % PARTS, nobody % PARTS), (0, 0), "{audit}");
    assert!(waiting >= ROWS / 2 * PARTS && nobody >= ROWS / 2 * PARTS);
    let shown = place.run(&["audit"]);
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for row in ["parts from handsets, received", "nobody's"] {
        assert!(shown.contains(row), "{row}: {shown}");
    }
}

#[test]
fn without_rules_the_carrier_keeps_its_messages_and_a_reload_takes_them() {
    let north = Carrier::start(Settings {
        mo_rate: 100,
        mo_from: "447700900001".to_owned(),
        mo_to: "80808".to_owned(),
        mo_text: Some("hello {n}".to_owned()),
        ..settings("north", 1, 5, &[])
    });
    let place = Place::new(&[entry(&north, "")], "");
    let node = place.serve();
    let refused = "carrack_mo_refused_total{reason=\"no_rules\"}";
    eventually("refused for want of rules", Duration::from_secs(10), || {
        metrics(&node).get(refused).is_some_and(|count| *count > 0)
    });
    assert_eq!(metrics(&node).get("carrack_mo_received_total"), None);
    assert_eq!(north.report().mo_answered, 0);
    rules(&place, SHORT_CODE);
    node.signal("HUP");
    eventually("taken by the new rule", Duration::from_secs(10), || {
        north.report().mo_answered >= 50
    });
    let waiting = "carrack_mo_waiting{shard=\"0\"}";
    eventually("the metrics know", Duration::from_secs(10), || {
        let metrics = metrics(&node);
        let all = metrics.iter();
        let waiting: u64 = all
            .filter(|(name, _)| name.starts_with("carrack_mo_waiting"))
            .map(|(_, count)| *count)
            .sum();
        waiting >= 50 && metrics.get("carrack_mo_received_total") >= Some(&50)
    });
    assert!(metrics(&node).contains_key(waiting), "{:?}", metrics(&node));
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    let audit = place.audit();
    let count = |key: &str| audit["mo"][key].as_u64().unwrap();
    assert_eq!((count("nobody"), count("told")), (0, 0), "{audit}");
    assert_eq!(count("waiting"), count("received"), "{audit}");
    assert!(count("waiting") >= north.report().mo_answered, "{audit}");
}

/// Its exit code and what it prints as JSON.
fn explained(place: &Place, arguments: &[&str]) -> (Option<i32>, Value) {
    let output = place.run(&[&["mo", "explain", "--json"], arguments].concat());
    let value = serde_json::from_slice(&output.stdout).unwrap_or_default();
    (output.status.code(), value)
}

#[test]
fn explanation_names_the_rule_that_decides_and_what_failed_in_others() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let south = CarrierEntry {
        name: "south",
        ..entry(&north, "")
    };
    let place = Place::new(&[entry(&north, ""), south], "");
    let code = ["--to", "80808", "--from", "+447700900001"];
    let (exit, none) = explained(&place, &code);
    assert_eq!((exit, &none["taken"]), (Some(1), &Value::Null), "{none}");
    let more = "[[mo_route]]\nname = \"stop\"\nmatch = { keyword = \"stop\" }\naccount = \"test\"\n\
         [[mo_route]]\nmatch = { to = \"90909\", carrier = \"south\" }\naccount = \"test\"\n";
    rules(&place, &format!("{more}{SHORT_CODE}"));
    let (exit, said) = explained(&place, &code);
    assert_eq!((exit, &said), (Some(2), &Value::Null), "which carrier?");
    let with = [&code[..], &["--carrier", "north", "--text", "Stop!"]].concat();
    let (exit, stop) = explained(&place, &with);
    assert_eq!(exit, Some(0), "{stop}");
    assert_eq!(
        (&stop["taken"], &stop["keyword"]),
        (&json!("stop"), &json!("stop"))
    );
    assert_eq!(
        (&stop["account"], &stop["deliver"]),
        (&json!("test"), &json!("bind"))
    );
    let last = &stop["rules"][2];
    assert_eq!(
        (&last["holds"], &last["decides"]),
        (&json!(true), &json!(false))
    );
    let with = [&code[..], &["--carrier", "north", "--text", "hello"]].concat();
    let (exit, hello) = explained(&place, &with);
    assert_eq!(
        (exit, &hello["taken"]),
        (Some(0), &json!("code")),
        "{hello}"
    );
    let failed: Vec<&Value> = (0..3).map(|rule| &hello["rules"][rule]["failed"]).collect();
    assert_eq!(failed, [&json!("keyword"), &json!("to"), &Value::Null]);
    assert_eq!(hello["rules"][1]["name"], "mo-route-2");
    let shown = place.run(&[&["mo", "explain"][..], &with].concat());
    let shown = String::from_utf8_lossy(&shown.stdout).into_owned();
    for part in [
        "keyword hello is none of stop",
        "to 80808 is none of 90909",
        "takes it",
        "code gives it to the account test by bind",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let wrong = [&code[..], &["--carrier", "west"]].concat();
    assert_eq!(explained(&place, &wrong).0, Some(2));
}
