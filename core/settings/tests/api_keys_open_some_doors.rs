//! `api_keys` of an account: each is named, and opens the kinds of call that it names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::path::Path;

use carrack_settings::{Scope, Settings};

fn read(account: &str) -> Result<Settings, String> {
    let text = format!("[node]\ndata_dir = \"data\"\n[[account]]\nname = \"shop\"\n{account}\n");
    Settings::parse(&text, "c", Path::new("")).map_err(|faults| faults.to_string())
}

#[test]
fn keys_are_read_with_their_scopes() {
    let settings = read(
        "requests = 50\napi_keys = [\n{ name = \"web\", key = \"w\", scopes = [\"send\", \"read\"] },\n\
         { name = \"books\", key = \"b\", scopes = \"balance\" }]",
    )
    .unwrap();
    let account = &settings.accounts[0];
    assert_eq!((account.requests, account.api_keys.len()), (Some(50), 2));
    let opened: Vec<Vec<&str>> = (account.api_keys.iter())
        .map(|key| {
            let has = |scope: &&Scope| key.scopes.has(**scope);
            Scope::ALL
                .iter()
                .filter(has)
                .map(|scope| scope.name())
                .collect()
        })
        .collect();
    assert_eq!(opened, [vec!["send", "read"], vec!["balance"]]);
    assert!(!format!("{account:?}").contains("\"w\""));
}

#[test]
fn what_opens_nothing_or_too_much_is_a_fault_at_its_line() {
    let key = |rest: &str| format!("api_keys = [{{ name = \"web\", key = \"w\", {rest} }}]");
    for (account, parts) in [
        (key("scopes = []"), vec!["c:5", "`scopes`", "is empty"]),
        (key("scopes = [\"sned\"]"), vec!["c:5", "send"]),
        (key("scopes = \"send\", scope = 1"), vec!["did you mean `scopes`?"]),
        (key("scopes = \"operate\""), vec!["operator = true"]),
        ("api_keys = [{ key = \"w\", scopes = \"send\" }]".to_owned(), vec!["`name` is missing"]),
        ("api_keys = [{ name = \"web\", scopes = \"send\" }]".to_owned(), vec!["`key` is missing"]),
        (
            "api_keys = [\n{ name = \"web\", key = \"w\", scopes = \"send\" },\n{ name = \"web\", key = \"v\", scopes = \"send\" }]".to_owned(),
            vec!["c:7", "line 6"],
        ),
        (
            format!("api_key = \"w\"\n{}", key("scopes = \"send\"")),
            vec!["c:6", "same api_key", "line 3"],
        ),
        ("api_key = \"w\"\nrequests = 0".to_owned(), vec!["c:6", "`requests`"]),
    ] {
        let faults = read(&account).unwrap_err();
        for part in parts {
            assert!(faults.contains(part), "{account}: {part}: {faults}");
        }
    }
    assert!(read(&format!("operator = true\n{}", key("scopes = \"operate\""))).is_ok());
}
