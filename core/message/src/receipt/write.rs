//! A receipt as we write it for a customer: the line of SMPP 3.4, Appendix B.
//!
//! At most the first 20 characters of the text; what is not printable ASCII is shown as `?`, so that
//! the line is the same in every `data_coding` that a customer may assume.

use std::io::Write as _;

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

/// Appends the receipt's line.
pub fn write(out: &mut Vec<u8>, fields: &ReceiptFields<'_>) {
    out.extend_from_slice(b"id:");
    out.extend_from_slice(fields.id);
    // Writing into memory does not fail.
    let _ = write!(
        out,
        " sub:{:03} dlvrd:{:03} submit date:",
        fields.sub.min(999),
        fields.dlvrd.min(999)
    );
    date::write(fields.submit_utc_s, out);
    out.extend_from_slice(b" done date:");
    date::write(fields.done_utc_s, out);
    out.extend_from_slice(b" stat:");
    out.extend_from_slice(fields.state.word().as_bytes());
    out.extend_from_slice(b" err:");
    out.extend_from_slice(fields.error);
    out.extend_from_slice(b" text:");
    let shown = fields.text.chars().take(RECEIPT_TEXT_MAX);
    out.extend(shown.map(|found| match found {
        ' '..='~' => found as u8,
        _ => b'?',
    }));
}
