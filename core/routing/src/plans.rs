//! Ordered lists of carriers under small numbers, so that a message carries four octets instead of a list.
//!
//! Promise: one list, one number, for the life of the interner; the order of the carriers is part of the
//! identity. Bounded by the count given at the start; beyond it a typed refusal, and all known lists stay.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use thiserror::Error;

/// The number of an ordered list of carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PlanId(pub u32);

/// The interner holds as many lists as it may; the message has to wait or be refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "{plans_max} different lists of carriers are in use already; use fewer routes or carriers a route"
)]
pub struct PlansFull {
    /// The bound.
    pub plans_max: u32,
}

type Carriers = SmallVec<[u16; 6]>;

/// The interner of carrier lists.
#[derive(Debug, Clone)]
pub struct Plans {
    lists: Vec<Carriers>,
    ids: FxHashMap<Carriers, PlanId>,
    plans_max: u32,
}

impl Plans {
    /// An empty interner for at most `plans_max` lists.
    pub fn new(plans_max: u32) -> Self {
        Self {
            lists: Vec::new(),
            ids: FxHashMap::default(),
            plans_max,
        }
    }

    /// The number of this list; a list not seen before gets the next number. The empty list is a list.
    ///
    /// # Errors
    /// [`PlansFull`] where the list is new and the bound is reached.
    pub fn intern(&mut self, carriers: &[u16]) -> Result<PlanId, PlansFull> {
        if let Some(id) = self.ids.get(carriers) {
            return Ok(*id);
        }
        let full = PlansFull {
            plans_max: self.plans_max,
        };
        let next = u32::try_from(self.lists.len()).map_err(|_| full)?;
        if next >= self.plans_max {
            return Err(full);
        }
        let list = Carriers::from_slice(carriers);
        self.lists.push(list.clone());
        self.ids.insert(list, PlanId(next));
        Ok(PlanId(next))
    }

    /// The carriers of a list, in order; empty for a number this interner never gave.
    pub fn carriers(&self, plan: PlanId) -> &[u16] {
        self.lists
            .get(plan.0 as usize)
            .map_or(&[], |list| list.as_slice())
    }

    /// The list that is left when `carrier` is taken out; the same number where it was not in it.
    ///
    /// # Errors
    /// As [`Plans::intern`].
    pub fn without(&mut self, plan: PlanId, carrier: u16) -> Result<PlanId, PlansFull> {
        let carriers = self.carriers(plan);
        if !carriers.contains(&carrier) {
            return Ok(plan);
        }
        let left: Carriers = carriers
            .iter()
            .copied()
            .filter(|other| *other != carrier)
            .collect();
        self.intern(&left)
    }

    /// How many lists there are.
    pub fn len(&self) -> usize {
        self.lists.len()
    }

    /// Whether no list was interned yet.
    pub fn is_empty(&self) -> bool {
        self.lists.is_empty()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn one_list_has_one_number_and_order_counts(lists in prop::collection::vec(prop::collection::vec(0..5u16, 0..9), 1..60)) {
            let mut plans = Plans::new(1_000);
            let ids: Vec<PlanId> = lists.iter().map(|list| plans.intern(list).unwrap()).collect();
            for (a, list_a) in ids.iter().zip(&lists) {
                prop_assert_eq!(plans.carriers(*a), list_a.as_slice());
                for (b, list_b) in ids.iter().zip(&lists) {
                    prop_assert_eq!(a == b, list_a == list_b);
                }
            }
        }

        #[test]
        fn a_carrier_taken_out_leaves_the_others_in_order(list in prop::collection::vec(0..8u16, 0..9), carrier in 0..8u16) {
            let mut plans = Plans::new(10);
            let plan = plans.intern(&list).unwrap();
            let left = plans.without(plan, carrier).unwrap();
            let wanted: Vec<u16> = list.iter().copied().filter(|c| *c != carrier).collect();
            prop_assert_eq!(plans.carriers(left), wanted.as_slice());
            prop_assert_eq!(left == plan, !list.contains(&carrier));
        }
    }

    #[test]
    fn a_full_interner_refuses_new_lists_and_knows_the_old() {
        let mut plans = Plans::new(1);
        let id = plans.intern(&[1, 2]).unwrap();
        assert_eq!(plans.intern(&[2, 1]), Err(PlansFull { plans_max: 1 }));
        assert_eq!(plans.without(id, 1), Err(PlansFull { plans_max: 1 }));
        assert_eq!(plans.intern(&[1, 2]), Ok(id));
        assert_eq!(plans.carriers(PlanId(9)), &[] as &[u16]);
    }
}
