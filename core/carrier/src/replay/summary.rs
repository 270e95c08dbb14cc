//! What a whole recording says.

use std::collections::BTreeMap;

use carrack_message::ReceiptState;
use carrack_message::carrier_id::{IdTransform, Proposal};
use carrack_message::receipt::ReceiptRead;
use carrack_settings::StatusClass;
use carrack_smpp::CommandStatus;

use super::ids::Match;
use super::line::TextRead;

/// Different words of states that are kept.
const WORDS_MAX: usize = 64;

/// Counts of a recording.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// PDUs whose header could be read.
    pub pdus: u64,
    /// PDUs that could not be read.
    pub malformed: u64,
    /// Binds.
    pub binds: u64,
    /// Segments to the carrier.
    pub submits: u64,
    /// Segments that it took.
    pub taken: u64,
    /// Those among them for which it gave no id.
    pub taken_without_id: u64,
    /// Responses of either side.
    pub responses: u64,
    /// Responses to nothing that was asked.
    pub responses_unmatched: u64,
    /// Responses to what was asked before the recording began.
    pub responses_before: u64,
    /// Requests of either side without response.
    pub requests_unanswered: u64,
    /// Statuses of refusals, the class that the profile gives each, and how many there were.
    pub refused: BTreeMap<u32, (StatusClass, u64)>,
    /// Receipts.
    pub receipts: u64,
    /// Receipts that name no segment.
    pub receipts_without_id: u64,
    /// Receipts that found their segment, by what had to be done to the id: nothing, hexadecimal to decimal, decimal to
    /// hexadecimal.
    pub receipts_matched: [u64; 3],
    /// Those among them that came before the response.
    pub receipts_early: u64,
    /// Those among them whose id may mean several segments.
    pub receipts_ambiguous: u64,
    /// Those among them none of whose addresses is the segment's recipient.
    pub receipts_of_another_number: u64,
    /// Receipts that found no segment.
    pub receipts_unmatched: u64,
    /// Receipts whose parameters and text disagree.
    pub receipts_disagreeing: u64,
    /// States that receipts told, by the word of SMPP 3.4, Appendix B.
    pub states: BTreeMap<&'static str, u64>,
    /// Words of states that nobody knows: candidates for `receipt_grammar`. At most 64 different ones.
    pub words_unknown: BTreeMap<String, u64>,
    /// Messages from handsets.
    pub mo: u64,
    /// Texts by `data_coding`.
    pub data_codings: BTreeMap<u8, u64>,
    /// Texts with characters that could not be read.
    pub texts_unreadable: u64,
    /// What was tolerated.
    pub oddities: BTreeMap<&'static str, u64>,
    /// Ids and requests that gave way because the recording is too long.
    pub forgotten: u64,
    /// The id rule that fits what matched.
    pub proposal: Option<Proposal>,
    /// What another rule than the profile's would do to the ids, and how many receipts more it would match.
    pub otherwise: Option<(IdTransform, u64)>,
}

impl Summary {
    /// True if every receipt found its segment and every response its request.
    #[must_use]
    pub const fn is_clean(&self) -> bool {
        self.malformed == 0
            && self.responses_unmatched == 0
            && self.receipts_unmatched == 0
            && self.receipts_without_id == 0
    }

    pub(super) fn odd(&mut self, name: &'static str) {
        *self.oddities.entry(name).or_default() += 1;
    }

    pub(super) fn refused(&mut self, status: CommandStatus, class: StatusClass) {
        self.refused.entry(status.0).or_insert((class, 0)).1 += 1;
    }

    pub(super) fn receipt(&mut self, read: &ReceiptRead) {
        self.receipts += 1;
        self.receipts_disagreeing += u64::from(read.sources_disagree());
        *self
            .states
            .entry(ReceiptState::word(read.state))
            .or_default() += 1;
        if read.has_unknown_word() {
            let word = String::from_utf8_lossy(&read.state_word).into_owned();
            if self.words_unknown.len() < WORDS_MAX || self.words_unknown.contains_key(&word) {
                *self.words_unknown.entry(word).or_default() += 1;
            }
        }
    }

    pub(super) fn matched(&mut self, found: &Match) {
        let place = match found.transform {
            IdTransform::Same => 0,
            IdTransform::HexToDecimal => 1,
            IdTransform::DecimalToHex => 2,
        };
        if let Some(count) = self.receipts_matched.get_mut(place) {
            *count += 1;
        }
        self.receipts_early += u64::from(found.early);
        self.receipts_ambiguous += u64::from(found.candidates > 1);
        self.receipts_of_another_number += u64::from(!found.number_agrees);
    }

    pub(super) fn text(&mut self, text: &TextRead) {
        *self.data_codings.entry(text.data_coding).or_default() += 1;
        self.texts_unreadable += u64::from(text.unreadable > 0);
    }
}
