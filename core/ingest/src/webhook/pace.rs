//! How many requests an account has on their way: one more for each round that goes well, half as many after one that
//! does not (AIMD). Pure. Bound: from 1 to what the account's `concurrency` says.

/// The limit of one account.
#[derive(Debug)]
pub(crate) struct Pace {
    most: u32,
    limit: f64,
    halved_ns: u64,
}

impl Pace {
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most: most.max(1),
            limit: f64::from(most.max(1)),
            halved_ns: 0,
        }
    }

    /// Requests that may be on their way at this moment.
    pub(crate) fn limit(&self) -> usize {
        self.limit as usize
    }

    /// Another bound; what is on its way stays.
    pub(crate) fn set_most(&mut self, most: u32) {
        self.most = most.max(1);
        self.limit = self.limit.min(f64::from(self.most));
    }

    /// A request went well.
    pub(crate) fn succeeded(&mut self) {
        self.limit = (self.limit + 1.0 / self.limit).min(f64::from(self.most));
    }

    /// A request that was begun at that moment failed. Those that were on their way together count as one failure.
    pub(crate) fn failed(&mut self, now_ns: u64, begun_ns: u64) {
        if begun_ns >= self.halved_ns {
            self.limit = (self.limit / 2.0).max(1.0);
            self.halved_ns = now_ns;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn limit_stays_between_one_and_its_bound(most in 0..300_u32, steps in prop::collection::vec(any::<(bool, u8)>(), 0..200)) {
            let mut pace = Pace::new(most);
            let mut now_ns = 0;
            for (good, step) in steps {
                now_ns += u64::from(step);
                if good { pace.succeeded() } else { pace.failed(now_ns, now_ns) }
                prop_assert!((1..=most.max(1) as usize).contains(&pace.limit()));
            }
        }
    }

    #[test]
    fn requests_that_fail_together_halve_it_once_and_good_ones_bring_it_back() {
        let mut pace = Pace::new(16);
        for _ in 0..16 {
            pace.failed(100, 5);
        }
        assert_eq!(pace.limit(), 8);
        pace.failed(200, 100);
        assert_eq!(pace.limit(), 4);
        for _ in 0..4 {
            pace.succeeded();
        }
        assert_eq!(pace.limit(), 4);
        pace.succeeded();
        assert_eq!(pace.limit(), 5);
        for _ in 0..200 {
            pace.succeeded();
        }
        assert_eq!(pace.limit(), 16);
        pace.set_most(3);
        assert_eq!(pace.limit(), 3);
    }
}
