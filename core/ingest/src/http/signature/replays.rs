//! Signatures that were used.
//!
//! Promise: while a signature would be in time, it opens once. Bound: [`REMEMBERED_MAX`] at a time, sixteen octets each;
//! one more is refused and counted, never let in unremembered.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use carrack_telemetry::names;

use super::WINDOW_S;
use crate::http::authentication::unauthorized;
use crate::http::problem::Problem;

/// Signatures remembered: more than 1,000 a second over the whole window.
const REMEMBERED_MAX: usize = 1 << 20;

/// The guard. A short lock a signed request; others never ask.
#[derive(Default)]
pub(crate) struct Replays(Mutex<Remembered>);

#[derive(Default)]
struct Remembered {
    /// By the second that was signed.
    by_second: BTreeMap<u64, HashSet<u128>>,
    count: usize,
}

impl Replays {
    /// Notes that a signature was used.
    pub(super) fn note(&self, signature: &[u8; 32], at_s: u64, now_s: u64) -> Result<(), Problem> {
        let mut remembered = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        remembered.forget_before(now_s.saturating_sub(WINDOW_S));
        // Half of it: nobody can make two that agree in so much.
        let half = signature.first_chunk::<16>().copied().unwrap_or_default();
        if remembered.count >= REMEMBERED_MAX {
            metrics::counter!(names::HTTP_SIGNATURES_UNREMEMBERED).increment(1);
            let detail =
                "more signed requests than can be remembered; try again later, or use a key";
            return Err(Problem::later(StatusCode::SERVICE_UNAVAILABLE, 60, detail));
        }
        let second = remembered.by_second.entry(at_s).or_default();
        if !second.insert(u128::from_be_bytes(half)) {
            return Err(unauthorized(
                "this signature was used before; sign each request anew, with a nonce of its own",
            ));
        }
        remembered.count += 1;
        Ok(())
    }
}

impl Remembered {
    fn forget_before(&mut self, second: u64) {
        while let Some(entry) = self.by_second.first_entry()
            && *entry.key() < second
        {
            self.count -= entry.remove().len();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_opens_once_while_it_is_in_time() {
        let replays = Replays::default();
        let signature = |number: u8| [number; 32];
        assert!(replays.note(&signature(1), 1_000, 1_000).is_ok());
        assert!(replays.note(&signature(2), 1_000, 1_000).is_ok());
        assert!(
            replays
                .note(&signature(1), 1_000, 1_000 + WINDOW_S)
                .is_err()
        );
        // Later the time is what refuses it, so that nothing has to be remembered.
        assert!(replays.note(&signature(3), 1_300, 1_001 + WINDOW_S).is_ok());
        assert_eq!(
            replays.0.lock().map(|remembered| remembered.count).ok(),
            Some(1)
        );
    }
}
