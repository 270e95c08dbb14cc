//! `legacy` of an account and the doors it is for: what they take, and what they refuse by name.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;

use carrack_settings::{Legacy, Settings};

fn parse(accounts: &str) -> Result<Settings, String> {
    let text = format!("[node]\ndata_dir = \"data\"\n[http]\njasmin = false\n{accounts}");
    Settings::parse(&text, "test", Path::new("")).map_err(|faults| faults.to_string())
}

fn read(legacy: &str) -> Result<Legacy, String> {
    let account = format!("[[account]]\nname = \"a\"\nlegacy = {{ {legacy} }}\n");
    Ok(parse(&account)?.accounts.remove(0).legacy)
}

#[test]
fn an_account_may_be_known_by_nothing_else() {
    let legacy = read("user = \"Foo Bar\", password = \"b\"").unwrap();
    assert_eq!(legacy.user.as_deref(), Some("Foo Bar"));
    assert_eq!(legacy.password.unwrap().expose(), "b");
    assert!(legacy.in_url);
    let settings = parse("[[account]]\nname = \"a\"\napi_key = \"k\"\n").unwrap();
    assert_eq!(settings.accounts.first().unwrap().legacy, Legacy::default());
    let http = settings.http.unwrap();
    assert!(http.kannel && !http.jasmin);
}

#[test]
fn half_a_credential_and_one_that_is_none_are_named() {
    for (legacy, part) in [
        ("user = \"a\"", "no `password` beside it"),
        ("password = \"a\"", "no `user` beside it"),
        ("user = \"\", password = \"b\"", "is empty"),
        ("user = \"é\", password = \"b\"", "ASCII"),
        ("user = \"a\", password = \"$argon2id$v=19\"", "is a hash"),
        ("dlr_url = \"ftp://x\"", "https: or http:"),
        (
            "user = \"a\", password = \"b\", dlr_url = \"http://x/\"",
            "callbacks = { hosts = [\"x\"] }",
        ),
        ("usr = \"a\"", "user"),
        (
            "user = \"a\", password = \"$md5$37b51d194a7513e45b56f6524f2d51\"",
            "no whole MD5",
        ),
        ("in_url = false", "has no credentials"),
    ] {
        let fault = read(legacy).unwrap_err();
        assert!(fault.contains(part), "{legacy}: {fault}");
    }
}

#[test]
fn a_url_for_receipts_may_be_where_the_account_may_be_told() {
    for hosts in ["\"h.example\"", "\"*.example\"", "\"*\""] {
        let account = format!(
            "[[account]]\nname = \"a\"\napi_key = \"k\"\ncallbacks = {{ hosts = {hosts} }}\nlegacy = {{ dlr_url = \"http://h.example/?s=%d\" }}\n"
        );
        let settings = parse(&account).unwrap();
        let legacy = &settings.accounts.first().unwrap().legacy;
        assert!(legacy.dlr_url.is_some(), "{hosts}");
    }
}

#[test]
fn one_user_name_is_one_accounts() {
    let twins = "[[account]]\nname = \"a\"\nlegacy = { user = \"u\", password = \"p\" }\n\
                 [[account]]\nname = \"b\"\nlegacy = { user = \"u\", password = \"q\" }\n";
    let fault = parse(twins).unwrap_err();
    assert!(fault.contains("`u`, here and in line 5"), "{fault}");
}
