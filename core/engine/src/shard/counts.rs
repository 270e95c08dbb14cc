//! What a shard counts for the metrics: plain numbers in the loop, brought to the recorder now and then.

use carrack_message::Status;
use carrack_message::record::MoOutcome;
use carrack_routing::consent::Meaning;
use carrack_telemetry::names;

use crate::submission::{Refusal, Verdict};

/// Counts since the last publication, and where they go.
pub(crate) struct Counts {
    accepted: u64,
    refused: Vec<(&'static str, u64, metrics::Counter)>,
    finals: Vec<(Status, u64, metrics::Counter)>,
    accepted_handle: metrics::Counter,
    mo_received: u64,
    acknowledged_early: u64,
    held_in_quiet_hours: u64,
}

impl Default for Counts {
    fn default() -> Self {
        let finals = Status::ALL.into_iter().filter(|status| status.is_final());
        Self {
            accepted: 0,
            refused: Vec::new(),
            finals: finals
                .map(|status| {
                    (
                        status,
                        0,
                        metrics::counter!(names::MESSAGES_FINAL, "status" => status.name()),
                    )
                })
                .collect(),
            accepted_handle: metrics::counter!(names::MESSAGES_ACCEPTED),
            mo_received: 0,
            acknowledged_early: 0,
            held_in_quiet_hours: 0,
        }
    }
}

impl Counts {
    pub(crate) fn accepted(&mut self, messages: u32) {
        self.accepted += u64::from(messages);
    }

    /// Counts the refusals among verdicts.
    pub(crate) fn all_refused(&mut self, verdicts: &[Verdict]) {
        for verdict in verdicts {
            if let Verdict::Refused(refusal) = verdict {
                self.refused(refusal);
            }
        }
    }

    fn refused(&mut self, refusal: &Refusal) {
        let name = refusal.name();
        match self.refused.iter_mut().find(|(known, _, _)| *known == name) {
            Some((_, count, _)) => *count += 1,
            None => self.refused.push((
                name,
                1,
                metrics::counter!(names::MESSAGES_REFUSED, "reason" => name),
            )),
        }
    }

    pub(crate) fn ended(&mut self, status: Status) {
        if let Some((_, count, _)) = self
            .finals
            .iter_mut()
            .find(|(known, _, _)| *known == status)
        {
            *count += 1;
        }
    }

    pub(crate) fn acknowledged_early(&mut self, messages: u32) {
        self.acknowledged_early += u64::from(messages);
    }

    pub(crate) fn held_in_quiet_hours(&mut self, messages: u32) {
        self.held_in_quiet_hours += u64::from(messages);
    }

    pub(crate) fn mo_received(&mut self) {
        self.mo_received += 1;
    }

    /// Rare: counted at once.
    pub(crate) fn end_given_up(&self) {
        metrics::counter!(names::ENDS_GIVEN_UP).increment(1);
    }

    /// They are few: counted at once.
    pub(crate) fn mo_refused(&self, reason: &'static str) {
        metrics::counter!(names::MO_REFUSED, "reason" => reason).increment(1);
    }

    /// The same.
    pub(crate) fn mo_settled(&self, outcome: MoOutcome) {
        metrics::counter!(names::MO_SETTLED, "outcome" => outcome.name()).increment(1);
    }

    /// The same.
    pub(crate) fn consent(&self, meaning: Meaning) {
        metrics::counter!(names::CONSENTS, "meaning" => meaning.name()).increment(1);
    }

    pub(crate) fn publish(&mut self) {
        self.accepted_handle
            .increment(std::mem::take(&mut self.accepted));
        if self.acknowledged_early > 0 {
            metrics::counter!(names::MESSAGES_ACKNOWLEDGED_EARLY)
                .increment(std::mem::take(&mut self.acknowledged_early));
        }
        if self.held_in_quiet_hours > 0 {
            metrics::counter!(names::QUIET_HELD)
                .increment(std::mem::take(&mut self.held_in_quiet_hours));
        }
        if self.mo_received > 0 {
            metrics::counter!(names::MO_RECEIVED).increment(std::mem::take(&mut self.mo_received));
        }
        let refused = self
            .refused
            .iter_mut()
            .map(|(_, count, handle)| (count, handle));
        for (count, handle) in refused.chain(
            self.finals
                .iter_mut()
                .map(|(_, count, handle)| (count, handle)),
        ) {
            if *count > 0 {
                handle.increment(std::mem::take(count));
            }
        }
    }
}
