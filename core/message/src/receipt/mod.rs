//! Delivery receipts as carriers write them into the text of a deliver_sm (SMPP 3.4, Appendix B).
//!
//! The form is only an example in the specification, so reading never fails: what is there is found in
//! any order, case and spacing, what is missing is `None`, and the raw words stay at hand. Work is
//! linear in the text; nothing allocates. [`read`] decides what a `deliver_sm` or `data_sm` is and whom to
//! believe where its parameters and its text disagree.

pub mod date;
mod error;
mod label;
mod octets;
mod read;
mod rule;
mod scan;
mod state;
mod usual;
mod word;
mod write;

pub use error::{error_number, network_error};
pub use octets::octets_of;
pub use read::{ReceiptParts, ReceiptRead, ReceiptWord, Said, read};
pub use rule::{Grammar, ReceiptRules, ReceiptSign, ReceiptSource};
pub use scan::{looks_like_receipt, parse, parse_with};
pub use state::ReceiptState;
pub use write::{RECEIPT_TEXT_MAX, ReceiptFields, ReceiptForm, write, write_as};

/// What a receipt says; each field as it stands in the text, without blanks around it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Receipt<'a> {
    /// The carrier's id of the message.
    pub id: Option<&'a [u8]>,
    /// Messages submitted, in digits.
    pub sub: Option<&'a [u8]>,
    /// Messages delivered, in digits.
    pub dlvrd: Option<&'a [u8]>,
    /// When it was submitted, in the carrier's form; [`date::parse`] reads the usual ones.
    pub submit_date: Option<&'a [u8]>,
    /// When it came to its end, in the carrier's form.
    pub done_date: Option<&'a [u8]>,
    /// The state; [`ReceiptState::Unknown`] where a word stands that nobody knows, which [`read`] takes for no end.
    pub state: Option<ReceiptState>,
    /// The word from which `state` was read.
    pub state_word: Option<&'a [u8]>,
    /// Whether that word is one with a meaning; where it is not, `state` is unknown.
    pub state_known: bool,
    /// The carrier's error code.
    pub error: Option<&'a [u8]>,
    /// The beginning of the message's text, to the end of the receipt.
    pub text: Option<&'a [u8]>,
}
