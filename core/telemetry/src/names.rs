//! All metrics: a name, a kind, and one sentence of help for each.

macro_rules! metrics {
    ($($(#[doc = $help:literal])+ $kind:ident $constant:ident = $name:literal;)*) => {
        $($(#[doc = $help])+ pub const $constant: &str = $name;)*

        /// Tells the recorder the help of every metric.
        pub fn describe() {
            $(metrics!(@describe $kind $name, concat!($($help),+));)*
        }
    };
    (@describe counter $name:literal, $help:expr) => { ::metrics::describe_counter!($name, $help) };
    (@describe gauge $name:literal, $help:expr) => { ::metrics::describe_gauge!($name, $help) };
    (@describe histogram $name:literal, $help:expr) => { ::metrics::describe_histogram!($name, $help) };
}

metrics! {
    /// Time from the first try to write a group of frames until it was durable.
    histogram COMMIT_SECONDS = "carrack_commit_seconds";
    /// Frames written together in one batch and one sync.
    histogram COMMIT_FRAMES = "carrack_commit_frames";
    /// Writes to the store that failed and were tried again.
    counter COMMIT_FAILURES = "carrack_commit_failures_total";
    /// Frames that could not be read at start and were put aside.
    counter FRAMES_QUARANTINED = "carrack_frames_quarantined_total";
    /// Messages accepted, durable and acknowledged.
    counter MESSAGES_ACCEPTED = "carrack_messages_accepted_total";
    /// Messages refused at the front door, by reason.
    counter MESSAGES_REFUSED = "carrack_messages_refused_total";
    /// Messages that reached their final state, by status.
    counter MESSAGES_FINAL = "carrack_messages_final_total";
    /// Messages accepted and not yet final.
    gauge MESSAGES_WAITING = "carrack_messages_waiting";
    /// Segments handed to a carrier's link, by carrier.
    counter SEGMENTS_SENT = "carrack_segments_sent_total";
    /// Segments that a carrier took, by carrier.
    counter SEGMENTS_ACCEPTED = "carrack_segments_accepted_total";
    /// Segments that a carrier refused, by carrier.
    counter SEGMENTS_REFUSED = "carrack_segments_refused_total";
    /// Segments of which it is not known whether the carrier took them, by carrier.
    counter SEGMENTS_UNCERTAIN = "carrack_segments_uncertain_total";
    /// Receipts matched to their segment, by carrier.
    counter RECEIPTS_MATCHED = "carrack_receipts_matched_total";
    /// Receipts that came before their response and were parked, by carrier.
    counter RECEIPTS_EARLY = "carrack_receipts_early_total";
    /// Receipts whose segment was never found, by carrier.
    counter RECEIPTS_UNMATCHED = "carrack_receipts_unmatched_total";
    /// Links that are bound, by carrier.
    gauge LINKS_UP = "carrack_links_up";
    /// Times a link was lost, by carrier.
    counter LINKS_LOST = "carrack_links_lost_total";
    /// 1 while the ring serves a shard, 0 while epoll does, by shard.
    gauge RUNTIME_RING = "carrack_runtime_ring";
    /// Odd things tolerated in PDUs, by carrier.
    counter PDU_ODDITIES = "carrack_pdu_oddities_total";
}
