//! One seed decides everything.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use carrack_simulation::{Scenario, simulate};

#[test]
fn same_seed_does_the_same_to_the_last_event() {
    let scenario = Scenario::default();
    for seed in 1..=60 {
        let [first, second] = [(), ()].map(|()| simulate(seed, &scenario).unwrap());
        assert_eq!(first.events, second.events, "events of seed {seed}");
        assert_eq!(first.digest, second.digest, "digest of seed {seed}");
        assert_eq!(first.totals, second.totals, "ends of seed {seed}");
        assert_eq!(
            first.violations, second.violations,
            "violations of seed {seed}"
        );
    }
}

#[test]
fn another_seed_does_something_else() {
    let scenario = Scenario::default();
    let digests = [1, 2].map(|seed| simulate(seed, &scenario).unwrap().digest);
    let [first, second] = digests;
    assert_ne!(first, second);
}

#[test]
fn trace_holds_every_event_and_changes_nothing() {
    let scenario = Scenario::default();
    let traced = Scenario {
        trace: true,
        ..scenario.clone()
    };
    let [short, long] = [scenario, traced].map(|scenario| simulate(3, &scenario).unwrap());
    assert_eq!(short.digest, long.digest);
    assert_eq!(long.tail.len() as u64, long.events);
}
