//! Time that never goes back, made of a clock that may: what sliding windows and rests are measured in.
//!
//! Promise: a clock that is set back neither frees what was used nor makes anything wait for the clock to come round again: time goes
//! on from the moment of the last segment. Where the clock was only behind for a while and returns, time goes on as though it had
//! never been. A step forward cannot be told from a node that was off: it counts as time.

/// One SIM's time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steady {
    /// The last moment that something was noted at.
    pub(super) last_ns: u64,
    /// What is added to the clock.
    pub(super) offset_ns: u64,
    /// Once the clock is here again, the step back was the false one.
    pub(super) returns_at_ns: u64,
    /// And this is added to it again.
    pub(super) offset_before_ns: u64,
}

impl Default for Steady {
    fn default() -> Self {
        Self {
            last_ns: 0,
            offset_ns: 0,
            returns_at_ns: u64::MAX,
            offset_before_ns: 0,
        }
    }
}

impl Steady {
    /// The moment of a clock's reading.
    pub(super) fn at(&mut self, utc_ns: u64) -> u64 {
        if utc_ns >= self.returns_at_ns {
            // Where that would be before the last segment, the step back was the true one.
            if utc_ns.saturating_add(self.offset_before_ns) >= self.last_ns {
                self.offset_ns = self.offset_before_ns;
            }
            self.returns_at_ns = u64::MAX;
        }
        let moment_ns = utc_ns.saturating_add(self.offset_ns);
        if moment_ns >= self.last_ns {
            return moment_ns;
        }
        if self.returns_at_ns == u64::MAX {
            self.returns_at_ns = self.last_ns - self.offset_ns.min(self.last_ns);
            self.offset_before_ns = self.offset_ns;
        }
        self.offset_ns = self.last_ns.saturating_sub(utc_ns);
        self.last_ns
    }

    /// Something was noted at this moment.
    pub(super) fn note(&mut self, moment_ns: u64) {
        self.last_ns = self.last_ns.max(moment_ns);
    }

    /// What the clock reads at a moment.
    pub(super) const fn utc_ns(&self, moment_ns: u64) -> u64 {
        moment_ns.saturating_sub(self.offset_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400_000_000_000;

    #[test]
    fn a_clock_set_back_goes_on_from_the_last_segment() {
        let mut time = Steady::default();
        let noted = time.at(100 * DAY);
        time.note(noted);
        assert_eq!(time.at(50 * DAY), 100 * DAY);
        assert_eq!(time.at(50 * DAY + 7), 100 * DAY + 7);
        assert_eq!(time.utc_ns(100 * DAY + 60), 50 * DAY + 60);
    }

    #[test]
    fn a_clock_that_was_behind_for_a_while_frees_nothing_when_it_returns() {
        let mut time = Steady::default();
        time.note(100 * DAY);
        let behind = time.at(50 * DAY);
        time.note(behind + 3);
        assert_eq!(time.at(100 * DAY + 9), 100 * DAY + 9);
    }

    #[test]
    fn a_clock_that_was_far_ahead_does_not_stop_time() {
        let mut time = Steady::default();
        time.note(1_000 * DAY);
        let mut before = time.at(100 * DAY);
        for day in 101..2_100 {
            let moment = time.at(day * DAY);
            assert_eq!(moment - before, DAY, "day {day}");
            before = moment;
            time.note(moment);
        }
    }
}
