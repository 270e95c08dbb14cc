//! What the engine is set to; the program fills it from the configuration.

use carrack_message::mo::ReassemblySettings;
use carrack_routing::OnNoResponse;
use carrack_routing::quality::Rules as QualityRules;

/// Which receipts decide what the customer sees of a text of several parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Multipart {
    /// All of them: delivered once all parts are; else the first state that is not delivered.
    #[default]
    All,
    /// Delivered once one part is.
    Any,
    /// The state of the last part.
    Last,
}

/// Settings of a node's engine. Times in nanoseconds.
#[derive(Debug, Clone)]
pub struct EngineSettings {
    /// This node, part of every message id.
    pub node_id: u8,
    /// Messages accepted and not final, in the whole node.
    pub messages_max: u64,
    /// Waiting messages that a lane of a shard keeps in memory; what is longer waits in the log only.
    pub lane_live_max: usize,
    /// Messages in one frame, and in one chunk.
    pub frame_messages_max: usize,
    /// Validity where the customer names none.
    pub validity_default_ns: u64,
    /// Longest validity.
    pub validity_max_ns: u64,
    /// How long a receipt is waited for.
    pub receipt_wait_max_ns: u64,
    /// How long a message waits for receipts in memory; then on the shelf.
    pub receipt_in_memory_ns: u64,
    /// Segments of the whole node whose receipts are waited for in memory; above it messages go to the shelf sooner.
    pub receipts_in_memory_max: usize,
    /// Refused or uncertain attempts of one message before it is given up.
    pub attempts_max: u32,
    /// First pause before an attempt is repeated.
    pub retry_delay_ns: u64,
    /// Longest pause.
    pub retry_delay_max_ns: u64,
    /// What to do when no response came, where the route does not say.
    pub on_no_response: OnNoResponse,
    /// Which receipts decide over a text of several parts.
    pub multipart: Multipart,
    /// How long a receipt waits for the response that names it, where the carrier does not say.
    pub early_receipt_hold_ns: u64,
    /// How many such receipts may wait in a shard.
    pub early_receipts_max: usize,
    /// Ends that wait for their customer in a shard's memory, an account; the places of more are kept.
    pub untold_live_max: usize,
    /// How long an end waits for its customer.
    pub tell_within_ns: u64,
    /// Bounds of joining messages from handsets, for each carrier.
    pub mo_reassembly: ReassemblySettings,
    /// Messages from handsets that may wait for their customer in a shard.
    pub mo_waiting_max: usize,
    /// How long they wait.
    pub mo_keep_ns: u64,
    /// How carriers are measured.
    pub quality: QualityRules,
    /// Messages that a network and class need to be known by themselves.
    pub quality_known_by: u32,
    /// A receipt that has not come for so long counts against its carrier.
    pub quality_receipt_wait_ns: u64,
    /// How long a message waits for a register to say its recipient's network.
    pub lookup_wait_ns: u64,
    /// How long a request is known again by its key.
    pub idempotency_keep_ns: u64,
    /// Names of requests that may be claimed at a time.
    pub idempotency_under_way_max: usize,
    /// Letters a shard's mailbox holds.
    pub mailbox_size: usize,
    /// Frames a history may read.
    pub history_frames_max: usize,
    /// How long windows may take to empty at shutdown.
    pub drain_ns: u64,
}

impl Default for EngineSettings {
    fn default() -> Self {
        const SECOND: u64 = 1_000_000_000;
        Self {
            node_id: 0,
            messages_max: 2_000_000,
            lane_live_max: 32_768,
            frame_messages_max: 4096,
            validity_default_ns: 48 * 3600 * SECOND,
            validity_max_ns: 7 * 24 * 3600 * SECOND,
            receipt_wait_max_ns: 72 * 3600 * SECOND,
            receipt_in_memory_ns: 600 * SECOND,
            receipts_in_memory_max: 500_000,
            attempts_max: 10,
            retry_delay_ns: SECOND,
            retry_delay_max_ns: 60 * SECOND,
            on_no_response: OnNoResponse::Resend,
            multipart: Multipart::All,
            early_receipt_hold_ns: 600 * SECOND,
            early_receipts_max: 200_000,
            untold_live_max: 65_536,
            tell_within_ns: 7 * 24 * 3600 * SECOND,
            mo_reassembly: ReassemblySettings {
                timeout_ns: 300 * SECOND,
                messages_max: 10_000,
                octets_max: 16 << 20,
            },
            mo_waiting_max: 100_000,
            mo_keep_ns: 72 * 3600 * SECOND,
            quality: QualityRules::default(),
            quality_known_by: 50,
            quality_receipt_wait_ns: 600 * SECOND,
            lookup_wait_ns: 2 * SECOND,
            idempotency_keep_ns: 48 * 3600 * SECOND,
            idempotency_under_way_max: 500_000,
            mailbox_size: 4096,
            history_frames_max: 50_000,
            drain_ns: 15 * SECOND,
        }
    }
}
