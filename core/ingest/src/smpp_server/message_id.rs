//! Message ids as an account's client sees them.
//!
//! Promise: what [`write`] wrote [`read`] takes back, in every format; no two ids are written alike. Bound: 39 octets, so
//! that every form fits `message_id` of SMPP 3.4 (64 octets and a NUL, 5.2.23). SMPP 3.3 has room for eight: that is
//! another id, given by [`short_ids`](super::short_ids) and stored with the message; one that has none, because its
//! account had other ids when it came or because it came by another door, is written as by default, and none is read.

use carrack_message::MessageId;

use super::short_id::ShortId;
use crate::accounts::IdFormat;

/// Octets of the longest form.
pub(crate) const OCTETS_MAX: usize = DECIMAL_DIGITS_MAX;
/// Digits of the largest id in decimal.
const DECIMAL_DIGITS_MAX: usize = 39;
/// Octets of a UUID (RFC 9562, 4): 32 digits and four hyphens.
const UUID_OCTETS: usize = 36;
/// Digits of a UUID's five groups.
const UUID_GROUPS: [usize; 5] = [8, 4, 4, 4, 12];

/// Appends the id.
pub(crate) fn write(format: IdFormat, id: MessageId, into: &mut Vec<u8>) {
    match format {
        IdFormat::Hex | IdFormat::Short => into.extend_from_slice(&id.hex()),
        IdFormat::Decimal => write_decimal(id.0, into),
        IdFormat::Uuid => write_uuid(&id.hex(), into),
    }
}

/// Appends the short id, or the id in its format where there is none.
pub(crate) fn write_given(
    (format, short_id): (IdFormat, Option<ShortId>),
    id: MessageId,
    into: &mut Vec<u8>,
) {
    match short_id {
        Some(short_id) => into.extend_from_slice(&short_id.text()),
        None => write(format, id, into),
    }
}

/// Appends the id that a customer was given of a message that was stored with this text.
pub(crate) fn write_told(format: IdFormat, told_as: &[u8], id: MessageId, into: &mut Vec<u8>) {
    if ShortId::is_text(told_as) {
        into.extend_from_slice(told_as);
    } else {
        // The first of its group, where it is told as that.
        write(format, read_told_as(told_as).unwrap_or(id), into);
    }
}

fn write_decimal(mut rest: u128, into: &mut Vec<u8>) {
    let mut digits = [b'0'; DECIMAL_DIGITS_MAX];
    let mut length = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (rest % 10) as u8;
        rest /= 10;
        length += 1;
        if rest == 0 {
            break;
        }
    }
    let written = digits.get(DECIMAL_DIGITS_MAX - length..);
    into.extend_from_slice(written.unwrap_or_default());
}

fn write_uuid(mut digits: &[u8], into: &mut Vec<u8>) {
    into.reserve(UUID_OCTETS);
    for (place, octets) in UUID_GROUPS.into_iter().enumerate() {
        if place > 0 {
            into.push(b'-');
        }
        let (group, rest) = digits.split_at_checked(octets).unwrap_or((digits, &[]));
        into.extend_from_slice(group);
        digits = rest;
    }
}

/// The id that a client names; none where the text is none in this format. Digits of either case; a UUID also without
/// hyphens; decimals also with zeros before them.
pub(crate) fn read(format: IdFormat, text: &[u8]) -> Option<MessageId> {
    match format {
        IdFormat::Hex => MessageId::from_hex(text).ok(),
        IdFormat::Decimal => read_decimal(text),
        IdFormat::Uuid => read_uuid(text),
        IdFormat::Short => None,
    }
}

/// The id as it is stored where others go by it, whatever their account's format is by then.
pub(crate) fn told_as(id: MessageId) -> Vec<u8> {
    id.hex().to_vec()
}

/// What [`told_as`] wrote.
pub(crate) fn read_told_as(text: &[u8]) -> Option<MessageId> {
    MessageId::from_hex(text).ok()
}

