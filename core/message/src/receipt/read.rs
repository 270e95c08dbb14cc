//! What a `deliver_sm` or `data_sm` is: a receipt, of which message and in which state, or something else
//! (traps T06, T08 to T11).
//!
//! Nothing here fails. What parameters and text say is both kept; the rules choose between them.

use smallvec::SmallVec;

use super::error::{error_number, network_error};
use super::octets::octets_of;
use super::rule::{ReceiptRules, ReceiptSign, ReceiptSource};
use super::scan::{parse_with, reads_like_one};
use super::{ReceiptState, date};
use crate::carrier_id::{CarrierId, ID_OCTETS_MAX, IdRule, fold};

/// Message type in `esm_class`, bits 5 to 2 (SMPP 3.4, 5.2.12).
const MESSAGE_TYPE: u8 = 0x3C;
/// The bit of a delivery receipt; every other value with it is reserved.
const RECEIPT: u8 = 0x04;
/// An intermediate notification.
const INTERMEDIATE: u8 = 0x20;
/// A user data header leads the text.
const UDHI: u8 = 0x40;

/// Octets of a word that are kept.
const WORD_KEPT_MAX: usize = 32;

/// A word as the text writes it.
pub type ReceiptWord = SmallVec<[u8; 16]>;

/// What of a PDU concerns receipts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReceiptParts<'a> {
    /// `esm_class`.
    pub esm_class: u8,
    /// `data_coding`.
    pub data_coding: u8,
    /// User data: `message_payload` where it is not empty, else `short_message`; header included.
    pub text: &'a [u8],
    /// `receipted_message_id`, with or without its NUL.
    pub tlv_id: Option<&'a [u8]>,
    /// `message_state`.
    pub tlv_state: Option<u8>,
    /// `network_error_code`.
    pub tlv_error: Option<&'a [u8]>,
}

/// What one source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// The id, never empty.
    pub id: Option<CarrierId>,
    /// The state, if it is one that is known.
    pub state: Option<ReceiptState>,
    /// The error's number.
    pub error: Option<u32>,
}

/// A receipt as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReceiptRead {
    /// The carrier's id of the message as the winning source writes it; none where nobody names one.
    pub id: Option<CarrierId>,
    /// The state; accepted, which is no end, where nobody says one that is known: a receipt that cannot be
    /// understood must not fail a message for good.
    pub state: ReceiptState,
    /// The error's number, 0 where there is none.
    pub error: u32,
    /// Whether `esm_class` says that a further receipt follows.
    pub intermediate: bool,
    /// When the message came to its end, Unix seconds.
    pub done_utc_s: Option<i64>,
    /// What the text says.
    pub text: Said,
    /// What the parameters say.
    pub parameters: Said,
    /// The word of the state in the text, at most 32 octets; empty where there is none.
    pub state_word: ReceiptWord,
    /// The error in the text, at most 32 octets; empty where there is none.
    pub error_word: ReceiptWord,
}

impl ReceiptRead {
    /// True if the text has a word for its state that nobody knows.
    #[must_use]
    pub fn has_unknown_word(&self) -> bool {
        !self.state_word.is_empty() && self.text.state.is_none()
    }

    /// True if parameters and text name different messages or states. Ids in two bases count as different.
    #[must_use]
    pub fn sources_disagree(&self) -> bool {
        let rule = IdRule::default();
        let ids = match (&self.text.id, &self.parameters.id) {
            (Some(text), Some(parameter)) => fold(&rule, text) != fold(&rule, parameter),
            _ => false,
        };
        let states = match (self.text.state, self.parameters.state) {
            (Some(text), Some(parameter)) => text != parameter,
            _ => false,
        };
        ids || states
    }

    /// The id of the source that lost, where it is another than `id`: a second chance to find the message.
    #[must_use]
    pub fn other_id(&self) -> Option<&[u8]> {
        let chosen = self.id.as_ref()?;
        let both = [&self.parameters.id, &self.text.id];
        let other = both.into_iter().flatten().find(|id| *id != chosen);
        other.map(SmallVec::as_slice)
    }
}

