//! The money of a day.
//!
//! Promise: within one day no more is taken than the cap, whatever the order of taking and giving back, and over a
//! restart too, if what [`Budget::claim`] says was written down before the question went out. Pure: the day is the
//! caller's (UTC).

use carrack_message::Micros;

/// Share of the cap that is claimed at a time, so that not every question writes a file.
const CLAIMS_A_DAY: i64 = 100;

/// What was spent on a day, as it stands in the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spent {
    /// Days since 1970.
    pub(crate) day: u32,
    /// Spent, or claimed to be.
    pub(crate) amount: Micros,
}

/// Money taken for one question; it can be given back while its day lasts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    day: u32,
}

/// Whether there is money for a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purse {
    /// Taken.
    Taken(Taken),
    /// The ledger has to say this first; then ask again after [`Budget::claimed`].
    Claim(Spent),
    /// The cap is reached.
    Spent,
}

/// A day's money, in micro-units.
#[derive(Debug)]
pub(crate) struct Budget {
    price: i64,
    cap: i64,
    day: u32,
    spent: i64,
    /// What the ledger says of the day: never below `spent`.
    claimed: i64,
}

impl Budget {
    /// `before` is what the ledger says of the last day it knows.
    pub(crate) const fn new(price: Micros, cap: Micros, before: Spent) -> Self {
        Self {
            price: price.0,
            cap: cap.0,
            day: before.day,
            spent: before.amount.0,
            claimed: before.amount.0,
        }
    }

    /// Takes the price of one question.
    pub(crate) fn take(&mut self, day: u32) -> Purse {
        // A clock that went back does not give the money of a day twice.
        if day > self.day {
            (self.day, self.spent, self.claimed) = (day, 0, 0);
        }
        let after = self.spent.saturating_add(self.price);
        if after > self.cap {
            return Purse::Spent;
        }
        if after > self.claimed {
            return Purse::Claim(self.claim(after));
        }
        self.spent = after;
        Purse::Taken(Taken { day: self.day })
    }

    /// What to write down before more is taken than was claimed.
    fn claim(&self, after: i64) -> Spent {
        let ahead = after.saturating_add(self.cap / CLAIMS_A_DAY);
        Spent {
            day: self.day,
            amount: Micros(ahead.min(self.cap)),
        }
    }

    /// The claim is on the disk.
    pub(crate) fn claimed(&mut self, claim: Spent) {
        if claim.day == self.day {
            self.claimed = self.claimed.max(claim.amount.0);
        }
    }

    /// The question never reached anybody.
    pub(crate) fn give_back(&mut self, taken: Taken) {
        if taken.day == self.day {
            self.spent = self.spent.saturating_sub(self.price).max(0);
        }
    }

    /// What was really spent on the last day.
    pub(crate) const fn spent(&self) -> Spent {
        Spent {
            day: self.day,
            amount: Micros(self.spent),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug)]
    enum Step {
        Ask,
        GiveBack,
        NextDay,
        ClockGoesBack,
        Crash,
        Stop,
        LedgerFails,
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            20 => Just(Step::Ask),
            3 => Just(Step::GiveBack),
            1 => Just(Step::NextDay),
            1 => Just(Step::ClockGoesBack),
            1 => Just(Step::Crash),
            1 => Just(Step::Stop),
            1 => Just(Step::LedgerFails),
        ]
    }

    proptest! {
        #[test]
        fn no_day_costs_more_than_the_cap(
            price in 0..400_i64,
            cap in 0..5_000_i64,
            steps in prop::collection::vec(step(), 0..600),
        ) {
            let new = |ledger| Budget::new(Micros(price), Micros(cap), ledger);
            let mut ledger = Spent { day: 100, amount: Micros::ZERO };
            let (mut budget, mut day) = (new(ledger), 100);
            let mut out: Vec<Taken> = Vec::new();
            let mut paid: HashMap<u32, i64> = HashMap::new();
            for step in steps {
                match step {
                    Step::Ask => {
                        let mut purse = budget.take(day);
                        if let Purse::Claim(claim) = purse {
                            prop_assert!(claim.amount.0 <= cap);
                            ledger = claim;
                            budget.claimed(claim);
                            purse = budget.take(day);
                            prop_assert!(!matches!(purse, Purse::Claim(_)));
                        }
                        if let Purse::Taken(taken) = purse {
                            *paid.entry(taken.day).or_default() += price;
                            out.push(taken);
                        }
                    }
                    Step::GiveBack => if let Some(taken) = out.pop() {
                        budget.give_back(taken);
                        *paid.entry(taken.day).or_default() -= price;
                    },
                    Step::NextDay => day += 1,
                    Step::ClockGoesBack => day -= 1,
                    Step::Crash => { out.clear(); budget = new(ledger); }
                    Step::Stop => { out.clear(); ledger = budget.spent(); budget = new(ledger); }
                    Step::LedgerFails => if let Purse::Taken(taken) = budget.take(day) {
                        *paid.entry(taken.day).or_default() += price;
                        out.push(taken);
                    },
                }
                for (day, paid) in &paid {
                    prop_assert!(*paid <= cap, "{} on day {}", paid, day);
                }
            }
        }

        #[test]
        fn the_whole_cap_can_be_spent(price in 1..400_i64, questions in 0..50_i64) {
            let mut budget = Budget::new(Micros(price), Micros(price * questions), Spent::default());
            let mut taken = 0;
            loop {
                match budget.take(7) {
                    Purse::Taken(_) => taken += 1,
                    Purse::Claim(claim) => budget.claimed(claim),
                    Purse::Spent => break,
                }
            }
            prop_assert_eq!(taken, questions);
        }
    }
}
