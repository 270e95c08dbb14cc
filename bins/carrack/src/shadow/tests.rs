//! What the comparison says, message by message, without a node.
#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::Path;
use std::sync::Arc;

use carrack_engine::{Seen, SeenWay, ShadowDoor, ShadowSpec};
use carrack_message::{Class, Msisdn, Network, Sender};
use carrack_routing::{Draws, Policy, Query};
use serde_json::Value;

use super::example::{EXAMPLES_MAX, Examples};
use super::loaded::Loaded;
use super::trial::{Looking, Payer, Trial};
use super::*;
use crate::rehearsal::{Judge, Sums};

const COMMON: &str = r#"
[node]
data_dir = "data"
[[account]]
name = "shop"
api_key = "k"
deck = "sell.csv"
[[carrier]]
name = "north"
address = "127.0.0.1:1"
system_id = "c"
password = "p"
deck = "north.csv"
[[carrier]]
name = "south"
address = "127.0.0.1:1"
system_id = "c"
password = "p"
deck = "south.csv"
"#;

fn route(matches: &str, carriers: &str, more: &str) -> String {
    format!("[[route]]\nmatch = {{ {matches} }}\ncarriers = [{carriers}]\n{more}\n")
}

fn loaded(folder: &Path, name: &str, routes: &str) -> Loaded {
    for (file, prices) in [
        ("sell.csv", "44,0.02,EUR\n49,0.05,EUR\n33,0.004,EUR\n"),
        ("north.csv", "44,0.006,EUR\n49,0.007,EUR\n33,0.003,EUR\n"),
        ("south.csv", "44,0.005,EUR\n49,0.009,EUR\n33,0.008,EUR\n"),
    ] {
        std::fs::write(
            folder.join(file),
            format!("prefix,price,currency\n{prices}"),
        )
        .unwrap();
    }
    let path = folder.join(name);
    std::fs::write(&path, format!("{COMMON}{routes}")).unwrap();
    Loaded::read(&path).unwrap()
}

/// What the table in use does with messages to these numbers, one segment each.
fn decided(now: &Loaded, draws: &Draws, to: &str) -> Seen {
    let table = &now.configuration.table;
    let to = Msisdn::from_digits(to.as_bytes()).unwrap();
    let sell = now.configuration.sell_decks[0]
        .as_ref()
        .unwrap()
        .price(to)
        .unwrap();
    let query = Query {
        sell: Some(sell.price),
        draws: Some(draws),
        ..Query::of("shop", to, "ACME", Class::Bulk)
    };
    let way = table.choose(&query).ok().map(|choice| {
        let policy = &table.route(choice.route).unwrap().policy;
        let is_drawn = matches!(policy, Policy::Weighted { sticky: false, .. });
        SeenWay {
            table: Arc::clone(table),
            route: choice.route,
            carrier: choice.candidates[0].carrier,
            network: choice.network,
            draw: is_drawn.then(|| draws.last(choice.route)),
        }
    });
    Seen {
        account: 1,
        to,
        from: Sender::parse("ACME").unwrap(),
        class: Class::Bulk,
        segments: 1,
        tag: "".into(),
        text: Some("hello".into()),
        price: Some(sell.price),
        at_utc_ns: 1_795_348_800_000_000_000,
        network: Network::UNKNOWN,
        way,
    }
}

/// Looks at messages by a new table; gives the report.
fn compared(now: &Loaded, next: &Loaded, to: impl Iterator<Item = String>) -> Value {
    let (door, _seen) = ShadowDoor::open(ShadowSpec {
        share_percent: 100,
        queue: 1,
        wants_text: true,
    });
    let mut looking = Looking {
        files: Default::default(),
        door: Arc::new(door),
        table: Arc::clone(&next.configuration.table),
        rates: None,
        is_looked_up: false,
        since_utc_ns: 0,
        sums: Sums::new(next.configuration.table.carriers()),
        examples: Examples::default(),
        left_out: 0,
    };
    let judge = Judge::new(&next.configuration);
    let draws = Draws::new(now.configuration.table.routes().len());
    let payer = Payer {
        name: "shop",
        currency: "EUR".parse().ok(),
    };
    let mut different = 0;
    for to in to {
        different += u64::from(looking.add(&decided(now, &draws, &to), payer, &judge));
    }
    let trial = Trial::of(settings::Shadow {
        configuration: "next.toml".into(),
        share: 100,
        queue: 1,
        line: 1,
    });
    assert!(trial.look(looking, |_| ()));
    let report = serde_json::to_value(trial.report()).unwrap();
    let differ = ["other", "only_now", "only_then"].map(|part| report[part].as_u64().unwrap());
    assert_eq!(differ.iter().sum::<u64>(), different);
    report
}

fn to(prefix: &'static str, count: u64) -> impl Iterator<Item = String> {
    (0..count).map(move |number| format!("{prefix}{number:08}"))
}

