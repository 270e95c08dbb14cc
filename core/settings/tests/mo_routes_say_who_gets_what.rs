//! `[[mo_route]]` and `[mo]`: defaults, every kind of condition, and each fault with its line and cure.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use std::path::Path;
use std::time::Duration;

use carrack_message::mo::MoWays;
use carrack_settings::{Faults, MoRoute, Settings};
use proptest::prelude::*;

/// Ten lines, so that what is tested begins in line 11.
const BEFORE: &str = "[node]\ndata_dir = \"data\"\n[smpp_server]\nlisten = \"127.0.0.1:2775\"\n\
    [[account]]\nname = \"shop\"\nsystem_id = \"shop\"\npassword = \"secret\"\n[http]\nlisten = \"127.0.0.1:1\"\n";
const AFTER: &str = "[[carrier]]\nname = \"north\"\naddress = \"h:1\"\nsystem_id = \"u\"\npassword = \"p\"\nprice = 0.01\n\
    [[account]]\nname = \"web\"\napi_key = \"k\"\n\
    [[account]]\nname = \"sender\"\nsystem_id = \"sender\"\npassword = \"secret\"\nbinds = \"transmitter\"\n";
const BIND: MoWays = MoWays {
    bind: true,
    webhook: false,
};

fn settings(text: &str) -> Result<Settings, Faults> {
    Settings::parse(&format!("{BEFORE}{text}{AFTER}"), "c.toml", Path::new(""))
}

fn route(matches: &str) -> Result<MoRoute, Faults> {
    let text = format!("[[mo_route]]\nmatch = {{ {matches} }}\naccount = \"shop\"\n");
    Ok(settings(&text)?.mo_routes.remove(0))
}

/// The text has this fault alone.
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

/// The condition has this fault alone.
#[track_caller]
fn bad(matches: &str, parts: &[&str]) {
    let text = format!("[[mo_route]]\nmatch = {{ {matches} }}\naccount = \"shop\"\n");
    one_fault(&text, 12, parts);
}

#[test]
fn a_file_without_rules_has_none_and_its_bounds_are_the_defaults() {
    let settings = settings("").unwrap();
    assert!(settings.mo_routes.is_empty());
    let mo = settings.mo;
    assert_eq!(mo.join_timeout, Duration::from_secs(300));
    assert_eq!((mo.join_messages_max, mo.join_size), (10_000, 16 << 20));
    assert_eq!(mo.waiting_max, 100_000);
    assert_eq!(mo.keep, Duration::from_secs(72 * 3600));
}

#[test]
fn bounds_are_read_and_kept_in_their_range() {
    let mo = settings("[mo]\njoin_timeout = \"90s\"\njoin_messages_max = 5\njoin_size = \"1MiB\"\nwaiting_max = 7\nkeep = \"1h\"\n").unwrap().mo;
    assert_eq!(mo.join_timeout, Duration::from_secs(90));
    assert_eq!((mo.join_messages_max, mo.join_size), (5, 1 << 20));
    assert_eq!((mo.waiting_max, mo.keep), (7, Duration::from_secs(3600)));
    one_fault(
        "[mo]\njoin_size = \"1KiB\"\n",
        12,
        &["`join_size` in [mo]", "64KiB"],
    );
    one_fault("[mo]\nkeep = \"40d\"\n", 12, &["`keep` in [mo]", "31d"]);
    one_fault(
        "[mo]\nwaiting_max = 0\n",
        12,
        &["`waiting_max` in [mo]", "from 1 to"],
    );
    one_fault(
        "[mo]\nwaitng_max = 9\n",
        12,
        &["unknown key `waitng_max`", "`waiting_max`?"],
    );
    one_fault("[[mo]]\n", 11, &["write [mo]"]);
}

#[test]
fn rule_has_a_name_by_its_place_and_goes_to_binds() {
    let text = "[[mo_route]]\nname = \"stop\"\nmatch = { keyword = \"stop\" }\naccount = \"shop\"\n\
        [[mo_route]]\naccount = \"shop\"\n";
    let routes = settings(text).unwrap().mo_routes;
    let (stop, all) = (&routes[0], &routes[1]);
    assert_eq!(
        (stop.name.as_str(), stop.deliver, stop.line),
        ("stop", BIND, 11)
    );
    assert_eq!(
        (all.name.as_str(), all.account.as_str()),
        ("mo-route-2", "shop")
    );
    assert_eq!(all.matches, carrack_settings::MoMatch::default());
}

