//! The scanner: from label to label, the first of each counting.
//!
//! Once an id or a state has been seen, `text:` ends the search, so that a customer's text which looks
//! like a receipt changes nothing. A carrier that writes the text first is read all the same.

use super::label::{Field, Label, label_of};
use super::word::takes_back;
use super::{Grammar, Receipt, ReceiptState, usual};

/// Fields besides id and state that make a text without one of the two a receipt.
const OTHER_FIELDS_MIN: usize = 3;

/// Reads a receipt; what cannot be found is `None`.
#[must_use]
pub fn parse(octets: &[u8]) -> Receipt<'_> {
    parse_with(&Grammar::default(), octets)
}

/// Reads a receipt with the words and labels of one carrier; what cannot be found is `None`.
#[must_use]
pub fn parse_with<'a>(grammar: &Grammar, octets: &'a [u8]) -> Receipt<'a> {
    usual::parse(grammar, octets).unwrap_or_else(|| scan(grammar, octets))
}

/// [`parse_with`] for every form.
pub(super) fn scan<'a>(grammar: &Grammar, octets: &'a [u8]) -> Receipt<'a> {
    let mut scan = Scan {
        receipt: Receipt::default(),
        open: None,
        grammar,
        octets,
    };
    let mut at = 0;
    while let Some(rest) = octets.get(at..).filter(|rest| !rest.is_empty()) {
        let label = label_of(rest, grammar).filter(|label| !scan.is_word_of_state(label, at));
        let Some(label) = label else {
            at += to_next_word(rest);
            continue;
        };
        scan.close(at);
        at += label.length;
        scan.open = Some((label, at));
        let receipt = &scan.receipt;
        if label.field == Field::Text && (receipt.id.is_some() || receipt.state_word.is_some()) {
            break;
        }
    }
    scan.close(octets.len());
    if scan.receipt.state_word.is_none() && scan.open.is_some() {
        scan.bare_state();
    }
    scan.receipt
}

/// True if a text, of which nothing else says what it is, reads like a receipt.
#[must_use]
pub fn looks_like_receipt(octets: &[u8]) -> bool {
    reads_like_one(&parse(octets))
}

/// True if what was read is so much that nothing but a receipt says it.
pub(super) fn reads_like_one(receipt: &Receipt<'_>) -> bool {
    let others = [
        receipt.sub,
        receipt.dlvrd,
        receipt.submit_date,
        receipt.done_date,
        receipt.error,
    ];
    let others = others.iter().flatten().count();
    match (receipt.id.is_some(), receipt.state_known) {
        (true, true) => true,
        (true, false) | (false, true) => others >= OTHER_FIELDS_MIN,
        (false, false) => false,
    }
}

struct Scan<'a, 'g> {
    receipt: Receipt<'a>,
    /// The last label, and where its value begins.
    open: Option<(Label, usize)>,
    grammar: &'g Grammar,
    octets: &'a [u8],
}

impl<'a> Scan<'a, '_> {
    /// True if what looks like the label of an id is the word of a state ("stat:ID:0076").
    fn is_word_of_state(&self, label: &Label, at: usize) -> bool {
        let Some((Label { field, .. }, start)) = self.open else {
            return false;
        };
        let before = self.octets.get(start..at).unwrap_or_default();
        let glued = before.is_empty() || (self.receipt.id.is_some() && trim(before).is_empty());
        field == Field::Stat && label.field == Field::Id && !label.own && glued
    }

    /// Puts the value of the open field, which ends at `end`, where it belongs.
    fn close(&mut self, end: usize) {
        let Some((Label { field, own, .. }, start)) = self.open else {
            return;
        };
        let value = self.octets.get(start..end).unwrap_or_default();
        let receipt = &mut self.receipt;
        match field {
            Field::Id => keep(&mut receipt.id, first_word(value), own),
            Field::Sub => keep(&mut receipt.sub, first_word(value), own),
            Field::Dlvrd => keep(&mut receipt.dlvrd, first_word(value), own),
            Field::SubmitDate => keep(&mut receipt.submit_date, date(value), own),
            Field::DoneDate => keep(&mut receipt.done_date, date(value), own),
            Field::Err => keep(&mut receipt.error, first_word(value), own),
            Field::Stat => self.state(value, own),
            Field::Text => {
                receipt.text.get_or_insert(trim(value));
            }
        }
    }

    /// The state of a value: of all its words, of the first, or of the first up to a colon.
    fn state(&mut self, value: &'a [u8], own: bool) {
        let value = trim(value);
        let word = first_word(value);
        if word.is_empty() || (self.receipt.state_word.is_some() && !own) {
            return;
        }
        let after = value.get(word.len()..).unwrap_or_default();
        let of = |word: &[u8]| self.grammar.state_of(word);
        let (word, state) = match of(word) {
            _ if !trim(after).is_empty() && of(value).is_some() => (value, of(value)),
            Some(ReceiptState::Delivered) if takes_back(first_word(after)) => (value, None),
            Some(state) => (word, Some(state)),
            None => {
                let parts = &mut word.split(|octet| matches!(octet, b':' | b'.' | b'/' | b'('));
                match parts.next().and_then(|part| Some((part, of(part)?))) {
                    // One digit before a colon is a code, not a state.
                    Some((part, state)) if part.len() > 1 => (part, Some(state)),
                    _ => (word, None),
                }
            }
        };
        self.receipt.state_word = Some(word);
        self.receipt.state_known = state.is_some();
        self.receipt.state = state.or(Some(ReceiptState::Unknown));
    }

    /// A state's word that stands without its label, before the text. Only the grammar's own words and
    /// those of Appendix B in capitals are taken, for any other may be part of a sentence.
    fn bare_state(&mut self) {
        let text = self.receipt.text.map_or(0, <[u8]>::len);
        let before = self.octets.get(..self.octets.len().saturating_sub(text));
        for word in before.unwrap_or_default().split(|octet| ends_word(*octet)) {
            let usual = || {
                let state = ReceiptState::from_word(word)?;
                (state.word().as_bytes() == word).then_some(state)
            };
            if let Some(state) = self.grammar.own_state(word).or_else(usual) {
                self.receipt.state = Some(state);
                self.receipt.state_word = Some(word);
                self.receipt.state_known = true;
                return;
            }
        }
    }
}

fn keep<'a>(field: &mut Option<&'a [u8]>, value: &'a [u8], own: bool) {
    if (own || field.is_none()) && !value.is_empty() {
        *field = Some(value);
    }
}

/// Octets to the next place where a label may begin: past the rest of this word and what ends it.
fn to_next_word(rest: &[u8]) -> usize {
    let word = rest
        .iter()
        .take_while(|octet| octet.is_ascii_alphanumeric());
    word.count() + 1
}

const fn ends_word(octet: u8) -> bool {
    octet <= b' ' || matches!(octet, b',' | b';' | b'|')
}

fn first_word(value: &[u8]) -> &[u8] {
    let word = trim(value).split(|octet| ends_word(*octet)).next();
    let word = word.unwrap_or_default();
    match word {
        [b'"', inner @ .., b'"'] | [b'\'', inner @ .., b'\''] => inner,
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
pub(super) fn trim(mut value: &[u8]) -> &[u8] {
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
