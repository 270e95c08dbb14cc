//! Where a customer may have himself told: his hosts, and no address inside.
//!
//! Promise: a URL that a customer names is asked only at hosts that its account lists, and only at addresses of the public internet
//! unless the account says otherwise; the address that was looked at is the one that is connected to. Pure but for the look-up of names.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use carrack_message::CALLBACK_URL_OCTETS_MAX;
use carrack_settings::Callbacks;
use hyper_util::client::legacy::connect::dns::Name;
use tower_service::Service;

use crate::accounts::Account;

/// Whether this account may be told there. The URL may have escapes behind its host.
///
/// # Errors
/// Why not, and what to do, for people.
pub(crate) fn check_callback_url(account: &Account, url: &str) -> Result<(), String> {
    let Some(callbacks) = &account.callbacks else {
        return Err("is not for this account; ask for `callbacks`, or leave it out".to_owned());
    };
    if url.len() > CALLBACK_URL_OCTETS_MAX {
        return Err(format!(
            "is longer than {CALLBACK_URL_OCTETS_MAX} octets; shorten it"
        ));
    }
    let host = host_of(url)?;
    if let Err(fault) = axum::http::Uri::try_from(url) {
        return Err(format!("cannot be asked: {fault}; write such signs as %XX"));
    }
    if !is_listed(callbacks, &host) {
        return Err(format!(
            "names the host {host:?}, which the account may not be told at; use one of its own, or ask for it"
        ));
    }
    Ok(())
}

/// Whether a host, in lower case, may be asked by this account.
pub(crate) fn is_listed(callbacks: &Callbacks, host: &str) -> bool {
    let inside = !callbacks.private && ip_of(host).is_some_and(|address| !is_public(address));
    !inside && callbacks.hosts.iter().any(|pattern| pattern.takes(host))
}

/// The host of a URL, in lower case, without port.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn host_of(url: &str) -> Result<String, String> {
    const CURE: &str = "write it as \"https://example.com/dlr\"";
    let rest = ["https://", "http://"].iter().find_map(|scheme| {
        let begin = url.get(..scheme.len())?;
        begin
            .eq_ignore_ascii_case(scheme)
            .then(|| url.get(scheme.len()..))?
    });
    let rest = rest.ok_or_else(|| format!("has no https:// or http:// before it; {CURE}"))?;
    if !url.bytes().all(|octet| octet.is_ascii_graphic()) {
        return Err(
            "has a blank or a character outside ASCII; write it as %20, a name in its xn-- form"
                .to_owned(),
        );
    }
    if url.contains('#') {
        return Err("has a fragment (#), which no server is sent; take it away".to_owned());
    }
    let authority = rest.split(['/', '?', '\\']).next().unwrap_or_default();
    if authority.contains(['@', '%']) {
        return Err("names a user, or has escapes in its host; take them away".to_owned());
    }
    let (host, port) = match authority
        .strip_prefix('[')
        .and_then(|rest| rest.split_once(']'))
    {
        Some((host, port)) => (format!("[{host}]"), port.strip_prefix(':')),
        None => match authority.split_once(':') {
            Some((host, port)) => (host.to_owned(), Some(port)),
            None => (authority.to_owned(), None),
        },
    };
    if port.is_some_and(|port| port.parse::<u16>().unwrap_or(0) == 0) {
        return Err("has a port that is none; ports are 1 to 65535".to_owned());
    }
    match host.is_empty() {
        true => Err(format!("names no host; {CURE}")),
        false => Ok(host.to_ascii_lowercase()),
    }
}

/// The address that a host is, where it is one as a number.
fn ip_of(host: &str) -> Option<IpAddr> {
    let bare = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    bare.unwrap_or(host).parse().ok()
}

/// Whether an address is of the public internet: not of this machine, a private or a link's network, a group, or one that hides another.
pub(crate) fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [first, second, third, _] = address.octets();
    let shared = first == 100 && (second & 0xC0) == 64;
    let benchmark = first == 198 && (second & 0xFE) == 18;
    let protocol = first == 192 && second == 0 && third == 0;
    !(first == 0
        || first >= 240
        || shared
        || benchmark
        || protocol
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_multicast()
        || address.is_documentation())
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(inner) = address.to_ipv4_mapped() {
        return is_public_v4(inner);
    }
    let [first, second, ..] = address.segments();
    // Only global unicast is public, and of that not what carries IPv4 (6to4, Teredo) nor documentation.
    (first & 0xE000) == 0x2000
        && first != 0x2002
        && !(first == 0x2001 && (second == 0 || second == 0x0DB8))
        && !(first == 0x3FFF && second < 0x1000)
}

/// Looks names up and keeps addresses inside out of what it found.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resolver {
    /// Addresses inside are taken too.
    pub(crate) private: bool,
}

impl Service<Name> for Resolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let private = self.private;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let taken: Vec<SocketAddr> = found
                .filter(|address| private || is_public(address.ip()))
                .collect();
            match taken.is_empty() {
                true => Err(io::Error::other(
                    "its addresses are all inside; callbacks go outside only",
                )),
                false => Ok(taken.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_addresses_of_the_internet_are_public() {
        for inside in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "192.0.0.8",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2002:7f00:1::",
            "2001::1",
            "2001:db8::1",
        ] {
            assert!(!is_public(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "192.0.66.1",
            "2606:4700::1",
            "2a00::1",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn host_is_read_as_whoever_connects_reads_it() {
        for (url, host) in [
            ("https://Example.com/dlr?to=%p&st=%d", "example.com"),
            ("http://example.com:8080?x", "example.com"),
            ("HTTP://example.com", "example.com"),
            ("http://[2001:db8::1]:9/x", "[2001:db8::1]"),
        ] {
            assert_eq!(host_of(url).unwrap(), host, "{url}");
        }
        for bad in [
            "example.com/",
            "ftp://example.com/",
            "http://",
            "http:///x",
            "http://good@evil/",
            "http://e%76il/",
            "http://a b/",
            "http://a/#b",
            "http://a:0/",
            "http://a:99999/",
            "http://bücher/",
            "https://exämple",
            "",
        ] {
            assert!(host_of(bad).is_err(), "{bad}");
        }
        let uri: hyper::Uri = "http://Example.com:8080/x".parse().unwrap();
        assert_eq!(
            uri.host().unwrap().to_ascii_lowercase(),
            host_of("http://Example.com:8080/x").unwrap()
        );
    }
}