#[test]
fn conditions_are_one_or_a_list_and_numbers_are_tidied() {
    let rule = route(
        "to = [\"80808\", \"+44 7700 (900)*\", \"ACME*\", \"My Bank\"], from = \"+4477*\", carrier = \"north\", \
         keyword = [\"STOP\", \"Größe!\"], pattern = ['^a+$', '(?i)vote']",
    )
    .unwrap()
    .matches;
    assert_eq!(rule.to, ["80808", "447700900*", "ACME*", "My Bank"]);
    assert_eq!(rule.from, ["4477*"]);
    assert_eq!(rule.carriers, ["north"]);
    assert_eq!(rule.keywords, ["STOP", "Größe!"]);
    let patterns: Vec<&str> = rule.patterns.iter().map(|p| p.as_str()).collect();
    assert_eq!(patterns, ["^a+$", "(?i)vote"]);
    assert!(rule.patterns[1].regex().is_match("VOTE"));
    assert!(
        !rule.patterns[0].regex().is_match("A"),
        "case is the pattern's own"
    );
}

#[test]
fn address_that_takes_more_than_it_seems_is_a_fault() {
    bad(
        "to = \"44*77\"",
        &[
            "`to` in match of [[mo_route]]",
            "only the last character may be a *",
        ],
    );
    bad("to = \"**\"", &["only the last character"]);
    bad("from = \"*\"", &["`from`", "takes all; leave it out"]);
    bad("from = \"+*\"", &["takes all"]);
    bad("to = \"\"", &["is empty", "short code"]);
    bad("to = []", &["is empty", "leave `to` out to take any"]);
    bad("to = \"Café\"", &["printable ASCII"]);
    bad("to = 80808", &["has to be a text in quotes"]);
}

#[test]
fn names_have_to_exist() {
    bad(
        "carrier = \"nort\"",
        &["carrier \"nort\", which does not exist", "`north`?"],
    );
    bad(
        "keywrd = \"a\"",
        &[
            "unknown key `keywrd` in match of [[mo_route]]",
            "`keyword`?",
        ],
    );
    one_fault(
        "[[mo_route]]\naccount = \"shpo\"\n",
        12,
        &["account \"shpo\"", "`shop`?"],
    );
    one_fault(
        "[[mo_route]]\n",
        11,
        &["`account` is missing in [[mo_route]]", "account = \"NAME\""],
    );
    one_fault(
        "[[mo_route]]\naccount = \"shop\"\nfoo = 1\n",
        13,
        &["unknown key `foo`"],
    );
    one_fault(
        "[[mo_route]]\naccount = \"shop\"\nmatch = 3\n",
        13,
        &["has to be a table"],
    );
    one_fault(
        "[mo_route]\naccount = \"shop\"\n",
        11,
        &["write [[mo_route]]"],
    );
    let twice = "[[mo_route]]\nname = \"a\"\nmatch = { to = \"1\" }\naccount = \"shop\"\n";
    one_fault(
        &twice.repeat(2),
        15,
        &["two rules of [[mo_route]] are named `a`", "line 11"],
    );
}

#[test]
fn keyword_is_one_word() {
    bad(
        "keyword = \"stop it\"",
        &["compared with the first word", "use `pattern`"],
    );
    bad(
        "keyword = [\"ok\", \"!?\"]",
        &["\"!?\"", "a letter or digit"],
    );
    bad("keyword = \"\"", &["a letter or digit"]);
}

#[test]
fn pattern_that_is_none_says_what_is_wrong_and_where() {
    bad(
        "pattern = 'vote (a|b'",
        &["'vote (a|b'", "at character 6", "unclosed group"],
    );
    bad(
        "pattern = ['ok', '*']",
        &["at character 1", "repetition operator"],
    );
    bad("pattern = '(?P<n>'", &["no regular expression"]);
    bad("pattern = '  €(a'", &["at character 4", "unclosed group"]);
    bad("pattern = ''", &["is empty"]);
    bad("pattern = '(?=a)'", &["look-around"]);
}

