//! What is added up: before as it was, after as the new table would have it.
//!
//! Bound: [`NAMES_MAX`] names of carriers. Fails a message by which that would be passed.

use std::collections::{BTreeMap, HashMap};

use carrack_message::{Currency, Micros};
use carrack_routing::CarrierRow;

use super::judge::{Judged, Refusal, Taken};
use super::{Facts, Money, Past};

/// Names of carriers, those included that the new table does not have.
const NAMES_MAX: usize = 10_000;

/// Messages of one side.
#[derive(Debug, Default)]
pub(crate) struct Side {
    pub(crate) messages: u64,
    pub(crate) segments: u64,
    pub(crate) cost: Money,
    pub(crate) sell: Money,
    /// Cost of those that have a price.
    pub(crate) priced_cost: Money,
    /// Those that have none.
    pub(crate) without_price: u64,
}

/// What one message adds to a side.
struct Share {
    cost: Micros,
    cost_currency: Option<Currency>,
    sell: Option<Micros>,
    currency: Option<Currency>,
}

impl Side {
    fn add(&mut self, segments: u8, share: &Share) {
        self.messages += 1;
        self.segments += u64::from(segments);
        self.cost.add(share.cost_currency, share.cost);
        match share.sell {
            Some(sell) => {
                self.sell.add(share.currency, sell);
                self.priced_cost.add(share.cost_currency, share.cost);
            }
            None => self.without_price += 1,
        }
    }
}

/// A carrier before and after.
#[derive(Debug, Default)]
pub(crate) struct Carrier {
    pub(crate) name: String,
    pub(crate) before: Side,
    pub(crate) after: Side,
}

/// What went from one carrier to another; from or to none: it was or would be refused.
#[derive(Debug, Default)]
pub(crate) struct Move {
    pub(crate) messages: u64,
    pub(crate) segments: u64,
    pub(crate) cost_before: Money,
    pub(crate) cost_after: Money,
}

/// Carriers by their places in the sums.
pub(crate) type FromTo = (Option<usize>, Option<usize>);

/// All of it.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    /// Those of the new configuration by their numbers, then others.
    pub(crate) carriers: Vec<Carrier>,
    numbers: HashMap<String, usize>,
    pub(crate) before: Side,
    pub(crate) after: Side,
    pub(crate) moves: BTreeMap<FromTo, Move>,
    /// Before, of those that would be refused.
    pub(crate) refused: BTreeMap<Refusal, Side>,
    /// Messages by route.
    pub(crate) routes: BTreeMap<u16, u64>,
    /// Messages by the first route that could not be judged.
    pub(crate) blind: BTreeMap<u16, u64>,
}

/// Messages by what the new table would change for them.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parts {
    /// The same carrier has them.
    pub(crate) same: u64,
    /// Another one would have them.
    pub(crate) other: u64,
    /// They would be refused.
    pub(crate) only_before: u64,
    /// They were refused and would be taken.
    pub(crate) only_after: u64,
    /// Refused by both.
    pub(crate) neither: u64,
}

impl Parts {
    pub(crate) const fn all(&self) -> u64 {
        self.same + self.other + self.only_before + self.only_after + self.neither
    }
}

impl Sums {
    pub(crate) fn new(carriers: &[CarrierRow]) -> Self {
        let mut sums = Self::default();
        for row in carriers {
            sums.new_carrier(&row.name);
        }
        sums
    }

    fn new_carrier(&mut self, name: &str) -> usize {
        let number = self.carriers.len();
        self.carriers.push(Carrier {
            name: name.to_owned(),
            ..Carrier::default()
        });
        self.numbers.insert(name.to_owned(), number);
        number
    }

    fn number(&mut self, name: &str) -> Result<usize, String> {
        match self.numbers.get(name) {
            Some(number) => Ok(*number),
            None if self.carriers.len() < NAMES_MAX => Ok(self.new_carrier(name)),
            None => Err(format!(
                "carrier {name:?} is one more than the {NAMES_MAX} that are counted"
            )),
        }
    }

    /// What changes, counted.
    pub(crate) fn parts(&self) -> Parts {
        let mut parts = Parts::default();
        for ((from, to), moved) in &self.moves {
            let part = match (from, to) {
                (Some(from), Some(to)) if from == to => &mut parts.same,
                (Some(_), Some(_)) => &mut parts.other,
                (Some(_), None) => &mut parts.only_before,
                (None, Some(_)) => &mut parts.only_after,
                (None, None) => &mut parts.neither,
            };
            *part += moved.messages;
        }
        parts
    }

    /// Adds a message.
    pub(crate) fn add(
        &mut self,
        facts: &Facts<'_>,
        past: &Past<'_>,
        judged: &Judged,
    ) -> Result<(), String> {
        let from = past.carrier.map(|name| self.number(name)).transpose()?;
        let taken = judged.verdict.as_ref().ok();
        let to = taken.map(|taken| usize::from(taken.carrier));
        if let Some(blind) = judged.blind {
            *self.blind.entry(blind).or_default() += 1;
        }
        if let Some(taken) = taken {
            *self.routes.entry(taken.route).or_default() += 1;
        }
        let moved = self.moves.entry((from, to)).or_default();
        moved.messages += 1;
        moved.segments += u64::from(facts.segments);
        if let Some(from) = from {
            let before = share_before(past);
            moved.cost_before.add(before.cost_currency, before.cost);
            self.before.add(facts.segments, &before);
            if let Some(row) = self.carriers.get_mut(from) {
                row.before.add(facts.segments, &before);
            }
            if let Err(refusal) = &judged.verdict {
                let refused = self.refused.entry(*refusal).or_default();
                refused.add(facts.segments, &before);
            }
        }
        if let (Some(to), Some(taken)) = (to, taken) {
            let after = share_after(past, taken);
            moved.cost_after.add(after.cost_currency, after.cost);
            self.after.add(facts.segments, &after);
            if let Some(row) = self.carriers.get_mut(to) {
                row.after.add(facts.segments, &after);
            }
        }
        Ok(())
    }
}

fn share_before(past: &Past<'_>) -> Share {
    Share {
        cost: past.cost,
        cost_currency: past.cost_currency,
        sell: past.price.map(|_| past.charged),
        currency: past.currency,
    }
}

/// What no carrier took before costs nothing after: whether another would have taken it, no file says. Of the new price
/// the customer is charged the same part as of the old.
fn share_after(past: &Past<'_>, taken: &Taken) -> Share {
    let charged = |new: Micros| match past.price {
        Some(old) if old.0 > 0 => {
            let exact = i128::from(past.charged.0) * i128::from(new.0) / i128::from(old.0);
            Micros(i64::try_from(exact).unwrap_or(i64::MAX))
        }
        _ => new,
    };
    Share {
        cost: match past.segments_sent {
            0 => Micros::ZERO,
            _ => taken.cost,
        },
        cost_currency: taken.cost_currency,
        sell: taken.price.map(charged),
        currency: taken.currency,
    }
}
