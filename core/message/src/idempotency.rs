//! A customer's key of a request over SMPP: sent again with the same key, it is the same message.
//!
//! It travels as an optional parameter of a vendor's (SMPP 3.4, 5.3.2, 0x1400 to 0x3FFF) in `submit_sm`, `data_sm` and
//! `submit_multi`: the octets of the key, with a NUL behind them or without. It is for this node and goes no further. Pure.

/// The parameter.
pub const IDEMPOTENCY_TAG: u16 = 0x14CF;

/// The key in a whole parameter, its tag and length included.
#[must_use]
pub fn idempotency_key(whole: &[u8]) -> &[u8] {
    let value = whole.get(4..).unwrap_or_default();
    value.strip_suffix(&[0]).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_ends_before_a_nul() {
        for whole in [&b"\x14\xCF\x00\x02k1"[..], b"\x14\xCF\x00\x03k1\0"] {
            assert_eq!(idempotency_key(whole), b"k1");
        }
        assert_eq!(idempotency_key(b"\x14\xCF\x00\x00"), b"");
        assert_eq!(idempotency_key(b"\x14"), b"");
    }
}
