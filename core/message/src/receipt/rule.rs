//! What a profile says of a carrier's receipts.

use smallvec::SmallVec;

use super::ReceiptState;
use super::word::Capitals;

/// Which source wins where a receipt's parameters and its text disagree (trap T06).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReceiptSource {
    /// Parameters first, text where they are silent.
    #[default]
    TlvFirst,
    /// Text first, parameters where it is silent.
    TextFirst,
    /// Parameters only.
    TlvOnly,
    /// Text only.
    TextOnly,
}

/// What makes a `deliver_sm` a receipt (trap T10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum ReceiptSign {
    /// Only the message type bits 5 to 2 of `esm_class`.
    Bits,
    /// These bits, or `receipted_message_id`.
    #[default]
    BitsOrTlv,
    /// These, or a text that reads like a receipt where `esm_class` says nothing.
    BitsTlvOrText,
}

/// Words and labels of one carrier beside those that everybody uses (trap T07).
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Grammar {
    /// Further labels of the id, without colon; what they say goes before `id:`.
    pub id_labels: SmallVec<[Box<str>; 2]>,
    /// Further labels of the state.
    pub state_labels: SmallVec<[Box<str>; 2]>,
    /// Further labels of the error.
    pub error_labels: SmallVec<[Box<str>; 2]>,
    /// Words for states, in any case; they go before the known ones.
    pub states: SmallVec<[(Box<str>, ReceiptState); 4]>,
    /// Minutes east of UTC of its dates.
    pub utc_offset_minutes: i16,
}

impl Grammar {
    /// State of a word, in any case, or of one digit of `message_state`.
    #[must_use]
    pub fn state_of(&self, word: &[u8]) -> Option<ReceiptState> {
        self.own_state(word)
            .or_else(|| ReceiptState::from_word(word))
    }

    /// True if it names labels of its own.
    pub(super) fn has_labels(&self) -> bool {
        !(self.id_labels.is_empty() && self.state_labels.is_empty() && self.error_labels.is_empty())
    }

    /// State that only this grammar gives a word.
    pub(super) fn own_state(&self, word: &[u8]) -> Option<ReceiptState> {
        if self.states.is_empty() || word.is_empty() {
            return None;
        }
        let word = Capitals::of(word)?;
        let same = |own: &str| {
            Capitals::of(own.as_bytes()).is_some_and(|own| own.as_slice() == word.as_slice())
        };
        let found = self.states.iter().find(|(own, _)| same(own));
        found.map(|(_, state)| *state)
    }
}

/// How one carrier's receipts are read.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ReceiptRules {
    /// Which source wins.
    pub source: ReceiptSource,
    /// What makes a `deliver_sm` or `data_sm` a receipt.
    pub sign: ReceiptSign,
    /// Its words, labels and clock.
    pub grammar: Grammar,
}
