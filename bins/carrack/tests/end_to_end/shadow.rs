//! Another table beside live traffic: what it says is what a rehearsal says later, and nothing of it holds the node up.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, Place, eventually};

const WITHIN: Duration = Duration::from_secs(60);
const ROWS: u64 = 500;

const NOW: &str =
    "[[route]]\nname = \"all\"\nmatch = { prefix = [\"44\", \"33\"] }\ncarriers = [\"north\"]\n";

const NEXT: &str = r#"
[[route]]
name = "france"
match = { prefix = "33" }
carriers = ["south"]
margin_min = "0.001"
[[route]]
name = "wins"
match = { prefix = "44", text = 'win' }
carriers = ["north"]
[[route]]
name = "cheap"
match = {}
carriers = ["north", "south"]
"#;

/// A node by [`NOW`] with [`NEXT`] in its shadow.
fn place(carriers: &[Carrier; 2], shadow: &str) -> Place {
    let names = ["north", "south"];
    let entries = [0, 1].map(|number| CarrierEntry {
        name: names[number],
        address: carriers[number].address,
        price: "0.77",
        links: 1,
        window: 100,
        more: "",
    });
    let place = Place::new(&entries, "deck = \"sell.csv\"\n[cdr]\nfolder = \"cdr\"");
    let mut text = std::fs::read_to_string(place.configuration()).unwrap();
    text.truncate(text.find("[[route]]").unwrap());
    for name in names {
        text = text.replacen("price = \"0.77\"", &format!("deck = \"{name}.csv\""), 1);
    }
    for (file, prices) in [
        ("sell.csv", "44,0.02,EUR\n33,0.004,EUR\n49,0.05,EUR\n"),
        ("north.csv", "44,0.006,EUR\n33,0.002,EUR\n49,0.01,EUR\n"),
        ("south.csv", "44,0.005,EUR\n33,0.0035,EUR\n49,0.02,EUR\n"),
    ] {
        let prices = format!("prefix,price,currency\n{prices}");
        std::fs::write(place.folder.path().join(file), prices).unwrap();
    }
    std::fs::write(next(&place), format!("{text}{NEXT}")).unwrap();
    let shadow = format!("[shadow]\nconfiguration = \"next.toml\"\n{shadow}\n");
    std::fs::write(place.configuration(), format!("{text}{shadow}{NOW}")).unwrap();
    place
}

fn next(place: &Place) -> PathBuf {
    place.folder.path().join("next.toml")
}

fn rows(place: &Place, to: impl Fn(u64) -> (String, String)) -> PathBuf {
    let mut text = String::from("to,text,class\n");
    for row in 0..ROWS {
        let (to, words) = to(row);
        writeln!(text, "{to},{words},bulk").unwrap();
    }
    let file = place.folder.path().join("rows.csv");
    std::fs::write(&file, text).unwrap();
    file
}

fn report(node: &Node) -> Value {
    node.get("/v1/routes/shadow")
}

fn looks(node: &Node) {
    eventually("the shadow looks", WITHIN, || {
        report(node)["state"] == "looking"
    });
}

fn seen(node: &Node, messages: u64) -> Value {
    eventually("all was looked at", WITHIN, || {
        report(node)["messages"].as_u64() >= Some(messages)
    });
    report(node)
}

fn metric(node: &Node, name: &str) -> f64 {
    let page = ureq::get(format!("{}/metrics", node.http)).call().unwrap();
    let page = page.into_body().read_to_string().unwrap();
    let row = page
        .lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    row.map_or(0.0, |value| value.parse().unwrap())
}

fn start() -> [Carrier; 2] {
    ["north", "south"].map(|name| Carrier::start(settings(name, 1, 5, &[])))
}

