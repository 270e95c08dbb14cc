//! The signature of a request: who has one of the account's keys can tell that we sent it, when, and that nothing was changed.

use std::fmt::Write as _;

use carrack_settings::Secret;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `X-Carrack-Signature`: `t=UNIX` and for each key `,v1=HEX`, HMAC-SHA256 under it over the time's digits, a dot and
/// the body. None without a key.
pub(crate) fn signature(secrets: &[Secret], unix_seconds: u64, body: &[u8]) -> Option<String> {
    if secrets.is_empty() {
        return None;
    }
    let mut value = format!("t={unix_seconds}");
    let time = unix_seconds.to_string();
    for secret in secrets {
        // Never fails: a key of any length is taken.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes()) {
            mac.update(time.as_bytes());
            mac.update(b".");
            mac.update(body);
            value.push_str(",v1=");
            for octet in mac.finalize().into_bytes() {
                let _ = write!(value, "{octet:02x}");
            }
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn by(keys: &[&str], unix_seconds: u64, body: &[u8]) -> String {
        let keys: Vec<Secret> = keys.iter().map(|key| Secret::new(*key)).collect();
        signature(&keys, unix_seconds, body).unwrap()
    }

    /// Made by `printf '1700000000.{"id":"1"}' | openssl dgst -sha256 -hmac whsec-0123456789`.
    #[test]
    fn another_implementation_signs_alike() {
        let expected =
            "t=1700000000,v1=ba9b16f0fab15733db79a842aa7f791b2dd5ed01092e27ecf2eb7f960d73f1d3";
        assert_eq!(
            by(&["whsec-0123456789"], 1_700_000_000, br#"{"id":"1"}"#),
            expected
        );
    }

    #[test]
    fn key_time_and_body_each_count() {
        let usual = by(&["key"], 1, b"2.x");
        assert_ne!(usual, by(&["kez"], 1, b"2.x"));
        assert_ne!(usual, by(&["key"], 12, b".x"));
        assert_ne!(usual, by(&["key"], 1, b"2.y"));
        assert_eq!(usual, by(&["key"], 1, b"2.x"));
    }

    #[test]
    fn each_key_signs_for_itself_and_none_signs_nothing() {
        let both = by(&["old", "new"], 7, b"x");
        let (old, new) = (by(&["old"], 7, b"x"), by(&["new"], 7, b"x"));
        let (_, new) = new.split_once(',').unwrap();
        assert_eq!(both, format!("{old},{new}"));
        assert_eq!(signature(&[], 7, b"x"), None);
    }
}
