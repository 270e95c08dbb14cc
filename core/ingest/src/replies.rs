//! The loop breaker: how many automatic answers one handset gets from one account in an hour.
//!
//! Promise: two machines that answer each other end after as many answers as are set, in any sliding hour; what is not
//! answered is counted, and said once an hour a handset. Bound: [`OF_ACCOUNT_MAX`] handsets of an account, [`HANDSETS_MAX`] of
//! all; while so many had an answer in the last hour, another one gets none. Memory only: a start begins anew.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};

use carrack_message::Msisdn;
use carrack_telemetry::names;

use crate::by_account::ByAccount;

const HOUR_NS: u64 = 3_600_000_000_000;
const HANDSETS_MAX: usize = 400_000;
const OF_ACCOUNT_MAX: usize = 50_000;
/// Where nothing is set.
const AN_HOUR: u32 = 20;

/// What one handset had.
#[derive(Debug, Default)]
struct Had {
    /// When, the oldest first.
    answers_ns: Vec<u64>,
    /// It was said that it gets no more.
    said_ns: Option<u64>,
}

/// Counts automatic answers. Cheap next to a message: one lock an answer.
#[derive(Debug)]
pub struct ReplyBreaker {
    an_hour: AtomicU32,
    handsets: Mutex<ByAccount<u64, Had>>,
}

impl Default for ReplyBreaker {
    fn default() -> Self {
        Self {
            an_hour: AtomicU32::new(AN_HOUR),
            handsets: Mutex::new(ByAccount::new(OF_ACCOUNT_MAX, HANDSETS_MAX)),
        }
    }
}

impl ReplyBreaker {
    /// So many in an hour from now on.
    pub fn bound(&self, an_hour: u32) {
        self.an_hour.store(an_hour, Ordering::Relaxed);
    }

    /// Takes one answer of an account to a handset. False: it had as many as it may.
    pub fn take(&self, now_ns: u64, account: u32, to: Msisdn) -> bool {
        let most = self.an_hour.load(Ordering::Relaxed) as usize;
        let mut handsets = self.handsets.lock().unwrap_or_else(PoisonError::into_inner);
        let is_over = |at: &u64| now_ns.saturating_sub(*at) >= HOUR_NS;
        let none_lately = |had: &Had| had.answers_ns.last().is_none_or(&is_over);
        if let Some(had) = handsets.entry(now_ns, account, to.as_u64(), none_lately) {
            had.answers_ns.retain(|at| !is_over(at));
            if had.answers_ns.len() < most {
                had.answers_ns.push(now_ns);
                return true;
            }
            if had.said_ns.is_none_or(|at| is_over(&at)) {
                had.said_ns = Some(now_ns);
                tracing::warn!(%to, account, answers = most, "a handset had as many automatic answers in an hour as it may; the next ones are not sent");
            }
        }
        metrics::counter!(names::REPLIES_BOUNDED).increment(1);
        false
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn number(last: u64) -> Msisdn {
        Msisdn::from_u64(447_700_900_000 + last).unwrap()
    }

    #[test]
    fn a_handset_gets_so_many_in_any_hour_and_harms_no_other() {
        let breaker = ReplyBreaker::default();
        breaker.bound(3);
        let minute = HOUR_NS / 60;
        assert!((0..3).all(|turn| breaker.take(turn * minute, 1, number(1))));
        assert!(!breaker.take(59 * minute, 1, number(1)));
        assert!(breaker.take(59 * minute, 2, number(1)), "another account");
        assert!(breaker.take(59 * minute, 1, number(2)), "another handset");
        assert!(
            breaker.take(60 * minute, 1, number(1)),
            "the first is an hour ago"
        );
        assert!(!breaker.take(60 * minute, 1, number(1)));
    }

    #[test]
    fn more_handsets_than_are_counted_of_an_account_get_no_answer_until_others_are_over() {
        let breaker = ReplyBreaker::default();
        for last in 0..OF_ACCOUNT_MAX as u64 {
            assert!(breaker.take(0, 1, number(last)));
        }
        let one_more = number(OF_ACCOUNT_MAX as u64);
        assert!(!breaker.take(1, 1, one_more));
        assert!(breaker.take(1, 2, one_more), "another account's handset");
        assert!(breaker.take(1, 1, number(0)));
        assert!(breaker.take(HOUR_NS, 1, one_more));
    }
}
