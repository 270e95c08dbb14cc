//! A receipt as we write it for a customer: the line of SMPP 3.4, Appendix B.
//!
//! At most the first 20 characters of the text; what is not printable ASCII is shown as `?`, so that
//! the line is the same in every `data_coding` that a customer may assume.

use super::{ReceiptState, date};

/// Characters of the text in a receipt.
pub const RECEIPT_TEXT_MAX: usize = 20;

/// What a receipt shall say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReceiptFields<'a> {
    /// The id that the customer knows.
    pub id: &'a [u8],
    /// Messages submitted, at most 999.
    pub sub: u16,
    /// Messages delivered, at most 999.
    pub dlvrd: u16,
    /// When it was submitted, Unix seconds.
    pub submit_utc_s: i64,
    /// When it came to its end, Unix seconds.
    pub done_utc_s: i64,
    /// The state.
    pub state: ReceiptState,
    /// The error code, usually three digits; `000` for none.
    pub error: &'a [u8],
    /// The message's text; its beginning is written.
    pub text: &'a str,
}

/// How a line is written for customers whose parsers know another gateway's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiptForm {
    /// Dates have seconds: `YYMMDDhhmmss`.
    pub seconds: bool,
    /// The line ends before ` text:`.
    pub no_text: bool,
}

/// Octets of a line besides its id, its error and its text, at most.
const LABELS_OCTETS: usize = 96;

/// Appends the receipt's line.
pub fn write(out: &mut Vec<u8>, fields: &ReceiptFields<'_>) {
    write_as(ReceiptForm::default(), out, fields);
}

/// Appends the receipt's line in a form of its own.
pub fn write_as(form: ReceiptForm, out: &mut Vec<u8>, fields: &ReceiptFields<'_>) {
    let date = if form.seconds {
        date::write_seconds
    } else {
        date::write
    };
    out.reserve(LABELS_OCTETS + fields.id.len() + fields.error.len() + RECEIPT_TEXT_MAX);
    out.extend_from_slice(b"id:");
    out.extend_from_slice(fields.id);
    out.extend_from_slice(b" sub:");
    out.extend_from_slice(&three_digits(fields.sub));
    out.extend_from_slice(b" dlvrd:");
    out.extend_from_slice(&three_digits(fields.dlvrd));
    out.extend_from_slice(b" submit date:");
    date(fields.submit_utc_s, out);
    out.extend_from_slice(b" done date:");
    date(fields.done_utc_s, out);
    out.extend_from_slice(b" stat:");
    out.extend_from_slice(fields.state.word().as_bytes());
    out.extend_from_slice(b" err:");
    out.extend_from_slice(fields.error);
    if !form.no_text {
        out.extend_from_slice(b" text:");
        write_beginning(fields.text, out);
    }
}

/// The first characters of a text, as far as they are printable ASCII.
fn write_beginning(text: &str, out: &mut Vec<u8>) {
    let octets = text.as_bytes();
    let beginning = octets.get(..RECEIPT_TEXT_MAX).unwrap_or(octets);
    if beginning.iter().all(|octet| matches!(octet, b' '..=b'~')) {
        out.extend_from_slice(beginning);
        return;
    }
    let shown = text.chars().take(RECEIPT_TEXT_MAX);
    out.extend(shown.map(|found| match found {
        ' '..='~' => found as u8,
        _ => b'?',
    }));
}

/// A count, 999 where it is more.
fn three_digits(count: u16) -> [u8; 3] {
    let count = count.min(999);
    [count / 100, count / 10 % 10, count % 10].map(|digit| b'0' + digit as u8)
}
