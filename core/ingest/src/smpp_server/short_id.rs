//! The eight digits by which the client of an account with `message_id = "short"` knows a message: `message_id` of SMPP
//! 3.3 has room for eight octets and a NUL, and calls them hexadecimal. Written in capitals, read in either case.

/// A short id; unique within its account.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ShortId(pub(crate) u32);

/// Octets of one, as written.
pub(crate) const OCTETS: usize = 8;
const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

impl ShortId {
    /// As the client is told it.
    pub(crate) fn text(self) -> [u8; OCTETS] {
        let mut text = [b'0'; OCTETS];
        let mut rest = self.0;
        for octet in text.iter_mut().rev() {
            *octet = DIGITS.get((rest & 0xF) as usize).copied().unwrap_or(b'0');
            rest >>= 4;
        }
        text
    }

    /// As a client names it: also in small letters, and without the zeros before it.
    pub(crate) fn read(text: &[u8]) -> Option<Self> {
        if text.is_empty() || text.len() > OCTETS {
            return None;
        }
        let mut value = 0_u32;
        for octet in text {
            let digit = char::from(*octet).to_digit(16)?;
            value = value << 4 | digit;
        }
        Some(Self(value))
    }

    /// Whether a stored text is what [`Self::text`] wrote.
    pub(crate) fn is_text(text: &[u8]) -> bool {
        text.len() == OCTETS && text.iter().all(|octet| DIGITS.contains(octet))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_written_is_read_in_either_case_and_has_room_in_smpp_3_3(value: u32) {
            let text = ShortId(value).text();
            prop_assert_eq!(text.len(), 8);
            prop_assert!(ShortId::is_text(&text));
            prop_assert_eq!(ShortId::read(&text), Some(ShortId(value)));
            prop_assert_eq!(ShortId::read(&text.to_ascii_lowercase()), Some(ShortId(value)));
            prop_assert_eq!(u32::from_str_radix(std::str::from_utf8(&text).unwrap(), 16), Ok(value));
        }
    }

    #[test]
    fn what_is_no_short_id_is_none() {
        for text in [
            &b""[..],
            b"0123456789",
            b"123456789",
            b"no id",
            b"12 4",
            b"+123",
        ] {
            assert_eq!(ShortId::read(text), None);
        }
        assert_eq!(ShortId::read(b"a"), Some(ShortId(10)));
        assert!(!ShortId::is_text(b"0000000a"));
        assert!(!ShortId::is_text(b"0000000000000000000000000000000A"));
    }
}
