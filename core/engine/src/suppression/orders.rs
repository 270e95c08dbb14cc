//! Orders of doors that wait for the disk: how many, and whose.
//!
//! Promise: no customer has more than his share, so that he refuses no other. Bound: [`WAITING_MAX`] of all,
//! [`OF_CUSTOMER_MAX`] of a customer; operators share what there is.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

use super::{SuppressedBy, SuppressionChange};

const WAITING_MAX: usize = 1024;
const OF_CUSTOMER_MAX: usize = 128;

#[derive(Debug, Default)]
struct Counts {
    all: usize,
    of_customer: FxHashMap<String, usize>,
}

/// Orders that wait.
#[derive(Debug, Default)]
pub(super) struct WaitingOrders(Mutex<Counts>);

/// The customer whose order it is: his changes are of his own entries.
pub(super) fn customer(changes: &[SuppressionChange]) -> Option<String> {
    let first = changes.first()?;
    (first.by == SuppressedBy::Customer).then(|| first.name.clone())
}

impl WaitingOrders {
    /// One more. False: there are as many as may be.
    pub(super) fn take(&self, customer: Option<&str>) -> bool {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.all >= WAITING_MAX {
            return false;
        }
        if let Some(customer) = customer {
            let count = counts.of_customer.entry(customer.to_owned()).or_default();
            if *count >= OF_CUSTOMER_MAX {
                return false;
            }
            *count += 1;
        }
        counts.all += 1;
        true
    }

    pub(super) fn give_back(&self, customer: Option<&str>) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.all = counts.all.saturating_sub(1);
        let Some(customer) = customer else {
            return;
        };
        if let Some(count) = counts.of_customer.get_mut(customer) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                counts.of_customer.remove(customer);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_customer_whose_orders_wait_refuses_no_other() {
        let orders = WaitingOrders::default();
        assert!((0..OF_CUSTOMER_MAX).all(|_| orders.take(Some("one"))));
        assert!(!orders.take(Some("one")));
        assert!(orders.take(Some("other")) && orders.take(None));
        orders.give_back(Some("one"));
        assert!(orders.take(Some("one")));
        let left = WAITING_MAX - OF_CUSTOMER_MAX - 2;
        assert!((0..left).all(|_| orders.take(None)));
        assert!(!orders.take(None) && !orders.take(Some("third")));
    }
}
