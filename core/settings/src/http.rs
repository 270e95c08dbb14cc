//! `[http]`: the HTTP front door. Absent: none.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use http::Uri;
use toml::de::DeValue;

use crate::reader::{Read, Section};
use crate::{Tls, address, kind};

/// `[http]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Http {
    /// Where it listens; port 0 takes any free port.
    pub listen: SocketAddr,
    /// TLS; none: plain HTTP.
    pub tls: Option<Tls>,
    /// Most octets of a request's body.
    pub body_octets_max: u64,
    /// Most octets of a batch.
    pub batch_octets_max: u64,
    /// Most connections at a time.
    pub connections_max: u32,
    /// Of these from one address.
    pub connections_of_address_max: u32,
    /// Most bulk calls of an account at a time.
    pub streams_of_account_max: u32,
    /// Most files of an account that come in at a time.
    pub uploads_of_account_max: u32,
    /// Longest time a request may take to come in and be answered.
    pub request_timeout: Duration,
    /// Origins whose pages may call from a browser, or `*`; empty: none.
    pub cors_origins: Vec<String>,
    /// Whether `/cgi-bin/sendsms` is answered as Kannel answers it.
    pub kannel: bool,
    /// Whether `/send`, `/rate`, `/balance` and `/ping` are answered as Jasmin answers them.
    pub jasmin: bool,
}

impl Http {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        let connections_max = section.or("connections_max", 10_000, kind::integer(1..=1_000_000));
        Self {
            listen: section.or(
                "listen",
                SocketAddr::from((Ipv4Addr::LOCALHOST, 8080)),
                address::listen,
            ),
            tls: section.inner("tls").and_then(|inner| Tls::read(&inner)),
            body_octets_max: section.or(
                "body_octets_max",
                1 << 20,
                kind::octets(1 << 10..=1 << 30),
            ),
            batch_octets_max: section.or(
                "batch_octets_max",
                4 << 30,
                kind::octets(1 << 20..=1 << 40),
            ),
            connections_max,
            connections_of_address_max: section.or(
                "connections_of_address_max",
                of_address(connections_max),
                kind::integer(1..=1_000_000),
            ),
            streams_of_account_max: section.or(
                "streams_of_account_max",
                1_000,
                kind::integer(1..=1_000_000),
            ),
            uploads_of_account_max: section.or(
                "uploads_of_account_max",
                100,
                kind::integer(1..=100_000),
            ),
            request_timeout: section.or(
                "request_timeout",
                SECOND * 30,
                kind::time(SECOND..=SECOND * 3_600),
            ),
            cors_origins: section.or("cors_origins", Vec::new(), kind::one_or_list(origin)),
            kannel: section.or("kannel", true, kind::boolean),
            jasmin: section.or("jasmin", true, kind::boolean),
        }
    }
}

/// A quarter of them, so that one address takes no more; a load test, or a proxy, has a thousand in any case.
fn of_address(connections_max: u32) -> u32 {
    const HARMLESS: u32 = 1_000;
    (connections_max / 4).max(HARMLESS).min(connections_max)
}

/// `https://app.example.com`, as a browser says it, or `*`.
fn origin(value: &DeValue<'_>) -> Read<String> {
    const CURE: &str = "write it as \"https://app.example.com\", or \"*\" for all";
    let text = kind::text(value)?;
    if text == "*" {
        return Ok(text);
    }
    let url: Uri = text
        .parse()
        .map_err(|error| format!("is no origin ({error}); {CURE}"))?;
    let is_named = matches!(url.scheme_str(), Some("https" | "http"))
        && url.host().is_some_and(|host| !host.is_empty());
    // As a browser says it: in lower case, and nothing behind host and port.
    if !is_named || text.matches('/').count() != 2 || text.contains(['?', '#', '@']) {
        return Err(format!("is no origin; {CURE}").into());
    }
    Ok(text.to_ascii_lowercase())
}
