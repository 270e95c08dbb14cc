//! How many messages a recipient had of late: the moments of each, so that the count in a sliding window is exact.
//!
//! Bound: so many recipients, and so many moments a recipient as the limit counts; above the first the one that was
//! sent to longest ago is forgotten, and that is counted. A recipient whose window is over goes by and by. It never
//! fails.

use std::collections::BTreeSet;

use carrack_message::Msisdn;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

/// Recipients whose window may be over that are looked at with each message.
const LOOKED_AT: usize = 2;

/// Moments of the last messages, the oldest first.
type Moments = SmallVec<[u64; 3]>;

/// The recipients of one limit.
#[derive(Debug, Default)]
pub(crate) struct Recipients {
    moments: FxHashMap<u64, Moments>,
    /// The same by when they were last sent to.
    order: BTreeSet<(u64, u64)>,
}

impl Recipients {
    /// Counts a message at `now_ns` (monotonic). `most`: recipients that may be known. Gives how many were forgotten
    /// for it.
    ///
    /// # Errors
    /// The moment from which one more is taken.
    pub(crate) fn take(
        &mut self,
        now_ns: u64,
        to: Msisdn,
        (count, within_ns): (u32, u64),
        most: usize,
    ) -> Result<u64, u64> {
        self.let_go(now_ns, within_ns);
        let to = to.as_u64();
        let count = count.max(1) as usize;
        if let Some(moments) = self.moments.get_mut(&to) {
            let last_ns = moments.last().copied().unwrap_or(0);
            moments.retain(|at_ns| at_ns.saturating_add(within_ns) > now_ns);
            if let Some(first) = moments.len().checked_sub(count) {
                let first = moments.get(first).copied().unwrap_or(now_ns);
                return Err(first.saturating_add(within_ns));
            }
            moments.push(now_ns);
            self.order.remove(&(last_ns, to));
            self.order.insert((now_ns, to));
            return Ok(0);
        }
        let mut forgotten = 0;
        while self.moments.len() >= most.max(1)
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.moments.remove(&oldest);
            forgotten += 1;
        }
        self.moments.insert(to, Moments::from_slice(&[now_ns]));
        self.order.insert((now_ns, to));
        Ok(forgotten)
    }

    /// A message that was counted at `at_ns` was not accepted.
    pub(crate) fn give_back(&mut self, to: Msisdn, at_ns: u64) {
        let to = to.as_u64();
        let Some(moments) = self.moments.get_mut(&to) else {
            return;
        };
        let Some(found) = moments.iter().rposition(|moment| *moment == at_ns) else {
            return;
        };
        let last_ns = moments.last().copied().unwrap_or(0);
        moments.remove(found);
        self.order.remove(&(last_ns, to));
        match moments.last() {
            Some(last_ns) => drop(self.order.insert((*last_ns, to))),
            None => drop(self.moments.remove(&to)),
        }
    }

    /// Recipients that are known.
    pub(crate) fn len(&self) -> usize {
        self.moments.len()
    }

    /// Forgets some of those whose window is over.
    fn let_go(&mut self, now_ns: u64, within_ns: u64) {
        for _ in 0..LOOKED_AT {
            let Some((last_ns, to)) = self.order.first().copied() else {
                return;
            };
            if last_ns.saturating_add(within_ns) > now_ns {
                return;
            }
            self.order.remove(&(last_ns, to));
            self.moments.remove(&to);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    const MINUTE: u64 = 60_000_000_000;

    fn to(last: u64) -> Msisdn {
        Msisdn::from_u64(447_700_900_000 + last).unwrap()
    }

    proptest! {
        /// As a list of all messages ever accepted would say, to the nanosecond.
        #[test]
        fn the_count_in_the_window_is_exact(
            steps in prop::collection::vec((0u64..30, 0u64..6, any::<bool>()), 1..400),
            count in 1u32..5,
        ) {
            let within_ns = 7 * MINUTE;
            let mut recipients = Recipients::default();
            let mut naive: HashMap<u64, Vec<u64>> = HashMap::new();
            let mut now_ns = 1;
            for (minutes, last, comes_back) in steps {
                now_ns += minutes * MINUTE / 8;
                let all = naive.entry(last).or_default();
                let inside: Vec<u64> = all.iter().copied().filter(|at| at + within_ns > now_ns).collect();
                let taken = recipients.take(now_ns, to(last), (count, within_ns), 1000);
                if inside.len() < count as usize {
                    prop_assert_eq!(taken, Ok(0));
                    if comes_back {
                        recipients.give_back(to(last), now_ns);
                    } else {
                        all.push(now_ns);
                    }
                } else {
                    let again = inside[inside.len() - count as usize] + within_ns;
                    prop_assert_eq!(taken, Err(again));
                }
                prop_assert!(recipients.len() <= 6);
                prop_assert!(recipients.order.len() == recipients.len());
            }
        }

        /// Never more recipients than may be, and the one that goes is the one that was sent to longest ago.
        #[test]
        fn the_one_longest_ago_is_forgotten_first(
            sent in prop::collection::vec(0u64..40, 1..400),
            most in 1usize..20,
        ) {
            let rule = (u32::MAX, u64::MAX / 2);
            let mut recipients = Recipients::default();
            let mut last: Vec<u64> = Vec::new();
            let mut forgotten = 0u64;
            for (at, number) in sent.into_iter().enumerate() {
                let known = last.iter().position(|known| *known == number);
                if let Some(known) = known {
                    last.remove(known);
                } else if last.len() == most {
                    last.remove(0);
                    forgotten += 1;
                }
                last.push(number);
                let gone = recipients.take(at as u64 + 1, to(number), rule, most).unwrap();
                forgotten -= gone;
                prop_assert_eq!(forgotten, 0);
                let knows = |number: &u64| recipients.moments.contains_key(&to(*number).as_u64());
                prop_assert!(last.iter().all(knows));
                prop_assert_eq!(recipients.len(), last.len());
            }
        }
    }

    #[test]
    fn recipients_whose_window_is_over_go_by_and_by() {
        let mut recipients = Recipients::default();
        for number in 0..1000 {
            recipients
                .take(number + 1, to(number), (3, MINUTE), 10_000)
                .unwrap();
        }
        for number in 0..600 {
            recipients
                .take(2 * MINUTE, to(5000 + number % 2), (1000, MINUTE), 10_000)
                .unwrap();
        }
        assert_eq!(recipients.len(), 2);
    }
}
