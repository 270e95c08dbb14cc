//! What a refusal does to the rate, by the carrier's manners; and bursts.
#![allow(clippy::unwrap_used, missing_docs)]

use carrack_throttle::{Bucket, Throttle, ThrottleMode, ThrottleRule};

const SECOND_NS: u64 = 1_000_000_000;
const MS_NS: u64 = 1_000_000;

fn throttle(rate: Option<u32>, mode: ThrottleMode) -> Throttle {
    let rule = ThrottleRule {
        mode,
        pause_ns: 60 * SECOND_NS,
        burst: None,
    };
    Throttle::new(rate, &rule)
}

#[test]
fn t14_pause_mode_stands_still_for_the_whole_pause_and_then_goes_on_at_the_full_rate() {
    let mut throttle = throttle(Some(100), ThrottleMode::Pause);
    assert_eq!(throttle.take(SECOND_NS, 1), Ok(()));
    throttle.on_throttled(2 * SECOND_NS);
    assert_eq!(throttle.ready(3 * SECOND_NS, 1), Err(62 * SECOND_NS));
    assert_eq!(throttle.take(62 * SECOND_NS - 1, 1), Err(62 * SECOND_NS));
    assert_eq!(throttle.take(62 * SECOND_NS, 1), Ok(()));
    assert_eq!(
        (throttle.rate(), throttle.nominal()),
        (Some(100), Some(100))
    );
}

#[test]
fn t14_fixed_mode_keeps_the_rate_of_the_contract() {
    let mut throttle = throttle(Some(100), ThrottleMode::Fixed);
    let mut granted = 0;
    for ms in 0..2000u64 {
        throttle.on_throttled(ms * MS_NS);
        granted += u32::from(throttle.take(ms * MS_NS, 1).is_ok());
    }
    assert!((195..=202).contains(&granted), "{granted}");
}

#[test]
fn refusal_without_a_known_rate_is_not_answered_at_once() {
    let mut throttle = throttle(None, ThrottleMode::Fixed);
    assert_eq!(throttle.take(0, 1), Ok(()));
    throttle.on_throttled(MS_NS);
    assert!(throttle.take(2 * MS_NS, 1).is_err());
    assert_eq!(throttle.take(SECOND_NS, 1), Ok(()));
    assert_eq!(throttle.rate(), None);
}

#[test]
fn burst_goes_at_once_and_costs_no_rate() {
    let mut bucket = Bucket::with_burst(1000, 400);
    let at_once = (0..1000).filter(|_| bucket.take(5 * SECOND_NS, 1).is_ok());
    assert_eq!(at_once.count(), 400);
    let mut granted = 0;
    for ms in 6000..16_000u64 {
        granted += bucket.take_up_to(ms * MS_NS, 50);
    }
    assert!((9700..=10_000).contains(&granted), "{granted}");
}

#[test]
fn burst_of_one_spaces_segments_evenly() {
    let mut bucket = Bucket::with_burst(1000, 1);
    let mut last_ns = 0;
    for step in 0..100_000u64 {
        let now_ns = SECOND_NS + step * MS_NS / 20;
        if bucket.take(now_ns, 1).is_ok() {
            assert!(
                now_ns - last_ns >= MS_NS,
                "two within {} ns",
                now_ns - last_ns
            );
            last_ns = now_ns;
        }
    }
}
