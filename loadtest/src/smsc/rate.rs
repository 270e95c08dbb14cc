//! The carrier's rate limit and its measurement.
//!
//! [`SlidingWindow`] is exact: in no interval of one second does it admit more than its limit. It remembers one time for each
//! admitted segment of the last second, so it costs 8 octets for each segment a second. [`Peak`] costs a fixed 100 counters.

use std::collections::VecDeque;

const SECOND_NS: u64 = 1_000_000_000;
/// The most a rate may be: bounds the memory of the window to 8 MB.
pub const RATE_MAX: u32 = 1_000_000;

/// Admits at most `limit` segments in any second, measured from each admitted segment. Moments may come in another order than
/// they had, up to a second: each is put in its place, and no second that it stands in is overfull.
#[derive(Debug)]
pub(super) struct SlidingWindow {
    limit: usize,
    admitted_ns: VecDeque<u64>,
}

impl SlidingWindow {
    /// A window of `limit` segments a second, at most [`RATE_MAX`]. 0 admits nothing.
    #[must_use]
    pub(super) fn new(limit: u32) -> Self {
        Self {
            limit: limit.min(RATE_MAX) as usize,
            admitted_ns: VecDeque::new(),
        }
    }

    /// Admits `segments` of one moment or none of them.
    pub(super) fn admit(&mut self, at_ns: u64, segments: u32) -> bool {
        let newest_ns = self
            .admitted_ns
            .back()
            .map_or(at_ns, |last| at_ns.max(*last));
        while self
            .admitted_ns
            .front()
            .is_some_and(|first_ns| newest_ns.saturating_sub(*first_ns) >= 2 * SECOND_NS)
        {
            self.admitted_ns.pop_front();
        }
        let place = self.admitted_ns.partition_point(|other| *other <= at_ns);
        let room = self.limit.saturating_sub(segments as usize);
        // Of all seconds that it stands in, one that ends with it or with a later one is the fullest.
        let later = self.admitted_ns.iter().enumerate().skip(place);
        let later = later.take_while(|(_, end_ns)| end_ns.saturating_sub(at_ns) < SECOND_NS);
        let mut ends = later.map(|(index, end_ns)| (index + 1, *end_ns));
        let fits = |(held, end_ns): (usize, u64)| held - self.before_second(end_ns) <= room;
        if segments as usize > self.limit || !fits((place, at_ns)) || !ends.all(fits) {
            return false;
        }
        for _ in 0..segments {
            self.admitted_ns.insert(place, at_ns);
        }
        true
    }

    /// How many stand before the second that ends with this moment.
    fn before_second(&self, end_ns: u64) -> usize {
        self.admitted_ns
            .partition_point(|at_ns| end_ns.saturating_sub(*at_ns) >= SECOND_NS)
    }
}

/// Admits at most `limit` segments from one full second to the next.
#[derive(Debug, Default)]
pub(super) struct TumblingWindow {
    limit: u32,
    second: u64,
    admitted: u32,
}

impl TumblingWindow {
    fn admit(&mut self, now_ns: u64, segments: u32) -> bool {
        let second = now_ns / SECOND_NS;
        if second != self.second {
            self.second = second;
            self.admitted = 0;
        }
        let wanted = self.admitted.saturating_add(segments);
        let fits = wanted <= self.limit;
        if fits {
            self.admitted = wanted;
        }
        fits
    }
}

/// The limit of a carrier: none, over any second, or from second to second.
#[derive(Debug)]
pub(super) enum Limit {
    None,
    Sliding(SlidingWindow),
    Tumbling(TumblingWindow),
}

impl Limit {
    /// A limit of so many segments a second; `None` admits all.
    pub(super) fn new(rate: Option<u32>, is_tumbling: bool) -> Self {
        match rate {
            None => Self::None,
            Some(limit) if is_tumbling => Self::Tumbling(TumblingWindow {
                limit,
                ..TumblingWindow::default()
            }),
            Some(limit) => Self::Sliding(SlidingWindow::new(limit)),
        }
    }

    /// Another limit, of which what was admitted already uses up its part where the kind stays.
    pub(super) fn change(&mut self, rate: Option<u32>, is_tumbling: bool) {
        match (self, rate) {
            (Self::Sliding(window), Some(limit)) if !is_tumbling => {
                window.limit = limit.min(RATE_MAX) as usize;
            }
            (Self::Tumbling(window), Some(limit)) if is_tumbling => window.limit = limit,
            (this, rate) => *this = Self::new(rate, is_tumbling),
        }
    }

    /// Admits `segments` at once or none of them.
    pub(super) fn admit(&mut self, now_ns: u64, segments: u32) -> bool {
        match self {
            Self::None => true,
            Self::Sliding(window) => window.admit(now_ns, segments),
            Self::Tumbling(window) => window.admit(now_ns, segments),
        }
    }
}

