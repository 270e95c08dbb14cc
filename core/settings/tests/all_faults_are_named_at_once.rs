//! A bad configuration: every fault in one run, each with file, line and cure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;

use carrack_settings::{Fault, Settings};
use proptest::prelude::*;

/// A folder with one deck, a certificate, a key and a secret.
fn folder() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(dir.path().join(name), text).unwrap();
    write("deck.csv", "prefix,price\n44,0.01\n");
    write(
        "cert.pem",
        "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n-----END CERTIFICATE-----\n",
    );
    write(
        "key.pem",
        "-----BEGIN PRIVATE KEY-----\nMIIBAAAA\n-----END PRIVATE KEY-----\n",
    );
    write("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIBAAAA\n");
    write("secret", "from-a-file\n");
    write("empty", "\n");
    dir
}

const NODE: &str = "[node]\ndata_dir = \"data\"\n";
const CARRIER: &str = "[[carrier]]\nname = \"north\"\naddress = \"h:1\"\nsystem_id = \"u\"\npassword = \"p\"\nprice = 0.01\n";

fn faults_in(dir: &Path, text: &str) -> Vec<Fault> {
    match Settings::parse(text, "c.toml", dir) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.0,
    }
}

/// The text has exactly this fault, at this line, with these parts.
#[track_caller]
fn one_fault(text: &str, line: usize, parts: &[&str]) {
    let dir = folder();
    let faults = faults_in(dir.path(), text);
    assert_eq!(faults.len(), 1, "{faults:?}");
    assert_eq!(faults[0].line, line, "{faults:?}");
    for part in parts {
        assert!(
            faults[0].what.contains(part),
            "{:?} lacks {part:?}",
            faults[0].what
        );
    }
}

#[test]
fn a_file_with_many_faults_names_them_all_by_line() {
    let dir = folder();
    let text = "[node]\nshards = 65\n[htpp]\nlisten = \"x\"\n[runtime]\nio = \"uringg\"\nfoo = 1\n\
        [queue]\nretention = 24\nepoch_size = \"64MB\"\n[delivery]\nvalidity_default = \"8d\"\n\
        [[account]]\nname = \"shop\"\n[[account]]\nname = \"shop\"\napi_key = { env = \"CARRACK_NOT_SET\" }\n\
        [[carrier]]\nname = \"north\"\nkind = \"smp\"\naddress = \"h\"\nsystem_id = \"u\"\npassword = \"p\"\n\
        windw = 5\ndeck = \"none.csv\"\n[[route]]\ncarriers = [\n  \"north\",\n  \"nort\",\n]\npolicy = \"cheapest\"\n";
    let faults = Settings::parse(text, "c.toml", dir.path()).unwrap_err();
    let shown = faults.to_string();
    let expected = [
        (
            "c.toml:1: ",
            "`data_dir` is missing in [node]; write data_dir = \"data\"",
        ),
        (
            "c.toml:2: ",
            "`shards` in [node] is 65; it has to be a whole number from 1 to 64",
        ),
        ("c.toml:3: ", "unknown section `htpp`; did you mean `http`?"),
        ("c.toml:6: ", "did you mean `uring`?"),
        (
            "c.toml:7: ",
            "unknown key `foo` in [runtime]; did you mean `io`?",
        ),
        (
            "c.toml:9: ",
            "a time with its unit, such as \"30s\", and is an integer",
        ),
        ("c.toml:10: ", "\"64MiB\""),
        ("c.toml:12: ", "longer than `validity_max`"),
        ("c.toml:14: ", "no credentials"),
        (
            "c.toml:15: ",
            "two accounts are named `shop`, here and in line 13",
        ),
        ("c.toml:17: ", "CARRACK_NOT_SET, which is not set"),
        ("c.toml:20: ", "did you mean `smpp`"),
        ("c.toml:21: ", "host and port"),
        (
            "c.toml:24: ",
            "unknown key `windw` in [[carrier]]; did you mean `window`?",
        ),
        ("c.toml:25: ", "none.csv, which cannot be read"),
        (
            "c.toml:29: ",
            "carrier \"nort\", which does not exist; did you mean `north`?",
        ),
        (
            "c.toml:31: ",
            "one of least_cost, least_cost_delivered, ordered, weighted",
        ),
    ];
    let lines: Vec<&str> = shown.lines().collect();
    assert_eq!(lines.len(), expected.len(), "{shown}");
    for (line, (begin, part)) in lines.iter().zip(expected) {
        assert!(
            line.starts_with(begin) && line.contains(part),
            "{line}\n  lacks {begin}{part}"
        );
    }
}

