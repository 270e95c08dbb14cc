//! `[currency]`: off where it is missing; its faults with their cure.
#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;

use carrack_settings::{Currencies, Faults, Settings};

fn read(text: &str) -> Result<Option<Currencies>, Faults> {
    let text = format!("[node]\ndata_dir = \"data\"\n{text}");
    Settings::parse(&text, "c.toml", Path::new("/etc/carrack")).map(|settings| settings.currency)
}

#[test]
fn section_that_is_missing_is_off() {
    assert_eq!(read("").unwrap(), None);
    let found = read("[currency]\nbase = \"EUR\"\nrates = \"rates.csv\"\n").unwrap();
    let found = found.unwrap();
    assert_eq!(found.base.to_string(), "EUR");
    assert_eq!(
        found.rates.as_deref(),
        Some(Path::new("/etc/carrack/rates.csv"))
    );
    assert_eq!(
        read("[currency]\nbase = \"USD\"\n").unwrap().unwrap().rates,
        None
    );
}

#[test]
fn faults_are_named_with_their_cure() {
    for (text, part) in [
        ("[currency]\n", "write base = \"EUR\""),
        ("[currency]\nbase = \"euro\"\n", "three capital letters"),
        (
            "[currency]\nbase = \"EUR\"\nrates = \"\"\n",
            "name a file of rates",
        ),
        (
            "[currency]\nbase = \"EUR\"\nrate = \"x\"\n",
            "did you mean `rates`?",
        ),
    ] {
        let said = read(text).unwrap_err().to_string();
        assert!(said.contains(part), "{part}: {said}");
    }
}
