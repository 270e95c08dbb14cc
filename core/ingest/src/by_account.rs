//! What is remembered for a while, by account: no account's share takes what others need.
//!
//! Promise: an account that fills its share loses itself alone. Bound: as many of an account and of all as are given; what
//! is over is looked for where a bound is reached, once a minute, so that what is refused costs no walk. Fails with no room.

use std::hash::Hash;

use rustc_hash::FxHashMap;

/// Between two looks for what is over.
const SWEPT_EVERY_NS: u64 = 60_000_000_000;

#[derive(Debug)]
struct Share<K, V> {
    kept: FxHashMap<K, V>,
    swept_ns: Option<u64>,
}

/// What is remembered, by account.
#[derive(Debug)]
pub(crate) struct ByAccount<K, V> {
    of_account_max: usize,
    most: usize,
    len: usize,
    swept_ns: Option<u64>,
    shares: FxHashMap<u32, Share<K, V>>,
}

impl<K: Hash + Eq, V> ByAccount<K, V> {
    pub(crate) fn new(of_account_max: usize, most: usize) -> Self {
        Self {
            of_account_max,
            most,
            len: 0,
            swept_ns: None,
            shares: FxHashMap::default(),
        }
    }

    /// Where a key of an account is kept, made where there is room for one more; none: there is not.
    pub(crate) fn entry(
        &mut self,
        now_ns: u64,
        account: u32,
        key: K,
        is_over: impl Fn(&V) -> bool,
    ) -> Option<&mut V>
    where
        V: Default,
    {
        let is_known = (self.shares.get(&account)).is_some_and(|it| it.kept.contains_key(&key));
        if !is_known {
            self.make_room(now_ns, account, is_over);
            let held = self.shares.get(&account).map_or(0, |it| it.kept.len());
            if held >= self.of_account_max || self.len >= self.most {
                return None;
            }
            self.len += 1;
        }
        let share = self.shares.entry(account).or_default();
        Some(share.kept.entry(key).or_default())
    }

    fn make_room(&mut self, now_ns: u64, account: u32, is_over: impl Fn(&V) -> bool) {
        if self.len >= self.most && is_due(&mut self.swept_ns, now_ns) {
            for share in self.shares.values_mut() {
                share.kept.retain(|_, value| !is_over(value));
            }
            self.shares.retain(|_, share| !share.kept.is_empty());
            self.len = self.shares.values().map(|share| share.kept.len()).sum();
        }
        let Some(share) = self.shares.get_mut(&account) else {
            return;
        };
        let before = share.kept.len();
        if before >= self.of_account_max && is_due(&mut share.swept_ns, now_ns) {
            share.kept.retain(|_, value| !is_over(value));
            self.len -= before - share.kept.len();
        }
    }
}

impl<K, V> Default for Share<K, V> {
    fn default() -> Self {
        Self {
            kept: FxHashMap::default(),
            swept_ns: None,
        }
    }
}

/// Whether it is time to look again, which is noted.
fn is_due(swept_ns: &mut Option<u64>, now_ns: u64) -> bool {
    let is_due = swept_ns.is_none_or(|at| now_ns.saturating_sub(at) >= SWEPT_EVERY_NS);
    if is_due {
        *swept_ns = Some(now_ns);
    }
    is_due
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::cell::Cell;

    use super::*;

    #[test]
    fn an_account_that_fills_its_share_takes_no_others() {
        let mut kept = ByAccount::<u64, u64>::new(2, 5);
        assert!((0..2).all(|key| kept.entry(0, 1, key, |_| false).is_some()));
        assert!(kept.entry(0, 1, 2, |_| false).is_none());
        assert!(kept.entry(0, 1, 1, |_| false).is_some(), "it is known");
        assert!(kept.entry(0, 2, 2, |_| false).is_some());
    }

    #[test]
    fn all_together_have_a_bound_and_what_is_over_makes_room() {
        let mut kept = ByAccount::<u64, u64>::new(2, 3);
        for (account, key) in [(1, 1), (1, 2), (2, 1)] {
            *kept.entry(0, account, key, |_| false).unwrap() = key;
        }
        assert!(kept.entry(0, 3, 1, |_| false).is_none());
        let later = SWEPT_EVERY_NS;
        assert!(kept.entry(later, 3, 1, |key| *key == 2).is_some());
        let keys: Vec<u64> = kept.shares[&1].kept.keys().copied().collect();
        assert_eq!(keys, [1]);
        assert!(
            kept.entry(later, 3, 2, |_| true).is_none(),
            "it is full again"
        );
    }

    #[test]
    fn what_is_refused_looks_through_all_of_it_once_a_minute() {
        let mut kept = ByAccount::<u64, u64>::new(100, 1_000);
        for key in 0..100 {
            kept.entry(0, 1, key, |_| false).unwrap();
        }
        let looks = Cell::new(0);
        let is_over = |_: &u64| {
            looks.set(looks.get() + 1);
            false
        };
        for time in 0..1_000 {
            assert!(kept.entry(time, 1, 100, is_over).is_none());
        }
        assert_eq!(looks.get(), 100);
        kept.entry(SWEPT_EVERY_NS, 1, 100, is_over);
        assert_eq!(looks.get(), 200);
    }
}
