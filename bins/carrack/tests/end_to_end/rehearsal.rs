//! What a rehearsal says is what a node then does: by carrier, to the millionth.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Place, eventually};

const WITHIN: Duration = Duration::from_secs(60);
const ROWS: u64 = 3_000;

const RATES: &str = "currency,rate\nUSD,0.9137\n";
const PLAN: &str = "prefix,network,country,operator\n4477,234-10,GB,One\n44771,234-15,GB,Two\n";
const SELL: &str = "prefix,price,currency\n44,0.02,EUR\n49,0.05,EUR\n33,0.004,EUR\n1,0.03,EUR\n";

/// As it was: everything by the cheaper of two.
const BEFORE: &str =
    "[[route]]\nname = \"all\"\nmatch = {}\ncarriers = [\"north\", \"south\"]\nat_a_loss = true\n";

/// As it is to be.
const AFTER: &str = r#"
[[route]]
name = "codes"
match = { class = "otp" }
carriers = ["south", "west"]
policy = "weighted"
weights = [60, 40]
sticky = true
[[route]]
name = "two"
match = { network = "234-15", group = "shops" }
carriers = ["west", "north"]
policy = "ordered"
[[route]]
name = "germany"
match = { prefix = "49", days = "mon-sun" }
carriers = ["north", "west"]
policy = "weighted"
weights = [70, 30]
[[route]]
name = "long"
match = { segments_min = 2 }
carriers = ["west", "south"]
margin_min = "0.001"
[[route]]
name = "all"
match = {}
carriers = ["north", "south", "west"]
"#;

/// A folder with a node of three carriers, of which these are the prices, and these the routes.
fn place(carriers: &[Carrier; 3], prices: [&str; 3], routes: &str) -> Place {
    let names = ["north", "south", "west"];
    let entries = [0, 1, 2].map(|number| CarrierEntry {
        name: names[number],
        address: carriers[number].address,
        price: "0.77",
        links: 1,
        window: 100,
        more: "",
    });
    let account = "group = \"shops\"\ndeck = \"sell.csv\"\n[cdr]\nfolder = \"cdr\"\nformat = [\"jsonl\", \"csv\"]\n\
                   [numbers]\nplan = \"plan.csv\"\n[currency]\nbase = \"EUR\"\nrates = \"rates.csv\"";
    let place = Place::new(&entries, account);
    let mut text = std::fs::read_to_string(place.configuration()).unwrap();
    text.truncate(text.find("[[route]]").unwrap());
    let mut text = text.replace("[node]\n", "[node]\nshards = 1\n");
    for (name, deck) in names.iter().zip(prices) {
        let file = format!("{name}.csv");
        text = text.replacen("price = \"0.77\"", &format!("deck = \"{file}\""), 1);
        std::fs::write(place.folder.path().join(file), deck).unwrap();
    }
    std::fs::write(place.configuration(), text + routes).unwrap();
    for (file, text) in [("sell.csv", SELL), ("plan.csv", PLAN), ("rates.csv", RATES)] {
        std::fs::write(place.folder.path().join(file), text).unwrap();
    }
    place
}

fn rows(folder: &Path) -> PathBuf {
    let mut text = String::from("to,text,class\n");
    for row in 0..ROWS {
        let to = match row % 7 {
            0 => format!("4477009{row:05}"),
            1 => format!("4477109{row:05}"),
            2 | 3 => format!("491713{row:06}"),
            4 => format!("336123{row:05}"),
            5 => format!("120255{row:05}"),
            _ => format!("4479110{row:05}"),
        };
        let is_long = row % 3 == 0 && !to.starts_with("49");
        let words = if is_long {
            "far too many words ".repeat(9 + row as usize % 12)
        } else {
            "hello".to_owned()
        };
        let class = if row % 11 == 0 { "otp" } else { "bulk" };
        writeln!(text, "{to},{words}{row},{class}").unwrap();
    }
    let file = folder.join("rows.csv");
    std::fs::write(&file, text).unwrap();
    file
}

/// Sends all rows by a node; gives how many it took.
fn sent(place: &Place, carriers: &[Carrier; 3], file: &Path) -> u64 {
    let node = place.serve();
    eventually("every link is up", WITHIN, || {
        carriers
            .iter()
            .all(|carrier| carrier.report().binds_now == 1)
    });
    let id = node.submit_batch(file);
    let done = node.batch_done(&id, WITHIN);
    assert_eq!(done["failed"], 0, "{done}");
    assert_eq!(node.stop().0, Some(0), "{}", place.said());
    eventually("every link is gone", WITHIN, || {
        carriers
            .iter()
            .all(|carrier| carrier.report().binds_now == 0)
    });
    done["accepted"].as_u64().unwrap()
}

