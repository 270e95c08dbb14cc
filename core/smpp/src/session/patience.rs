//! How long a slot waits for its response before it is given on to another request (trap T27).
//!
//! Promise: one response in a hundred that never comes costs a slot a few round trips instead of the
//! response time-out. A carrier that answers nothing is not flooded: a slot is given on only when later
//! requests have been answered meanwhile, or, where a window is too small for that, [`BEYOND_MAX`]
//! times until a response comes again, each time after a longer wait.
//! Bound: a few numbers. What it says counts only until the response time-out.

/// Windows up to this may be stopped by losses alone, with nothing later in flight to be answered.
pub(crate) const SMALL_WINDOW: u32 = 4;
/// Waits are so many smoothed response times.
const SMOOTHED_TIMES: u64 = 4;
/// No wait is shorter.
const WAIT_MIN_NS: u64 = 5_000_000;
/// Slots given on without any response since.
const BEYOND_MAX: u32 = 3;
/// Each of them waits four times as long as the one before.
const BEYOND_SHIFT: u32 = 2;

#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Patience {
    /// 0: nothing measured yet.
    smoothed_ns: u64,
    /// Slots given on by time alone since the last response.
    beyond: u32,
}

impl Patience {
    /// Later-begun requests that must have been answered before a slot is given on.
    pub(crate) const fn answers_wanted(window: u32) -> u32 {
        if window <= SMALL_WINDOW {
            3
        } else {
            window * 2
        }
    }

    /// A response came in time.
    #[inline]
    pub(crate) fn answered(&mut self, response_ns: u64) {
        self.beyond = 0;
        self.smoothed_ns = match self.smoothed_ns {
            0 => response_ns.max(1),
            smoothed => (smoothed - smoothed / 8 + response_ns / 8).max(1),
        };
    }

    /// A response came after its slot had been given on: the carrier may have become slower. One
    /// straggler moves the mean by little, two in a row by much.
    pub(crate) fn answered_late(&mut self, response_ns: u64) {
        self.beyond = 0;
        if self.smoothed_ns > 0 {
            let response_ns = response_ns.min(self.smoothed_ns.saturating_mul(8));
            self.smoothed_ns = self.smoothed_ns.midpoint(response_ns).max(1);
        }
    }

    /// The wait of a slot that later requests have overtaken; `None` before anything was measured.
    #[inline]
    pub(crate) fn overtaken_ns(&self) -> Option<u64> {
        let wait = self.smoothed_ns.saturating_mul(SMOOTHED_TIMES);
        (self.smoothed_ns > 0).then_some(wait.max(WAIT_MIN_NS))
    }

    /// The wait of a slot in a small window in which nothing moves; `None` when it must not be given on.
    pub(crate) fn stopped_ns(&self) -> Option<u64> {
        if self.beyond >= BEYOND_MAX {
            return None;
        }
        let wait = self.overtaken_ns()?;
        Some(wait.saturating_mul(1 << (BEYOND_SHIFT * self.beyond)))
    }

    /// A slot was given on by time alone.
    pub(crate) fn went_beyond(&mut self) {
        self.beyond += 1;
    }
}
