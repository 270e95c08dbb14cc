//! How fast we may go: token buckets counted in segments, their adaptation to a carrier's refusals, and
//! the delays between attempts.
//!
//! Promise: what a [`Bucket`] grants never exceeds its rate in any sliding second, at whatever moments it is
//! asked; a [`PacedBucket`] keeps the same for units of any length, shared by threads. Everything is integer arithmetic on a clock the caller reads; nothing here waits, allocates or fails.

mod adaptive;
mod backoff;
mod breaker;
mod bucket;
mod day_cap;
mod history;
mod pace;
mod proof;
mod rule;
mod search;
mod tolerance;
mod trial;

pub use adaptive::Adaptive;
pub use backoff::Backoff;
pub use breaker::{Breaker, BreakerState};
pub use bucket::Bucket;
pub use day_cap::DayCap;
pub use pace::{Pace, PacedBucket};
pub use rule::{Throttle, ThrottleMode, ThrottleRule};

/// The answer "never": no moment, however late, at which the taking would be granted.
pub const NEVER_NS: u64 = u64::MAX;

pub(crate) const SECOND_NS: u64 = 1_000_000_000;
