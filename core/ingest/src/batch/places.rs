//! Places of running batches: who gets one, and when one has to be given up.
//!
//! Promise: no customer's batches keep another's from beginning. An account has some of the places; the one that has the
//! fewest comes first, then the one that had one the longest ago, and so of its batches. Where somebody waits for a place,
//! a batch that waits itself (for its pace, for credit, for room) gives its own back after [`WAIT_MAX`], and any other
//! after [`turn`]. Bound: places as set. Used by the one thread of batches; nothing fails.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::time::Duration;

/// A batch that waits for longer gives its place back.
pub(super) const WAIT_MAX: Duration = Duration::from_secs(1);
/// Shortest turn of a batch, where others wait.
const TURN_MIN: Duration = Duration::from_secs(10);

/// How long a batch keeps its place although others wait, by how long it took until its first rows were there: finding them
/// again costs a tenth of its time at most.
pub(super) fn turn(ready_in: Duration) -> Duration {
    TURN_MIN.max(ready_in.saturating_mul(10))
}

/// Who has places, and who found none.
pub(super) struct Places {
    most: usize,
    of_account_max: usize,
    taken: RefCell<HashMap<String, usize>>,
    wanted: RefCell<HashMap<String, usize>>,
    turns: Cell<u64>,
    /// The last turn of each account.
    served: RefCell<HashMap<String, u64>>,
}

impl Places {
    pub(super) fn new(most: usize, of_account_max: usize) -> Self {
        Self {
            most,
            of_account_max,
            taken: RefCell::default(),
            wanted: RefCell::default(),
            turns: Cell::new(0),
            served: RefCell::default(),
        }
    }

    /// Places that are taken.
    pub(super) fn taken(&self) -> usize {
        self.taken.borrow().values().sum()
    }

    fn taken_by(&self, account: &str) -> usize {
        self.taken.borrow().get(account).copied().unwrap_or(0)
    }

    /// Gives places to those who wait, of whom each has an account and its turn before; who gets none is noted. The places of
    /// those who got one.
    pub(super) fn give(&self, waiting: &[(String, u64)]) -> Vec<usize> {
        let mut left: Vec<usize> = (0..waiting.len()).collect();
        let mut given = Vec::new();
        while self.taken() < self.most {
            let open = left.iter().enumerate().filter_map(|(at, place)| {
                let (account, turn) = waiting.get(*place)?;
                let taken = self.taken_by(account);
                let served = self.served.borrow().get(account).copied().unwrap_or(0);
                (taken < self.of_account_max).then_some((taken, served, *turn, *place, at))
            });
            let Some((.., place, at)) = open.min() else {
                break;
            };
            left.remove(at);
            given.push(place);
            if let Some((account, _)) = waiting.get(place) {
                *self.taken.borrow_mut().entry(account.clone()).or_default() += 1;
            }
        }
        let mut wanted = self.wanted.borrow_mut();
        wanted.clear();
        for (account, _) in left.into_iter().filter_map(|place| waiting.get(place)) {
            *wanted.entry(account.clone()).or_default() += 1;
        }
        given
    }

    /// Takes a place back; the number of the turn that ends.
    pub(super) fn take_back(&self, account: &str) -> u64 {
        let mut taken = self.taken.borrow_mut();
        if let Some(places) = taken.get_mut(account) {
            *places -= 1;
            if *places == 0 {
                taken.remove(account);
            }
        }
        let turn = self.turns.get() + 1;
        self.turns.set(turn);
        self.served.borrow_mut().insert(account.to_owned(), turn);
        turn
    }

    /// Whether a batch of this account is to give its place to another, which is then counted as served.
    pub(super) fn must_give_way(&self, account: &str) -> bool {
        let all_taken = self.taken() >= self.most;
        let mut wanted = self.wanted.borrow_mut();
        let serves = |other: &str| {
            other == account || all_taken && self.taken_by(other) < self.of_account_max
        };
        let served = wanted
            .iter_mut()
            .find(|(other, count)| **count > 0 && serves(other));
        served.map(|(_, count)| *count -= 1).is_some()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Places;

    proptest! {
        #[test]
        fn whoever_waits_gets_a_place_within_as_many_turns_as_there_are_places(
            most in 1_usize..6,
            of_account_max in 1_usize..6,
            crowd in 0_usize..40,
        ) {
            let places = Places::new(most, of_account_max);
            let mut waiting = vec![("crowd".to_owned(), 0); crowd];
            let mut running: Vec<(String, u64)> = Vec::new();
            for round in 0..=most + 1 {
                if round == 1 {
                    waiting.push(("late".to_owned(), 0));
                }
                let mut given = places.give(&waiting);
                given.sort_unstable();
                for place in given.into_iter().rev() {
                    running.push(waiting.remove(place));
                }
                prop_assert!(running.len() <= most);
                let of_crowd = running.iter().filter(|(account, _)| account == "crowd").count();
                prop_assert!(of_crowd <= of_account_max);
                if round > 0 && running.iter().any(|(account, _)| account == "late") {
                    return Ok(());
                }
                // Each that runs is asked, the one that began first before the others.
                let gives_way = running.iter().position(|(account, _)| places.must_give_way(account));
                if let Some(place) = gives_way {
                    let (account, _) = running.remove(place);
                    let turn = places.take_back(&account);
                    waiting.push((account, turn));
                }
            }
            prop_assert!(false, "the late one got no place");
        }
    }
}
