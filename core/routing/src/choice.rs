//! The order in which the carriers of a route are tried for one message.
//!
//! Promise: pure, and without allocation for up to four carriers. What a query does not know changes nothing: without
//! measured quality least cost per delivered message is least cost, without draws shares are as the first draw says.

use carrack_message::{Class, Currency, Micros, Msisdn, Network};
use smallvec::SmallVec;

use crate::policy::{Delivered, Margin, Policy};
use crate::quality::{PERMILLE, Qualities};
use crate::table::{CarrierRow, RouteRow, RouteTable};
use crate::{Candidate, Query};

/// Candidates, and what they are ordered by.
type Ranked = SmallVec<[(Rank, Candidate); 4]>;

/// Smaller is sooner. Equal ones stay as the route lists them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    below_floor: bool,
    score: u64,
}

/// Why a carrier of a route is no candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exclusion {
    Disabled,
    NoPrice,
    Margin,
}

/// What a carrier charges for the whole message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offer {
    /// Of a segment, in its own currency.
    pub(crate) price: Micros,
    /// Of the message, as it compares with others.
    pub(crate) cost: Micros,
}

/// What a delivered message costs at a carrier, and whether it keeps to the floors.
pub(crate) struct Worth {
    pub(crate) per_delivered: Micros,
    pub(crate) ended: u32,
    pub(crate) below_floor: bool,
}

pub(crate) fn worth(
    rules: &Delivered,
    quality: Option<&Qualities>,
    (carrier, cost): (u16, Micros),
    network: Network,
    class: Class,
) -> Worth {
    let known = quality.and_then(|quality| quality.of(carrier, network, class));
    let Some(known) = known else {
        return Worth {
            per_delivered: cost,
            ended: 0,
            below_floor: false,
        };
    };
    let permille = i64::from(known.delivered_permille.max(1));
    let slow = rules.receipt_ms_max > 0 && known.receipt_ms_p95 > rules.receipt_ms_max;
    Worth {
        per_delivered: Micros(cost.0.saturating_mul(i64::from(PERMILLE)) / permille),
        ended: known.ended,
        // Receipts that are invented say nothing of what arrives (trap P05).
        below_floor: slow
            || known.suspected
            || known.delivered_permille < rules.delivered_permille_min,
    }
}

impl RouteTable {
    /// Whether a carrier may have the message, and at what price.
    pub(crate) fn offer(
        &self,
        route: &RouteRow,
        carrier: &CarrierRow,
        query: &Query<'_>,
        network: Network,
    ) -> Result<Offer, Exclusion> {
        if !carrier.enabled {
            return Err(Exclusion::Disabled);
        }
        let segments = u32::from(query.segments.max(1));
        let priced = carrier.price(query.to, network);
        let priced = priced.ok_or(Exclusion::NoPrice)?;
        let cost = priced.base_cost(segments).ok_or(Exclusion::NoPrice)?;
        if let (Margin::AtLeast(floor), Some(sell)) = (route.margin, query.sell)
            && let Some(left) = self.margin(carrier, (sell, query.sell_currency), cost, segments)
            && left.0 < floor.0.saturating_mul(i64::from(segments))
        {
            return Err(Exclusion::Margin);
        }
        Ok(Offer {
            price: priced.price,
            cost,
        })
    }

    /// What is left of the price of a message when its carrier is paid; none where the two do not compare. Without rates
    /// what has no currency compares with everything; with rates it is in the base currency.
    fn margin(
        &self,
        carrier: &CarrierRow,
        (sell, currency): (Micros, Option<Currency>),
        cost: Micros,
        segments: u32,
    ) -> Option<Micros> {
        let sell = sell.checked_mul(i64::from(segments))?;
        let converts = carrier.deck.as_ref().is_some_and(|deck| deck.converts());
        let sell = match (currency, carrier.currency()) {
            (None, _) => sell,
            (Some(sold), Some(bought)) if !converts => (sold == bought).then_some(sell)?,
            (Some(sold), _) if self.has_rates() => self.in_base(sell, sold)?,
            (Some(_), _) => sell,
        };
        Some(Micros(sell.0.saturating_sub(cost.0)))
    }

    /// What a segment leaves, for people.
    pub(crate) fn margin_a_segment(
        &self,
        carrier: &CarrierRow,
        query: &Query<'_>,
        network: Network,
    ) -> Option<Micros> {
        let cost = carrier.price(query.to, network)?.base_cost(1)?;
        self.margin(carrier, (query.sell?, query.sell_currency), cost, 1)
    }

