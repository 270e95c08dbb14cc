//! Segments of a minute: at most so many in any 60 seconds, and evenly.
//!
//! Promise: never more than the cap in any [`WINDOW_NS`], whatever the cap was a moment ago. Segments are a gap of that / cap apart; half
//! a gap that was lost by a late call is made good, so that a modem that answers within the gap is more than 95 % busy.

use crate::modem::book::MINUTE_NS;

/// The way to the network is longer for one segment than for another; whoever counts a minute there must not see one more. A modem that takes
/// a quarter of a second longer once than another time is the rule.
const WAY_NS: u64 = MINUTE_NS / 240;
const WINDOW_NS: u64 = MINUTE_NS + WAY_NS;

/// Moments that are remembered: the greatest cap of a minute.
pub(super) const KEPT: usize = carrack_settings::PER_MINUTE_MAX as usize;

/// The last moments of one SIM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// A ring; 0: never.
    pub(super) sent_ns: [u64; KEPT],
    /// Where the next one goes.
    pub(super) next: u8,
    /// When the next one is due if nothing was ever late.
    pub(super) due_ns: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            sent_ns: [0; KEPT],
            next: 0,
            due_ns: 0,
        }
    }
}

const fn gap_ns(per_minute: u8) -> u64 {
    let per_minute = if per_minute == 0 {
        1
    } else {
        per_minute as u64
    };
    WINDOW_NS.div_ceil(per_minute)
}

impl Pace {
    /// The first moment for one more.
    pub(super) fn next_ns(&self, per_minute: u8) -> u64 {
        let even_ns = self.due_ns.saturating_sub(gap_ns(per_minute) / 2);
        let back = usize::from(per_minute.max(1)).min(KEPT);
        let at = (usize::from(self.next) + KEPT - back) % KEPT;
        match self.sent_ns.get(at).copied().unwrap_or(0) {
            0 => even_ns,
            sent_ns => even_ns.max(sent_ns.saturating_add(WINDOW_NS)),
        }
    }

    /// Counts one.
    pub(super) fn add(&mut self, moment_ns: u64, per_minute: u8) {
        if let Some(slot) = self.sent_ns.get_mut(usize::from(self.next) % KEPT) {
            *slot = moment_ns;
        }
        self.next = ((usize::from(self.next) + 1) % KEPT) as u8;
        self.due_ns = self
            .due_ns
            .max(moment_ns)
            .saturating_add(gap_ns(per_minute));
    }

    /// Those of the last 60 seconds.
    pub(super) fn used(&self, moment_ns: u64) -> u32 {
        let recent = |sent_ns: &&u64| **sent_ns > 0 && **sent_ns + MINUTE_NS > moment_ns;
        self.sent_ns.iter().filter(recent).count() as u32
    }
}
