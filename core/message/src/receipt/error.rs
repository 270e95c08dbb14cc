//! The number of an error, in text and in `network_error_code` (SMPP 3.4, 5.3.2.31).
//!
//! Codes are decimal by custom; those that begin with a digit and hold letters are hexadecimal at the
//! carriers that write them ("00B", "4A6", "0x0000000B"). Words have no number; they stay as text.

/// The number of an error as the text writes it; `None` for a word.
#[must_use]
pub fn error_number(error: &[u8]) -> Option<u32> {
    if let Some(number) = few_digits(error) {
        return Some(number);
    }
    let text = std::str::from_utf8(error.trim_ascii()).ok()?;
    if let Some(digits) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok();
    }
    // The standard reader takes a plus sign, which no code has.
    if !text.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    let decimal = text.parse().ok();
    decimal.or_else(|| u32::from_str_radix(text, 16).ok())
}

/// The number of one to nine digits, as nearly every error is written.
fn few_digits(error: &[u8]) -> Option<u32> {
    if !(1..=9).contains(&error.len()) {
        return None;
    }
    error.iter().try_fold(0, |number, octet| {
        let digit = octet.is_ascii_digit().then(|| u32::from(octet - b'0'))?;
        Some(number * 10 + digit)
    })
}

/// The number of a `network_error_code`: its last two octets, the first being the kind of network.
/// Carriers that leave the kind out, or write one octet, are read all the same.
#[must_use]
pub fn network_error(value: &[u8]) -> Option<u32> {
    match *value {
        [.., high, low] => Some(u32::from(u16::from_be_bytes([high, low]))),
        [low] => Some(u32::from(low)),
        [] => None,
    }
}
