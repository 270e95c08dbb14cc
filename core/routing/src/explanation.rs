//! Why a message goes where it goes, in words that people and programs can read.
//!
//! Promise: the candidates and their order are those of [`RouteTable::choose`]; besides, every route tried
//! before, every carrier that is no candidate, and the reason for each. Not for the hot path: it allocates.

use serde::Serialize;
use utoipa::ToSchema;

use carrack_message::Network;

use crate::choice::{Exclusion, worth};
use crate::policy::{Margin, Policy};
use crate::quality::Quality;
use crate::table::{Priced, RouteRow};
use crate::{Candidate, Query, RouteTable};

/// How a carrier does at this moment, as the caller knows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CarrierHealth {
    /// At least one link is bound.
    Up,
    /// Bound, and pausing because the carrier asked for less.
    Throttled,
    /// No link is bound.
    Down,
    /// Stopped by an operator.
    Paused,
    /// It refuses most of what it is sent, and rests.
    Refusing,
    /// It has had what it may have today.
    Capped,
    /// Not known here, as when a configuration is examined without a running node.
    Unknown,
}

impl CarrierHealth {
    /// Whether a message may be sent or wait there.
    const fn takes(self) -> bool {
        matches!(self, Self::Up | Self::Throttled | Self::Unknown)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Throttled => "throttled",
            Self::Down => "down",
            Self::Paused => "paused",
            Self::Refusing => "refusing, and rests",
            Self::Capped => "at its cap of the day",
            Self::Unknown => "unknown",
        }
    }
}

/// What became of a carrier of the route.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The message goes there.
    Taken,
    /// It comes next if those before it fail.
    Standby,
    /// It is a candidate but cannot take anything now.
    Unavailable,
    /// It is no candidate.
    Excluded,
}

/// One route that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct RouteExplanation {
    /// Number of the route.
    pub number: u16,
    /// Its name.
    pub name: String,
    /// Whether it decided.
    pub matched: bool,
    /// Why it did or did not.
    pub reason: String,
}

/// One carrier of the route that decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct CandidateExplanation {
    /// Number of the carrier.
    pub carrier: u16,
    /// Its name.
    pub name: String,
    /// Price of a segment in micro-units; none where it has no price.
    pub price_micros: Option<i64>,
    /// What all segments of the message cost, as the deck bills them; micro-units.
    pub cost_micros: Option<i64>,
    /// Currency of its deck.
    pub currency: Option<String>,
    /// The prefix of the deck that matched.
    pub prefix: Option<String>,
    /// What the deck calls the prefix.
    pub destination: Option<String>,
    /// What the account's price of a segment leaves, where it has one; micro-units.
    pub margin_micros: Option<i64>,
    /// What a delivered segment costs by what is measured; micro-units.
    pub per_delivered_micros: Option<i64>,
    /// How it does for this network and class, where that is measured.
    pub quality: Option<Quality>,
    /// How the carrier does.
    pub health: CarrierHealth,
    /// What became of it.
    pub verdict: Verdict,
    /// Why, in a few words.
    pub reason: String,
}

/// The whole way from a message to its carrier.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Explanation {
    /// The recipient.
    pub to: String,
    /// Its network, as MCC-MNC or `unknown`.
    pub network: String,
    /// Every route up to and including the one that decided.
    pub routes: Vec<RouteExplanation>,
    /// Candidates in the order of the choice, then those excluded in the order of the route.
    pub candidates: Vec<CandidateExplanation>,
    /// Name of the carrier that takes the message now.
    pub taken: Option<String>,
    /// One sentence: the result.
    pub summary: String,
}

impl RouteTable {
    /// Explains the choice for a message, with the state of each carrier as `health` tells it.
    pub fn explain(&self, query: &Query<'_>, health: &dyn Fn(u16) -> CarrierHealth) -> Explanation {
        let network = self.network(query);
        let mut routes = Vec::new();
        let mut decided = None;
        let (first, of_account) = self.routes_of(query);
        for (number, route) in (first..).zip(of_account) {
            let failure = route.matcher.failure(query, network);
            let reason = match failure {
                None => "matches; the first route that matches decides".to_owned(),
                Some(condition) => format!("its {condition} does not match"),
            };
            let matched = failure.is_none();
            routes.push(RouteExplanation {
                number: number as u16,
                name: route.name.clone(),
                matched,
                reason,
            });
            if matched {
                decided = Some((number as u16, route));
                break;
            }
        }
        let candidates = decided.map_or_else(Vec::new, |(number, route)| {
            self.explain_route(number, route, query, health)
        });
        let taken = candidates
            .iter()
            .find(|c| c.verdict == Verdict::Taken)
            .map(|c| c.name.clone());
        let decided = decided.map(|(_, route)| route);
        let summary = summary(query, decided, &candidates, taken.as_deref());
        Explanation {
            to: query.to.to_string(),
            network: network.to_string(),
            routes,
            candidates,
            taken,
            summary,
        }
    }

