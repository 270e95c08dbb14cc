//! The facts of a message that routing looks at.

use std::cell::Cell;

use carrack_message::{Class, Currency, Micros, Msisdn, Network};

use crate::quality::{PERMILLE, Qualities};

/// The facts of a message that routing looks at. [`Query::of`] fills in what a caller does not know.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// Name of the account.
    pub account: &'a str,
    /// The group that the account belongs to; empty: none.
    pub group: &'a str,
    /// The recipient.
    pub to: Msisdn,
    /// The source address as text.
    pub from: &'a str,
    /// The class.
    pub class: Class,
    /// Segments that it takes.
    pub segments: u8,
    /// What the customer calls this kind of message; empty: nothing.
    pub tag: &'a str,
    /// The text; none where it is octets.
    pub text: Option<&'a str>,
    /// The moment, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// The recipient's network, where the caller knows better than the numbering plan.
    pub network: Network,
    /// What its account pays for a segment; none: it has no price.
    pub sell: Option<Micros>,
    /// What that is in.
    pub sell_currency: Option<Currency>,
    /// How carriers do; none: nothing is known.
    pub quality: Option<&'a Qualities>,
    /// Whose turn it is where routes share out; none: always the first.
    pub draws: Option<&'a Draws>,
}

impl<'a> Query<'a> {
    /// A message of one segment of which nothing more is known.
    #[must_use]
    pub const fn of(account: &'a str, to: Msisdn, from: &'a str, class: Class) -> Self {
        Self {
            account,
            group: "",
            to,
            from,
            class,
            segments: 1,
            tag: "",
            text: None,
            at_utc_ns: 0,
            network: Network::UNKNOWN,
            sell: None,
            sell_currency: None,
            quality: None,
            draws: None,
        }
    }
}

/// Fractions that are spread evenly however few are drawn, a sequence for each route: shares come out exact within a few
/// messages, and no more is explored than a route allows.
#[derive(Debug, Default)]
pub struct Draws(Vec<Turns>);

/// Of one route.
#[derive(Debug, Default)]
struct Turns {
    fraction: Cell<u64>,
    /// Thousandths of a message that may still be explored.
    owed: Cell<u16>,
}

/// The golden ratio of 2^64: its multiples are spread most evenly.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Draws {
    /// Sequences for so many routes.
    #[must_use]
    pub fn new(routes: usize) -> Self {
        Self((0..routes).map(|_| Turns::default()).collect())
    }

    /// The fraction that a route drew last, in 2^-64.
    #[must_use]
    pub fn last(&self, route: u16) -> u64 {
        let turns = self.0.get(usize::from(route));
        turns.map_or(0, |turns| turns.fraction.get())
    }

    /// Whatever route draws next draws this fraction: one message, one draw, whichever table looks at it.
    pub fn repeat(&self, fraction: u64) {
        for turns in &self.0 {
            turns.fraction.set(fraction.wrapping_sub(STEP));
        }
    }

    /// The next fraction of a route, in 2^-64.
    pub(crate) fn next(&self, route: u16) -> u64 {
        let Some(turns) = self.0.get(usize::from(route)) else {
            return 0;
        };
        let next = turns.fraction.get().wrapping_add(STEP);
        turns.fraction.set(next);
        next
    }

    /// Whether the next message of a route is one of so many of a thousand: never more of any number from the first on.
    pub(crate) fn explores(&self, route: u16, permille: u16) -> bool {
        let Some(turns) = self.0.get(usize::from(route)) else {
            return false;
        };
        let owed = turns.owed.get().saturating_add(permille);
        let explores = owed >= PERMILLE;
        turns
            .owed
            .set(if explores { owed - PERMILLE } else { owed });
        explores
    }
}
