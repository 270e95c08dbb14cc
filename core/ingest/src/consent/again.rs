//! Answers that were refused for now, until they are handed in once more.
//!
//! Promise: all of them a second after the first, whatever else comes meanwhile. Bound: [`AGAIN_MAX`].

use std::time::{Duration, Instant};

/// Answers that the engine did not take yet.
const AGAIN_MAX: usize = 1024;
const AGAIN: Duration = Duration::from_secs(1);

/// What is to be tried again, and when.
#[derive(Debug)]
pub(super) struct Again<T> {
    items: Vec<T>,
    due: Option<Instant>,
}

impl<T> Default for Again<T> {
    fn default() -> Self {
        Self {
            items: Vec::new(),
            due: None,
        }
    }
}

impl<T> Again<T> {
    /// Keeps one; gives it back where there are too many.
    pub(super) fn push(&mut self, now: Instant, item: T) -> Option<T> {
        if self.items.len() >= AGAIN_MAX {
            return Some(item);
        }
        self.due.get_or_insert(now + AGAIN);
        self.items.push(item);
        None
    }

    /// How long there is nothing to be tried; none: until more comes.
    pub(super) fn pause(&self, now: Instant) -> Option<Duration> {
        self.due.map(|due| due.saturating_duration_since(now))
    }

    /// Those whose time has come.
    pub(super) fn take_due(&mut self, now: Instant) -> Vec<T> {
        if self.due.is_none_or(|due| now < due) {
            return Vec::new();
        }
        self.due = None;
        std::mem::take(&mut self.items)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// However often somebody looks, or more comes.
        #[test]
        fn nothing_waits_longer_than_a_second(steps in prop::collection::vec((0_u64..400, any::<bool>()), 1..60)) {
            let begun = Instant::now();
            let (mut again, mut now_ms) = (Again::default(), 0);
            let (mut given, mut taken) = (0, 0);
            for (pause_ms, comes) in steps {
                let wait = again.pause(begun + Duration::from_millis(now_ms));
                let wait_ms = wait.map_or(u64::MAX, |wait| wait.as_millis() as u64);
                prop_assert!(wait_ms <= 1_000 || wait.is_none());
                now_ms += pause_ms.min(wait_ms);
                let now = begun + Duration::from_millis(now_ms);
                for since_ms in again.take_due(now) {
                    prop_assert!(now_ms - since_ms <= 1_000, "{since_ms} {now_ms}");
                    taken += 1;
                }
                if comes {
                    prop_assert_eq!(again.push(now, now_ms), None);
                    given += 1;
                }
            }
            taken += again.take_due(begun + Duration::from_millis(now_ms + 1_000)).len();
            prop_assert_eq!((given, again.pause(begun)), (taken, None));
        }
    }
}
