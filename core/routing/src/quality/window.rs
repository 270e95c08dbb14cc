//! Counts of the last so many minutes, in slices that fall out one by one.

use super::latency::Latencies;

/// Slices of a window: what is counted covers between nine tenths of it and the whole.
pub(super) const SLICES: usize = 10;

/// What became of messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) accepted: u32,
    pub(super) refused: u32,
    pub(super) delivered: u32,
    pub(super) failed: u32,
    pub(super) missing: u32,
}

impl Counts {
    pub(super) fn add(&mut self, other: &Self) {
        self.accepted = self.accepted.saturating_add(other.accepted);
        self.refused = self.refused.saturating_add(other.refused);
        self.delivered = self.delivered.saturating_add(other.delivered);
        self.failed = self.failed.saturating_add(other.failed);
        self.missing = self.missing.saturating_add(other.missing);
    }

    /// Those of which the end is known.
    pub(super) const fn ended(&self) -> u32 {
        self.delivered
            .saturating_add(self.failed)
            .saturating_add(self.missing)
    }
}

/// The window of one network and class at one carrier.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    slices: [Counts; SLICES],
    /// The slice that is filled, counted from the beginning of time.
    at: u64,
    /// Latencies of this half of the window and of the one before.
    halves: [Halves; 2],
    half: u64,
}

#[derive(Clone, Debug, Default)]
pub(super) struct Halves {
    pub(super) response: Latencies,
    pub(super) receipt: Latencies,
}

impl Window {
    /// Lets out what has grown old; `slice` is the number of the slice that is now.
    pub(super) fn move_to(&mut self, slice: u64) {
        let passed = slice.saturating_sub(self.at).min(SLICES as u64);
        for step in 1..=passed {
            let place = ((self.at + step) % SLICES as u64) as usize;
            if let Some(counts) = self.slices.get_mut(place) {
                *counts = Counts::default();
            }
        }
        if passed == SLICES as u64 {
            self.slices = Default::default();
        }
        self.at = self.at.max(slice);
        let half = slice / (SLICES as u64 / 2);
        match half.saturating_sub(self.half) {
            0 => {}
            1 => self.clear_half(half),
            _ => {
                self.clear_half(half);
                self.clear_half(half + 1);
            }
        }
        self.half = self.half.max(half);
    }

    fn clear_half(&mut self, half: u64) {
        if let Some(half) = self.halves.get_mut((half % 2) as usize) {
            half.response.clear();
            half.receipt.clear();
        }
    }

    /// What is counted into now.
    pub(super) fn now(&mut self) -> Option<(&mut Counts, &mut Halves)> {
        let counts = self.slices.get_mut((self.at % SLICES as u64) as usize)?;
        let half = self.halves.get_mut((self.half % 2) as usize)?;
        Some((counts, half))
    }

    pub(super) fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        for slice in &self.slices {
            sum.add(slice);
        }
        sum
    }

    pub(super) fn latencies(&self) -> Halves {
        let [mut sum, other] = self.halves.clone();
        sum.response.add(&other.response);
        sum.receipt.add(&other.receipt);
        sum
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_counted_is_what_came_in_the_last_slices(steps in prop::collection::vec((0u64..14, 0u32..5), 1..60)) {
            let mut window = Window::default();
            let (mut slice, mut all) = (0u64, Vec::new());
            for (step, count) in steps {
                slice += step;
                window.move_to(slice);
                let (counts, _) = window.now().unwrap();
                counts.accepted += count;
                all.push((slice, count));
                let expected: u32 = all
                    .iter()
                    .filter(|(at, _)| slice - at < SLICES as u64)
                    .map(|(_, count)| count)
                    .sum();
                prop_assert_eq!(window.counts().accepted, expected);
            }
        }
    }

    #[test]
    fn latencies_live_for_one_window_at_the_most() {
        let mut window = Window::default();
        window.now().unwrap().1.receipt.note(1_000);
        window.move_to(SLICES as u64 / 2);
        assert_eq!(window.latencies().receipt.total(), 1);
        window.move_to(SLICES as u64);
        assert_eq!(window.latencies().receipt.total(), 0);
    }
}