fn read_decimal(text: &[u8]) -> Option<MessageId> {
    // Beyond that only zeros could stand before it: nobody writes them.
    if text.is_empty() || text.len() > DECIMAL_DIGITS_MAX {
        return None;
    }
    let mut value = 0_u128;
    for octet in text {
        let digit = octet.checked_sub(b'0').filter(|digit| *digit < 10)?;
        value = value.checked_mul(10)?.checked_add(u128::from(digit))?;
    }
    Some(MessageId(value))
}

fn read_uuid(text: &[u8]) -> Option<MessageId> {
    if text.len() != UUID_OCTETS {
        return MessageId::from_hex(text).ok();
    }
    let mut digits = [0; 32];
    let mut places = digits.iter_mut();
    for (place, octet) in text.iter().enumerate() {
        if matches!(place, 8 | 13 | 18 | 23) {
            (*octet == b'-').then_some(())?;
        } else {
            *places.next()? = *octet;
        }
    }
    MessageId::from_hex(&digits).ok()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    const FORMATS: [IdFormat; 3] = [IdFormat::Hex, IdFormat::Decimal, IdFormat::Uuid];

    fn written(format: IdFormat, id: MessageId) -> String {
        let mut into = Vec::new();
        write(format, id, &mut into);
        String::from_utf8(into).unwrap()
    }

    #[test]
    fn each_format_is_what_its_name_says() {
        let id = MessageId(0x0123_4567_89ab_cdef_0123_4567_89ab_cdef);
        assert_eq!(
            written(IdFormat::Hex, id),
            "0123456789abcdef0123456789abcdef"
        );
        assert_eq!(
            written(IdFormat::Uuid, id),
            "01234567-89ab-cdef-0123-456789abcdef"
        );
        assert_eq!(written(IdFormat::Decimal, id), id.0.to_string());
        assert_eq!(written(IdFormat::Decimal, MessageId(0)), "0");
    }

    #[test]
    fn an_id_beyond_128_bits_is_none() {
        let most = u128::MAX.to_string();
        assert_eq!(
            read(IdFormat::Decimal, most.as_bytes()),
            Some(MessageId(u128::MAX))
        );
        for beyond in [
            b"340282366920938463463374607431768211456".as_slice(),
            b"1000000000000000000000000000000000000000",
        ] {
            assert_eq!(read(IdFormat::Decimal, beyond), None);
        }
    }

    #[test]
    fn a_uuid_with_hyphens_in_other_places_is_none() {
        assert!(read(IdFormat::Uuid, b"01234567-89ab-cdef-0123-456789abcdef").is_some());
        assert!(read(IdFormat::Uuid, b"012345678-9ab-cdef-0123-456789abcdef").is_none());
        assert!(read(IdFormat::Uuid, b"01234567-89ab-cdef-0123-456789abcde-").is_none());
    }

    proptest! {
        #[test]
        fn what_is_stored_is_read_back(value: u128) {
            let id = MessageId(value);
            prop_assert_eq!(read_told_as(&told_as(id)), Some(id));
        }

        #[test]
        fn what_was_written_is_read_and_fits_the_field(value: u128) {
            let id = MessageId(value);
            for format in FORMATS {
                let text = written(format, id);
                prop_assert!(text.len() <= 64);
                prop_assert_eq!(read(format, text.as_bytes()), Some(id));
                prop_assert_eq!(read(format, text.to_uppercase().as_bytes()), Some(id));
            }
        }

        #[test]
        fn no_text_is_read_as_another_id(text in "[0-9a-fA-F-]{0,45}") {
            for format in FORMATS {
                if let Some(id) = read(format, text.as_bytes()) {
                    let canonical = |text: &str| {
                        let plain = text.to_lowercase().replace('-', "");
                        plain.trim_start_matches('0').to_owned()
                    };
                    prop_assert_eq!(canonical(&written(format, id)), canonical(&text));
                }
            }
        }
    }
}
