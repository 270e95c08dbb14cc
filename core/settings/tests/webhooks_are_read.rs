//! `webhook` of an account: what it takes, and what it refuses by name.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use carrack_settings::{Settings, Webhook};

const SECRET: &str = "0123456789abcdef";

fn read(webhook: &str) -> Result<Webhook, String> {
    let text = format!(
        "[node]\ndata_dir = \"data\"\n[[account]]\nname = \"a\"\napi_key = \"k\"\nwebhook = {{ {webhook} }}\n"
    );
    let settings = Settings::parse(&text, "test", Path::new(""));
    let mut settings = settings.map_err(|faults| faults.to_string())?;
    Ok(settings.accounts.remove(0).webhook.unwrap())
}

fn with_url(url: &str) -> Result<Webhook, String> {
    read(&format!("url = \"{url}\", secret = \"{SECRET}\""))
}

#[test]
fn what_is_left_out_has_its_default() {
    let webhook = with_url("https://example.com:8443/sms?for=us").unwrap();
    assert_eq!(webhook.url, "https://example.com:8443/sms?for=us");
    assert_eq!(webhook.secret.expose(), SECRET);
    assert_eq!(webhook.concurrency, 4);
    assert_eq!(webhook.timeout, Duration::from_secs(10));
    for url in [
        "http://[::1]:8080/",
        "http://127.0.0.1:9/x",
        "https://example.com",
    ] {
        with_url(url).unwrap_or_else(|fault| panic!("{url}: {fault}"));
    }
}

#[test]
fn url_that_cannot_be_posted_to_is_refused() {
    for (url, part) in [
        ("example.com/sms", "https://"),
        ("/sms", "https://"),
        ("ftp://example.com/", "begins with ftp"),
        ("https://", "no URL"),
        ("https://exa mple.com/", "no URL"),
        ("https://bücher.example/", "xn--"),
        ("https://me:pw@example.com/", "names a user"),
        ("https://example.com/#here", "fragment"),
        ("https://example.com:0/", "port"),
        ("https://example.com:99999/", "port"),
    ] {
        let fault = with_url(url).unwrap_err();
        assert!(fault.contains(part), "{url}: {fault}");
        assert!(fault.contains("test:6"), "{fault}");
    }
}

#[test]
fn all_faults_are_named_and_no_secret_is_shown() {
    let fault =
        read("url = \"https://u/\", secret = \"too-short\", concurency = 4, timeout = \"0s\"");
    let fault = fault.unwrap_err();
    for part in [
        "shorter than 16",
        "did you mean `concurrency`",
        "from 1s to 2m",
    ] {
        assert!(fault.contains(part), "{part}: {fault}");
    }
    assert!(!fault.contains("too-short"), "{fault}");
    assert!(read("").unwrap_err().contains("`url` is missing"));
    let shown = format!(
        "{:?}",
        with_url("https://example.com/token-in-the-path").unwrap()
    );
    assert!(
        !shown.contains(SECRET) && !shown.contains("token"),
        "{shown}"
    );
}