#[test]
fn two_carriers_of_one_name_name_both_lines() {
    one_fault(
        &format!("{NODE}{CARRIER}{CARRIER}"),
        9,
        &["two carriers are named `north`", "line 3"],
    );
}

#[test]
fn accounts_that_share_credentials_are_named_without_the_secret() {
    let account = |name: &str, rest: &str| format!("[[account]]\nname = \"{name}\"\n{rest}\n");
    let text = format!(
        "{NODE}{}{}",
        account("a", "api_key = \"hush\""),
        account("b", "api_key = \"hush\"")
    );
    one_fault(&text, 6, &["same api_key", "line 3"]);
    assert!(
        !Settings::parse(&text, "c", Path::new(""))
            .unwrap_err()
            .to_string()
            .contains("hush")
    );
    let smpp = "system_id = \"s\"\npassword = \"p\"";
    one_fault(
        &format!("{NODE}{}{}", account("a", smpp), account("b", smpp)),
        7,
        &["system_id `s`"],
    );
    one_fault(
        &format!("{NODE}{}", account("a", "system_id = \"s\"")),
        5,
        &["no `password` beside it"],
    );
    one_fault(
        &format!("{NODE}{}", account("a", "password = \"p\"")),
        5,
        &["no `system_id` beside it"],
    );
}

#[test]
fn secrets_come_from_text_environment_or_file_and_are_not_shown() {
    let dir = folder();
    let with = |secret: &str| format!("{NODE}[[account]]\nname = \"a\"\napi_key = {secret}\n");
    let key = |secret: &str| {
        let settings = Settings::parse(&with(secret), "c", dir.path()).unwrap();
        assert!(!format!("{settings:?}").contains("hush"));
        settings.accounts[0]
            .api_key
            .clone()
            .unwrap()
            .expose()
            .to_owned()
    };
    assert_eq!(key("\"hush\""), "hush");
    assert_eq!(key("{ file = \"secret\" }"), "from-a-file");
    assert_eq!(key("{ env = \"CARGO_PKG_NAME\" }"), "carrack-settings");
    one_fault(
        &with("{ file = \"nowhere\" }"),
        5,
        &["nowhere", "cannot be read"],
    );
    one_fault(&with("{ file = \"empty\" }"), 5, &["is empty"]);
    one_fault(&with("{ evn = \"X\" }"), 5, &["{ env = \"NAME\" }"]);
    one_fault(&with("5"), 5, &["has to be a text"]);
    one_fault(&with("\"\""), 5, &["is empty"]);
    one_fault(&with("\"gehe\u{ef}m\""), 5, &["printable ASCII"]);
}

#[test]
fn certificates_and_keys_are_looked_at() {
    let with = |cert: &str, key: &str| {
        format!("{NODE}[http]\ntls = {{ cert = \"{cert}\", key = \"{key}\" }}\n")
    };
    let dir = folder();
    let settings = Settings::parse(&with("cert.pem", "key.pem"), "c", dir.path()).unwrap();
    assert_eq!(
        settings.http.unwrap().tls.unwrap().cert,
        dir.path().join("cert.pem")
    );
    one_fault(
        &with("gone.pem", "key.pem"),
        4,
        &["`cert`", "gone.pem", "cannot be read"],
    );
    one_fault(&with("key.pem", "key.pem"), 4, &["no whole certificate"]);
    one_fault(&with("cert.pem", "cert.pem"), 4, &["no whole private key"]);
    one_fault(&with("cut.pem", "key.pem"), 4, &["no whole certificate"]);
    one_fault(
        &format!("{NODE}[http.tls]\ncert = \"cert.pem\"\n"),
        3,
        &["`key` is missing in tls of [http]"],
    );
    one_fault(
        &format!("{NODE}[http]\ntls = true\n"),
        4,
        &["has to be a table"],
    );
}

#[test]
fn a_carrier_has_exactly_one_price() {
    let none = CARRIER.replace("price = 0.01\n", "");
    one_fault(&format!("{NODE}{none}"), 4, &["no price"]);
    one_fault(
        &format!("{NODE}{CARRIER}deck = \"deck.csv\"\n"),
        8,
        &["`price`", "stands beside `deck`"],
    );
    for (price, part) in [
        ("-1", "below zero"),
        ("\"1,5\"", "','"),
        ("0.00000001", "6"),
        ("true", "an amount"),
    ] {
        one_fault(&format!("{NODE}{none}price = {price}\n"), 8, &[part]);
    }
}

