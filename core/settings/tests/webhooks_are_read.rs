//! `webhook` of an account: what it takes, and what it refuses by name.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::path::Path;
use std::time::Duration;

use carrack_message::{StateEvents, Status};
use carrack_settings::{Callbacks, Secret, Settings, SmppReceipts, Webhook};

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
    let secrets: Vec<&str> = webhook.terms.secrets.iter().map(Secret::expose).collect();
    assert_eq!(secrets, [SECRET]);
    assert_eq!(webhook.terms.concurrency, 4);
    assert_eq!(webhook.terms.timeout, Duration::from_secs(10));
    assert_eq!(webhook.terms.keep, Duration::from_secs(72 * 3600));
    assert_eq!(webhook.batch_max, 1);
    assert!(webhook.events.is_empty());
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

fn callbacks(callbacks: &str) -> Result<Callbacks, String> {
    let text = format!(
        "[node]\ndata_dir = \"data\"\n[[account]]\nname = \"a\"\napi_key = \"k\"\ncallbacks = {{ {callbacks} }}\n"
    );
    let settings = Settings::parse(&text, "test", Path::new(""));
    let mut settings = settings.map_err(|faults| faults.to_string())?;
    Ok(settings.accounts.remove(0).callbacks.unwrap())
}

#[test]
fn events_are_a_set_and_an_unknown_one_is_named() {
    let with = |events: &str| {
        read(&format!(
            "url = \"https://u/\", secret = \"{SECRET}\", {events}"
        ))
    };
    let webhook = with(
        "events = [\"message.received\", \"message.delivered\", \"message.submitted\"], smpp_receipts = \"webhook\"",
    );
    let webhook = webhook.unwrap();
    let wanted = StateEvents::DELIVERED.with(StateEvents::SUBMITTED);
    assert_eq!(webhook.events, wanted);
    assert_eq!(webhook.smpp_receipts, SmppReceipts::Webhook);
    let fault = with("events = [\"message.deliverd\"]").unwrap_err();
    assert!(fault.contains("message.delivered"), "{fault}");
    let fault = with("smpp_receipts = \"webhook\"").unwrap_err();
    assert!(fault.contains("its `events` name none"), "{fault}");
}

#[test]
fn keys_of_a_signature_are_one_or_several() {
    let with = |secrets: &str| read(&format!("url = \"https://u/\", secret = {secrets}"));
    let two = with(&format!("[\"{SECRET}\", \"fedcba9876543210\"]")).unwrap();
    assert_eq!(two.terms.secrets.len(), 2);
    for (secrets, part) in [
        ("[]", "is empty"),
        ("[\"0123456789abcdef\", \"short\"]", "shorter than 16"),
        (
            &format!("[{}]", vec![format!("\"{SECRET}\""); 5].join(",")),
            "more than 4",
        ),
    ] {
        let fault = with(secrets).unwrap_err();
        assert!(fault.contains(part), "{fault}");
    }
}

#[test]
fn callbacks_name_the_hosts_that_they_may_be_at() {
    let read = callbacks("hosts = [\"Example.com\", \"*.shop.example\"]").unwrap();
    let takes = |host: &str| read.hosts.iter().any(|pattern| pattern.takes(host));
    for (host, taken) in [
        ("example.com", true),
        ("www.example.com", false),
        ("a.shop.example", true),
        ("a.b.shop.example", true),
        ("shop.example", false),
        ("ashop.example", false),
        (".shop.example", false),
    ] {
        assert_eq!(takes(host), taken, "{host}");
    }
    assert!(!read.private && read.terms.secrets.is_empty());
    assert!(read.events.covers(Status::Expired) && !read.events.covers(Status::Submitted));
    let any = callbacks("hosts = \"*\"").unwrap();
    assert!(any.hosts.iter().any(|pattern| pattern.takes("any.example")));
    for (bad, part) in [
        ("hosts = []", "is empty"),
        ("", "`hosts` is missing"),
        ("hosts = \"https://example.com\"", "without scheme"),
    ] {
        let fault = callbacks(bad).unwrap_err();
        assert!(fault.contains(part), "{bad}: {fault}");
    }
}
