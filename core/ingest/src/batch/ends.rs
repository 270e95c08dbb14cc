//! What became of a batch's messages, over restarts.
//!
//! Promise: no figure grows less, and what the log has let go of stays counted: a start finds in the log what became of the
//! later messages, and in `job.json` what was known of all. Of a node that was killed, what came since that was written
//! (a minute at most), and is not in the log either, is not counted.

use std::sync::Arc;

use carrack_engine::{BatchCounters, BatchEnds};

use super::job::{JobRecord, Live};

impl JobRecord {
    fn ends(&self) -> BatchEnds {
        BatchEnds {
            submitted: self.submitted,
            delivered: self.delivered,
            failed: self.failed,
        }
    }
}

impl Live {
    /// Counts by these from here on. `whole`: the log still speaks of the first row, and so of all.
    pub(super) fn count_by(&mut self, counters: Arc<BatchCounters>, whole: bool) {
        if !whole {
            let log = counters.ends_at_start();
            self.before_log = with(self.record.ends(), log, u64::saturating_sub);
        }
        self.counters = Some(counters);
    }

    /// Takes what became of messages into the record.
    pub(super) fn take_ends(&mut self, counters: &BatchCounters) {
        let mut ends = counters.ends();
        if self.before_log != BatchEnds::default() {
            let accepted = self.record.accepted;
            // What was written down just before a crash, and was not durable yet, comes once more.
            let all = |log: u64, before: u64| (log + before).min(accepted);
            ends = with(ends, self.before_log, all);
        }
        let ends = with(ends, self.record.ends(), u64::max);
        self.record.submitted = ends.submitted;
        self.record.delivered = ends.delivered;
        self.record.failed = ends.failed;
    }
}

fn with(one: BatchEnds, other: BatchEnds, both: impl Fn(u64, u64) -> u64) -> BatchEnds {
    BatchEnds {
        submitted: both(one.submitted, other.submitted),
        delivered: both(one.delivered, other.delivered),
        failed: both(one.failed, other.failed),
    }
}
