//! Two tables beside each other, as a document.

mod text;

use carrack_routing::{Policy, Rates, RouteRow, RouteTable};
use serde::{Deserialize, Serialize};

use super::Amount;
use super::money::Worth;
use super::sums::{Side, Sums};
use crate::table::money;

/// What a comparison is made of.
pub(crate) struct Made<'a> {
    pub(crate) at_utc_ns: u64,
    /// The new table.
    pub(crate) table: &'a RouteTable,
    pub(crate) rates: Option<&'a Rates>,
    pub(crate) sums: &'a Sums,
    /// Whether it was known how carriers do.
    pub(crate) is_measured: bool,
    /// Whether a register was asked for networks.
    pub(crate) is_looked_up: bool,
}

/// The document.
#[derive(Serialize, Deserialize)]
pub(crate) struct Comparison {
    /// What `base` sums are in.
    base: Option<String>,
    before: Totals,
    after: Totals,
    carriers: Vec<Carrier>,
    moves: Vec<Move>,
    refused: Vec<Refused>,
    routes: Vec<Route>,
    not_judged: NotJudged,
}

#[derive(Serialize, Deserialize)]
struct Totals {
    messages: u64,
    segments: u64,
    without_price: u64,
    cost: Vec<Amount>,
    sell: Vec<Amount>,
    /// None where currencies do not add up.
    base: Option<Base>,
}

#[derive(Serialize, Deserialize)]
struct Base {
    cost: String,
    sell: String,
    /// Of messages that have a price.
    margin: String,
}

#[derive(Serialize, Deserialize)]
struct Carrier {
    name: String,
    before: Part,
    after: Part,
}

#[derive(Serialize, Deserialize)]
struct Part {
    messages: u64,
    segments: u64,
    /// Of the messages that had a carrier.
    share_percent: f64,
    cost: Vec<Amount>,
}

#[derive(Serialize, Deserialize)]
struct Move {
    /// None: it was refused.
    from: Option<String>,
    /// None: it would be refused.
    to: Option<String>,
    messages: u64,
    segments: u64,
    cost_before: Vec<Amount>,
    cost_after: Vec<Amount>,
}

#[derive(Serialize, Deserialize)]
struct Refused {
    reason: String,
    meaning: String,
    messages: u64,
    segments: u64,
    sell_before: Vec<Amount>,
    cost_before: Vec<Amount>,
}

#[derive(Serialize, Deserialize)]
struct Route {
    name: String,
    messages: u64,
    /// It would follow what is measured; here it went by price.
    measured: bool,
    /// It would ask a register for the network; here the network is that of the number lists.
    looks_up: bool,
}

/// Messages that a route would perhaps have taken, had more been known of them; they went on to the next route.
#[derive(Serialize, Deserialize)]
struct NotJudged {
    messages: u64,
    routes: Vec<Blind>,
}

#[derive(Serialize, Deserialize)]
struct Blind {
    name: String,
    /// What it asks for that may not be known.
    asks: Vec<String>,
    messages: u64,
}

fn totals(side: &Side, worth: &Worth<'_>) -> Totals {
    let sums = (
        worth.sum(&side.cost),
        worth.sum(&side.sell),
        worth.sum(&side.priced_cost),
    );
    let base = match sums {
        (Some(cost), Some(sell), Some(priced)) => Some(Base {
            cost: money(cost.0),
            sell: money(sell.0),
            margin: money(sell.0.saturating_sub(priced.0)),
        }),
        _ => None,
    };
    Totals {
        messages: side.messages,
        segments: side.segments,
        without_price: side.without_price,
        cost: side.cost.amounts(),
        sell: side.sell.amounts(),
        base,
    }
}

fn part(side: &Side, of: u64) -> Part {
    let share = side.messages as f64 * 100.0 / of.max(1) as f64;
    Part {
        messages: side.messages,
        segments: side.segments,
        share_percent: (share * 100.0).round() / 100.0,
        cost: side.cost.amounts(),
    }
}

impl Made<'_> {
    fn name(&self, carrier: usize) -> String {
        let carrier = self.sums.carriers.get(carrier);
        carrier.map_or_else(String::new, |carrier| carrier.name.clone())
    }

    fn route(&self, route: u16) -> Option<&RouteRow> {
        self.table.route(route)
    }

    fn carriers(&self) -> Vec<Carrier> {
        let of = self.sums.before.messages;
        let busy = self.sums.carriers.iter();
        let busy = busy.filter(|carrier| carrier.before.messages + carrier.after.messages > 0);
        let mut carriers: Vec<Carrier> = busy
            .map(|carrier| Carrier {
                name: carrier.name.clone(),
                before: part(&carrier.before, of),
                after: part(&carrier.after, of),
            })
            .collect();
        carriers
            .sort_by_key(|carrier| u64::MAX - carrier.before.messages.max(carrier.after.messages));
        carriers
    }

    fn moves(&self) -> Vec<Move> {
        let moves = self.sums.moves.iter();
        let mut moves: Vec<Move> = moves
            .filter(|((from, to), _)| from != to)
            .map(|((from, to), moved)| Move {
                from: from.map(|from| self.name(from)),
                to: to.map(|to| self.name(to)),
                messages: moved.messages,
                segments: moved.segments,
                cost_before: moved.cost_before.amounts(),
                cost_after: moved.cost_after.amounts(),
            })
            .collect();
        moves.sort_by_key(|moved| u64::MAX - moved.messages);
        moves
    }

    fn refused(&self) -> Vec<Refused> {
        let refused = self.sums.refused.iter();
        refused
            .map(|(refusal, side)| Refused {
                reason: refusal.name().to_owned(),
                meaning: refusal.meaning().to_owned(),
                messages: side.messages,
                segments: side.segments,
                sell_before: side.sell.amounts(),
                cost_before: side.cost.amounts(),
            })
            .collect()
    }

    fn routes(&self) -> Vec<Route> {
        let routes = (0u16..).zip(self.table.routes());
        routes
            .map(|(number, route)| Route {
                name: route.name.clone(),
                messages: self.sums.routes.get(&number).copied().unwrap_or_default(),
                measured: matches!(route.policy, Policy::LeastCostDelivered(_))
                    && !self.is_measured,
                looks_up: route.looks_up && !self.is_looked_up,
            })
            .collect()
    }

    fn not_judged(&self) -> NotJudged {
        let blind = self.sums.blind.iter().filter_map(|(number, messages)| {
            let route = self.route(*number)?;
            let conditions = [
                ("tag", !route.matcher.tags.is_empty()),
                ("text", !route.matcher.patterns.is_empty()),
            ];
            let asks = conditions.into_iter().filter(|(_, asks)| *asks);
            Some(Blind {
                name: route.name.clone(),
                asks: asks.map(|(name, _)| name.to_owned()).collect(),
                messages: *messages,
            })
        });
        NotJudged {
            messages: self.sums.blind.values().sum(),
            routes: blind.collect(),
        }
    }
}

impl Comparison {
    pub(crate) fn of(made: &Made<'_>) -> Self {
        let sums = made.sums;
        let (before, after) = (&sums.before, &sums.after);
        let all = [&before.cost, &before.sell, &after.cost, &after.sell];
        let worth = Worth::of(made.rates, made.at_utc_ns, &all);
        Self {
            base: worth.base(),
            before: totals(before, &worth),
            after: totals(after, &worth),
            carriers: made.carriers(),
            moves: made.moves(),
            refused: made.refused(),
            routes: made.routes(),
            not_judged: made.not_judged(),
        }
    }
}
