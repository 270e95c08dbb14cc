//! Signatures that were used.
//!
//! Promise: while a signature would be in time, it opens once; what was signed before the door opened opens nothing, as the
//! one before may have seen it. Bound: [`REMEMBERED_MAX`] at a time and [`OF_ACCOUNT_MAX`] of one account, so that no account
//! takes the room of another; sixteen octets each. One more is refused and counted, never let in unremembered.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

use axum::http::StatusCode;
use carrack_telemetry::names;

use super::WINDOW_S;
use crate::http::authentication::unauthorized;
use crate::http::problem::Problem;

/// Signatures remembered: more than 3,000 a second over the whole window.
const REMEMBERED_MAX: usize = 1 << 20;
/// Of one account.
const OF_ACCOUNT_MAX: usize = 1 << 18;

/// A proven signature.
pub(super) struct Used {
    pub(super) account: u32,
    pub(super) signature: [u8; 32],
    pub(super) at_s: u64,
}

/// The guard. A short lock a signed request; others never ask.
pub(crate) struct Replays {
    /// The door opened at, seconds since 1970.
    since_s: u64,
    remembered: Mutex<Remembered>,
}

#[derive(Default)]
struct Remembered {
    /// By the second that was signed, with their accounts.
    by_second: BTreeMap<u64, HashSet<(u32, u128)>>,
    count: usize,
    of_account: HashMap<u32, usize>,
}

impl Replays {
    /// Nothing was used yet; it is now, UTC nanoseconds.
    pub(crate) fn since(utc_ns: u64) -> Self {
        Self {
            since_s: utc_ns / 1_000_000_000,
            remembered: Mutex::default(),
        }
    }

    /// Notes that a signature was used.
    pub(super) fn note(&self, used: &Used, now_s: u64) -> Result<(), Problem> {
        if used.at_s < self.since_s {
            return Err(unauthorized(
                "it was signed before the node started, and may have been used then; sign each request anew, also when it is tried again",
            ));
        }
        let mut remembered = self
            .remembered
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        remembered.forget_before(now_s.saturating_sub(WINDOW_S));
        // Half of it: nobody can make two that agree in so much.
        let half = used.signature.first_chunk::<16>();
        let half = u128::from_be_bytes(half.copied().unwrap_or_default());
        let of_account = remembered.of_account.get(&used.account).copied();
        if remembered.count >= REMEMBERED_MAX || of_account.unwrap_or(0) >= OF_ACCOUNT_MAX {
            metrics::counter!(names::HTTP_SIGNATURES_UNREMEMBERED).increment(1);
            let detail =
                "more signed requests than can be remembered; try again later, or use a key";
            return Err(Problem::later(StatusCode::SERVICE_UNAVAILABLE, 60, detail));
        }
        let second = remembered.by_second.entry(used.at_s).or_default();
        if !second.insert((used.account, half)) {
            return Err(unauthorized(
                "this signature was used before; sign each request anew, with a nonce of its own",
            ));
        }
        remembered.count += 1;
        *remembered.of_account.entry(used.account).or_default() += 1;
        Ok(())
    }
}

impl Remembered {
    fn forget_before(&mut self, second: u64) {
        while let Some(entry) = self.by_second.first_entry()
            && *entry.key() < second
        {
            for (account, _) in entry.remove() {
                self.count -= 1;
                if let Entry::Occupied(mut count) = self.of_account.entry(account) {
                    *count.get_mut() -= 1;
                    if *count.get() == 0 {
                        count.remove();
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(account: u32, number: u32, at_s: u64) -> Used {
        let mut signature = [7; 32];
        let (first, _) = signature.split_at_mut(4);
        first.copy_from_slice(&number.to_be_bytes());
        Used {
            account,
            signature,
            at_s,
        }
    }

    #[test]
    fn a_signature_opens_once_while_it_is_in_time() {
        let replays = Replays::since(1_000_000_000_000);
        assert!(replays.note(&used(1, 1, 1_000), 1_000).is_ok());
        assert!(replays.note(&used(1, 2, 1_000), 1_000).is_ok());
        assert!(replays.note(&used(1, 1, 1_000), 1_000 + WINDOW_S).is_err());
        // Later the time is what refuses it, so that nothing has to be remembered.
        assert!(replays.note(&used(1, 3, 1_300), 1_001 + WINDOW_S).is_ok());
        let remembered = replays.remembered.lock();
        let counts = remembered.map(|all| (all.count, all.of_account.clone()));
        assert_eq!(counts.ok(), Some((1, HashMap::from([(1, 1)]))));
    }

    #[test]
    fn what_was_signed_before_the_door_opened_opens_nothing() {
        let before = Replays::since(1_000_000_000_000);
        assert!(before.note(&used(1, 1, 1_010), 1_010).is_ok());
        // A start remembers nothing.
        let after = Replays::since(1_020_000_000_000);
        assert!(after.note(&used(1, 1, 1_010), 1_021).is_err());
        assert!(after.note(&used(1, 2, 1_020), 1_021).is_ok());
    }

    #[test]
    fn an_account_that_signs_more_than_can_be_remembered_refuses_no_other() {
        let replays = Replays::since(0);
        let most = u32::try_from(OF_ACCOUNT_MAX).unwrap_or(u32::MAX);
        let taken = (0..most + 9).filter(|number| replays.note(&used(1, *number, 5), 5).is_ok());
        assert_eq!(taken.count(), OF_ACCOUNT_MAX);
        assert!(replays.note(&used(2, 0, 5), 5).is_ok());
        assert!(
            replays
                .note(&used(1, 0, 6 + WINDOW_S), 6 + WINDOW_S)
                .is_ok()
        );
    }
}
