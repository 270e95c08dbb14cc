//! Answers remembered.
//!
//! Promise: no answer is given that is older than its time. Bounded: so many answers as the settings say, about forty
//! octets each. An answer stays for at least half as many later ones. Pure: times are the caller's nanoseconds.
//!
//! How. Two generations: answers go into the young one; when that is half of what may be, the old one is dropped and the young
//! one takes its place. Many locks, so that shards that look do not wait for each other.

use std::sync::{Mutex, MutexGuard, PoisonError};

use carrack_message::Msisdn;
use rustc_hash::FxHashMap;

use crate::{Failure, Known};

/// Parts with a lock each.
const PARTS: usize = 16;

/// What is remembered of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Remembered {
    Known(Known),
    Failed(Failure),
}

#[derive(Default)]
struct Part {
    young: FxHashMap<u64, (u64, Remembered)>,
    old: FxHashMap<u64, (u64, Remembered)>,
}

pub(crate) struct Cache {
    parts: [Mutex<Part>; PARTS],
    generation_max: usize,
}

impl Cache {
    pub(crate) fn new(answers_max: usize) -> Self {
        Self {
            parts: std::array::from_fn(|_| Mutex::default()),
            generation_max: (answers_max / PARTS / 2).max(1),
        }
    }

    /// What is remembered of a number and not too old.
    pub(crate) fn get(&self, number: Msisdn, now_ns: u64) -> Option<Remembered> {
        let part = self.part(number);
        let key = number.as_u64();
        let found = part.young.get(&key).or_else(|| part.old.get(&key));
        found
            .filter(|(until_ns, _)| now_ns < *until_ns)
            .map(|(_, remembered)| *remembered)
    }

    /// Remembers until a time.
    pub(crate) fn put(&self, number: Msisdn, remembered: Remembered, until_ns: u64) {
        let mut part = self.part(number);
        let key = number.as_u64();
        if part.young.len() >= self.generation_max && !part.young.contains_key(&key) {
            part.old = std::mem::take(&mut part.young);
        }
        part.young.insert(key, (until_ns, remembered));
    }

    /// How many are remembered, those included that are too old by now.
    #[cfg(test)]
    fn len(&self) -> usize {
        let count = |part: &Mutex<Part>| {
            let part = part.lock().unwrap_or_else(PoisonError::into_inner);
            part.young.len() + part.old.len()
        };
        self.parts.iter().map(count).sum()
    }

    fn part(&self, number: Msisdn) -> MutexGuard<'_, Part> {
        // Neighbours go to different parts, and so do numbers that are counted by tens.
        let mixed = number.as_u64().wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 60;
        #[allow(clippy::indexing_slicing, reason = "four bits are below sixteen")]
        let part = &self.parts[mixed as usize];
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn it_never_grows_beyond_its_bound_nor_answers_from_too_long_ago(
            most in 32..400_usize,
            steps in prop::collection::vec((0..300_u64, 1..50_u64), 0..2_000),
        ) {
            let cache = Cache::new(most);
            let mut last = std::collections::HashMap::new();
            for (now, (number, life)) in steps.into_iter().enumerate() {
                let now = now as u64;
                let number = Msisdn::from_u64(447_700_900_000 + number).unwrap();
                if let Some(found) = cache.get(number, now) {
                    let (until, known) = last.get(&number).copied().unwrap();
                    prop_assert!(now < until);
                    prop_assert_eq!(found, known);
                }
                let known = Remembered::Failed(crate::Failure::Refused(life as u16));
                cache.put(number, known, now + life);
                last.insert(number, (now + life, known));
                prop_assert_eq!(cache.get(number, now), Some(known));
                prop_assert!(cache.len() <= most);
            }
        }
    }
}