#[test]
fn the_shadow_says_of_live_traffic_what_a_rehearsal_says_of_its_records() {
    let carriers = start();
    let place = place(&carriers, "");
    let node = place.serve();
    looks(&node);
    // 300 to 44, of which 100 win; 100 of two segments; 100 to 33, where south leaves 0.0005 and is to leave 0.001.
    let file = rows(&place, |row| match row % 5 {
        0 => (format!("33612{row:06}"), format!("bonjour {row}")),
        1 => (format!("4479100{row:05}"), format!("you win {row}")),
        2 => (format!("4479110{row:05}"), "two segments ".repeat(14)),
        _ => (format!("4479120{row:05}"), format!("hello {row}")),
    });
    let id = node.submit_batch(&file);
    assert_eq!(node.batch_done(&id, WITHIN)["accepted"], ROWS);
    let said = seen(&node, ROWS);
    for (part, messages) in [
        ("messages", ROWS),
        ("same", 100),
        ("other", 300),
        ("only_now", 100),
        ("refused_for_margin", 100),
        ("only_then", 0),
        ("neither", 0),
        ("dropped", 0),
    ] {
        assert_eq!(said[part], messages, "{part}: {said}");
    }
    assert_eq!(said["before"]["segments"], 600);
    // 500 segments of 0.006 and 100 of 0.002; then 100 of 0.006 and 400 of 0.005.
    assert_eq!(said["before"]["base"]["cost"], "3.2", "{said}");
    assert_eq!(said["before"]["base"]["margin"], "7.2");
    assert_eq!(said["after"]["base"]["cost"], "2.6");
    assert_eq!(said["after"]["base"]["margin"], "7.4");
    assert_eq!(said["examples"].as_array().map(Vec::len), Some(20));
    let examples = said["examples"].as_array().unwrap();
    let is_masked = |example: &Value| example["to"].as_str().unwrap().ends_with("xxxx");
    assert!(examples.iter().all(is_masked), "{said}");
    assert_eq!(metric(&node, "carrack_shadow_messages_total"), 500.0);
    assert_eq!(metric(&node, "carrack_shadow_different_total"), 400.0);
    assert_eq!(carriers[1].report().submits, 0, "nothing of it was sent");

    let shown = |more: &[&str]| {
        let asked = ["route", "shadow", "--url", &node.http, "--key", "test-key"];
        let output = place.run(&[&asked[..], more].concat());
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(0), "{said}");
        said
    };
    let text = shown(&[]);
    println!("{text}");
    for part in ["500 messages looked at", "refused: 100 messages", "cheap"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    let document: Value = serde_json::from_str(&shown(&["--reset", "--json"])).unwrap();
    assert_eq!(
        (&document["messages"], &document["same"]),
        (&0.into(), &0.into())
    );

    // What no carrier takes now never comes to a shard, and yet the new table may have one.
    let file = rows(&place, |row| {
        (format!("491713{row:06}"), "hallo".to_owned())
    });
    let id = node.submit_batch(&file);
    assert_eq!(node.batch_done(&id, WITHIN)["rejected"], ROWS);
    let one = place.run(&[
        "send",
        "--to",
        "4917130000001",
        "--from",
        "ACME",
        "--text",
        "hi",
        "--url",
        &node.http,
        "--key",
        "test-key",
    ]);
    assert_ne!(one.status.code(), Some(0), "there is no route to it");
    let then = seen(&node, ROWS + 1);
    assert_eq!(
        (&then["only_then"], &then["messages"]),
        (&501.into(), &501.into())
    );
    assert_eq!(then["after"]["base"]["cost"], "5.01");
    assert_eq!(node.stop().0, Some(0), "{}", place.said());

    // The text of messages is in no CDR, so that the rehearsal may not ask for one.
    let text = std::fs::read_to_string(next(&place)).unwrap();
    let text = text.replace("prefix = \"44\", text = 'win'", "prefix = \"4479100\"");
    std::fs::write(next(&place), text).unwrap();
    let (next, cdr) = (next(&place), place.folder.path().join("cdr"));
    let arguments = ["route", "rehearse", "--json", "--table"];
    let files = [next.to_str().unwrap(), "--cdr", cdr.to_str().unwrap()];
    let output = place.run(&[&arguments[..], &files].concat());
    let rehearsed: Value = serde_json::from_slice(&output.stdout).unwrap();
    for part in [
        "before", "after", "carriers", "moves", "refused", "routes", "base",
    ] {
        assert_eq!(said[part], rehearsed[part], "{part}");
    }
}

#[test]
fn a_table_in_its_own_shadow_differs_in_no_loop_probe() {
    let carriers = start();
    let place = place(&carriers, "");
    let text = std::fs::read_to_string(place.configuration()).unwrap();
    let text = text.replace("\"next.toml\"", "\"carrack.toml\"");
    let probe = "[[loop_probe]]\nname = \"loop\"\ncarrier = \"north\"\nto = \"+447700900999\"\nfrom = \"PROBE\"\n\
                 returns = \"receipt\"\nevery = \"10s\"\nwithin = \"5s\"\n";
    std::fs::write(place.configuration(), format!("{text}{probe}")).unwrap();
    let node = place.serve();
    looks(&node);
    eventually("a probe has come back", WITHIN, || {
        node.get("/v1/loop_probes")["loop_probes"][0]["sums"]["returned"].as_u64() >= Some(1)
    });
    // What was shown before them was looked at before them.
    let file = rows(&place, |row| {
        (format!("4479120{row:05}"), "hello".to_owned())
    });
    let id = node.submit_batch(&file);
    node.batch_done(&id, WITHIN);
    let said = seen(&node, ROWS);
    assert_eq!(
        (&said["messages"], &said["same"], &said["only_now"]),
        (&ROWS.into(), &ROWS.into(), &0.into()),
        "{said}"
    );
    assert_eq!(metric(&node, "carrack_shadow_different_total"), 0.0);
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}

