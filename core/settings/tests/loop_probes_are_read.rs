//! `[[loop_probe]]`: defaults, and each fault with its line and cure.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::time::Duration;

use carrack_settings::{Faults, LoopProbe, ProbeReturns, Settings};

/// Seven lines, so that what is tested begins in line 8.
const BEFORE: &str = "[node]\ndata_dir = \"data\"\n[smpp_server]\nlisten = \"127.0.0.1:2775\"\n\
    [[account]]\nname = \"shop\"\napi_key = \"k\"\n";
const AFTER: &str = "[[carrier]]\nname = \"north\"\naddress = \"h:1\"\nsystem_id = \"u\"\npassword = \"p\"\nprice = 0.01\n\
    [[carrier]]\nname = \"ear\"\naddress = \"h:1\"\nsystem_id = \"u\"\npassword = \"p\"\nprice = 0.01\nbind = \"receiver\"\n";
const MO: &str = "[[account]]\nname = \"own\"\nsystem_id = \"own\"\npassword = \"secret\"\n\
    [[mo_route]]\nmatch = { to = \"80808\" }\naccount = \"own\"\n";
const LOOP: &str = "[[loop_probe]]\ncarrier = \"north\"\nto = \"+4915112345678\"\nfrom = \"PROBE\"\nreturns = \"receipt\"\n";

fn settings(text: &str) -> Result<Settings, Faults> {
    Settings::parse(&format!("{BEFORE}{text}{AFTER}"), "c.toml", Path::new(""))
}

fn probes(text: &str) -> Vec<LoopProbe> {
    settings(text)
        .unwrap_or_else(|faults| unreachable!("{faults}"))
        .loop_probes
}

#[track_caller]
fn one_fault(text: &str, line: usize, parts: &[&str]) {
    let faults = settings(text).unwrap_err().0;
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].line, line, "{faults:?}");
    for part in parts {
        let what = &faults[0].what;
        assert!(what.contains(part), "{what:?} lacks {part:?}");
    }
}

#[test]
fn a_probe_has_defaults_and_keeps_what_is_written() {
    assert!(probes("").is_empty());
    let text = format!(
        "{LOOP}{}every = \"10s\"\nwithin = \"2s\"\nalert_after = 1\nname = \"mine\"\n{MO}",
        LOOP.replace("receipt", "mo")
    );
    let found = probes(&text);
    let (first, second) = (&found[0], &found[1]);
    assert_eq!(
        (first.name.as_str(), second.name.as_str()),
        ("loop-probe-1", "mine")
    );
    assert_eq!(first.to.unwrap().as_u64(), 4_915_112_345_678);
    assert_eq!(first.from.unwrap().as_str(), "PROBE");
    let times = |probe: &LoopProbe| (probe.every.as_secs(), probe.within.as_secs());
    assert_eq!((times(first), first.alert_after), ((300, 60), 3));
    assert_eq!((times(second), second.alert_after), ((10, 2), 1));
    assert_eq!(
        (first.returns, second.returns),
        (ProbeReturns::Receipt, ProbeReturns::Mo)
    );
}

#[test]
fn what_is_given_no_time_has_what_its_turn_leaves() {
    let found = probes(&format!("{LOOP}every = \"20s\"\n"));
    assert_eq!(found[0].within, Duration::from_secs(20));
}

#[test]
fn each_fault_names_its_line_and_cure() {
    let with = |more: &str| format!("{LOOP}{more}\n");
    one_fault(&with("every = \"9s\""), 13, &["from 10s"]);
    one_fault(
        &with("every = \"20s\"\nwithin = \"21s\""),
        14,
        &["longer than `every`", "raise `every`"],
    );
    one_fault(&with("alert_after = 0"), 13, &["from 1 to 1000"]);
    one_fault(&with("evry = \"20s\""), 13, &["did you mean `every`?"]);
    one_fault(
        &LOOP.replace("north", "nort"),
        9,
        &["did you mean `north`?"],
    );
    one_fault(&LOOP.replace("north", "ear"), 8, &["binds as \"receiver\""]);
    one_fault(&LOOP.replace("+4915112345678", "+49x"), 10, &["`to`"]);
    one_fault(
        &LOOP.replace("PROBE", "A NAME TOO LONG"),
        11,
        &["`from`", "shorten it"],
    );
    one_fault(
        &LOOP.replace("\"receipt\"", "\"moo\""),
        12,
        &["one of mo, receipt"],
    );
    one_fault(
        &LOOP.replace("receipt", "mo"),
        8,
        &["add one", "returns = \"receipt\""],
    );
    one_fault(
        &format!("{LOOP}name = \"a\"\n{LOOP}name = \"a\"\n"),
        14,
        &["line 8"],
    );
    one_fault("[loop_probe]\n", 8, &["write [[loop_probe]]"]);
}

#[test]
fn more_probes_than_may_be_are_a_fault() {
    let text = LOOP.repeat(LoopProbe::PROBES_MAX + 1);
    let line = 8 + 5 * LoopProbe::PROBES_MAX;
    one_fault(&text, line, &["at most 256"]);
    assert_eq!(probes(&LOOP.repeat(LoopProbe::PROBES_MAX)).len(), 256);
}
