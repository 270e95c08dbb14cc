//! What is counted of requests that came again.

use carrack_telemetry::names;
use metrics::Counter;

use crate::submission::{Refusal, Verdict};

/// Handles of the counters.
pub(crate) struct Counts {
    repeated: Counter,
    used: Counter,
    duplicate: Counter,
    pub(crate) waited: Counter,
    pub(crate) busy: Counter,
}

impl Default for Counts {
    fn default() -> Self {
        let outcome = |outcome| metrics::counter!(names::KEYS_MET, "outcome" => outcome);
        Self {
            repeated: outcome("repeated"),
            used: outcome("used"),
            duplicate: outcome("duplicate"),
            waited: outcome("waited"),
            busy: outcome("busy"),
        }
    }
}

impl Counts {
    /// Counts the verdict on a submission that did not reach a shard.
    pub(crate) fn note(&self, verdict: &Verdict) {
        match verdict {
            Verdict::Repeated(..) => self.repeated.increment(1),
            Verdict::Refused(Refusal::KeyUsed) => self.used.increment(1),
            Verdict::Refused(Refusal::Duplicate(_) | Refusal::DuplicateRow(_)) => {
                self.duplicate.increment(1)
            }
            _ => {}
        }
    }
}
