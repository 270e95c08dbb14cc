//! What changes when one deck takes the place of another.
//!
//! Promise: each destination of either deck is counted once. Prices compare in the decks' currency where it is the same,
//! else in the base currency where both have it; else they are counted as not comparable, never as rises or falls.
//! Bounded: as many changes of each kind are kept as the caller wants, the greatest ones.

use std::cmp::{Ordering, Reverse};
use std::fmt;

use carrack_message::{Currency, Micros};

use super::{Deck, Destination, Increments, Priced};

/// How a destination changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeKind {
    /// It costs more.
    Rise,
    /// It costs less.
    Fall,
    /// It costs the same a segment; increment or minimum is another.
    Increments,
    /// Its prices are in currencies that do not compare.
    Incomparable,
    /// It had no row of its own.
    New,
    /// It has none any more.
    Gone,
}

impl ChangeKind {
    /// All kinds, in the order in which changes are listed.
    pub const ALL: [Self; 6] = [
        Self::Rise,
        Self::Fall,
        Self::Increments,
        Self::Incomparable,
        Self::New,
        Self::Gone,
    ];

    /// One word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rise => "rise",
            Self::Fall => "fall",
            Self::Increments => "increments",
            Self::Incomparable => "incomparable",
            Self::New => "new",
            Self::Gone => "gone",
        }
    }
}

/// What a destination costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Price of one segment, in the deck's currency.
    pub price: Micros,
    /// How many segments are billed.
    pub increments: Increments,
}

/// A destination that changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// How.
    pub kind: ChangeKind,
    /// Which.
    pub destination: Destination,
    /// What the lists call it, the newer first.
    pub name: Option<String>,
    /// What it cost: for a new prefix what the longest prefix above it cost.
    pub before: Option<Terms>,
    /// What it costs: for a prefix that is gone what the longest prefix above it costs.
    pub after: Option<Terms>,
    /// From `before` to `after` in hundredths of a percent; none where one is missing, `before` is nothing, or they do
    /// not compare.
    pub basis_points: Option<i64>,
}

/// How many destinations change how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DiffCounts {
    /// Cost more.
    pub rises: u64,
    /// Cost less.
    pub falls: u64,
    /// Another increment or minimum at the same price.
    pub increments: u64,
    /// In currencies that do not compare.
    pub incomparable: u64,
    /// Only in the newer deck.
    pub new: u64,
    /// Only in the older deck.
    pub gone: u64,
    /// The same in both.
    pub unchanged: u64,
}

impl DiffCounts {
    /// Whether nothing changes.
    #[must_use]
    pub const fn is_nothing(&self) -> bool {
        let sum = self.rises + self.falls + self.increments + self.incomparable;
        sum + self.new + self.gone == 0
    }

    const fn of(&mut self, kind: ChangeKind) -> &mut u64 {
        match kind {
            ChangeKind::Rise => &mut self.rises,
            ChangeKind::Fall => &mut self.falls,
            ChangeKind::Increments => &mut self.increments,
            ChangeKind::Incomparable => &mut self.incomparable,
            ChangeKind::New => &mut self.new,
            ChangeKind::Gone => &mut self.gone,
        }
    }
}

impl fmt::Display for DiffCounts {
    /// `12 rises, 3 falls, 1 new, 0 gone`, and what else there is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (rises, falls) = (self.rises, self.falls);
        write!(
            f,
            "{rises} rises, {falls} falls, {} new, {} gone",
            self.new, self.gone
        )?;
        if self.increments > 0 {
            write!(f, ", {} with other increments", self.increments)?;
        }
        if self.incomparable > 0 {
            write!(f, ", {} not comparable", self.incomparable)?;
        }
        Ok(())
    }
}

/// What changes from one deck to another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeckDiff {
    /// How much of what.
    pub counts: DiffCounts,
    /// The currencies, older first, where they are not the same.
    pub currency: Option<(Option<Currency>, Option<Currency>)>,
    /// The greatest changes of each kind, kind by kind.
    pub changes: Vec<Change>,
}

impl DeckDiff {
    /// Compares; keeps at most `each_max` changes of a kind.
    #[must_use]
    pub fn between(old: &Deck, new: &Deck, each_max: usize) -> Self {
        let mut diff = Comparison {
            old,
            new,
            measure: Measure::of(old, new),
            counts: DiffCounts::default(),
            found: Vec::new(),
        };
        diff.walk();
        let currencies = (old.currency, new.currency);
        let mut changes = Vec::new();
        for kind in ChangeKind::ALL {
            let mut of_kind: Vec<Found> = diff
                .found
                .iter()
                .filter(|f| f.kind == kind)
                .copied()
                .collect();
            of_kind.sort_by_key(|found| (Reverse(found.size()), found.order()));
            let kept = of_kind.iter().take(each_max);
            changes.extend(kept.filter_map(|found| diff.change(found)));
        }
        Self {
            counts: diff.counts,
            currency: (currencies.0 != currencies.1).then_some(currencies),
            changes,
        }
    }
}

/// In what prices compare.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Measure {
    Price,
    Base,
    Nothing,
}