#[test]
fn sums_are_those_of_the_decks_and_every_message_is_in_one_part() {
    let folder = tempfile::tempdir().unwrap();
    let all = route("", "\"north\"", "");
    let now = route("prefix = [\"44\", \"33\"]", "\"north\"", "");
    let next = route("prefix = \"33\"", "\"south\"", "")
        + &route("prefix = \"49\"", "\"south\"", "")
        + &route("", "\"north\", \"south\"", "");
    let now = loaded(folder.path(), "now.toml", &now);
    let next = loaded(folder.path(), "next.toml", &next);
    let report = compared(
        &now,
        &next,
        to("4479", 30).chain(to("3361", 20)).chain(to("4917", 7)),
    );
    // 44: 30 of 0.006 become 0.005. 33: south costs more than what it is sold for. 49: no route before.
    for (part, messages) in [
        ("messages", 57),
        ("same", 0),
        ("other", 30),
        ("only_now", 20),
        ("refused_for_margin", 20),
        ("only_then", 7),
        ("neither", 0),
        ("dropped", 0),
    ] {
        assert_eq!(report[part], messages, "{part}: {report}");
    }
    assert_eq!(report["before"]["base"]["cost"], "0.24", "{report}");
    assert_eq!(report["before"]["base"]["sell"], "0.68");
    assert_eq!(report["before"]["base"]["margin"], "0.44");
    assert_eq!(report["after"]["base"]["cost"], "0.213");
    assert_eq!(report["after"]["base"]["sell"], "0.95");
    assert_eq!(report["after"]["base"]["margin"], "0.737");
    let reverse = compared(&next, &now, to("4479", 30).chain(to("4917", 7)));
    assert_eq!(
        (&reverse["other"], &reverse["only_now"]),
        (&30.into(), &7.into())
    );
    let nothing = loaded(folder.path(), "all.toml", &all);
    let same = compared(&nothing, &nothing, to("4479", 9));
    assert_eq!((&same["same"], &same["other"]), (&9.into(), &0.into()));
}

#[test]
fn a_table_beside_itself_differs_in_nothing_though_it_shares_out() {
    let folder = tempfile::tempdir().unwrap();
    let more = "policy = \"weighted\"\nweights = [60, 40]";
    let routes = route("", "\"north\", \"south\"", more);
    let now = loaded(folder.path(), "now.toml", &routes);
    let next = loaded(folder.path(), "next.toml", &routes);
    let report = compared(&now, &next, to("4479", 1_000));
    assert_eq!(report["same"], 1_000, "{report}");
    let more = "policy = \"weighted\"\nweights = [50, 50]";
    let routes = route("", "\"north\", \"south\"", more);
    let shifted = loaded(folder.path(), "shifted.toml", &routes);
    let report = compared(&now, &shifted, to("4479", 1_000));
    let moved = report["other"].as_u64().unwrap();
    assert!((99..=101).contains(&moved), "a tenth moves: {report}");
}

#[test]
fn examples_are_the_last_few_and_say_nobodys_number() {
    let folder = tempfile::tempdir().unwrap();
    let now = loaded(folder.path(), "now.toml", &route("", "\"north\"", ""));
    let next = loaded(folder.path(), "next.toml", &route("", "\"south\"", ""));
    let report = compared(&now, &next, to("4479", 500));
    let examples = report["examples"].as_array().unwrap();
    assert_eq!(examples.len(), EXAMPLES_MAX);
    let newest = &examples[0];
    assert!(newest["to"].as_str().unwrap().ends_with("44790000xxxx"));
    assert!(!report.to_string().contains("4479000004"), "{report}");
    assert_eq!(newest["before"]["carrier"], "north");
    assert_eq!(newest["after"]["cost"], "0.005");
    let shown: Report = serde_json::from_value(report).unwrap();
    let text = shown.text();
    for part in ["another carrier", "500 messages looked at", "44790000xxxx"] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_text_is_looked_at_where_the_new_table_asks_for_one() {
    let folder = tempfile::tempdir().unwrap();
    let now = loaded(folder.path(), "now.toml", &route("", "\"north\"", ""));
    let next = route("text = 'hel+o'", "\"south\"", "") + &route("", "\"north\"", "");
    let next = loaded(folder.path(), "next.toml", &next);
    let report = compared(&now, &next, to("4479", 5));
    assert_eq!(report["other"], 5, "{report}");
    assert_eq!(report["not_judged"]["messages"], 0);
}

#[test]
fn a_trial_that_was_stopped_opens_no_door() {
    let folder = tempfile::tempdir().unwrap();
    let next = loaded(folder.path(), "next.toml", &route("", "\"north\"", ""));
    let named = settings::Shadow {
        configuration: folder.path().join("next.toml"),
        share: 100,
        queue: 1,
        line: 1,
    };
    let looking = |files| {
        let (door, _seen) = ShadowDoor::open(ShadowSpec {
            share_percent: 100,
            queue: 1,
            wants_text: false,
        });
        Looking {
            files,
            door: Arc::new(door),
            table: Arc::clone(&next.configuration.table),
            rates: None,
            is_looked_up: false,
            since_utc_ns: 0,
            sums: Sums::default(),
            examples: Examples::default(),
            left_out: 0,
        }
    };
    let trial = Trial::of(named.clone());
    trial.stop(|| ());
    let mut is_open = false;
    assert!(!trial.look(looking(Default::default()), |_| is_open = true));
    assert!(!is_open);
    trial.fail(&["of a file that nobody asks of any more".to_owned()]);
    assert_eq!(trial.report().state, "reading", "no fault is told of it");
    let files = Loaded::read(&named.configuration).unwrap().files;
    let trial = Trial::of(named.clone());
    assert!(trial.look(looking(files), |_| ()));
    assert!(trial.is_of(&named), "nothing has changed");
    let other = settings::Shadow {
        share: 50,
        ..named.clone()
    };
    assert!(!trial.is_of(&other));
    let deck = folder.path().join("south.csv");
    std::fs::write(&deck, "prefix,price,currency\n44,0.0049,EUR\n").unwrap();
    assert!(!trial.is_of(&named), "one of its price lists was written");
}
