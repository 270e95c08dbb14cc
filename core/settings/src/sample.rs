//! The configuration that ships with the project knows every key that the reader knows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::Settings;
use crate::reader::Context;
use crate::settings::read;

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/carrack.toml")
}

/// Keys of a section's text, also those behind `# `, and those inside the tables of one line.
fn keys(text: &str) -> BTreeSet<String> {
    let mut keys = BTreeSet::new();
    for line in text.lines() {
        let line = line.strip_prefix("# ").unwrap_or(line);
        let Some((key, value)) = line.split_once(" = ") else {
            continue;
        };
        keys.insert(key.to_owned());
        let inner = value
            .split_once('{')
            .and_then(|(_, rest)| rest.rsplit_once('}'))
            .map_or("", |(inner, _)| inner);
        keys.extend(
            inner
                .split(" = ")
                .filter_map(|part| part.rsplit([' ', '{']).next())
                .map(|k| format!("{key}.{k}")),
        );
    }
    keys
}

/// With the sections that are off in the sample.
fn switched_on(text: &str) -> String {
    let sections = [
        "[hlr]",
        "[shadow]",
        "[[limit]]",
        "[[loop_probe]]",
        "[[drop_folder]]",
        "[[modem]]",
        "[[sim]]",
    ];
    let pool = "[[carrier]]\n# name = \"rack\"\n";
    let text = text.replace(
        &format!("# {pool}"),
        &format!("{pool}kind = \"modem_pool\"\nsim = {{}}\n"),
    );
    sections.iter().fold(text, |text, section| {
        text.replace(&format!("# {section}"), section)
    })
}

#[test]
fn the_sample_loads() {
    let settings = Settings::load(sample()).unwrap_or_else(|faults| panic!("{faults}"));
    assert_eq!(
        (
            settings.accounts.len(),
            settings.carriers.len(),
            settings.routes.len(),
            settings.mo_routes.len()
        ),
        (1, 2, 2, 1)
    );
}

#[test]
fn every_key_stands_in_the_sample() {
    let mut text = std::fs::read_to_string(sample()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    for (name, label) in [("cert.pem", "CERTIFICATE"), ("key.pem", "PRIVATE KEY")] {
        let pem = format!("-----BEGIN {label}-----\nMIIB\n-----END {label}-----\n");
        std::fs::write(dir.path().join(name), pem).unwrap();
    }
    // So that what is only read inside tls is asked for as well.
    text = text.replace(
        "[smpp_server]",
        "tls = { cert = \"cert.pem\", key = \"key.pem\" }\n[smpp_server]\ntls = { cert = \"cert.pem\", key = \"key.pem\" }",
    );
    text = switched_on(&text);
    text = text.replace("[[account]]", "[[account]]\nreceipt = {}\nwebhook = {}");
    text = text.replace(
        "enabled = true ",
        "tls = { ca = \"cert.pem\" }\nenabled = true ",
    );
    let context = Context::new(&text, "sample", dir.path());
    let _ = read(&text, "sample", &context);
    let asked = context.asked();
    assert!(asked.len() > 80, "{}", asked.len());
    for (title, key) in asked {
        let (outer, section) = title
            .split_once(" of ")
            .map_or((None, title.as_str()), |(a, b)| (Some(a), b));
        let whole = switched_on(&std::fs::read_to_string(sample()).unwrap());
        let begins: Vec<usize> = whole
            .match_indices(&format!("\n{section}"))
            .map(|(at, _)| at)
            .collect();
        assert!(!begins.is_empty(), "{section} is missing in the sample");
        let found = begins.iter().any(|begin| {
            let rest = &whole[begin + 2..];
            let body = &rest[..rest.find("\n[").unwrap_or(rest.len())];
            keys(body).contains(&outer.map_or(key.to_owned(), |outer| format!("{outer}.{key}")))
        });
        assert!(found, "`{key}` of {title} is missing in the sample");
    }
}

/// What the sample shows as a default is one: taking the line away changes nothing.
#[test]
fn the_defaults_shown_are_the_defaults() {
    let text = std::fs::read_to_string(sample()).unwrap();
    let base = sample().parent().unwrap().to_owned();
    let whole = Settings::parse(&text, "sample", &base).unwrap();
    let bare = "[node]\ndata_dir = \"data\"\n[http]\n[cdr]\n[smpp_server]\nlisten = \"127.0.0.1:2775\"\n\
        [[account]]\nname = \"demo\"\napi_key = \"k\"\n\
        [[carrier]]\nname = \"north\"\naddress = \"127.0.0.1:2776\"\nsystem_id = \"carrack\"\npassword = \"north-pw\"\n\
        deck = \"decks/north.csv\"\n";
    let bare = Settings::parse(bare, "bare", &base).unwrap();
    assert_eq!(whole.node, bare.node);
    assert_eq!(whole.runtime, bare.runtime);
    assert_eq!(whole.durability, bare.durability);
    assert_eq!(whole.queue, bare.queue);
    assert_eq!(whole.delivery, bare.delivery);
    assert_eq!(whole.mo, bare.mo);
    assert_eq!(whole.quality, bare.quality);
    assert_eq!(whole.http, bare.http);
    assert_eq!(whole.smpp_server, bare.smpp_server);
    assert_eq!(whole.batch, bare.batch);
    assert_eq!(whole.cdr, bare.cdr);
    assert_eq!(whole.limits, bare.limits);
    assert_eq!(whole.modems, bare.modems);
    assert_eq!(whole.shutdown, bare.shutdown);
    assert_eq!(whole.log, bare.log);
    assert_eq!(whole.accounts[0].window, bare.accounts[0].window);
    assert_eq!(whole.accounts[0].binds_max, bare.accounts[0].binds_max);
    let mut carrier = whole.carriers[0].clone();
    // What the sample sets on purpose.
    (carrier.links, carrier.rate, carrier.line) = (1, None, bare.carriers[0].line);
    (carrier.profile.binds, carrier.profile.rate_segments) = (1, None);
    assert_eq!(carrier, bare.carriers[0]);
}
