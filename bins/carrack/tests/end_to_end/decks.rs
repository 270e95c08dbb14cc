//! Price lists: what is bad changes nothing, what is dated changes by itself, and the commands tell before.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::Duration;

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::{CarrierEntry, Node, PROGRAM, Place, eventually};

const WITHIN: Duration = Duration::from_secs(30);

/// A place whose carrier has a deck, and the deck's file.
fn place(carrier: &Carrier, deck: &str, more: &str) -> (Place, PathBuf) {
    let entry = CarrierEntry::north(carrier.address, (1, 10));
    let place = Place::new(&[entry], "");
    let text = std::fs::read_to_string(place.configuration()).unwrap();
    let text = text.replace("price = \"0.005\"", "deck = \"north.csv\"");
    std::fs::write(place.configuration(), format!("{more}\n{text}")).unwrap();
    let file = place.folder.path().join("north.csv");
    std::fs::write(&file, deck).unwrap();
    (place, file)
}

fn price(node: &Node) -> Option<i64> {
    node.get("/v1/routes/explain?to=447700900001")["candidates"][0]["price_micros"].as_i64()
}

fn said(output: &Output) -> String {
    let said = [output.stdout.clone(), output.stderr.clone()].concat();
    String::from_utf8_lossy(&said).into_owned()
}

fn run(arguments: &[&str]) -> Output {
    Command::new(PROGRAM).args(arguments).output().unwrap()
}

#[test]
fn a_bad_deck_names_every_fault_and_changes_nothing() {
    const ROWS: u64 = 900_001;
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let (place, file) = place(&north, "prefix,price,currency\n44,0.01,EUR\n", "");
    let node = place.serve();
    assert_eq!(price(&node), Some(10_000));
    let bad = [
        (3, "4x4,0.02,EUR,"),
        (450_000, "1450000,-0.02,EUR,"),
        (600_000, "1000007,0.02,EUR,"),
        (700_000, "1700000,0.02,EUX,"),
        (ROWS, "1900001,0.02,EUR,\"broken"),
    ];
    let mut text = String::from("prefix,price,currency,name\n44,0.02,EUR,UK\n");
    for row in 2..=ROWS {
        match bad.iter().find(|(place, _)| *place == row) {
            Some((_, line)) => writeln!(text, "{line}").unwrap(),
            None => writeln!(text, "{},0.02,EUR,somewhere", 1_000_000 + row).unwrap(),
        }
    }
    std::fs::write(&file, text).unwrap();
    let checked = run(&["deck", "check", file.to_str().unwrap()]);
    assert_eq!(checked.status.code(), Some(2));
    node.signal("HUP");
    eventually("the faults are logged", WITHIN, || {
        place.said().contains("the one in use stays")
    });
    for said in [said(&checked), place.said()] {
        for (row, _) in bad {
            assert!(
                said.contains(&format!("north.csv:{}: ", row + 1)),
                "row {row}: {said}"
            );
        }
    }
    assert_eq!(price(&node), Some(10_000), "nothing has changed");
    assert_eq!(node.stop().0, Some(0));
}

#[test]
fn prices_change_at_their_date_from_what_was_read() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let change = jiff::Timestamp::now() + Duration::from_secs(6);
    let deck = format!(
        "prefix,price,currency,from\n44,0.01,EUR,\n44,0.02,EUR,{change}\n1,0.03,EUR,{change}\n"
    );
    let (place, file) = place(&north, &deck, "");
    let node = place.serve();
    assert_eq!(price(&node), Some(10_000));
    // What somebody writes meanwhile is for the next reload.
    std::fs::write(&file, "prefix,price\nbroken").unwrap();
    eventually("the price has changed", WITHIN, || {
        price(&node) == Some(20_000)
    });
    assert!(jiff::Timestamp::now() >= change);
    let of_america = node.get("/v1/routes/explain?to=12025550123");
    assert_eq!(of_america["candidates"][0]["price_micros"], 30_000);
    assert_eq!(node.stop().0, Some(0));
}

