//! Delays double, are spread, and stay below the greatest.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_throttle::Backoff;
use proptest::prelude::*;

proptest! {
    #[test]
    fn every_delay_lies_in_its_fifth_and_below_the_greatest(
        initial_ns in 1_000..u64::MAX, max_ns in 1_000..u64::MAX, randoms in prop::collection::vec(any::<u64>(), 1..100),
    ) {
        let mut backoff = Backoff::new(initial_ns, max_ns);
        for (step, random) in randoms.into_iter().enumerate() {
            let centre = (u128::from(initial_ns) << step.min(63)).min(u128::from(max_ns) * 5 / 6);
            let delay_ns = backoff.next(random);
            prop_assert!(delay_ns <= max_ns);
            prop_assert!(u128::from(delay_ns) >= centre * 4 / 5);
            prop_assert!(u128::from(delay_ns) <= centre * 6 / 5);
        }
        backoff.reset();
        prop_assert!(u128::from(backoff.next(0)) <= u128::from(initial_ns) * 6 / 5);
        prop_assert_eq!(backoff.steps(), 1);
    }
}

#[test]
fn two_links_that_fell_together_come_back_apart() {
    let mut a = Backoff::new(1_000_000_000, 60_000_000_000);
    let mut b = a;
    assert_ne!(a.next(1), b.next(200));
}
