//! The scanner: from label to label, the first of each counting.
//!
//! Once an id or a state has been seen, `text:` ends the search, so that a customer's text which looks
//! like a receipt changes nothing. A carrier that writes the text first is read all the same.

use super::label::{Field, label_of};
use super::{Receipt, ReceiptState};

/// Fields besides id and state that make a text without one of the two a receipt.
const OTHER_FIELDS_MIN: usize = 3;

/// Reads a receipt; what cannot be found is `None`.
#[must_use]
pub fn parse(octets: &[u8]) -> Receipt<'_> {
    let mut receipt = Receipt::default();
    let mut open: Option<(Field, usize)> = None;
    let mut at = 0;
    while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
        let Some((field, length)) = label_of(rest) else {
            at += to_next_word(rest);
            continue;
        };
        close(&mut receipt, open, octets, at);
        at += length;
        open = Some((field, at));
        if field == Field::Text && (receipt.id.is_some() || receipt.state_word.is_some()) {
            break;
        }
    }
    close(&mut receipt, open, octets, octets.len());
    if receipt.state_word.is_none() && open.is_some() {
        bare_state(&mut receipt, octets);
    }
    receipt
}

/// True if a text, of which nothing else says what it is, reads like a receipt.
#[must_use]
pub fn looks_like_receipt(octets: &[u8]) -> bool {
    let receipt = parse(octets);
    let known_word = receipt
        .state_word
        .is_some_and(|word| ReceiptState::from_word(word).is_some());
    let others = [
        receipt.sub,
        receipt.dlvrd,
        receipt.submit_date,
        receipt.done_date,
        receipt.error,
    ];
    let others = others.iter().flatten().count();
    match (receipt.id.is_some(), known_word) {
        (true, true) => true,
        (true, false) | (false, true) => others >= OTHER_FIELDS_MIN,
        (false, false) => false,
    }
}

/// Puts the value of the open field, which ends at `end`, where it belongs.
fn close<'a>(
    receipt: &mut Receipt<'a>,
    open: Option<(Field, usize)>,
    octets: &'a [u8],
    end: usize,
) {
    let Some((field, start)) = open else { return };
    let value = octets.get(start..end).unwrap_or_default();
    let word = first_word(value);
    match field {
        Field::Id => keep(&mut receipt.id, word),
        Field::Sub => keep(&mut receipt.sub, word),
        Field::Dlvrd => keep(&mut receipt.dlvrd, word),
        Field::SubmitDate => keep(&mut receipt.submit_date, date(value)),
        Field::DoneDate => keep(&mut receipt.done_date, date(value)),
        Field::Err => keep(&mut receipt.error, word),
        Field::Stat => {
            if receipt.state_word.is_none() && !word.is_empty() {
                receipt.state_word = Some(word);
                let state = ReceiptState::from_word(word);
                receipt.state = state.or(Some(ReceiptState::Unknown));
            }
        }
        Field::Text => {
            receipt.text.get_or_insert(trim(value));
        }
    }
}

fn keep<'a>(field: &mut Option<&'a [u8]>, value: &'a [u8]) {
    if field.is_none() && !value.is_empty() {
        *field = Some(value);
    }
}

/// A state's word that stands without its label, before the text. Only Appendix B's own words in
/// capitals are taken, for any other may be part of a sentence.
fn bare_state<'a>(receipt: &mut Receipt<'a>, octets: &'a [u8]) {
    let text = receipt.text.map_or(0, <[u8]>::len);
    let before = octets.get(..octets.len().saturating_sub(text));
    for word in before.unwrap_or_default().split(|octet| ends_word(*octet)) {
        let state = ReceiptState::from_word(word);
        if let Some(state) = state.filter(|state| state.word().as_bytes() == word) {
            receipt.state = Some(state);
            receipt.state_word = Some(word);
            return;
        }
    }
}

/// Octets to the next place where a label may begin: past the rest of this word and what ends it.
fn to_next_word(rest: &[u8]) -> usize {
    let word = rest
        .iter()
        .take_while(|octet| octet.is_ascii_alphanumeric());
    word.count() + 1
}

fn ends_word(octet: u8) -> bool {
    octet <= b' ' || matches!(octet, b',' | b';' | b'|')
}

fn first_word(value: &[u8]) -> &[u8] {
    let word = trim(value).split(|octet| ends_word(*octet)).next();
    let word = word.unwrap_or_default();
    match word {
        [b'"', inner @ .., b'"'] => inner,
        _ => word,
    }
}

/// A date may hold blanks ("21-05-06 12:00:00"); it ends before a word that begins with a letter.
fn date(value: &[u8]) -> &[u8] {
    let value = trim(value);
    let mut after_blank = false;
    for (place, octet) in value.iter().enumerate() {
        if after_blank && octet.is_ascii_alphabetic() {
            return trim(value.get(..place).unwrap_or_default());
        }
        after_blank = ends_word(*octet);
    }
    value
}

/// Without blanks, control octets and separators around it.
fn trim(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value
        && ends_word(*first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && ends_word(*last)
    {
        value = rest;
    }
    value
}
