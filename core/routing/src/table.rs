//! Carriers and routes as one table, and the choice for one message.
//!
//! Promise: the first route in order that matches decides, alone. Its carriers that are enabled, have a price for the
//! number and leave the margin that the route asks for are the candidates, in the order of its policy. A table that
//! contradicts itself is refused when it is built; choosing fails only with [`NoRoute`].

use std::sync::Arc;

use carrack_message::{Currency, Micros, Msisdn, Network};
use smallvec::SmallVec;
use thiserror::Error;

use crate::own::Own;
use crate::policy::{AfterReceipt, EXPLORE_PERMILLE_MAX, Margin, OnNoResponse, Policy};
use crate::{Deck, Matcher, Numbering, PriceHit, Query, Rate};

/// The most carriers, and the most routes, of one table.
pub(crate) const ROWS_MAX: usize = u16::MAX as usize;

/// A carrier as routing sees it; its place in the list is its number.
#[derive(Clone, Debug)]
pub struct CarrierRow {
    /// Name in the configuration.
    pub name: String,
    /// Prices by prefix.
    pub deck: Option<Arc<Deck>>,
    /// Price a segment where the deck has none or there is no deck.
    pub flat_price: Option<Micros>,
    /// Whether it may be a candidate at all.
    pub enabled: bool,
}

/// A route as configured; its place in the list is its number and its rank. Its default has no carriers yet.
#[derive(Clone, Debug)]
pub struct RouteRow {
    /// Name for people.
    pub name: String,
    /// Which messages it takes.
    pub matcher: Matcher,
    /// Numbers of carriers, in order.
    pub carriers: Vec<usize>,
    /// How they are ordered.
    pub policy: Policy,
    /// Attempts before the message fails; none means the general default.
    pub attempts_max: Option<u16>,
    /// Policy for a missing response; none means the general default.
    pub on_no_response: Option<OnNoResponse>,
    /// Whether a register is to be asked for the recipient's network before its messages go.
    pub looks_up: bool,
    /// What a message has to earn.
    pub margin: Margin,
    /// What follows when a carrier took it and it did not arrive.
    pub after_receipt: AfterReceipt,
}

impl Default for RouteRow {
    fn default() -> Self {
        Self {
            name: String::new(),
            matcher: Matcher::default(),
            carriers: Vec::new(),
            policy: Policy::LeastCost,
            attempts_max: None,
            on_no_response: None,
            looks_up: false,
            margin: Margin::default(),
            after_receipt: AfterReceipt::default(),
        }
    }
}

/// Why a table cannot be built. Nothing to retry: the configuration has to be mended.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RoutingFault {
    /// More rows than the numbers of carriers and routes can say.
    #[error("{count} {what}; at most 65535 are possible")]
    TooMany {
        /// Carriers or routes.
        what: &'static str,
        /// How many.
        count: usize,
    },
    /// A route without carriers.
    #[error("route {route} has no carriers; name at least one")]
    NoCarriers {
        /// The route's name.
        route: String,
    },
    /// A carrier number beyond the list of carriers.
    #[error("route {route} names carrier number {carrier}, which does not exist")]
    UnknownCarrier {
        /// The route's name.
        route: String,
        /// The number.
        carrier: usize,
    },
    /// A carrier twice in one route.
    #[error("route {route} names carrier {carrier} twice")]
    CarrierTwice {
        /// The route's name.
        route: String,
        /// The carrier's name.
        carrier: String,
    },
    /// A carrier that has neither a deck nor a flat price.
    #[error("carrier {carrier} has neither a deck nor a price")]
    NoPrice {
        /// The carrier's name.
        carrier: String,
    },
    /// Weights that do not fit the carriers.
    #[error(
        "route {route} has {weights} weights for {carriers} carriers; give one for each, at least one above 0"
    )]
    Weights {
        /// The route's name.
        route: String,
        /// Weights given.
        weights: usize,
        /// Carriers named.
        carriers: usize,
    },
    /// More is to be explored than may be.
    #[error("route {route} explores {permille} of 1000 messages; at most {EXPLORE_PERMILLE_MAX}")]
    Exploration {
        /// The route's name.
        route: String,
        /// What it says.
        permille: u16,
    },
    /// Prices that cannot be compared.
    #[error(
        "route {route} compares prices in {first} and {second}; use decks of one currency or the policy \"ordered\""
    )]
    Currencies {
        /// The route's name.
        route: String,
        /// One currency.
        first: Currency,
        /// The other.
        second: Currency,
    },
}

/// One carrier that may take the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Number of the carrier.
    pub carrier: u16,
    /// Price of one segment.
    pub price: Micros,
}

