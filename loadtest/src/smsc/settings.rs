//! What a simulated SMSC is: limits, times, faults. Plain data; the program's options fill it.

use crate::chance::Percent;
use crate::smsc::quirk::Quirks;
use crate::smsc::scenario::Scenario;

/// Everything that makes one simulated SMSC differ from another. Times are nanoseconds.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Shown in reports and given back as the system_id of bind responses.
    pub name: String,
    /// The only system_id that may bind; `None` takes any.
    pub system_id: Option<String>,
    /// The password for it; `None` takes any.
    pub password: Option<String>,
    /// Segments accepted in any second; `None` is unlimited.
    pub rate: Option<u32>,
    /// Submits of one bind that may wait for their answer; one more is answered ESME_RTHROTTLED.
    pub window: u32,
    /// Receipts sent on one bind and not yet answered.
    pub receipt_window: u32,
    /// Mean time from a submit to its answer.
    pub latency_ns: u64,
    /// Largest deviation from the mean, either way, evenly spread.
    pub latency_jitter_ns: u64,
    /// Time from the answer to the receipt.
    pub dlr_delay_ns: u64,
    /// How long a sent receipt may stay unanswered before it is sent again.
    pub receipt_timeout_ns: u64,
    /// Share of accepted messages whose receipt says UNDELIV.
    pub undelivered: Percent,
    /// Faults to play.
    pub quirks: Quirks,
    /// Seed of every random decision.
    pub seed: u64,
    /// Different texts remembered for `distinct_texts`.
    pub texts_max: u64,
    /// Answers and receipts that may wait; above it submits are answered ESME_RMSGQFUL.
    pub pending_max: usize,
    /// Accepted messages that query_sm, cancel_sm and replace_sm still find; the oldest are forgotten.
    pub messages_max: usize,
    /// Whole texts, and messages from handsets, kept to be shown; 0 keeps none and costs nothing.
    pub texts_kept: usize,
    /// Messages from handsets a second, beside those that the quirk `mo` makes; 0: none.
    pub mo_rate: u32,
    /// What these say, with their number for `{n}`; `None`: a text of the simulator's own.
    pub mo_text: Option<String>,
    /// Where these come from.
    pub mo_from: String,
    /// Where these go to.
    pub mo_to: String,
    /// Numbers whose messages come back as messages from handsets: to the number, from whom they had as sender.
    pub loops: Vec<String>,
    /// What changes while it runs.
    pub scenario: Option<Scenario>,
    /// Connections at one time.
    pub binds_max: usize,
    /// Unix time in seconds at `now_ns` 0: dates in receipts are counted from it.
    pub utc_base_s: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            name: "smscsim".to_owned(),
            system_id: None,
            password: None,
            rate: None,
            window: 10_000,
            receipt_window: 1_000,
            latency_ns: 0,
            latency_jitter_ns: 0,
            dlr_delay_ns: 0,
            receipt_timeout_ns: 60_000_000_000,
            undelivered: Percent::default(),
            quirks: Quirks::default(),
            seed: 1,
            texts_max: 50_000_000,
            pending_max: 4_000_000,
            messages_max: 1_000_000,
            texts_kept: 0,
            mo_rate: 0,
            mo_text: None,
            mo_from: "447700900999".to_owned(),
            mo_to: "12345".to_owned(),
            loops: Vec::new(),
            scenario: None,
            binds_max: 4_096,
            utc_base_s: 0,
        }
    }
}
