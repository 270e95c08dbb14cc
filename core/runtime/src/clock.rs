//! Time. Deadlines are measured on the monotonic clock, what people see on UTC; a jump of UTC moves no timer.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One reading of both clocks, taken once a loop turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Now {
    /// Nanoseconds since some moment before the start of the process; never goes back.
    pub mono_ns: u64,
    /// Nanoseconds since 1970 UTC; may jump.
    pub utc_ns: u64,
}

/// Where time comes from.
pub trait Clock {
    /// Reads both clocks.
    fn now(&self) -> Now;
}

/// The machine's clocks.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self {
            started: Instant::now(),
        }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Now {
        let utc = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        // From 1, so that 0 can mean "never".
        Now {
            mono_ns: self.started.elapsed().as_nanos() as u64 + 1,
            utc_ns: utc.as_nanos() as u64,
        }
    }
}
