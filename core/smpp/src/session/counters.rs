//! What a session counts. Numbers only grow, over reconnects too.

use crate::OddityCounts;

/// Counts of one session since it was made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Counters {
    /// Whole PDUs received.
    pub pdus_received: u64,
    /// Requests of ours that had their response in time.
    pub responses: u64,
    /// Requests of ours that timed out.
    pub timed_out: u64,
    /// Requests of ours whose slot was given on before their time-out, by `slot_patience`.
    pub slots_given_on: u64,
    /// Responses after the time-out that could still be told.
    pub late_responses: u64,
    /// Responses to nothing we sent, doubled ones among them; ignored.
    pub unexpected_responses: u64,
    /// `generic_nack` received, matched or not.
    pub nacks_received: u64,
    /// `generic_nack` received that names no request of ours.
    pub nacks_unmatched: u64,
    /// `generic_nack` sent.
    pub nacks_sent: u64,
    /// Bodies refused.
    pub malformed_bodies: u64,
    /// Streams given up because of an absurd `command_length`.
    pub malformed_frames: u64,
    /// Requests answered by `ESME_RINVBNDSTS`.
    pub wrong_state: u64,
    /// Submits answered by `ESME_RTHROTTLED` because too many wait for an answer.
    pub throttled: u64,
    /// `enquire_link` sent.
    pub enquire_links_sent: u64,
    /// `enquire_link` received.
    pub enquire_links_received: u64,
    /// PDUs that have no meaning here and no response: alert_notification, outbind.
    pub ignored: u64,
    /// Peers that named another version than ours in the bind, where that is not expected.
    pub version_mismatches: u64,
    /// Optional parameters left out because the session speaks a version without them.
    pub tlvs_left_out: u64,
    /// Faults tolerated inside PDUs.
    pub oddities: OddityCounts,
}
