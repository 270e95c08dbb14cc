//! What the simulator saw, as the JSON it writes. `submits = accepted + refused + throttled` always holds.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Times in microseconds; 0 while there are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnswerTimes {
    /// Half were faster.
    pub p50: u64,
    /// All but one in a hundred were faster.
    pub p99: u64,
    /// The slowest.
    pub max: u64,
}

/// Counts since the start. A submit is one well-formed submit_sm or data_sm on a bind that may send.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Report {
    /// The simulator's name.
    pub name: String,
    /// Binds accepted.
    pub binds: u64,
    /// Binds refused: wrong system_id or password, link down.
    pub binds_refused: u64,
    /// Connections that are bound now.
    pub binds_now: u64,
    /// Submits received.
    pub submits: u64,
    /// Submits accepted: answered ESME_ROK, about to be, or their answer dropped.
    pub accepted: u64,
    /// Segments accepted: 1 for each submit, more where one submit carries a longer text.
    pub segments: u64,
    /// Submits that brought something new. A text counts by source, destination and what a reader sees, whatever alphabet, header,
    /// SAR parameters or payload carried it; a long one counts once for each of its parts.
    pub distinct_texts: u64,
    /// Accepted again: `accepted - distinct_texts - untracked_texts`.
    pub duplicates: u64,
    /// Accepted when the set of texts was full.
    pub untracked_texts: u64,
    /// deliver_sm written that carry a receipt, counting doubled and repeated ones.
    pub receipts_sent: u64,
    /// deliver_sm_resp with ESME_ROK received for them.
    pub receipts_answered: u64,
    /// Of those sent, how many went out again because the first was not answered.
    pub receipts_resent: u64,
    /// Extra receipts made by `double-receipt`.
    pub receipts_doubled: u64,
    /// Receipts never sent because of `drop-receipt`.
    pub receipts_dropped: u64,
    /// Receipts the client refused for good, or too often.
    pub receipts_refused: u64,
    /// Receipts that wait to be due, sent or answered.
    pub receipts_waiting: u64,
    /// Receipts that said UNDELIV.
    pub undelivered: u64,
    /// Submits refused other than by throttling.
    pub refused: u64,
    /// The refused by status name.
    pub refused_by_status: BTreeMap<String, u64>,
    /// Submits answered ESME_RTHROTTLED: over the rate, over the window, or by quirk.
    pub throttled: u64,
    /// Of those, over the rate.
    pub throttled_by_rate: u64,
    /// Of those, over the window.
    pub throttled_by_window: u64,
    /// PDUs that could not be taken as what they claimed to be.
    pub malformed: u64,
    /// Whole texts accepted: of one submit, or of parts that are all there.
    pub messages: u64,
    /// Of those, how many had not come before.
    pub messages_distinct: u64,
    /// Long texts that lack parts.
    pub messages_incomplete: u64,
    /// Submits with octets that are nothing in their alphabet: bad septets, lone surrogates, odd octets.
    pub texts_unreadable: u64,
    /// Submits that lost characters to the carrier's own conversion.
    pub texts_lossy: u64,
    /// Submits too long for one short message that could not be cut, or above 254 octets in `short_message`.
    pub oversized: u64,
    /// Submits that announce a user data header which does not fit.
    pub broken_headers: u64,
    /// Submits in a `data_coding` that this carrier does not take.
    pub wrong_data_coding: u64,
    /// Submits with addresses that `ton-npi-strict` does not take.
    pub wrong_address: u64,
    /// Segments refused because they were over the rate.
    pub segments_over_rate: u64,
    /// Segments refused because they were over the window.
    pub segments_over_window: u64,
    /// Of the submits, how many came as data_sm.
    pub data_sms: u64,
    /// query_sm received.
    pub queries: u64,
    /// Of those, answered with a state.
    pub queries_answered: u64,
    /// Messages cancelled by cancel_sm.
    pub cancelled: u64,
    /// Messages replaced by replace_sm.
    pub replaced: u64,
    /// unbind received.
    pub unbinds: u64,
    /// unbind sent.
    pub unbinds_sent: u64,
    /// Connections that ended without unbind of either side.
    pub drops: u64,
    /// Connections not taken because of a lockout.
    pub locked_out: u64,
    /// outbind sent.
    pub outbinds: u64,
    /// Connections that ended before TLS was agreed on.
    pub tls_failures: u64,
    /// Messages from handsets that were made.
    pub mo: u64,
    /// PDUs written that carry them, repeated ones among them.
    pub mo_sent: u64,
    /// Of those, answered with ESME_ROK.
    pub mo_answered: u64,
    /// Of those, refused for good or too often.
    pub mo_refused: u64,
    /// alert_notification written.
    pub alerts: u64,
    /// enquire_link sent beyond those of keep-alive.
    pub enquiries: u64,
    /// Time from a receipt's writing to its answer.
    pub receipt_answer_us: AnswerTimes,
    /// How often each quirk was played; those that only change a form are not counted.
    pub quirks: BTreeMap<String, u64>,
    /// Answers withheld by `drop-response`.
    pub dropped_responses: u64,
    /// Answers that were due after their connection had gone.
    pub lost_responses: u64,
    /// Most segments offered (before any refusal) in one second.
    pub peak_per_second: u64,
    /// Most segments accepted in one second.
    pub peak_accepted_per_second: u64,
    /// True while the link is switched down.
    pub link_down: bool,
}
