//! What a rehearsal adds up: before as the files say, after as the new table would have it.
//!
//! Bound: [`NAMES_MAX`] names of carriers. Fails a row by which that would be passed.

use std::collections::{BTreeMap, HashMap};

use carrack_message::{Currency, Micros};
use carrack_routing::CarrierRow;

use super::judge::{Judged, Refusal, Taken};
use super::money::Money;
use super::row::{Facts, Past};

/// Names of carriers, those of the files included.
const NAMES_MAX: usize = 10_000;

/// Messages of one side.
#[derive(Debug, Default)]
pub(super) struct Side {
    pub(super) messages: u64,
    pub(super) segments: u64,
    pub(super) cost: Money,
    pub(super) sell: Money,
    /// Cost of those that have a price.
    pub(super) priced_cost: Money,
    /// Those that have none.
    pub(super) without_price: u64,
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
pub(super) struct Carrier {
    pub(super) name: String,
    pub(super) before: Side,
    pub(super) after: Side,
}

/// What went from one carrier to another; to none: it would be refused.
#[derive(Debug, Default)]
pub(super) struct Move {
    pub(super) before: Side,
    pub(super) after: Side,
}

/// All of it.
#[derive(Debug, Default)]
pub(super) struct Sums {
    /// Those of the new configuration by their numbers, then others of the files.
    pub(super) carriers: Vec<Carrier>,
    numbers: HashMap<String, usize>,
    pub(super) before: Side,
    pub(super) after: Side,
    pub(super) moves: BTreeMap<(usize, Option<usize>), Move>,
    /// Before, of those that would be refused.
    pub(super) refused: BTreeMap<Refusal, Side>,
    /// Messages by route.
    pub(super) routes: BTreeMap<u16, u64>,
    /// Messages by the first route that could not be judged.
    pub(super) blind: BTreeMap<u16, u64>,
    /// Lines that do not say what was accepted.
    pub(super) without_facts: u64,
    /// Messages that no carrier was tried for.
    pub(super) never_sent: u64,
}

impl Sums {
    pub(super) fn new(carriers: &[CarrierRow]) -> Self {
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

    /// Adds a message that went to a carrier.
    pub(super) fn add(
        &mut self,
        facts: &Facts<'_>,
        past: &Past<'_>,
        carrier: &str,
        judged: &Judged,
    ) -> Result<(), String> {
        let from = self.number(carrier)?;
        let before = Share {
            cost: past.cost,
            cost_currency: past.cost_currency,
            sell: past.price.map(|_| past.charged),
            currency: past.currency,
        };
        let taken = judged.verdict.as_ref().ok();
        let to = taken.map(|taken| usize::from(taken.carrier));
        let after = taken.map(|taken| share_after(past, taken));
        if let Some(blind) = judged.blind {
            *self.blind.entry(blind).or_default() += 1;
        }
        match &judged.verdict {
            Ok(taken) => *self.routes.entry(taken.route).or_default() += 1,
            Err(refusal) => {
                let refused = self.refused.entry(*refusal).or_default();
                refused.add(facts.segments, &before);
            }
        }
        let moved = self.moves.entry((from, to)).or_default();
        moved.before.add(facts.segments, &before);
        self.before.add(facts.segments, &before);
        if let Some(row) = self.carriers.get_mut(from) {
            row.before.add(facts.segments, &before);
        }
        if let (Some(to), Some(after)) = (to, &after) {
            moved.after.add(facts.segments, after);
            self.after.add(facts.segments, after);
            if let Some(row) = self.carriers.get_mut(to) {
                row.after.add(facts.segments, after);
            }
        }
        Ok(())
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