    /// The candidates of a route in order.
    pub(crate) fn candidates(
        &self,
        number: u16,
        route: &RouteRow,
        query: &Query<'_>,
        network: Network,
    ) -> SmallVec<[Candidate; 4]> {
        let mut ranked = Ranked::new();
        for (place, carrier) in route.carriers.iter().enumerate() {
            let Some(row) = self.carriers.get(*carrier) else {
                continue;
            };
            if let Ok(offer) = self.offer(route, row, query, network) {
                let carrier = *carrier as u16;
                let candidate = Candidate {
                    carrier,
                    price: offer.price,
                };
                let rank = rank(route, place, (carrier, offer.cost), query, network);
                ranked.push((rank, candidate));
            }
        }
        let is_sorted = ranked.is_sorted_by_key(|(rank, _)| *rank);
        if !is_sorted {
            ranked.sort_by_key(|(rank, _)| *rank);
        }
        let first = match &route.policy {
            Policy::LeastCostDelivered(rules) => {
                self.explored(number, rules, &ranked, query, network)
            }
            Policy::Weighted { weights, sticky } => {
                drawn(number, route, weights, *sticky, &ranked, query)
            }
            Policy::LeastCost | Policy::Ordered => None,
        };
        if let Some(first) = first.filter(|first| *first < ranked.len()) {
            let first = ranked.remove(first);
            ranked.insert(0, first);
        }
        ranked.into_iter().map(|(_, candidate)| candidate).collect()
    }

    /// The place of a carrier that is to be tried though it is not the best: too little is known of it.
    fn explored(
        &self,
        number: u16,
        rules: &Delivered,
        ranked: &Ranked,
        query: &Query<'_>,
        network: Network,
    ) -> Option<usize> {
        let (draws, quality) = (query.draws?, query.quality?);
        if rules.explore_permille == 0 {
            return None;
        }
        let unknown = |(_, candidate): &&(Rank, Candidate)| {
            let known = quality.of(candidate.carrier, network, query.class);
            known.is_none_or(|known| known.ended < rules.known_by)
        };
        let count = ranked.iter().skip(1).filter(unknown).count();
        if count == 0 {
            return None;
        }
        if !draws.explores(number, rules.explore_permille) {
            return None;
        }
        let nth = (u128::from(draws.next(number)) * count as u128) >> 64;
        let mut found = ranked
            .iter()
            .enumerate()
            .skip(1)
            .filter(|(_, ranked)| unknown(ranked));
        found.nth(nth as usize).map(|(place, _)| place)
    }
}

fn rank(
    route: &RouteRow,
    place: usize,
    (carrier, cost): (u16, Micros),
    query: &Query<'_>,
    network: Network,
) -> Rank {
    let price = |price: Micros| u64::try_from(price.0).unwrap_or(0);
    match &route.policy {
        Policy::LeastCost => Rank {
            below_floor: false,
            score: price(cost),
        },
        Policy::LeastCostDelivered(rules) => {
            let worth = worth(rules, query.quality, (carrier, cost), network, query.class);
            Rank {
                below_floor: worth.below_floor,
                score: price(worth.per_delivered),
            }
        }
        Policy::Ordered => Rank::default(),
        Policy::Weighted { weights, .. } => Rank {
            below_floor: false,
            score: u64::MAX - u64::from(weights.get(place).copied().unwrap_or(0)),
        },
    }
}

/// The place of the carrier whose turn it is.
fn drawn(
    number: u16,
    route: &RouteRow,
    weights: &[u32],
    sticky: bool,
    ranked: &Ranked,
    query: &Query<'_>,
) -> Option<usize> {
    let weight = |candidate: &Candidate| {
        let listed = route.carriers.iter();
        let place = listed
            .zip(weights)
            .find(|(carrier, _)| **carrier == usize::from(candidate.carrier));
        place.map_or(0, |(_, weight)| u64::from(*weight))
    };
    let total: u64 = ranked.iter().map(|(_, candidate)| weight(candidate)).sum();
    let draw = match (sticky, query.draws) {
        (true, _) => spread(query.to),
        (false, Some(draws)) => draws.next(number),
        (false, None) => 0,
    };
    let mut left = ((u128::from(draw) * u128::from(total)) >> 64) as u64;
    for (place, (_, candidate)) in ranked.iter().enumerate() {
        let own = weight(candidate);
        if left < own {
            return Some(place);
        }
        left -= own;
    }
    None
}

/// The same fraction for one recipient always (the finaliser of SplitMix64).
fn spread(to: Msisdn) -> u64 {
    let mut mixed = to.as_u64().wrapping_add(0x9e37_79b9_7f4a_7c15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
