//! What the book of SIMs allows, kept between two looks.
//!
//! Promise: a rest of up to [`SHORT_REST_NS`] costs the slot only; a longer one takes the link down until it is over, so that others
//! get the messages. Bound: the book is asked when a rest is over, after each segment, and otherwise once in [`LOOK_EVERY_NS`].

use carrack_runtime::Now;

use super::desk::{Allowance, Rest, SimDesk, SimNumber};

/// A rest that is waited for with the link up, and by a text in its middle: the longest that a cap of a minute makes, which is a minute and
/// what the book adds for the way to the network.
pub(super) const SHORT_REST_NS: u64 = 61_000_000_000;
/// Somebody may have said that a SIM may go on, or may not.
const LOOK_EVERY_NS: u64 = 1_000_000_000;

/// The last that was said.
#[derive(Debug, Default)]
pub(super) struct Gate {
    allowance: Option<Allowance>,
    /// Segments that a text may have.
    room: u32,
    asked_ns: u64,
    /// When a rest is over, on the monotonic clock.
    due_ns: Option<u64>,
    /// The rest is a long one.
    is_long: bool,
}

impl Gate {
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }

    /// Asks, where it is time to.
    pub(super) fn look(&mut self, now: Now, desk: &dyn SimDesk, sim: SimNumber) {
        let is_due = self.due_ns.is_some_and(|due_ns| now.mono_ns >= due_ns);
        let is_old = now.mono_ns.saturating_sub(self.asked_ns) >= LOOK_EVERY_NS;
        if self.allowance.is_none() || is_due || is_old {
            self.ask(now, desk, sim);
        }
    }

    /// Asks, whatever the time.
    pub(super) fn ask(&mut self, now: Now, desk: &dyn SimDesk, sim: SimNumber) {
        self.room = desk.room(sim, now.utc_ns);
        self.set(now, desk.allowance(sim, now.utc_ns));
    }

    fn set(&mut self, now: Now, allowance: Allowance) {
        self.asked_ns = now.mono_ns;
        let Allowance::NotBefore { utc_ns, .. } = allowance else {
            self.due_ns = None;
            self.is_long = false;
            self.allowance = Some(allowance);
            return;
        };
        let left_ns = utc_ns.saturating_sub(now.utc_ns);
        // A moment that has passed is asked for again at the next turn, not at once.
        let due_ns = now.mono_ns.saturating_add(left_ns.max(1_000_000));
        self.due_ns = (utc_ns != u64::MAX).then_some(due_ns);
        self.is_long |= left_ns > SHORT_REST_NS;
        self.allowance = Some(allowance);
    }

    pub(super) fn is_open(&self) -> bool {
        self.allowance == Some(Allowance::Now)
    }

    /// Segments that a text may have when the SIM may send again, as far as caps go that take longer than a minute.
    pub(super) const fn left(&self) -> u32 {
        self.room
    }

    /// Segments that a text may have now.
    pub(super) fn room(&self) -> u32 {
        match self.is_open() {
            true => self.room,
            false => 0,
        }
    }

    pub(super) const fn due_ns(&self) -> Option<u64> {
        self.due_ns
    }

    /// A rest that takes the link down.
    pub(super) fn long_rest(&self) -> Option<(Rest, u64)> {
        match self.allowance {
            Some(Allowance::NotBefore { utc_ns, rest }) if self.is_long => Some((rest, utc_ns)),
            _ => None,
        }
    }
}