impl Measure {
    fn of(old: &Deck, new: &Deck) -> Self {
        if old.currency == new.currency {
            Self::Price
        } else if old.base.is_some() && old.base == new.base {
            Self::Base
        } else {
            Self::Nothing
        }
    }

    const fn amount(self, row: &Priced) -> Option<i64> {
        match self {
            Self::Price => Some(row.price.0),
            Self::Base => Some(row.base.0),
            Self::Nothing => None,
        }
    }
}

/// A change as it is found: small, for there may be millions.
#[derive(Clone, Copy)]
struct Found {
    kind: ChangeKind,
    /// Places of rows: of the destination itself, or of what rules it instead.
    old: Option<u32>,
    new: Option<u32>,
    basis_points: Option<i64>,
}

impl Found {
    /// What makes a change great: its percent, a price out of nothing above all.
    fn size(&self) -> u64 {
        match (self.kind, self.basis_points) {
            (ChangeKind::Rise, None) => u64::MAX,
            (_, points) => points.map_or(0, i64::unsigned_abs),
        }
    }

    /// Rows stand in the order of their destinations.
    const fn order(&self) -> Option<u32> {
        match self.kind {
            ChangeKind::Gone => self.old,
            _ => self.new,
        }
    }
}

struct Comparison<'a> {
    old: &'a Deck,
    new: &'a Deck,
    measure: Measure,
    counts: DiffCounts,
    found: Vec<Found>,
}

impl Comparison<'_> {
    /// Goes along both decks, whose rows stand in the same order.
    fn walk(&mut self) {
        let (mut old, mut new) = (0_u32, 0_u32);
        loop {
            let one = self.old.rows.get(old as usize);
            let other = self.new.rows.get(new as usize);
            let order = match (one, other) {
                (None, None) => return,
                (Some(_), None) => Ordering::Less,
                (None, Some(_)) => Ordering::Greater,
                (Some(one), Some(other)) => one.key.order().cmp(&other.key.order()),
            };
            match order {
                Ordering::Less => {
                    let covering = one.and_then(|row| covering(self.new, row));
                    self.note(ChangeKind::Gone, Some(old), covering);
                    old += 1;
                }
                Ordering::Greater => {
                    let covering = other.and_then(|row| covering(self.old, row));
                    self.note(ChangeKind::New, covering, Some(new));
                    new += 1;
                }
                Ordering::Equal => {
                    if let (Some(before), Some(after)) = (one, other) {
                        match self.kind(before, after) {
                            Some(kind) => self.note(kind, Some(old), Some(new)),
                            None => self.counts.unchanged += 1,
                        }
                    }
                    (old, new) = (old + 1, new + 1);
                }
            }
        }
    }

    fn kind(&self, before: &Priced, after: &Priced) -> Option<ChangeKind> {
        let amounts = (self.measure.amount(before), self.measure.amount(after));
        let (Some(was), Some(is)) = amounts else {
            return Some(ChangeKind::Incomparable);
        };
        match is.cmp(&was) {
            Ordering::Greater => Some(ChangeKind::Rise),
            Ordering::Less => Some(ChangeKind::Fall),
            Ordering::Equal if before.increments != after.increments => {
                Some(ChangeKind::Increments)
            }
            Ordering::Equal => None,
        }
    }

    fn note(&mut self, kind: ChangeKind, old: Option<u32>, new: Option<u32>) {
        *self.counts.of(kind) += 1;
        let before = old.and_then(|row| self.old.rows.get(row as usize));
        let after = new.and_then(|row| self.new.rows.get(row as usize));
        let amounts = before.zip(after).and_then(|(before, after)| {
            Some((self.measure.amount(before)?, self.measure.amount(after)?))
        });
        self.found.push(Found {
            kind,
            old,
            new,
            basis_points: amounts.and_then(|(before, after)| basis_points(before, after)),
        });
    }

    fn change(&self, found: &Found) -> Option<Change> {
        let before = found.old.and_then(|row| self.old.rows.get(row as usize));
        let after = found.new.and_then(|row| self.new.rows.get(row as usize));
        let terms = |row: &Priced| Terms {
            price: row.price,
            increments: row.increments,
        };
        let (own, deck) = match found.kind {
            ChangeKind::Gone => (before?, self.old),
            _ => (after?, self.new),
        };
        let older = before.filter(|_| found.kind != ChangeKind::New);
        let name = deck.name_of(own);
        let name = name.or_else(|| older.and_then(|row| self.old.name_of(row)));
        Some(Change {
            kind: found.kind,
            destination: own.key.destination(),
            name: name.map(str::to_owned),
            before: before.map(terms),
            after: after.map(terms),
            basis_points: found.basis_points,
        })
    }
}

/// The row of a deck that rules the numbers of a prefix which has no row there.
fn covering(deck: &Deck, row: &Priced) -> Option<u32> {
    deck.ranges.find(row.key.prefix()?.as_u64())
}

/// Hundredths of a percent, towards nothing; none from nothing.
fn basis_points(before: i64, after: i64) -> Option<i64> {
    let (before, after) = (i128::from(before), i128::from(after));
    let points = ((after - before) * 10_000).checked_div(before)?;
    i64::try_from(points).ok()
}