/// The route that decided and its candidates, best first, at least one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// Number of the route.
    pub route: u16,
    /// The recipient's network as far as it is known.
    pub network: Network,
    /// Candidates in the order in which they are to be tried.
    pub candidates: SmallVec<[Candidate; 4]>,
}

/// Why no carrier can be chosen. Trying again helps only after a change of the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum NoRoute {
    /// No route takes such a message.
    #[error("no route matches this message")]
    NoRouteMatches,
    /// The route that matches has no enabled carrier with a price for the number.
    #[error("no enabled carrier of route number {route} has a price for {to}")]
    NoCarrierHasAPrice {
        /// Number of the route.
        route: u16,
        /// The recipient.
        to: Msisdn,
    },
    /// Every carrier of the route that matches costs more than the account's price allows.
    #[error(
        "no carrier of route number {route} is cheap enough for {to} at the price of this account; raise the price, or set the route's margin"
    )]
    NoMargin {
        /// Number of the route.
        route: u16,
        /// The recipient.
        to: Msisdn,
    },
}

/// The price of a carrier for one segment, and, where a deck gave it, the entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Priced {
    pub(crate) price: Micros,
    /// In the base currency, as far as decks are converted.
    pub(crate) base: Micros,
    pub(crate) hit: Option<PriceHit>,
}

impl Priced {
    /// What a message of so many segments costs.
    pub(crate) fn cost(&self, segments: u32) -> Option<Micros> {
        match &self.hit {
            Some(hit) => hit.cost(segments),
            None => self.price.checked_mul(i64::from(segments)),
        }
    }

    /// The same in the base currency.
    pub(crate) fn base_cost(&self, segments: u32) -> Option<Micros> {
        match &self.hit {
            Some(hit) => hit.base_cost(segments),
            None => self.base.checked_mul(i64::from(segments)),
        }
    }
}

impl CarrierRow {
    /// What a message of so many segments to this number costs, in the currency of its deck; `None` where the carrier
    /// has no price for it.
    #[inline]
    pub fn cost(&self, to: Msisdn, network: Network, segments: u32) -> Option<Micros> {
        self.price(to, network)?.cost(segments)
    }

    /// What its prices are in, where its deck says so.
    pub fn currency(&self) -> Option<Currency> {
        self.deck.as_ref().and_then(|deck| deck.currency())
    }

    /// The price of one segment to this number: the deck's, else the flat one.
    #[inline]
    pub(crate) fn price(&self, to: Msisdn, network: Network) -> Option<Priced> {
        let deck = self.deck.as_ref();
        match deck.and_then(|deck| deck.price_for(to, network)) {
            Some(hit) => Some(Priced {
                price: hit.price,
                base: hit.base,
                hit: Some(hit),
            }),
            None => self.flat_price.map(|price| Priced {
                price,
                base: price,
                hit: None,
            }),
        }
    }
}

/// Carriers and routes, checked against each other. Cheap to share: build once, swap whole.
#[derive(Clone, Debug)]
pub struct RouteTable {
    pub(crate) carriers: Vec<CarrierRow>,
    pub(crate) routes: Vec<RouteRow>,
    pub(crate) own: Option<Own>,
    numbering: Arc<Numbering>,
    looks_up: bool,
    /// What a unit of other currencies is worth in the base currency.
    rates: Vec<(Currency, Rate)>,
}

impl RouteTable {
    /// Checks and keeps the rows.
    ///
    /// # Errors
    /// The first [`RoutingFault`] found.
    pub fn build(carriers: Vec<CarrierRow>, routes: Vec<RouteRow>) -> Result<Self, RoutingFault> {
        for (what, count) in [("carriers", carriers.len()), ("routes", routes.len())] {
            if count > ROWS_MAX {
                return Err(RoutingFault::TooMany { what, count });
            }
        }
        for carrier in &carriers {
            if carrier.deck.is_none() && carrier.flat_price.is_none() {
                return Err(RoutingFault::NoPrice {
                    carrier: carrier.name.clone(),
                });
            }
        }
        for route in &routes {
            check_route(route, &carriers)?;
        }
        Ok(Self {
            looks_up: routes.iter().any(|route| route.looks_up),
            carriers,
            routes,
            own: None,
            numbering: Arc::default(),
            rates: Vec::new(),
        })
    }

    /// The same, and what is known of numbers.
    #[must_use]
    pub fn with_numbering(mut self, numbering: Arc<Numbering>) -> Self {
        self.numbering = numbering;
        self
    }

    /// The same, and what the currencies of accounts are worth in the base currency.
    #[must_use]
    pub fn with_rates(mut self, rates: Vec<(Currency, Rate)>) -> Self {
        self.rates = rates;
        self
    }

    pub(crate) fn has_rates(&self) -> bool {
        !self.rates.is_empty()
    }