    fn explain_route(
        &self,
        number: u16,
        route: &RouteRow,
        query: &Query<'_>,
        health: &dyn Fn(u16) -> CarrierHealth,
    ) -> Vec<CandidateExplanation> {
        let network = self.network(query);
        let chosen = self.candidates(number, route, query, network);
        let mut rows = Vec::with_capacity(route.carriers.len());
        let mut taken: Option<String> = None;
        for candidate in &chosen {
            let number = candidate.carrier;
            let mut row = self.explain_carrier(route, number, query, health(number));
            (row.verdict, row.reason) = match (&taken, row.health.takes()) {
                (_, false) => (Verdict::Unavailable, format!("is {}", row.health.name())),
                (None, true) => (Verdict::Taken, reason_taken(&route.policy).to_owned()),
                (Some(first), true) => (Verdict::Standby, format!("next if {first} fails")),
            };
            if self.is_below_floor(route, candidate, query, network) {
                row.reason
                    .push_str("; below the route's floors, after all others");
            }
            if row.verdict == Verdict::Taken {
                taken = Some(row.name.clone());
            }
            rows.push(row);
        }
        for number in route.carriers.iter().map(|number| *number as u16) {
            if !chosen.iter().any(|candidate| candidate.carrier == number) {
                rows.push(self.explain_carrier(route, number, query, health(number)));
            }
        }
        rows
    }

    fn is_below_floor(
        &self,
        route: &RouteRow,
        candidate: &Candidate,
        query: &Query<'_>,
        network: Network,
    ) -> bool {
        match &route.policy {
            Policy::LeastCostDelivered(rules) => {
                let of = (candidate.carrier, candidate.price);
                worth(rules, query.quality, of, network, query.class).below_floor
            }
            _ => false,
        }
    }

    /// A row as for a carrier that is no candidate.
    fn explain_carrier(
        &self,
        route: &RouteRow,
        number: u16,
        query: &Query<'_>,
        health: CarrierHealth,
    ) -> CandidateExplanation {
        let network = self.network(query);
        let carrier = self.carrier(number);
        let priced: Option<Priced> = carrier.and_then(|row| row.price(query.to, network));
        let deck = carrier.and_then(|row| row.deck.as_ref());
        let hit = priced.and_then(|priced| priced.hit);
        let excluded = carrier.map(|row| self.offer(route, row, query, network));
        let reason = match excluded {
            Some(Err(Exclusion::Disabled)) => "is disabled in the configuration".to_owned(),
            Some(Err(Exclusion::NoPrice)) => "has no price for this number".to_owned(),
            Some(Err(Exclusion::Margin)) => reason_margin(route.margin),
            _ => "is no candidate".to_owned(),
        };
        let price = priced.map(|priced| priced.price);
        let base = priced.and_then(|priced| priced.base_cost(1));
        let per_delivered = base.zip(query.quality).and_then(|(base, quality)| {
            let rules = crate::Delivered::default();
            let quality = Some(quality);
            let worth = worth(&rules, quality, (number, base), network, query.class);
            (worth.ended > 0).then_some(worth.per_delivered.0)
        });
        CandidateExplanation {
            carrier: number,
            name: carrier.map_or_else(String::new, |row| row.name.clone()),
            price_micros: price.map(|price| price.0),
            cost_micros: priced
                .and_then(|priced| priced.cost(u32::from(query.segments)))
                .map(|cost| cost.0),
            currency: carrier
                .and_then(|row| row.currency())
                .map(|currency| currency.to_string()),
            prefix: hit.map(|hit| hit.destination.to_string()),
            destination: hit
                .zip(deck)
                .and_then(|(hit, deck)| deck.name(&hit))
                .map(str::to_owned),
            margin_micros: carrier
                .and_then(|row| self.margin_a_segment(row, query, network))
                .map(|left| left.0),
            per_delivered_micros: per_delivered,
            quality: query
                .quality
                .and_then(|quality| quality.of(number, network, query.class))
                .copied(),
            health,
            verdict: Verdict::Excluded,
            reason,
        }
    }
}

fn reason_margin(margin: Margin) -> String {
    match margin {
        Margin::AtLeast(floor) => {
            format!("leaves less than the route's margin of {floor} a segment")
        }
        Margin::Any => "is no candidate".to_owned(),
    }
}

fn summary(
    query: &Query<'_>,
    decided: Option<&RouteRow>,
    candidates: &[CandidateExplanation],
    taken: Option<&str>,
) -> String {
    let Some(RouteRow { name: route, .. }) = decided else {
        return "no route matches this message".to_owned();
    };
    let waits = candidates
        .iter()
        .any(|row| row.verdict == Verdict::Unavailable);
    match taken {
        Some(carrier) => format!("carrier {carrier} takes it by route {route}"),
        None if waits => format!("it waits: no candidate of route {route} can take anything now"),
        None => format!(
            "no enabled carrier of route {route} has a price for {}",
            query.to
        ),
    }
}

const fn reason_taken(policy: &Policy) -> &'static str {
    match policy {
        Policy::LeastCost => "the cheapest that can take it",
        Policy::LeastCostDelivered(_) => "the cheapest for a delivered message that can take it",
        Policy::Ordered => "the first in the route's order that can take it",
        Policy::Weighted { sticky: true, .. } => "the one that this recipient keeps",
        Policy::Weighted { .. } => "the first by the route's weights that can take it",
    }
}
