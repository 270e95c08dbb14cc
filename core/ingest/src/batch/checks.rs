//! Files that are only looked at just now: how many, and whose.
//!
//! Promise: one file an account at a time, so that no customer refuses everybody's. Bound: [`CHECKS_MAX`] of the node.
//! Fails with [`BatchFault::TooManyChecks`], to be tried again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::BatchFault;

/// Files at a time; each one takes a core while its rows are judged.
const CHECKS_MAX: usize = 4;

/// The accounts whose files are looked at.
#[derive(Debug, Default)]
pub(crate) struct Checks(Mutex<Vec<String>>);

/// One that is looked at; dropped, another may be.
#[derive(Debug)]
pub(crate) struct CheckPlace<'a> {
    checks: &'a Checks,
    account: &'a str,
}

impl Checks {
    /// Takes the place of an account.
    ///
    /// # Errors
    /// [`BatchFault::TooManyChecks`].
    pub(crate) fn begin<'a>(&'a self, account: &'a str) -> Result<CheckPlace<'a>, BatchFault> {
        let mut accounts = self.accounts();
        if accounts.len() >= CHECKS_MAX || accounts.iter().any(|other| other == account) {
            return Err(BatchFault::TooManyChecks);
        }
        accounts.push(account.to_owned());
        Ok(CheckPlace {
            checks: self,
            account,
        })
    }

    fn accounts(&self) -> MutexGuard<'_, Vec<String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for CheckPlace<'_> {
    fn drop(&mut self) {
        let mut accounts = self.checks.accounts();
        accounts.retain(|account| account != self.account);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_customer_with_a_file_being_looked_at_is_refused_and_nobody_else() {
        let checks = Checks::default();
        let first = checks.begin("one").unwrap();
        assert!(matches!(
            checks.begin("one"),
            Err(BatchFault::TooManyChecks)
        ));
        let other = checks.begin("other").unwrap();
        drop(first);
        drop(checks.begin("one").unwrap());
        drop(other);
    }

    #[test]
    fn the_node_looks_at_no_more_than_it_has_cores_for() {
        let checks = Checks::default();
        let names: Vec<String> = (0..=CHECKS_MAX).map(|number| number.to_string()).collect();
        let (last, all) = names.split_last().unwrap();
        let mut places: Vec<_> = all.iter().map(|name| checks.begin(name).unwrap()).collect();
        assert!(checks.begin(last).is_err());
        places.pop();
        assert!(checks.begin(last).is_ok());
    }
}
