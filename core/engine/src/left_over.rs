//! What a crash left in windows, from the journal of segments in flight: uncertain, by name.

use carrack_message::MessageId;
use carrack_message::record::{FrameFault, FrameWriter, Uncertain, UncertainReason};
use carrack_queue::InFlight;

use crate::recovery::{Recovered, RestoredSegment};

impl Recovered {
    /// Makes those segments uncertain that were in a window when the process ended; gives the records that say so.
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
            let Some(message) = self
                .messages
                .get_mut(&found.id)
                .filter(|message| message.end.is_none())
            else {
                continue;
            };
            let there = message.carrier == Some(found.carrier);
            match message.segments.get(usize::from(found.segment)) {
                // Its outcome is in the log, and nothing followed from it yet.
                Some(RestoredSegment::Submitted(..) | RestoredSegment::Done(_)) if there => {
                    continue;
                }
                Some(RestoredSegment::Uncertain { until_utc_ns })
                    if there && *until_utc_ns > at_utc_ns =>
                {
                    continue;
                }
                _ => {}
            }
            if !message.is_taken_elsewhere(found.carrier, found.segment) {
                message.at_carrier(found.carrier, 0);
                message.set(
                    found.segment,
                    RestoredSegment::Uncertain { until_utc_ns: 0 },
                );
            }
            message.note_bad_outcome(found.segment);
            tracing::warn!(id = %MessageId(found.id), segment = found.segment, "uncertain: it was in a window when the process ended");
            frame.push(&Uncertain {
                id: found.id,
                carrier: found.carrier,
                segment: found.segment,
                parts: 0,
                reason: UncertainReason::Crash,
                at_utc_ns,
                waits_until_utc_ns: 0,
            })?;
        }
        Ok(frame)
    }
}