/// Reads a receipt; `None` where it is none by the rules.
#[must_use]
pub fn read(parts: &ReceiptParts<'_>, rules: &ReceiptRules) -> Option<ReceiptRead> {
    let parameters = Words {
        id: parts.tlv_id.and_then(parameter_id),
        state: parts.tlv_state.and_then(parameter_state),
        error: parts.tlv_error.and_then(network_error),
    };
    let marked = is_marked(parts.esm_class, rules.sign, parameters.id.is_some());
    let kind = parts.esm_class & MESSAGE_TYPE;
    if !marked && (kind != 0 || rules.sign != ReceiptSign::BitsTlvOrText) {
        return None;
    }
    let octets = octets_of(parts.data_coding, without_header(parts));
    let receipt = parse_with(&rules.grammar, &octets);
    if !marked && !reads_like_one(&receipt) {
        return None;
    }
    let error_word = word(receipt.error);
    let text = Words {
        id: receipt.id.and_then(kept_id),
        state: receipt.state.filter(|_| receipt.state_known),
        error: error_number(&error_word),
    };
    let chosen = choose(rules.source, parameters, text);
    let intermediate = kind == INTERMEDIATE;
    let done = receipt.done_date;
    Some(ReceiptRead {
        id: chosen.id.map(CarrierId::from_slice),
        state: state_of(chosen.state, intermediate),
        error: chosen.error.unwrap_or(0),
        intermediate,
        done_utc_s: done.and_then(|done| date::parse_at(done, rules.grammar.utc_offset_minutes)),
        state_word: word(receipt.state_word),
        error_word,
        text: text.kept(),
        parameters: parameters.kept(),
    })
}

/// True if the PDU says itself that it is a receipt.
const fn is_marked(esm_class: u8, sign: ReceiptSign, has_parameter: bool) -> bool {
    let kind = esm_class & MESSAGE_TYPE;
    let by_bits = kind & RECEIPT != 0 || kind == INTERMEDIATE;
    by_bits || (has_parameter && !matches!(sign, ReceiptSign::Bits))
}

/// What one source says, as it stands in the PDU.
#[derive(Clone, Copy, Default)]
struct Words<'a> {
    id: Option<&'a [u8]>,
    state: Option<ReceiptState>,
    error: Option<u32>,
}

impl Words<'_> {
    fn kept(self) -> Said {
        Said {
            id: self.id.map(CarrierId::from_slice),
            state: self.state,
            error: self.error,
        }
    }
}

fn choose<'a>(source: ReceiptSource, parameters: Words<'a>, text: Words<'a>) -> Words<'a> {
    let nothing = Words::default();
    let (first, second) = match source {
        ReceiptSource::TlvFirst => (parameters, text),
        ReceiptSource::TextFirst => (text, parameters),
        ReceiptSource::TlvOnly => (parameters, nothing),
        ReceiptSource::TextOnly => (text, nothing),
    };
    Words {
        id: first.id.or(second.id),
        state: first.state.or(second.state),
        // "No error" of the one does not hide what the other knows.
        error: first.error.filter(|error| *error != 0).or(second.error),
    }
}

/// An intermediate notification that tells of a failed try, or of nothing, is not the end; nor is a receipt
/// whose word nobody knows, or that has none. A carrier that says "unknown" itself is believed.
fn state_of(said: Option<ReceiptState>, intermediate: bool) -> ReceiptState {
    match said {
        Some(ReceiptState::Undeliverable | ReceiptState::Unknown) | None if intermediate => {
            ReceiptState::Enroute
        }
        said => said.unwrap_or(ReceiptState::Accepted),
    }
}

/// `message_state` as a number or, where a carrier writes it so, as a digit.
fn parameter_state(code: u8) -> Option<ReceiptState> {
    match code {
        b'0'..=b'9' => ReceiptState::from_code(code - b'0'),
        _ => ReceiptState::from_code(code),
    }
}

/// The id up to its NUL, without blanks around it.
fn parameter_id(value: &[u8]) -> Option<&[u8]> {
    let id = value.split(|octet| *octet == 0).next().unwrap_or_default();
    kept_id(id.trim_ascii())
}

/// No response has an id that is longer, so that it could not be found.
fn kept_id(id: &[u8]) -> Option<&[u8]> {
    (1..=ID_OCTETS_MAX).contains(&id.len()).then_some(id)
}

fn word(word: Option<&[u8]>) -> ReceiptWord {
    let word = word.unwrap_or_default();
    ReceiptWord::from_slice(word.get(..WORD_KEPT_MAX).unwrap_or(word))
}

/// The text after a user data header, where one is announced and its elements fill it exactly.
fn without_header<'a>(parts: &ReceiptParts<'a>) -> &'a [u8] {
    let after = || {
        let (length, rest) = parts.text.split_first()?;
        let (mut elements, text) = rest.split_at_checked(usize::from(*length))?;
        while let [_, length, rest @ ..] = elements {
            elements = rest.get(usize::from(*length)..)?;
        }
        elements.is_empty().then_some(text)
    };
    match parts.esm_class & UDHI {
        0 => parts.text,
        _ => after().unwrap_or(parts.text),
    }
}