#[test]
fn decks_in_another_currency_need_a_rate() {
    let north = Carrier::start(settings("north", 1, 5, &[]));
    let deck = "prefix,price,currency\n44,0.01,USD\n";
    let currency = "[currency]\nbase = \"EUR\"\nrates = \"rates.csv\"";
    let (place, _) = place(&north, deck, currency);
    let rates = place.folder.path().join("rates.csv");
    let check = || place.run(&["config", "check", place.configuration().to_str().unwrap()]);
    std::fs::write(
        &rates,
        "currency,rate,from\nGBP,1.15,\nUSD,0.9,2400-01-01\n",
    )
    .unwrap();
    let output = check();
    assert_eq!(output.status.code(), Some(2));
    assert!(
        said(&output).contains("north.csv:2: currency USD has no rate to EUR"),
        "{}",
        said(&output)
    );
    std::fs::write(&rates, "currency,rate,from\nUSD,nine,\n").unwrap();
    assert!(
        said(&check()).contains("rates.csv:2: rate \"nine\""),
        "{}",
        said(&check())
    );
    std::fs::write(&rates, "currency,rate,from\nUSD,0.9,\n").unwrap();
    assert_eq!(check().status.code(), Some(0), "{}", said(&check()));
}

#[test]
fn commands_tell_what_a_deck_says_and_what_changes() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let old = file(
        "old.csv",
        "prefix,price,currency,name\n44,0.04,EUR,UK\n49,0.05,EUR,Germany\n33,0.01,EUR,France\n",
    );
    let new = file(
        "new.csv",
        "prefix,network,price,currency,name,from,increment,minimum\n\
         44,,0.05,EUR,UK,,,\n44,,0.06,EUR,UK,2400-01-01,,\n,234-15,0.02,EUR,UK,,2,\n49,,0.04,EUR,Germany,,,\n",
    );
    let checked = run(&["deck", "check", &old, &new]);
    assert_eq!(checked.status.code(), Some(0), "{}", said(&checked));
    assert!(
        said(&checked)
            .contains("3 rows by prefix, 1 by network, EUR, 3 hold now, next change 2400-01-01"),
        "{}",
        said(&checked)
    );

    let diff = |more: &[&str]| run(&[&["deck", "diff", &old, &new], more].concat());
    let shown = diff(&[]);
    assert_eq!(shown.status.code(), Some(0), "{}", said(&shown));
    for part in [
        "1 rises, 1 falls, 1 new, 1 gone",
        "+25.00",
        "-20.00",
        "234-15",
        "France",
    ] {
        assert!(said(&shown).contains(part), "{part}: {}", said(&shown));
    }
    let document: Value =
        serde_json::from_slice(&diff(&["--json", "--at", "2400-01-01"]).stdout).unwrap();
    assert_eq!(document["rises"], 1);
    let rise = &document["changes"][0];
    assert_eq!(
        (rise["percent"].as_str(), rise["after"]["price"].as_str()),
        (Some("+50.00"), Some("0.06"))
    );
    let none: Value = serde_json::from_slice(&diff(&["--json", "--limit", "0"]).stdout).unwrap();
    assert_eq!(
        (
            none["gone"].as_u64(),
            none["changes"].as_array().map(Vec::len)
        ),
        (Some(1), Some(0))
    );

    let price = |more: &[&str]| run(&[&["deck", "price", &new, "+447700900123"], more].concat());
    assert!(
        said(&price(&[])).contains("0.05 EUR a segment by 44 (UK)"),
        "{}",
        said(&price(&[]))
    );
    let by_network = price(&["--network", "23415", "--segments", "3", "--json"]);
    let document: Value = serde_json::from_slice(&by_network.stdout).unwrap();
    assert_eq!(
        (
            document["cost"].as_str(),
            document["billed"].as_u64(),
            document["line"].as_u64()
        ),
        (Some("0.08"), Some(4), Some(4))
    );
    assert_eq!(
        run(&["deck", "price", &new, "+33612345678"]).status.code(),
        Some(1)
    );
    for wrong in [
        &["--at", "soon"][..],
        &["--network", "2"],
        &["--segments", "0"],
    ] {
        assert_eq!(price(wrong).status.code(), Some(2), "{wrong:?}");
    }
    let broken = file("broken.csv", "prefix,price\nx,1\n");
    let both = run(&["deck", "diff", &old, &broken]);
    assert_eq!(both.status.code(), Some(2));
    assert!(said(&both).contains("broken.csv:2: "), "{}", said(&both));
}
