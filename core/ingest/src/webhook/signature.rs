//! The signature of a request: who has the account's secret can tell that we sent it, when, and that nothing was changed.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// The value of `X-Carrack-Signature`: `t=UNIX,v1=HEX`, HMAC-SHA256 under `secret` over the time's digits, a dot and the
/// body.
pub(crate) fn signature(secret: &[u8], unix_seconds: u64, body: &[u8]) -> String {
    let mut value = format!("t={unix_seconds},v1=");
    // Never fails: a key of any length is taken.
    if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) {
        mac.update(unix_seconds.to_string().as_bytes());
        mac.update(b".");
        mac.update(body);
        for octet in mac.finalize().into_bytes() {
            let _ = write!(value, "{octet:02x}");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by `printf '1700000000.{"id":"1"}' | openssl dgst -sha256 -hmac whsec-0123456789`.
    #[test]
    fn another_implementation_signs_alike() {
        let expected =
            "t=1700000000,v1=ba9b16f0fab15733db79a842aa7f791b2dd5ed01092e27ecf2eb7f960d73f1d3";
        assert_eq!(
            signature(b"whsec-0123456789", 1_700_000_000, br#"{"id":"1"}"#),
            expected
        );
    }

    #[test]
    fn key_time_and_body_each_count() {
        let usual = signature(b"key", 1, b"2.x");
        assert_ne!(usual, signature(b"kez", 1, b"2.x"));
        assert_ne!(usual, signature(b"key", 12, b".x"));
        assert_ne!(usual, signature(b"key", 1, b"2.y"));
        assert_eq!(usual, signature(b"key", 1, b"2.x"));
    }
}
