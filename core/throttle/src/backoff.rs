//! Delays between attempts: doubling from a first delay, spread by a fifth either way.
//!
//! Promise: no delay is longer than the greatest or, before that is reached, shorter than four fifths of the
//! first; the spread keeps many links that fell together from coming back together. It never fails.

/// A series of growing delays. Times are nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    initial_ns: u64,
    max_ns: u64,
    steps: u32,
}

impl Backoff {
    /// Delays around `initial_ns`, then twice that, and so on; none above `max_ns`.
    pub const fn new(initial_ns: u64, max_ns: u64) -> Self {
        Self {
            initial_ns,
            max_ns,
            steps: 0,
        }
    }

    /// The next delay in nanoseconds; `random` is any number of the caller's generator.
    pub fn next(&mut self, random: u64) -> u64 {
        let doubled = u128::from(self.initial_ns) << self.steps.min(63);
        // At the greatest delay the spread has to lie below it, or half of all would wait exactly as long.
        let centre = doubled.min(u128::from(self.max_ns) * 5 / 6);
        self.steps = self.steps.saturating_add(1);
        let per_mille = 800 + u128::from(random % 401);
        u64::try_from(centre * per_mille / 1000)
            .unwrap_or(u64::MAX)
            .min(self.max_ns)
    }

    /// How many delays were given since the start or the last [`Backoff::reset`].
    pub const fn steps(&self) -> u32 {
        self.steps
    }

    /// Begins again with the first delay.
    pub const fn reset(&mut self) {
        self.steps = 0;
    }
}