const BUCKETS: usize = 100;
const BUCKET_NS: u64 = SECOND_NS / BUCKETS as u64;

/// The most segments seen in any second, to a hundredth of a second: the true peak is never below what is reported.
#[derive(Debug)]
pub(super) struct Peak {
    buckets: [u32; BUCKETS],
    bucket: u64,
    sum: u64,
    peak: u64,
}

impl Default for Peak {
    fn default() -> Self {
        Self {
            buckets: [0; BUCKETS],
            bucket: 0,
            sum: 0,
            peak: 0,
        }
    }
}

impl Peak {
    /// Counts `segments` at `now_ns`.
    pub(super) fn count(&mut self, now_ns: u64, segments: u32) {
        let bucket = now_ns / BUCKET_NS;
        // A clock that stands still or steps back counts into the newest bucket.
        let steps = bucket.saturating_sub(self.bucket);
        if steps >= BUCKETS as u64 {
            self.buckets = [0; BUCKETS];
            self.sum = 0;
        } else {
            for step in 1..=steps {
                let expired = self.slot(self.bucket + step);
                let count = std::mem::take(expired);
                self.sum -= u64::from(count);
            }
        }
        self.bucket = self.bucket.max(bucket);
        let newest = self.slot(self.bucket);
        *newest = newest.saturating_add(segments);
        self.sum += u64::from(segments);
        self.peak = self.peak.max(self.sum);
    }

    /// The peak so far, segments in a second.
    #[must_use]
    pub(super) fn per_second(&self) -> u64 {
        self.peak
    }

    #[allow(
        clippy::indexing_slicing,
        reason = "the index is taken modulo the length"
    )]
    fn slot(&mut self, bucket: u64) -> &mut u32 {
        &mut self.buckets[(bucket % BUCKETS as u64) as usize]
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn no_second_holds_more_than_the_limit(
            limit in 1_u32..20,
            offers in proptest::collection::vec((0_u64..200_000_000, 1_u32..4), 1..300),
        ) {
            let mut window = SlidingWindow::new(limit);
            let mut now_ns = 0;
            let mut admitted: Vec<u64> = Vec::new();
            for (gap_ns, segments) in offers {
                now_ns += gap_ns;
                let held = admitted.iter().filter(|at_ns| now_ns - **at_ns < SECOND_NS).count();
                let fits = held + segments as usize <= limit as usize;
                prop_assert_eq!(window.admit(now_ns, segments), fits);
                if fits {
                    admitted.extend(std::iter::repeat_n(now_ns, segments as usize));
                }
            }
        }

        #[test]
        fn no_second_holds_more_where_moments_come_in_another_order(
            limit in 1_usize..12,
            offers in proptest::collection::vec((0_u64..300_000_000, 0_u64..250_000_000, 1_u32..3), 1..200),
        ) {
            let mut window = SlidingWindow::new(limit as u32);
            let mut now_ns = SECOND_NS;
            let mut admitted: Vec<u64> = Vec::new();
            let worst = |times: &[u64]| times.iter().map(|end| times.iter().filter(|at| *at <= end && end - **at < SECOND_NS).count()).max();
            for (gap_ns, age_ns, segments) in offers {
                now_ns += gap_ns;
                let mut with = admitted.clone();
                with.extend(std::iter::repeat_n(now_ns - age_ns, segments as usize));
                let fits = worst(&with).unwrap() <= limit;
                prop_assert_eq!(window.admit(now_ns - age_ns, segments), fits);
                if fits {
                    admitted = with;
                }
            }
        }

        #[test]
        fn no_full_second_holds_more_than_a_tumbling_limit(
            limit in 1_u32..20,
            gaps in proptest::collection::vec(0_u64..200_000_000, 1..300),
        ) {
            let mut window = Limit::new(Some(limit), true);
            let mut now_ns = 0;
            let mut held = std::collections::HashMap::<u64, u32>::new();
            for gap_ns in gaps {
                now_ns += gap_ns;
                let held = held.entry(now_ns / SECOND_NS).or_default();
                prop_assert_eq!(window.admit(now_ns, 1), *held < limit);
                *held += u32::from(*held < limit);
            }
        }

        #[test]
        fn peak_never_says_more_than_a_second_held(gaps in proptest::collection::vec(0_u64..400_000_000, 1..300)) {
            let mut peak = Peak::default();
            let mut now_ns = 0;
            let mut times = Vec::new();
            for gap_ns in gaps {
                now_ns += gap_ns;
                times.push(now_ns);
                peak.count(now_ns, 1);
            }
            let most_in = |length_ns: u64| {
                times.iter().map(|from| times.iter().filter(|at| **at >= *from && **at < from + length_ns).count()).max().unwrap() as u64
            };
            prop_assert!(peak.per_second() <= most_in(SECOND_NS));
            prop_assert!(peak.per_second() >= most_in(SECOND_NS - BUCKET_NS));
        }
    }
}