#[test]
fn pattern_that_would_eat_memory_is_refused() {
    bad(
        "pattern = '(\\w{100}){100}'",
        &["more than 1024 KiB", "repeat less often"],
    );
    bad(
        "pattern = '((a{1,100}){1,100}){1,100}'",
        &["more than 1024 KiB"],
    );
    let long = "a|".repeat(600);
    bad(
        &format!("pattern = '{long}b'"),
        &["1201 octets; at most 1024"],
    );
}

#[test]
fn deliver_is_one_of_three() {
    let text = "[[mo_route]]\naccount = \"shop\"\ndeliver = \"mail\"\n";
    one_fault(text, 13, &["one of bind, webhook, both"]);
}

#[test]
fn account_that_cannot_bind_is_not_delivered_to_by_bind() {
    one_fault(
        "[[mo_route]]\naccount = \"web\"\n",
        11,
        &[
            "`deliver` in [[mo_route]] is \"bind\"",
            "account `web` cannot bind",
            "deliver = \"webhook\"",
        ],
    );
    one_fault(
        "[[mo_route]]\naccount = \"sender\"\ndeliver = \"bind\"\n",
        13,
        &["`binds` of the account `sender`", "add \"transceiver\""],
    );
    let text = format!("{BEFORE}[[mo_route]]\naccount = \"shop\"\n");
    let text = text.replace("[smpp_server]\nlisten = \"127.0.0.1:2775\"\n", "");
    let faults = Settings::parse(&text, "c.toml", Path::new(""))
        .unwrap_err()
        .0;
    assert_eq!((faults.len(), faults[0].line), (1, 9), "{faults:?}");
    assert!(faults[0].what.contains("no [smpp_server]"), "{faults:?}");
}

#[test]
fn account_without_a_webhook_is_not_delivered_to_by_one() {
    for way in ["webhook", "both"] {
        one_fault(
            &format!("[[mo_route]]\naccount = \"shop\"\ndeliver = \"{way}\"\n"),
            13,
            &[
                &format!("is \"{way}\", and the account `shop` has no `webhook`"),
                "deliver = \"bind\"",
            ],
        );
    }
    let has = "webhook = { url = \"https://u/\", secret = \"0123456789abcdef\" }\n";
    let route = "[[mo_route]]\naccount = \"hook\"\ndeliver = \"webhook\"\n";
    let account = format!("[[account]]\nname = \"hook\"\napi_key = \"h\"\n{has}");
    settings(&format!("{route}{account}")).unwrap();
    // A webhook with a fault of its own is not missing as well.
    let text = format!("{route}{account}").replace("https:", "ftp:");
    one_fault(&text, 17, &["begins with ftp"]);
}

#[test]
fn rule_behind_one_that_takes_all_is_a_fault_that_names_both() {
    for open in ["", "match = {}\n", "match = { }\n"] {
        let text = format!(
            "[[mo_route]]\naccount = \"shop\"\n{open}[[mo_route]]\nname = \"stop\"\nmatch = {{ keyword = \"stop\" }}\naccount = \"shop\"\n"
        );
        let line = 13 + open.lines().count();
        one_fault(
            &text,
            line,
            &["`stop` gets no message", "`mo-route-1` in line 11"],
        );
    }
    // A condition with a fault is one: the rule behind it is not blamed.
    let text = "[[mo_route]]\nmatch = { keyword = \"\" }\naccount = \"shop\"\n[[mo_route]]\naccount = \"shop\"\n";
    one_fault(text, 12, &["a letter or digit"]);
}

proptest! {
    #[test]
    fn no_text_makes_the_reader_fail(text in "\\PC{0,40}") {
        let quoted = text.replace(['\'', '\\'], "");
        let _ = route(&format!("pattern = '{quoted}'"));
        let _ = route(&format!("to = '{quoted}'"));
        let _ = route(&format!("keyword = '{quoted}'"));
    }
}