#[test]
fn a_section_of_the_wrong_shape_is_named() {
    one_fault(
        &format!("{NODE}[account]\nname = \"a\"\n"),
        3,
        &["write [[account]]"],
    );
    one_fault(&format!("{NODE}[[http]]\n"), 3, &["write [http]"]);
    one_fault(&format!("listn = 1\n{NODE}"), 1, &["unknown key `listn`"]);
    one_fault("", 1, &["`data_dir` is missing"]);
    one_fault(
        &format!(
            "{NODE}[[route]]\nmatch = {{ prefx = \"44\" }}\ncarriers = [\"n\"]\n{}",
            CARRIER.replace("north", "n")
        ),
        4,
        &["unknown key `prefx` in match of [[route]]; did you mean `prefix`?"],
    );
}

#[test]
fn a_text_that_is_not_toml_is_named_with_its_line_and_nothing_else() {
    one_fault(&format!("{NODE}[runtime]\nio = = 1\n"), 4, &["is not TOML"]);
    one_fault(
        &format!("{NODE}data_dir = \"twice\"\n"),
        3,
        &["is not TOML", "duplicate"],
    );
    let gone = Settings::load("/nowhere/carrack.toml")
        .unwrap_err()
        .to_string();
    assert!(
        gone.starts_with("/nowhere/carrack.toml: cannot be read"),
        "{gone}"
    );
}

#[test]
fn routes_name_what_exists() {
    let route = |body: &str| format!("{NODE}{CARRIER}[[route]]\n{body}\n");
    one_fault(
        &route("name = \"r\""),
        9,
        &["`carriers` is missing in [[route]]"],
    );
    one_fault(&route("carriers = []"), 10, &["is empty"]);
    one_fault(&route("carriers = [\"north\", \"north\"]"), 10, &["twice"]);
    one_fault(&route("carriers = \"north\""), 10, &["has to be a list"]);
    one_fault(
        &route("match = { account = \"shop\" }\ncarriers = [\"north\"]"),
        10,
        &["no [[account]]"],
    );
    one_fault(
        &route("match = { prefix = [\"44\", \"0044\"] }\ncarriers = [\"north\"]"),
        10,
        &["\"0044\"", "without 00"],
    );
    one_fault(
        &route("match = { class = \"bulks\" }\ncarriers = [\"north\"]"),
        10,
        &["otp, alert, transactional, bulk"],
    );
}

proptest! {
    /// Whatever the text, there is an answer; and a fault's line is a line of the text.
    #[test]
    fn no_text_panics(
        lines in prop::collection::vec(
            prop_oneof![
                prop::sample::select(vec![
                    "[node]", "[[carrier]]", "[[route]]", "[[account]]", "[http]", "[queue]", "data_dir = \"d\"", "name = \"a\"",
                    "carriers = [\"a\"]", "match = { prefix = \"44\" }", "tls = { cert = 1 }", "address = \"h:1\"", "a = {", "]",
                    "price = 1e5", "price = 0x10", "window = -1", "retention = \"5d\"", "password = { env = 1 }", "http = 5", "account = [1]",
                ]).prop_map(str::to_owned),
                "[a-z_]{1,9} = [0-9\"a-z{}\\[\\].-]{0,9}",
                ".{0,12}",
            ],
            0..25,
        )
    ) {
        let text = lines.join("\n");
        if let Err(faults) = Settings::parse(&text, "c", Path::new("/nowhere")) {
            prop_assert!(!faults.0.is_empty());
            for fault in &faults.0 {
                prop_assert!(fault.line <= text.split('\n').count(), "{}", fault);
                prop_assert!(!fault.what.contains('\n'), "{:?}", fault);
            }
        }
    }

    /// A misspelt key names the right one.
    #[test]
    fn a_misspelt_key_is_found(place in 1..15usize) {
        let key = "messages_max";
        let mut chars: Vec<char> = key.chars().collect();
        let place = place % (chars.len() - 1);
        chars.swap(place, place + 1);
        let wrong: String = chars.into_iter().collect();
        prop_assume!(wrong != key);
        let faults = Settings::parse(&format!("{NODE}[queue]\n{wrong} = 5\n"), "c", Path::new("")).unwrap_err();
        prop_assert_eq!(
            faults.to_string(),
            format!("c:4: unknown key `{wrong}` in [queue]; did you mean `messages_max`?")
        );
    }
}
