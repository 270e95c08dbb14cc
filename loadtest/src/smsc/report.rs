//! What the simulator saw, as the JSON it writes. `submits = accepted + refused + throttled` always holds.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Counts since the start. A submit is one well-formed submit_sm on a bind that may send.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Different (source, destination, user data) accepted; user data with its header, so that a part sent again counts once.
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
