//! Latencies in buckets a tenth apart: percentiles of many cells in little memory.
//!
//! Bound: 400 octets; a latency beyond [`LATENCY_MS_MAX`] counts as that.

/// Parts of an octave: neighbours differ by a fifth.
const PARTS: u32 = 4;
const OCTAVES: u32 = 25;
const BUCKETS: usize = (PARTS * OCTAVES) as usize;
/// The longest that is told apart: nine hours.
pub const LATENCY_MS_MAX: u64 = 1 << (OCTAVES - 1);

/// Counts of latencies.
#[derive(Clone, Debug)]
pub struct Latencies {
    counts: Box<[u32; BUCKETS]>,
    total: u32,
}

impl Default for Latencies {
    fn default() -> Self {
        Self {
            counts: Box::new([0; BUCKETS]),
            total: 0,
        }
    }
}

impl Latencies {
    /// Counts one.
    pub fn note(&mut self, latency_ms: u64) {
        if let Some(count) = self.counts.get_mut(bucket(latency_ms)) {
            *count = count.saturating_add(1);
            self.total = self.total.saturating_add(1);
        }
    }

    /// Forgets all.
    pub fn clear(&mut self) {
        self.counts.fill(0);
        self.total = 0;
    }

    /// How many there are.
    #[must_use]
    pub const fn total(&self) -> u32 {
        self.total
    }

    /// Adds those of another.
    pub fn add(&mut self, other: &Self) {
        for (own, other) in self.counts.iter_mut().zip(other.counts.iter()) {
            *own = own.saturating_add(*other);
        }
        self.total = self.total.saturating_add(other.total);
    }

    /// The latency, milliseconds, that so many of a thousand do not exceed; none where there are none.
    #[must_use]
    pub fn at_permille(&self, permille: u32) -> Option<u32> {
        if self.total == 0 {
            return None;
        }
        let wanted = u64::from(self.total) * u64::from(permille);
        let wanted = wanted.div_ceil(1000).max(1);
        let mut seen = 0u64;
        let at = self.counts.iter().position(|count| {
            seen += u64::from(*count);
            seen >= wanted
        });
        at.map(upper_ms)
    }
}

fn bucket(latency_ms: u64) -> usize {
    let latency = latency_ms.clamp(1, LATENCY_MS_MAX);
    let octave = latency.ilog2();
    let above = latency - (1 << octave);
    let part = (above * u64::from(PARTS)) >> octave;
    (octave * PARTS) as usize + part as usize
}

/// The end of a bucket.
fn upper_ms(bucket: usize) -> u32 {
    let (octave, part) = (bucket as u32 / PARTS, bucket as u32 % PARTS);
    let width = 1u64 << octave;
    let upper = width + (width * u64::from(part + 1)).div_ceil(u64::from(PARTS)) - 1;
    u32::try_from(upper).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_percentile_is_right_within_a_quarter(mut latencies in prop::collection::vec(1u64..LATENCY_MS_MAX, 1..300), permille in 1u32..=1000) {
            let mut counted = Latencies::default();
            for latency in &latencies {
                counted.note(*latency);
            }
            latencies.sort_unstable();
            let rank = (latencies.len() as u64 * u64::from(permille)).div_ceil(1000).max(1) as usize;
            let exact = latencies[rank - 1];
            let found = u64::from(counted.at_permille(permille).unwrap());
            prop_assert!(found >= exact && found <= exact + exact / 4 + 1, "{found} for {exact}");
        }

        #[test]
        fn every_latency_has_its_bucket(latency: u64) {
            prop_assert!(bucket(latency) < BUCKETS);
        }
    }

    #[test]
    fn none_have_no_percentile() {
        assert_eq!(Latencies::default().at_permille(500), None);
    }
}
