//! The adaptive bucket slows down on refusals, pauses, and comes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_throttle::{Adaptive, NEVER_NS};
use proptest::prelude::*;

const SECOND_NS: u64 = 1_000_000_000;

/// Takes for some seconds at each moment the bucket names, and answers with the last moment.
fn go(adaptive: &mut Adaptive, from_ns: u64, to_ns: u64) -> u64 {
    let mut now_ns = from_ns;
    while now_ns < to_ns {
        if let Err(ready_ns) = adaptive.take(now_ns, 1) {
            now_ns = ready_ns;
        }
    }
    now_ns
}

#[test]
fn a_window_of_refusals_counts_once() {
    let mut adaptive = Adaptive::new(Some(1_000));
    let now_ns = go(&mut adaptive, 0, 3 * SECOND_NS);
    for _ in 0..500 {
        adaptive.on_throttled(now_ns);
    }
    // Nearly a thousand were granted, half of them refused; the seconds before say that it was a fit.
    assert!(adaptive.rate().unwrap() >= 900, "{:?}", adaptive.rate());
    assert_eq!(adaptive.paused_until_ns(), now_ns + SECOND_NS / 10);
    assert_eq!(
        adaptive.take(now_ns + 1, 1),
        Err(adaptive.paused_until_ns())
    );
    assert_eq!(adaptive.take(adaptive.paused_until_ns(), 1), Ok(()));
}

#[test]
fn repeated_refusals_pause_longer_and_stop_at_the_floor() {
    let mut adaptive = Adaptive::new(Some(1_600));
    let mut now_ns = SECOND_NS;
    let mut pause_ns = 0;
    for _ in 0..12 {
        adaptive.on_throttled(now_ns);
        assert!(adaptive.paused_until_ns() - now_ns >= pause_ns);
        pause_ns = adaptive.paused_until_ns() - now_ns;
        now_ns = adaptive.paused_until_ns() + SECOND_NS / 4;
    }
    assert_eq!(pause_ns, 5 * SECOND_NS);
    assert!(adaptive.rate().unwrap() >= 100 && adaptive.rate().unwrap() < 500);
}

#[test]
fn the_rate_comes_back_to_the_nominal_and_no_further() {
    let mut adaptive = Adaptive::new(Some(320));
    adaptive.on_throttled(0);
    let mut now_ns = adaptive.paused_until_ns();
    let mut before = 20;
    for _ in 0..20 {
        let _ = adaptive.take(now_ns, 1);
        let rate = adaptive.rate().unwrap();
        assert!(rate >= before && rate <= 320);
        before = rate;
        now_ns += SECOND_NS;
    }
    assert_eq!(before, 320);
}

#[test]
fn without_a_nominal_rate_what_was_accepted_is_learned_and_later_forgotten() {
    let mut adaptive = Adaptive::new(None);
    assert_eq!(adaptive.rate(), None);
    for i in 0..1_000u64 {
        assert_eq!(adaptive.take(SECOND_NS + i * 1_000, 1), Ok(()));
    }
    for _ in 0..400 {
        adaptive.on_throttled(SECOND_NS + 1_000_000);
    }
    let learned = adaptive.rate().unwrap();
    assert!((550..=600).contains(&learned), "{learned}");
    let end_ns = adaptive.paused_until_ns();
    go(&mut adaptive, end_ns, end_ns + 20 * SECOND_NS);
    assert!(adaptive.rate().unwrap() > learned);
    adaptive.take(end_ns + 61 * SECOND_NS, 1).unwrap();
    assert_eq!(adaptive.rate(), None);
}

#[test]
fn a_message_longer_than_the_lowered_rate_waits_and_is_not_refused_for_ever() {
    for nominal in [Some(10), None] {
        let mut adaptive = Adaptive::new(nominal);
        adaptive.on_throttled(0);
        let mut now_ns = adaptive.paused_until_ns();
        let mut asked = 0;
        while let Err(ready_ns) = adaptive.take(now_ns, 9) {
            assert!(ready_ns > now_ns && ready_ns != NEVER_NS);
            now_ns = ready_ns;
            asked += 1;
            assert!(asked < 30, "{nominal:?} is starved");
        }
    }
    assert_eq!(Adaptive::new(Some(10)).take(0, 11), Err(NEVER_NS));
}

proptest! {
    /// A carrier that takes less than was agreed, but more than the floor: much of it is used, with few refusals.
    #[test]
    fn a_slower_carrier_is_found(real in 100..900u64) {
        let mut adaptive = Adaptive::new(Some(1_000));
        let (mut now_ns, mut second, mut in_second) = (0u64, 0, 0u64);
        let (mut taken, mut refused) = (0u64, 0u64);
        while now_ns < 120 * SECOND_NS {
            match adaptive.take(now_ns, 1) {
                Ok(()) => {
                    if now_ns / SECOND_NS != second {
                        second = now_ns / SECOND_NS;
                        in_second = 0;
                    }
                    in_second += 1;
                    if in_second > real {
                        adaptive.on_throttled(now_ns);
                        refused += 1;
                    } else {
                        taken += 1;
                    }
                }
                Err(ready_ns) => now_ns = ready_ns,
            }
        }
        // Floor and pauses keep refusals to a few a second, and most of the real rate is used.
        prop_assert!(refused <= 120 * 4, "{refused} refused");
        prop_assert!(taken * 100 >= real * 120 * 40, "{taken} of {}", real * 120);
    }
}
