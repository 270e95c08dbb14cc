//! What the door counts, to be read from any thread.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts of one door since its start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SmppServerCounts {
    /// Connections open now, bound or not.
    pub connections: u64,
    /// Binds now.
    pub binds: u64,
    /// Connections closed at once because there were too many.
    pub connections_refused: u64,
    /// Binds refused.
    pub binds_refused: u64,
    /// Refusals whose answer was held back because others had failed before.
    pub binds_delayed: u64,
    /// Binds that were not judged because too many of their address failed.
    pub binds_throttled: u64,
    /// Passwords verified by argon2; one that was right is remembered.
    pub passwords_verified: u64,
    /// Connections ended because TLS failed.
    pub tls_failed: u64,
    /// Connections ended because their bytes could not be followed.
    pub connections_malformed: u64,
    /// Chunks that the engine had no room for; each submit in them was answered `ESME_RTHROTTLED`.
    pub chunks_throttled: u64,
    /// Receipts and messages from handsets that clients refused for good.
    pub receipts_refused: u64,
    /// Questions by a short id that is not remembered.
    pub short_ids_unknown: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) connections: AtomicU64,
    pub(crate) binds: AtomicU64,
    pub(crate) connections_refused: AtomicU64,
    pub(crate) binds_refused: AtomicU64,
    pub(crate) binds_delayed: AtomicU64,
    pub(crate) binds_throttled: AtomicU64,
    pub(crate) passwords_verified: AtomicU64,
    pub(crate) tls_failed: AtomicU64,
    pub(crate) connections_malformed: AtomicU64,
    pub(crate) chunks_throttled: AtomicU64,
    pub(crate) receipts_refused: AtomicU64,
    pub(crate) short_ids_unknown: AtomicU64,
}

impl Counts {
    pub(crate) fn read(&self) -> SmppServerCounts {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        SmppServerCounts {
            connections: of(&self.connections),
            binds: of(&self.binds),
            connections_refused: of(&self.connections_refused),
            binds_refused: of(&self.binds_refused),
            binds_delayed: of(&self.binds_delayed),
            binds_throttled: of(&self.binds_throttled),
            passwords_verified: of(&self.passwords_verified),
            tls_failed: of(&self.tls_failed),
            connections_malformed: of(&self.connections_malformed),
            chunks_throttled: of(&self.chunks_throttled),
            receipts_refused: of(&self.receipts_refused),
            short_ids_unknown: of(&self.short_ids_unknown),
        }
    }
}

pub(crate) fn add(count: &AtomicU64, more: u64) {
    count.fetch_add(more, Ordering::Relaxed);
}
