//! Carriers and routes as one table, and the choice for one message.
//!
//! Promise: the first route in order that matches decides, alone. Its carriers that are enabled and have a price
//! for the number are the candidates: by price and then by the route's order (least cost), or by the route's
//! order. A table that contradicts itself is refused when it is built; choosing fails only with [`NoRoute`].

use std::sync::Arc;

use carrack_message::{Currency, Micros, Msisdn};
use smallvec::SmallVec;
use thiserror::Error;

use crate::{Deck, Matcher, PriceHit, Query};

/// The most carriers, and the most routes, of one table.
const ROWS_MAX: usize = u16::MAX as usize;

/// How a route orders its carriers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The cheapest first; equal prices as the route lists them.
    LeastCost,
    /// As the route lists them.
    Ordered,
}

/// What happens to a segment that was sent and not answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNoResponse {
    /// It is sent again, and may arrive twice.
    Resend,
    /// A receipt is awaited.
    Wait,
    /// The carrier is asked what became of it where its id is known; else a receipt is awaited.
    Query,
    /// It has failed.
    Fail,
}

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

/// A route as configured; its place in the list is its number and its rank.
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
}

/// The price of a carrier and, where a deck gave it, the entry.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Priced {
    pub(crate) price: Micros,
    pub(crate) hit: Option<PriceHit>,
}

impl CarrierRow {
    /// What one segment to this number costs; `None` where the carrier has no price for it.
    #[inline]
    pub fn cost(&self, to: Msisdn) -> Option<Micros> {
        self.price(to).map(|priced| priced.price)
    }

    /// The price of one segment to this number: the deck's, else the flat one.
    pub(crate) fn price(&self, to: Msisdn) -> Option<Priced> {
        let hit = self.deck.as_ref().and_then(|deck| deck.price(to));
        match hit {
            Some(hit) => Some(Priced {
                price: hit.price,
                hit: Some(hit),
            }),
            None => self.flat_price.map(|price| Priced { price, hit: None }),
        }
    }
}

/// Carriers and routes, checked against each other. Cheap to share: build once, swap whole.
#[derive(Clone, Debug)]
pub struct RouteTable {
    pub(crate) carriers: Vec<CarrierRow>,
    pub(crate) routes: Vec<RouteRow>,
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
        Ok(Self { carriers, routes })
    }

    /// The route and the candidates for a message.
    ///
    /// # Errors
    /// [`NoRoute`] where no route matches, or the one that matches has nobody with a price.
    pub fn choose(&self, query: &Query<'_>) -> Result<Choice, NoRoute> {
        let (number, route) = self
            .routes
            .iter()
            .enumerate()
            .find(|(_, route)| route.matcher.matches(query))
            .ok_or(NoRoute::NoRouteMatches)?;
        let number = number as u16;
        let candidates = self.candidates(route, query.to);
        if candidates.is_empty() {
            return Err(NoRoute::NoCarrierHasAPrice {
                route: number,
                to: query.to,
            });
        }
        Ok(Choice {
            route: number,
            candidates,
        })
    }

    /// A route by its number.
    pub fn route(&self, number: u16) -> Option<&RouteRow> {
        self.routes.get(usize::from(number))
    }

    /// All routes, in order.
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

    pub(crate) fn candidates(&self, route: &RouteRow, to: Msisdn) -> SmallVec<[Candidate; 4]> {
        let mut candidates: SmallVec<[Candidate; 4]> = route
            .carriers
            .iter()
            .filter_map(|number| {
                let carrier = self
                    .carriers
                    .get(*number)
                    .filter(|carrier| carrier.enabled)?;
                let priced = carrier.price(to)?;
                Some(Candidate {
                    carrier: *number as u16,
                    price: priced.price,
                })
            })
            .collect();
        if route.policy == Policy::LeastCost {
            candidates.sort_by_key(|candidate| candidate.price);
        }
        candidates
    }
}

fn check_route(route: &RouteRow, carriers: &[CarrierRow]) -> Result<(), RoutingFault> {
    if route.carriers.is_empty() {
        return Err(RoutingFault::NoCarriers {
            route: route.name.clone(),
        });
    }
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
        let own = carrier.deck.as_ref().and_then(|deck| deck.currency());
        if let (Policy::LeastCost, Some(first), Some(second)) = (route.policy, currency, own)
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