type ByCarrier = BTreeMap<String, (u64, u64, Vec<(String, String)>)>;

/// What the CDR files of a place say: messages, segments, cost by currency.
fn by_cdr(place: &Place) -> ByCarrier {
    let folder = place.folder.path().join("cdr");
    let output = place.run(&["cdr", "check", folder.to_str().unwrap(), "--json"]);
    let verdict: Value = serde_json::from_slice(&output.stdout).unwrap();
    let mut found = ByCarrier::new();
    for sum in verdict["sums"].as_array().unwrap() {
        assert_eq!(sum["status"], "delivered", "{sum}");
        let entry = found.entry(text(&sum["carrier"])).or_default();
        entry.0 += sum["messages"].as_u64().unwrap();
        entry.1 += sum["segments"].as_u64().unwrap();
        entry
            .2
            .push((text(&sum["cost_currency"]), text(&sum["cost"])));
    }
    found
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

fn by_rehearsal(rehearsal: &Value, side: &str) -> ByCarrier {
    let mut found = ByCarrier::new();
    for carrier in rehearsal["carriers"].as_array().unwrap() {
        let part = &carrier[side];
        let messages = part["messages"].as_u64().unwrap();
        let cost = part["cost"].as_array().unwrap().iter();
        let cost = cost.map(|cost| (text(&cost["currency"]), text(&cost["amount"])));
        if messages > 0 {
            let segments = part["segments"].as_u64().unwrap();
            found.insert(text(&carrier["name"]), (messages, segments, cost.collect()));
        }
    }
    found
}

fn rehearse(of: &Place, table: &Place, more: &[&str]) -> Output {
    let (cdr, table) = (of.folder.path().join("cdr"), table.configuration());
    let arguments = [
        "route",
        "rehearse",
        "--table",
        table.to_str().unwrap(),
        "--cdr",
    ];
    let cdr = [cdr.to_str().unwrap(), "--json"];
    of.run(&[&arguments[..], &cdr, more].concat())
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

#[test]
fn a_rehearsal_says_what_a_node_then_does() {
    let carriers = ["north", "south", "west"].map(|name| Carrier::start(settings(name, 1, 5, &[])));
    let flat = "prefix,price,currency\n44,0.003,EUR\n49,0.003,EUR\n33,0.003,EUR\n1,0.003,EUR\n";
    let half = "prefix,price,currency\n44,0.001,EUR\n49,0.009,EUR\n33,0.009,EUR\n1,0.009,EUR\n";
    let before = place(&carriers, [flat, half, flat], BEFORE);
    let after = place(
        &carriers,
        [
            "prefix,network,price,currency,increment,minimum\n44,,0.006123,EUR,,\n,234-10,0.0071,EUR,2,2\n49,,0.031,EUR,,\n33,,0.009,EUR,,\n",
            "prefix,price,currency\n44,0.0069,USD\n33,0.0083,USD\n1,0.011,USD\n",
            "prefix,price,currency,increment\n44,0.006007,EUR,2\n49,0.03,EUR,1\n1,0.011,EUR,3\n33,0.01,EUR,1\n",
        ],
        AFTER,
    );
    let file = rows(before.folder.path());
    assert_eq!(sent(&before, &carriers, &file), ROWS);
    let output = rehearse(&before, &after, &[]);
    let said = document(&output);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(by_rehearsal(&said, "before"), by_cdr(&before));

    let taken = sent(&after, &carriers, &file);
    assert_eq!(by_rehearsal(&said, "after"), by_cdr(&after), "{said}");
    assert_eq!(said["after"]["messages"], taken);
    let refused: u64 = said["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            assert!(
                ["margin", "no_price"].contains(&one["reason"].as_str().unwrap()),
                "{one}"
            );
            one["messages"].as_u64().unwrap()
        })
        .sum();
    assert!(refused > 0, "France is dearer than what it is sold for");
    assert_eq!(refused, ROWS - taken, "{said}");
    for route in said["routes"].as_array().unwrap() {
        assert!(route["messages"].as_u64().unwrap() > 0, "{route}");
    }
    // And what it then did, rehearsed against itself, changes nothing.
    let again = document(&rehearse(&after, &after, &[]));
    assert_eq!(
        by_rehearsal(&again, "before"),
        by_rehearsal(&again, "after")
    );
    for (key, value) in again["before"]["base"].as_object().unwrap() {
        assert_eq!(again["after"]["base"][key], *value, "{key}");
    }
    println!(
        "{}",
        String::from_utf8_lossy(&rehearse_text(&before, &after).stdout)
    );
}