/// Faults of the configuration in use hide none of the other one's, and a price list of both is told of once.
fn both_are_checked(place: &Place, named: &str, check: impl Fn() -> (Option<i32>, String)) {
    let good = std::fs::read_to_string(place.configuration()).unwrap();
    std::fs::write(place.configuration(), format!("{good}[nodes]\n")).unwrap();
    let (code, said) = check();
    assert_eq!(code, Some(2));
    assert!(said.contains("`nodes`") && said.contains(named), "{said}");
    std::fs::write(place.configuration(), &good).unwrap();
    let text = std::fs::read_to_string(next(place)).unwrap();
    std::fs::write(next(place), text.replace("\"sout\"", "\"south\"")).unwrap();
    let deck = place.folder.path().join("south.csv");
    let prices = std::fs::read_to_string(&deck).unwrap();
    std::fs::write(&deck, prices.replacen("44,", "4x,", 1)).unwrap();
    let (code, said) = check();
    assert_eq!(code, Some(2));
    assert_eq!(said.matches("south.csv:2").count(), 1, "{said}");
    std::fs::write(&deck, prices).unwrap();
    std::fs::write(next(place), text).unwrap();
}

#[test]
fn a_bad_shadow_is_named_and_stops_neither_the_node_nor_a_reload() {
    let carriers = start();
    let place = place(&carriers, "share = 50");
    let good = std::fs::read_to_string(next(&place)).unwrap();
    let bad = good.replacen("carriers = [\"south\"]", "carriers = [\"sout\"]", 1);
    let line = bad
        .lines()
        .position(|line| line.contains("\"sout\""))
        .unwrap()
        + 1;
    std::fs::write(next(&place), &bad).unwrap();
    let check = || {
        let output = place.run(&["config", "check", place.configuration().to_str().unwrap()]);
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        (output.status.code(), said)
    };
    let named = format!("next.toml:{line}: ");
    let (code, said) = check();
    assert!(code == Some(2) && said.contains(&named), "{said}");
    both_are_checked(&place, &named, check);

    let node = place.serve();
    eventually("it says so", WITHIN, || report(&node)["state"] == "faulty");
    let said = report(&node);
    assert!(
        said["faults"][0].as_str().unwrap().contains(&named),
        "{said}"
    );
    assert_eq!(metric(&node, "carrack_shadow_faults_total"), 1.0);
    let asked = ["route", "shadow", "--url", &node.http, "--key", "test-key"];
    let output = place.run(&asked);
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains(&named));

    // A reload of the good one holds; the bad one is told again.
    let price =
        || node.get("/v1/routes/explain?to=447700900001")["candidates"][0]["price_micros"].as_i64();
    let deck = place.folder.path().join("north.csv");
    std::fs::write(&deck, "prefix,price,currency\n44,0.0055,EUR\n").unwrap();
    node.signal("HUP");
    eventually("the new price holds", WITHIN, || price() == Some(5_500));
    eventually("the fault is told again", WITHIN, || {
        metric(&node, "carrack_shadow_faults_total") == 2.0
    });

    std::fs::write(next(&place), &good).unwrap();
    node.signal("HUP");
    looks(&node);
    assert_eq!(check().0, Some(0));
    let file = rows(&place, |row| {
        (format!("4479120{row:05}"), "hello".to_owned())
    });
    let id = node.submit_batch(&file);
    node.batch_done(&id, WITHIN);
    let said = seen(&node, ROWS / 2);
    assert_eq!(
        (&said["messages"], &said["other"]),
        (&250.into(), &250.into()),
        "every second one"
    );
    // Another account changes nothing of it; another price of its own begins anew. When the second one is there the first
    // reload is over.
    for name in ["later", "last"] {
        let text = std::fs::read_to_string(place.configuration()).unwrap();
        let more = format!("[[account]]\nname = \"{name}\"\napi_key = \"{name}\"\n");
        std::fs::write(place.configuration(), format!("{text}{more}")).unwrap();
        node.signal("HUP");
        let has_account = || {
            let request = ureq::get(format!("{}/v1/balance", node.http));
            let key = format!("Bearer {name}");
            request.header("Authorization", &key).call().is_ok()
        };
        eventually("the account is there", WITHIN, has_account);
    }
    assert_eq!(report(&node)["messages"], 250, "{}", place.said());
    let deck = place.folder.path().join("south.csv");
    std::fs::write(&deck, "prefix,price,currency\n44,0.004,EUR\n").unwrap();
    node.signal("HUP");
    eventually("it begins anew", WITHIN, || report(&node)["messages"] == 0);

    let text = std::fs::read_to_string(place.configuration()).unwrap();
    let gone = text.replace("[shadow]\nconfiguration = \"next.toml\"\nshare = 50\n", "");
    std::fs::write(place.configuration(), gone).unwrap();
    node.signal("HUP");
    eventually("nothing is tried", WITHIN, || {
        let request = ureq::get(format!("{}/v1/routes/shadow", node.http));
        let answer = request.header("Authorization", "Bearer test-key").call();
        matches!(answer, Err(ureq::Error::StatusCode(404)))
    });
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
}
