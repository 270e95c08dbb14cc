//! The balances of all accounts, those without a configuration included: they may come back. And what they were given
//! money for, so that nothing is booked twice while the log remembers it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carrack_queue::Turnovers;

use super::Balance;

/// By account number. Asked when tables are replaced and where an account is configured no more, never a message.
#[derive(Debug, Default)]
pub(crate) struct Balances {
    all: Mutex<BTreeMap<u32, Arc<Balance>>>,
    booked: Mutex<Booked>,
}

#[derive(Debug, Default)]
struct Booked {
    /// With the amount.
    known: BTreeMap<(u32, String), i64>,
    in_order: VecDeque<(u32, String)>,
}

/// References that are remembered; the oldest is forgotten for a new one.
const REFERENCES_MAX: usize = 100_000;

impl Balances {
    /// That of one account.
    pub(crate) fn of(&self, account: u32) -> Arc<Balance> {
        let mut all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(account).or_default())
    }

    /// What the log says at start.
    pub(crate) fn restore(&self, turnovers: &Turnovers) {
        for (account, turnover) in turnovers.iter() {
            self.of(account).restore(turnover);
        }
    }

    fn booked(&self) -> MutexGuard<'_, Booked> {
        self.booked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes what an account is given money for; gives the amount that it was given for that before.
    pub(crate) fn book(&self, account: u32, reference: &str, amount_micros: i64) -> Option<i64> {
        let mut booked = self.booked();
        let entry = (account, reference.to_owned());
        match booked.known.entry(entry.clone()) {
            Entry::Occupied(known) => return Some(*known.get()),
            Entry::Vacant(place) => place.insert(amount_micros),
        };
        booked.in_order.push_back(entry);
        if booked.in_order.len() > REFERENCES_MAX
            && let Some(oldest) = booked.in_order.pop_front()
        {
            booked.known.remove(&oldest);
        }
        None
    }

    /// It was not given after all.
    pub(crate) fn strike(&self, account: u32, reference: &str) {
        let mut booked = self.booked();
        let entry = (account, reference.to_owned());
        booked.known.remove(&entry);
        booked.in_order.retain(|known| *known != entry);
    }
}