    /// An amount in the base currency; none where that has no rate for it.
    pub(crate) fn in_base(&self, amount: Micros, currency: Currency) -> Option<Micros> {
        let rate = self.rates.iter().find(|(known, _)| *known == currency);
        rate.and_then(|(_, rate)| rate.convert(amount))
    }

    /// Whether any route wants a register to be asked.
    pub fn looks_up(&self) -> bool {
        self.looks_up
    }

    /// What is known of numbers.
    pub fn numbering(&self) -> &Numbering {
        &self.numbering
    }

    /// The recipient's network: what the query knows, else by the number.
    pub fn network(&self, query: &Query<'_>) -> Network {
        match query.network.is_known() {
            true => query.network,
            false => self.numbering.network(query.to),
        }
    }

    /// The route and the candidates for a message.
    ///
    /// # Errors
    /// [`NoRoute`] where no route matches, or the one that matches has nobody for it.
    pub fn choose(&self, query: &Query<'_>) -> Result<Choice, NoRoute> {
        let network = self.network(query);
        let (first, routes) = self.routes_of(query);
        let (place, route) = routes
            .iter()
            .enumerate()
            .find(|(_, route)| route.matcher.matches(query, network))
            .ok_or(NoRoute::NoRouteMatches)?;
        let number = (first + place) as u16;
        let candidates = self.candidates(number, route, query, network);
        if candidates.is_empty() {
            return Err(self.nobody(number, route, query, network));
        }
        Ok(Choice {
            route: number,
            network,
            candidates,
        })
    }

    fn nobody(
        &self,
        number: u16,
        route: &RouteRow,
        query: &Query<'_>,
        network: Network,
    ) -> NoRoute {
        let (route, to, mut rows) = (number, query.to, route.carriers.iter());
        let priced = rows.any(|number| {
            let row = self.carriers.get(*number).filter(|row| row.enabled);
            row.is_some_and(|row| row.price(to, network).is_some())
        });
        match priced {
            true => NoRoute::NoMargin { route, to },
            false => NoRoute::NoCarrierHasAPrice { route, to },
        }
    }

    /// All configured routes, in order.
    pub fn routes(&self) -> &[RouteRow] {
        &self.routes
    }

    /// A carrier by its number.
    pub fn carrier(&self, number: u16) -> Option<&CarrierRow> {
        self.carriers.get(usize::from(number))
    }

    /// All carriers, by number.
    pub fn carriers(&self) -> &[CarrierRow] {
        &self.carriers
    }

    /// The number of the carrier of this name.
    pub fn carrier_number(&self, name: &str) -> Option<u16> {
        self.carriers
            .iter()
            .position(|carrier| carrier.name == name)
            .map(|number| number as u16)
    }
}

pub(crate) fn check_route(route: &RouteRow, carriers: &[CarrierRow]) -> Result<(), RoutingFault> {
    if route.carriers.is_empty() {
        return Err(RoutingFault::NoCarriers {
            route: route.name.clone(),
        });
    }
    check_policy(route)?;
    let compares = matches!(
        route.policy,
        Policy::LeastCost | Policy::LeastCostDelivered(_)
    );
    let mut currency: Option<Currency> = None;
    for (place, number) in route.carriers.iter().enumerate() {
        let Some(carrier) = carriers.get(*number) else {
            return Err(RoutingFault::UnknownCarrier {
                route: route.name.clone(),
                carrier: *number,
            });
        };
        if route
            .carriers
            .iter()
            .take(place)
            .any(|earlier| earlier == number)
        {
            return Err(RoutingFault::CarrierTwice {
                route: route.name.clone(),
                carrier: carrier.name.clone(),
            });
        }
        // What is converted compares.
        let own = carrier
            .currency()
            .filter(|_| !carrier.deck.as_ref().is_some_and(|deck| deck.converts()));
        if let (true, Some(first), Some(second)) = (compares, currency, own)
            && first != second
        {
            return Err(RoutingFault::Currencies {
                route: route.name.clone(),
                first,
                second,
            });
        }
        currency = currency.or(own);
    }
    Ok(())
}

fn check_policy(route: &RouteRow) -> Result<(), RoutingFault> {
    match &route.policy {
        Policy::Weighted { weights, .. }
            if weights.len() != route.carriers.len()
                || weights.iter().all(|weight| *weight == 0) =>
        {
            Err(RoutingFault::Weights {
                route: route.name.clone(),
                weights: weights.len(),
                carriers: route.carriers.len(),
            })
        }
        Policy::LeastCostDelivered(rules) if rules.explore_permille > EXPLORE_PERMILLE_MAX => {
            Err(RoutingFault::Exploration {
                route: route.name.clone(),
                permille: rules.explore_permille,
            })
        }
        _ => Ok(()),
    }
}
