//! So many segments a day and no more, by UTC.
//!
//! Promise: never above the cap on any day, whatever the clock does: a clock that was set back goes on with the later
//! day's count. Pure; the caller keeps the count over a restart.

const DAY_NS: u64 = 86_400 * crate::SECOND_NS;

/// A cap, and what of it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DayCap {
    cap: u32,
    day: u32,
    used: u32,
}

impl DayCap {
    /// A cap, with what was used on a day (counted from 1970).
    #[must_use]
    pub const fn new(cap: u32, day: u32, used: u32) -> Self {
        Self { cap, day, used }
    }

    /// The day of a moment.
    #[must_use]
    pub const fn day(utc_ns: u64) -> u32 {
        (utc_ns / DAY_NS) as u32
    }

    /// What may still be sent on the day of this moment.
    pub const fn left(&mut self, utc_ns: u64) -> u32 {
        let day = Self::day(utc_ns);
        if day > self.day {
            (self.day, self.used) = (day, 0);
        } else if day + 1 < self.day {
            // It was once far ahead: what is used counts for today, and tomorrow is a new day.
            self.day = day;
        }
        self.cap.saturating_sub(self.used)
    }

    /// Takes so many; the day and what is used of it, to be kept.
    pub const fn take(&mut self, utc_ns: u64, segments: u32) -> (u32, u32) {
        // Moves to the day.
        let _ = self.left(utc_ns);
        self.used = self.used.saturating_add(segments);
        (self.day, self.used)
    }

    /// The cap.
    #[must_use]
    pub const fn cap(&self) -> u32 {
        self.cap
    }

    /// What is used.
    #[must_use]
    pub const fn used(&self) -> u32 {
        self.used
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_has_its_cap_and_the_next_one_again() {
        let mut cap = DayCap::new(3, 0, 0);
        let noon = 20_000 * DAY_NS + DAY_NS / 2;
        assert_eq!(cap.left(noon), 3);
        assert_eq!(cap.take(noon, 2), (20_000, 2));
        assert_eq!(cap.left(noon), 1);
        assert_eq!(cap.left(noon + DAY_NS / 2 - 1), 1);
        assert_eq!(cap.left(noon + DAY_NS / 2), 3);
    }

    #[test]
    fn a_clock_that_was_far_ahead_does_not_end_all_days() {
        let mut cap = DayCap::new(3, 40_000, 3);
        assert_eq!(cap.left(20_000 * DAY_NS), 0);
        assert_eq!(cap.left(20_001 * DAY_NS), 3);
    }

    #[test]
    fn a_clock_set_back_gives_nothing_twice() {
        let mut cap = DayCap::new(3, 0, 0);
        cap.take(2 * DAY_NS, 3);
        assert_eq!(cap.left(DAY_NS), 0);
        assert_eq!(DayCap::new(3, 2, 3).left(2 * DAY_NS), 0);
        assert_eq!(DayCap::new(3, 2, 3).left(3 * DAY_NS), 3);
    }
}
