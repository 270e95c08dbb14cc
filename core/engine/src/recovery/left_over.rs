//! What a crash left in windows, from the journal of segments in flight: uncertain, by name.

use carrack_message::MessageId;
use carrack_message::record::{FrameFault, FrameWriter, Uncertain, UncertainReason};
use carrack_queue::InFlight;

use super::{Recovered, RestoredSegment};

impl Recovered {
    /// Makes those segments uncertain that were in a window when the process ended; gives the records that say so, and
    /// those that the crash cut off.
    ///
    /// # Errors
    /// [`FrameFault`] when a record cannot be written.
    pub(crate) fn left_in_windows(
        &mut self,
        left_over: &[InFlight],
        at_utc_ns: u64,
    ) -> Result<FrameWriter, FrameFault> {
        let mut frame = FrameWriter::default();
        for found in left_over {
            let Some(reason) = self.left_in_window(found, at_utc_ns) else {
                continue;
            };
            tracing::warn!(id = %MessageId(found.id), segment = found.segment, "uncertain: it was in a window when the process ended");
            frame.push(&record(found, reason, at_utc_ns))?;
        }
        for (id, carrier, segment) in std::mem::take(&mut self.unlisted) {
            let found = InFlight {
                id,
                carrier,
                segment,
                again: true,
            };
            frame.push(&record(&found, UncertainReason::SentAgain, at_utc_ns))?;
        }
        Ok(frame)
    }

    /// As what it is to be listed, if it is.
    fn left_in_window(&mut self, found: &InFlight, at_utc_ns: u64) -> Option<UncertainReason> {
        let Some(message) = self.live(found.id) else {
            // It ended by what became of another copy, or its outcome is durable and its entry was to be forgotten next.
            return Some(UncertainReason::Crash);
        };
        let sent = (message.id, message.to);
        let there = message.carrier == Some(found.carrier);
        let state = message.segments.get(usize::from(found.segment));
        let has_outcome = matches!(
            state,
            Some(RestoredSegment::Submitted(..) | RestoredSegment::Done(_))
        );
        if there && has_outcome {
            // Nothing followed from its outcome yet; or that is of an earlier copy, and the record of this one was cut off.
            return found.again.then_some(UncertainReason::SentAgain);
        }
        // It may wait for its late response still. Listed it is in any case: the record may be of an earlier copy.
        let waits = there
            && matches!(state, Some(RestoredSegment::Uncertain { until_utc_ns }) if *until_utc_ns > at_utc_ns);
        message.note_bad_outcome(found.segment);
        if !waits && !message.is_taken_elsewhere(found.carrier, found.segment) {
            let copies = message.at_carrier(found.carrier, 0);
            let now_due = RestoredSegment::Uncertain { until_utc_ns: 0 };
            message.set(found.segment, now_due);
            self.left_behind(Some(copies));
        }
        self.perhaps_taken(found.carrier, sent);
        Some(UncertainReason::Crash)
    }
}

fn record(found: &InFlight, reason: UncertainReason, at_utc_ns: u64) -> Uncertain {
    Uncertain {
        id: found.id,
        carrier: found.carrier,
        segment: found.segment,
        parts: 0,
        reason,
        at_utc_ns,
        waits_until_utc_ns: 0,
    }
}
