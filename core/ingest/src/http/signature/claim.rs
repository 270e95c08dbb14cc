//! What the header of a signed request says.

use std::fmt::Write as _;

use axum::http::{HeaderMap, header};

use super::SCHEME;
use crate::http::authentication::unauthorized;
use crate::http::problem::Problem;

const SIGNATURE_OCTETS: usize = 32;
const NONCE_OCTETS_MAX: usize = 128;

/// Read and not proven.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Claim {
    pub(super) key: String,
    pub(super) at_s: u64,
    nonce: String,
    pub(super) signature: [u8; SIGNATURE_OCTETS],
}

impl Claim {
    pub(super) fn of(headers: &HeaderMap) -> Result<Self, Problem> {
        let given = headers.get(header::AUTHORIZATION);
        let given = given.and_then(|value| value.to_str().ok());
        let given = given.and_then(|given| given.get(SCHEME.len()..));
        Self::read(given.unwrap_or_default()).map_err(|what| {
            unauthorized(&format!(
                "{what}; write `{SCHEME} key=ACCOUNT/KEY,t=UNIX,nonce=TEXT,signature=HEX`"
            ))
        })
    }

    fn read(text: &str) -> Result<Self, &'static str> {
        let (mut key, mut at_s, mut nonce, mut signature) = (None, None, None, None);
        for part in text.split(',') {
            let part = part.trim().split_once('=');
            let (name, value) = part.ok_or("the signature has a part without =")?;
            let place = match name {
                "key" => &mut key,
                "t" => &mut at_s,
                "nonce" => &mut nonce,
                "signature" => &mut signature,
                _ => return Err("the signature has a part of another name"),
            };
            if place.replace(value.trim_matches('"')).is_some() {
                return Err("the signature names a part twice");
            }
        }
        let nonce = nonce.unwrap_or_default();
        if nonce.len() > NONCE_OCTETS_MAX {
            return Err("the nonce is longer than 128 characters");
        }
        let at_s = at_s.and_then(|at_s| at_s.parse().ok());
        Ok(Self {
            key: key.ok_or("the signature names no key")?.to_owned(),
            at_s: at_s.ok_or("t is missing, or no number of seconds since 1970")?,
            nonce: nonce.to_owned(),
            signature: signature
                .and_then(octets)
                .ok_or("signature is missing, or not 64 hexadecimal digits")?,
        })
    }

    /// What is signed.
    pub(super) fn text(&self, method: &str, target: &str, digest: &str) -> String {
        let (at_s, nonce) = (self.at_s, &self.nonce);
        format!("{method}\n{target}\n{at_s}\n{nonce}\n{digest}")
    }
}

fn octets(hex: &str) -> Option<[u8; SIGNATURE_OCTETS]> {
    let mut octets = [0; SIGNATURE_OCTETS];
    let digits: Option<Vec<u8>> = (hex.chars())
        .map(|digit| u8::try_from(digit.to_digit(16)?).ok())
        .collect();
    let digits = digits.filter(|digits| digits.len() == SIGNATURE_OCTETS * 2)?;
    for (octet, pair) in octets.iter_mut().zip(digits.chunks_exact(2)) {
        *octet = pair.iter().fold(0, |octet, digit| octet << 4 | digit);
    }
    Some(octets)
}

/// Octets as hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().fold(String::new(), |mut text, octet| {
        // Writing to a text cannot fail.
        let _ = write!(text, "{octet:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn parts_come_in_any_order_and_all_else_is_named() {
        let signature = "0f".repeat(32);
        let claim = Claim::read(&format!(" t=7, signature={signature},key=\"shop/web\"")).unwrap();
        assert_eq!((claim.key.as_str(), claim.at_s), ("shop/web", 7));
        assert_eq!(claim.signature, [15; 32]);
        assert_eq!(claim.text("GET", "/x?y", "d"), "GET\n/x?y\n7\n\nd");
        assert_eq!(hex(&claim.signature), signature);
        for (text, part) in [
            ("", "without ="),
            (&format!("t=7,signature={signature}"), "no key"),
            (&format!("key=a,t=x,signature={signature}"), "t is missing"),
            (&format!("key=a,t=-7,signature={signature}"), "t is missing"),
            ("key=a,t=7,signature=0f", "64 hexadecimal"),
            (
                &format!("key=a,t=7,signature={}", "+f".repeat(32)),
                "64 hexadecimal",
            ),
            (&format!("key=a,t=7,t=8,signature={signature}"), "twice"),
            (&format!("key=a,t=7,sig={signature}"), "another name"),
            (
                &format!("key=a,t=7,nonce={},signature={signature}", "x".repeat(129)),
                "nonce",
            ),
        ] {
            let fault = Claim::read(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
    }
}