fn rehearse_text(of: &Place, table: &Place) -> Output {
    let (cdr, table) = (of.folder.path().join("cdr"), table.configuration());
    let table = table.to_str().unwrap();
    of.run(&[
        "route",
        "rehearse",
        "--table",
        table,
        "--cdr",
        cdr.to_str().unwrap(),
    ])
}

#[test]
fn what_a_cdr_does_not_say_is_counted_and_faults_are_named() {
    let carriers = ["north", "south", "west"].map(|name| Carrier::start(settings(name, 1, 5, &[])));
    let flat = "prefix,price,currency\n44,0.003,EUR\n49,0.003,EUR\n33,0.003,EUR\n1,0.003,EUR\n";
    let asks = "[[route]]\nname = \"lottery\"\nmatch = { prefix = \"49\", text = 'win' }\ncarriers = [\"west\"]\n";
    let place = place(&carriers, [flat, flat, flat], &format!("{asks}{BEFORE}"));
    let cdr = place.folder.path().join("cdr");
    std::fs::create_dir(&cdr).unwrap();
    let line = |to: &str, account: &str, tag: &str| {
        format!(
            "{{\"id\":\"0\",\"account\":\"{account}\",\"class\":\"bulk\",\"to\":{to},\"from\":\"A\",\"segments\":1,\"encoding\":\"gsm7\",\
             \"accepted_at\":\"2026-11-22T17:15:00.123Z\",\"status\":\"delivered\",\"carrier\":\"east\",\"segments_sent\":1,\"price\":\"0.04\",\
             \"charged\":\"0.04\",\"currency\":\"EUR\",\"cost\":\"0.01\",\"cost_currency\":null,\"margin\":\"0.03\"{tag}}}\n"
        )
    };
    let mut lines =
        line("\"4917130000001\"", "test", "") + &line("\"447700900001\"", "test", ",\"tag\":null");
    lines += &line("null", "test", "");
    // Octets have no text, so the route that looks for one is judged.
    lines += &line("\"4917130000002\"", "test", "").replace("gsm7", "binary");
    lines += &line("\"447700900001\"", "gone", "");
    lines += &line("\"447700900001\"", "node:loop-probes", "");
    std::fs::write(cdr.join("cdr-1.jsonl"), &lines).unwrap();
    let said = document(&rehearse(&place, &place, &[]));
    assert_eq!(said["loop_probes"], 1, "{said}");
    assert_eq!(said["not_judged"]["messages"], 1, "{said}");
    assert_eq!(said["not_judged"]["routes"][0]["name"], "lottery");
    assert_eq!(said["not_judged"]["routes"][0]["asks"][0], "text");
    assert_eq!(
        (said["messages"].as_u64(), said["without_facts"].as_u64()),
        (Some(4), Some(1))
    );
    assert_eq!(said["refused"][0]["reason"], "unknown_account");
    assert_eq!(said["before"]["base"]["margin"], "0.12");
    assert_eq!(
        said["after"]["base"]["margin"], "0.111",
        "0.05, 0.02, 0.05 less 0.003 each"
    );
    let east = &said["carriers"][0];
    assert_eq!(
        (&east["name"], &east["after"]["messages"]),
        (&"east".into(), &0.into())
    );

    lines += "{\"account\":\n";
    std::fs::write(cdr.join("cdr-1.jsonl"), &lines).unwrap();
    let output = rehearse(&place, &place, &["--at", "2026-12-01"]);
    assert_eq!(output.status.code(), Some(1), "a line cannot be read");
    let said = document(&output);
    let what = said["unreadable"]["what"][0].as_str().unwrap();
    assert!(what.contains("cdr-1.jsonl:7: "), "{what}");
    assert_eq!(said["prices_at"], "2026-12-01");
    std::fs::write(cdr.join("cdr-1.csv"), "").unwrap();
    let named: Vec<PathBuf> = ["cdr-1.csv", "cdr-1.jsonl"]
        .iter()
        .map(|name| cdr.join(name))
        .collect();
    let named: Vec<&str> = named.iter().map(|path| path.to_str().unwrap()).collect();
    assert_eq!(
        rehearse(&place, &place, &["--cdr", named[0], named[1]])
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        rehearse(&place, &place, &["--at", "soon"]).status.code(),
        Some(2)
    );
}
