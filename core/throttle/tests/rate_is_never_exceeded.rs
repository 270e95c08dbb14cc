//! The rate holds in every sliding second, whatever the moments and sizes of the takings.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_throttle::{Bucket, NEVER_NS};
use proptest::prelude::*;

const SECOND_NS: u64 = 1_000_000_000;

/// A second, and what arrives late of the one before.
const WINDOW_NS: u64 = SECOND_NS + SECOND_NS * 7 / 512;

/// The most granted in any half-open window; only windows that begin with a grant can be the worst.
fn worst(grants: &[(u64, u32)], window_ns: u64) -> u64 {
    let (mut worst, mut sum, mut start) = (0, 0, 0);
    for &(at_ns, n) in grants {
        sum += u64::from(n);
        while grants[start].0 + window_ns <= at_ns {
            sum -= u64::from(grants[start].1);
            start += 1;
        }
        worst = worst.max(sum);
    }
    worst
}

#[derive(Debug, Clone)]
enum Ask {
    /// Waits, then asks for so many.
    After(u64, u32),
    /// Asks at exactly the moment the last refusal named, for the same number.
    WhenTold,
    /// Asks for as many as there are.
    UpTo(u64, u32),
}

fn ask(size_max: u32) -> impl Strategy<Value = Ask> {
    let wait = prop_oneof![
        Just(0u64),
        Just(1),
        Just(SECOND_NS),
        Just(SECOND_NS - 1),
        0..2_000_000u64,
        0..SECOND_NS,
        0..5 * SECOND_NS,
    ];
    prop_oneof![
        3 => (wait.clone(), 1..=size_max).prop_map(|(w, n)| Ask::After(w, n)),
        4 => Just(Ask::WhenTold),
        2 => (wait, 1..=size_max).prop_map(|(w, n)| Ask::UpTo(w, n)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn adversarial_moments_never_exceed_the_rate(
        rate in prop_oneof![1..=5u32, 40..160u32, 1..=20_000u32],
        burst in prop_oneof![Just(None), (0..300u32).prop_map(Some), (0..30_000u32).prop_map(Some)],
        is_contract: bool,
        start_ns in 0..u64::MAX / 4,
        asks in (1..=200u32).prop_flat_map(|size_max| prop::collection::vec(ask(size_max), 1..400)),
    ) {
        let (mut bucket, window_ns) = match (is_contract, burst) {
            (true, burst) => (Bucket::of_contract(rate, burst), WINDOW_NS),
            (false, Some(burst)) => (Bucket::with_burst(rate, burst), SECOND_NS),
            (false, None) => (Bucket::per_second(rate), SECOND_NS),
        };
        let mut now_ns = start_ns;
        let mut told = (now_ns, 1);
        let mut grants = Vec::new();
        for ask in asks {
            let (n, up_to) = match ask {
                Ask::After(wait_ns, n) => { now_ns += wait_ns; (n, false) }
                Ask::WhenTold => { now_ns = now_ns.max(told.0); (told.1, false) }
                Ask::UpTo(wait_ns, n) => { now_ns += wait_ns; (n, true) }
            };
            if up_to {
                let granted = bucket.take_up_to(now_ns, n);
                prop_assert!(granted <= n);
                grants.push((now_ns, granted));
                continue;
            }
            match bucket.take(now_ns, n) {
                Ok(()) => grants.push((now_ns, n)),
                Err(NEVER_NS) => prop_assert!(n > rate),
                Err(ready_ns) => {
                    prop_assert!(ready_ns > now_ns);
                    told = (ready_ns, n);
                }
            }
        }
        let worst = worst(&grants, window_ns);
        prop_assert!(worst <= u64::from(rate), "{worst} > {rate}");
    }

    #[test]
    fn a_busy_caller_fills_the_bucket_each_instant_and_never_exceeds_the_rate(
        rate in 1..=3_000u32, step_ns in 1_000..30_000_000u64, size in 1..=12u32,
    ) {
        let mut bucket = Bucket::of_contract(rate, None);
        let mut grants = Vec::new();
        let mut now_ns = 7;
        while now_ns < 3 * SECOND_NS && grants.len() < 3_000 {
            while bucket.take(now_ns, size).is_ok() {
                grants.push((now_ns, size));
            }
            now_ns += step_ns;
        }
        prop_assert!(worst(&grants, WINDOW_NS) <= u64::from(rate));
    }

    #[test]
    fn what_is_written_late_is_counted_where_it_arrives(
        rate in 1..=3_000u32,
        turns in prop::collection::vec((0..30_000_000u64, 0..60_000_000u64, 0.0..1.0f64, 1..200u32), 1..300),
    ) {
        let mut bucket = Bucket::of_contract(rate, None);
        let mut arrivals = Vec::new();
        let mut now_ns = SECOND_NS;
        for (pause_ns, late_ns, share, n) in turns {
            now_ns += pause_ns;
            let granted = bucket.take_up_to(now_ns, n);
            // Somewhere between its granting and the moment by which it was written.
            arrivals.push((now_ns + (late_ns as f64 * share) as u64, granted));
            now_ns += late_ns;
            bucket.written(now_ns);
        }
        let worst = worst(&arrivals, WINDOW_NS);
        prop_assert!(worst <= u64::from(rate), "{worst} > {rate}");
    }

    #[test]
    fn the_named_moment_is_kept(rate in 1..=5_000u32, sizes in prop::collection::vec(1..=20u32, 1..200)) {
        let mut bucket = Bucket::per_second(rate);
        let mut now_ns = 0;
        for n in sizes.into_iter().filter(|n| *n <= rate) {
            if let Err(ready_ns) = bucket.take(now_ns, n) {
                // Asking a nanosecond earlier is refused, asking then is not.
                prop_assert!(bucket.ready(ready_ns - 1, n).is_err());
                now_ns = ready_ns;
                prop_assert_eq!(bucket.take(now_ns, n), Ok(()));
            }
        }
    }

    #[test]
    fn the_long_run_reaches_97_percent(rate in 1..=20_000u32) {
        let mut bucket = Bucket::of_contract(rate, None);
        let (mut now_ns, mut granted) = (0, 0u64);
        let end_ns = 20 * SECOND_NS;
        let goal = u64::from(rate) * 20;
        while now_ns < end_ns && granted < goal {
            match bucket.take(now_ns, 1) {
                Ok(()) => granted += 1,
                Err(ready_ns) => now_ns = ready_ns,
            }
        }
        prop_assert!(granted * 100 >= goal * 97, "{granted} of {goal}");
    }

    #[test]
    fn from_1000_a_second_on_a_caller_that_comes_late_reaches_98_percent(
        rate in 1_000..=5_000u32, late_ns in prop::collection::vec(0..6_000_000u64, 1..50),
    ) {
        let mut bucket = Bucket::of_contract(rate, None);
        let (mut now_ns, mut granted) = (0, 0u64);
        for late_ns in late_ns.iter().cycle() {
            granted += u64::from(bucket.take_up_to(now_ns, rate));
            now_ns += 1_000_000 + late_ns;
            if now_ns >= 60 * SECOND_NS {
                break;
            }
        }
        prop_assert!(granted * 1000 >= u64::from(rate) * 60 * 980, "{granted} of {}", rate * 60);
    }

    #[test]
    fn long_messages_are_not_starved(rate in 10..=2_000u32, size in 2..=10u32) {
        let mut bucket = Bucket::of_contract(rate, None);
        let (mut now_ns, mut granted) = (0, 0u64);
        while now_ns < 20 * SECOND_NS {
            match bucket.take(now_ns, size) {
                Ok(()) => granted += u64::from(size),
                Err(ready_ns) => now_ns = ready_ns,
            }
        }
        // What a sliding second can hold of whole messages, less the width of a slot.
        let whole = u64::from(rate / size * size) * 20;
        prop_assert!(granted * 100 >= whole * 94, "{granted} of {whole}");
    }

    #[test]
    fn a_changed_rate_keeps_the_greater_of_the_two(a in 1..=2_000u32, b in 1..=2_000u32, change_ns in 0..2 * SECOND_NS) {
        let mut bucket = Bucket::of_contract(a, None);
        let (mut now_ns, mut changed) = (0, false);
        let mut grants = Vec::new();
        while now_ns < 3 * SECOND_NS {
            if now_ns >= change_ns && !changed {
                bucket.set_rate(now_ns, b);
                changed = true;
            }
            match bucket.take(now_ns, 1) {
                Ok(()) => grants.push((now_ns, 1)),
                Err(ready_ns) => now_ns = ready_ns,
            }
        }
        prop_assert!(worst(&grants, WINDOW_NS) <= u64::from(a.max(b)));
    }
}

#[test]
fn a_clock_that_goes_back_grants_nothing_twice() {
    let mut bucket = Bucket::per_second(1);
    assert_eq!(bucket.take(5 * SECOND_NS, 1), Ok(()));
    let ready_ns = bucket.take(0, 1).unwrap_err();
    assert!(ready_ns >= 6 * SECOND_NS);
    assert_eq!(bucket.take(ready_ns - 1, 1), Err(ready_ns));
    assert_eq!(bucket.take(ready_ns, 1), Ok(()));
}

#[test]
fn a_taking_larger_than_the_rate_is_served_in_parts() {
    let mut bucket = Bucket::per_second(5);
    assert_eq!(bucket.take(0, 6), Err(NEVER_NS));
    assert_eq!(bucket.take_up_to(0, 6), 1);
    assert_eq!(bucket.take_up_to(SECOND_NS / 5, 5), 1);
}

#[test]
fn unlimited_grants_everything_and_zero_nothing() {
    let mut unlimited = Bucket::unlimited();
    assert_eq!(unlimited.take(0, u32::MAX), Ok(()));
    assert_eq!(unlimited.take_up_to(0, u32::MAX), u32::MAX);
    let mut closed = Bucket::per_second(0);
    assert_eq!(closed.take(0, 1), Err(NEVER_NS));
    assert_eq!(closed.take_up_to(SECOND_NS, 3), 0);
}
