//! `[[limit]]` and `[limits]`: rates of every unit, windows of recipients, and faults with their cure.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::time::Duration;

use carrack_message::Sender;
use carrack_settings::{Each, Faults, Limit, LimitKind, Settings};

const NODE: &str = "[node]\ndata_dir = \"data\"\n[[account]]\nname = \"shop\"\napi_key = \"k\"\n";

fn settings(text: &str) -> Result<Settings, Faults> {
    Settings::parse(&format!("{NODE}{text}"), "c.toml", Path::new("/etc"))
}

fn limit(text: &str) -> Limit {
    let mut limits = settings(&format!("[[limit]]\n{text}\n"))
        .unwrap()
        .limit_rules;
    limits.pop().unwrap()
}

fn fault(text: &str) -> String {
    settings(text).unwrap_err().to_string()
}

#[test]
fn rates_have_a_unit_and_are_shown_as_they_are_written() {
    for (rate, count, seconds) in [
        ("100/s", 100, 1),
        ("10/min", 10, 60),
        ("500/h", 500, 3600),
        ("10000/d", 10_000, 86_400),
    ] {
        let limit = limit(&format!("each = \"sender\"\nrate = \"{rate}\""));
        assert_eq!(limit.shown(), rate);
        assert_eq!(
            limit.kind,
            LimitKind::Paced {
                each: Each::Sender,
                count,
                unit: Duration::from_secs(seconds),
                burst: 1
            }
        );
    }
    for rate in [
        "10",
        "10/m",
        "0/s",
        "-1/s",
        "+1/s",
        "1.5/s",
        "/s",
        "2000000/s",
    ] {
        let said = fault(&format!("[[limit]]\neach = \"all\"\nrate = \"{rate}\"\n"));
        assert!(
            said.contains("c.toml:8") && said.contains("10/min"),
            "{rate}: {said}"
        );
    }
}

#[test]
fn a_match_is_that_of_a_route_and_senders_may_begin_alike() {
    let limit = limit(
        "name = \"long-codes\"\neach = \"network\"\nrate = \"5/s\"\nburst = 3\n\
         match = { from = [\"4477009*\", \"ACME\"], account = \"shop\", network = \"234\", class = \"bulk\" }",
    );
    assert_eq!(limit.name, "long-codes");
    let takes = |sender: &str| {
        let sender = Sender::parse(sender).unwrap();
        limit.senders.iter().any(|own| own.takes(&sender))
    };
    assert!(takes("447700900123") && takes("ACME") && !takes("447800900123"));
    assert!(limit.matches.senders.is_empty());
    assert_eq!(
        (limit.matches.accounts.len(), limit.matches.networks.len()),
        (1, 1)
    );
    let said =
        fault("[[limit]]\neach = \"all\"\nrate = \"1/s\"\nmatch = { account = \"shopp\" }\n");
    assert!(said.contains("did you mean `shop`"), "{said}");
    let said = fault("[[limit]]\neach = \"all\"\nrate = \"1/s\"\nmatch = { form = \"ACME\" }\n");
    assert!(said.contains("did you mean `from`"), "{said}");
}

#[test]
fn recipients_have_a_count_and_a_window() {
    let limit = limit("each = \"recipient\"\ncount = 3\nwithin = \"1h\"");
    assert_eq!(
        (limit.name.as_str(), limit.shown().as_str()),
        ("limit-1", "3 in 1h")
    );
    let said = fault("[[limit]]\neach = \"recipient\"\nrate = \"3/h\"\n");
    for part in ["`rate`", "`count` is missing", "`within` is missing"] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let said = fault("[[limit]]\neach = \"sender\"\ncount = 3\nwithin = \"1h\"\n");
    for part in ["`rate` is missing", "`count`", "each = \"recipient\" only"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn names_are_unique_and_their_number_is_bounded() {
    let one = "[[limit]]\nname = \"a\"\neach = \"all\"\nrate = \"1/s\"\n";
    assert!(fault(&one.repeat(2)).contains("two limits are named `a`"));
    let unnamed = "[[limit]]\neach = \"all\"\nrate = \"1/s\"\n";
    assert_eq!(settings(&unnamed.repeat(64)).unwrap().limit_rules.len(), 64);
    assert!(fault(&unnamed.repeat(65)).contains("at most 64"));
}

#[test]
fn what_limits_may_remember_has_defaults() {
    let limits = settings("").unwrap().limits;
    assert_eq!(
        (limits.buckets_max, limits.recipients_max),
        (100_000, 1_000_000)
    );
    let limits = settings("[limits]\nbuckets_max = 7\n").unwrap().limits;
    assert_eq!(limits.buckets_max, 7);
}
