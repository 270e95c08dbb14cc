//! The way of a message: which carriers may have it, by the routes and the quality of this moment.
//!
//! Promise: what waits in memory takes another way when routes change that it had none by, and when carriers are measured
//! to be better or worse by routes that look at it; what waits in the log takes the routes of the moment it comes back.
//! Bound: [`PLANS_MAX`](super::PLANS_MAX) lists of carriers; beyond them a message takes its carriers as its route lists them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_message::Network;
use carrack_routing::{AfterReceipt, Choice, Draws, NoRoute, OnNoResponse, PlanId, Policy, Query};
use carrack_runtime::Now;
use smallvec::SmallVec;

use super::Shard;
use super::live::{Key, Live, Phase};
use crate::facts::Facts;
use crate::limits::{Counted, Paces};
use crate::submission::Submission;

/// How often what waits may take another way because carriers are measured to do otherwise.
const REORDER_NS: u64 = 2_000_000_000;

/// How often what is seen of carriers is made public.
const QUALITY_NS: u64 = 1_000_000_000;
/// So many at a time; those behind them are in good time when they come to the front.
const ORDERED_MAX: usize = 8192;

/// Where a message may go.
#[derive(Debug, Clone)]
pub(crate) struct Way {
    pub(crate) plan: PlanId,
    pub(crate) network: Network,
    pub(crate) policy: RoutePolicy,
    /// The buckets that its segments need; none: no limit but its carrier's.
    pub(crate) pace: Option<Arc<Paces>>,
    /// Limits that have counted it, while it is being accepted.
    pub(crate) counted: Counted,
}

impl Way {
    /// Of a message that goes nowhere any more.
    pub(crate) const NONE: Self = Self {
        plan: PlanId(0),
        network: Network::UNKNOWN,
        policy: RoutePolicy {
            attempts_max: 0,
            on_no_response: OnNoResponse::Wait,
            after_receipt: AfterReceipt {
                failed_goes_on: false,
                missing_goes_on_s: 0,
            },
            looks_up: false,
            is_measured: false,
            is_own: false,
        },
        pace: None,
        counted: Counted::NONE,
    };
}

/// What a route says of its messages.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RoutePolicy {
    pub(crate) attempts_max: u32,
    pub(crate) on_no_response: OnNoResponse,
    pub(crate) after_receipt: AfterReceipt,
    /// A register is to be asked for the recipient's network.
    pub(crate) looks_up: bool,
    /// Its order follows what is measured.
    pub(crate) is_measured: bool,
    /// It is one of the node's own: what becomes of its messages orders no customers' routes, and limits do not count them.
    pub(crate) is_own: bool,
}

impl Live {
    /// Takes what its way says, but for the carriers that are still to be tried.
    pub(super) fn follow(&mut self, way: &Way) {
        self.route_plan = way.plan;
        self.network = way.network;
        self.policy = way.policy;
        self.pace = way.pace.clone();
    }
}

impl Shard {
    /// What a route says of its messages; the settings where it says nothing.
    fn route_policy(&self, route: u16) -> RoutePolicy {
        let is_own = self.table.is_own(route);
        let (route, settings) = (self.table.route(route), &self.shared.settings);
        RoutePolicy {
            attempts_max: route
                .and_then(|route| route.attempts_max)
                .map_or(settings.attempts_max, u32::from),
            on_no_response: route
                .and_then(|route| route.on_no_response)
                .unwrap_or(settings.on_no_response),
            after_receipt: route.map_or_else(Default::default, |route| route.after_receipt),
            looks_up: route.is_some_and(|route| route.looks_up),
            is_measured: route
                .is_some_and(|route| matches!(route.policy, Policy::LeastCostDelivered(_))),
            is_own,
        }
    }

    /// Asks the routes. `draws`: whether it is a new message, that shares count.
    fn choose(&self, now: Now, facts: &Facts<'_>, draws: bool) -> Result<Choice, NoRoute> {
        let query = facts.query(&self.directory, now.utc_ns);
        self.table.choose(&Query {
            network: self.remembered_network(facts.to),
            quality: Some(&self.quality),
            draws: draws.then_some(&self.draws),
            ..query
        })
    }

    fn way_by(&mut self, now: Now, facts: &Facts<'_>, choice: &Choice) -> Option<Way> {
        let carriers: SmallVec<[u16; 4]> = choice
            .candidates
            .iter()
            .map(|candidate| candidate.carrier)
            .collect();
        let plan = self.plans.intern(&carriers).ok();
        let plan = plan.or_else(|| self.plan_as_listed(choice.route))?;
        Some(Way {
            plan,
            network: choice.network,
            policy: self.route_policy(choice.route),
            pace: self.pace_of(now, facts, choice.network),
            counted: Counted::NONE,
        })
    }

    /// Where there are more lists than can be told apart: the carriers as the route lists them.
    fn plan_as_listed(&mut self, route: u16) -> Option<PlanId> {
        let listed = self.table.route(route)?.carriers.iter();
        let carriers: SmallVec<[u16; 4]> = listed.map(|carrier| *carrier as u16).collect();
        self.plans.intern(&carriers).ok()
    }

    /// The way of a new message.
    pub(super) fn new_way(
        &mut self,
        now: Now,
        submission: &Submission,
        facts: &Facts<'_>,
    ) -> Result<Way, String> {
        let choice = self.choose(now, facts, true);
        if self.shadowing.is_on() {
            self.copy_for_shadow(now, submission, choice.as_ref().ok());
        }
        let choice = choice.map_err(|fault| fault.to_string())?;
        let way = self.way_by(now, facts, &choice);
        way.ok_or_else(|| "more lists of carriers are in use than may be".to_owned())
    }

    /// The way of a message that was accepted before. Without a route now it waits in a lane that nobody takes from, until
    /// a table has one or its validity ends.
    pub(super) fn way_of(&mut self, now: Now, facts: &Facts<'_>) -> Way {
        let choice = self.choose(now, facts, true).ok();
        let way = choice.and_then(|choice| self.way_by(now, facts, &choice));
        way.unwrap_or_else(|| Way {
            plan: self.plans.intern(&[]).unwrap_or(PlanId(0)),
            network: Network::UNKNOWN,
            policy: self.route_policy(u16::MAX),
            pace: None,
            counted: Counted::NONE,
        })
    }

    /// After a change of routes: what had no way may have one now.
    pub(super) fn route_again(&mut self, now: Now) {
        self.draws = Draws::new(self.table.routes().len());
        let Ok(nowhere) = self.plans.intern(&[]) else {
            return;
        };
        self.lanes.rethink(nowhere);
        let stranded: Vec<Key> = self
            .live
            .iter()
            .filter(|(_, live)| live.route_plan == nowhere && live.end.is_none())
            .map(|(key, _)| key)
            .collect();
        for key in stranded {
            if let Some(way) = self.way_again(now, key, true) {
                self.takes_way(key, &way);
            }
        }
    }

    /// Carriers do better or worse than they did: what waits for them is ordered anew.
    pub(super) fn order_again(&mut self, now: Now) {
        let version = self.shared.orders_version.load(Ordering::Acquire);
        let early = now.mono_ns.saturating_sub(self.ordered_ns) < REORDER_NS;
        if version == self.orders_seen || early {
            return;
        }
        (self.orders_seen, self.ordered_ns) = (version, now.mono_ns);
        self.look_at_quality();
        let waiting: Vec<Key> = self
            .live
            .iter()
            .filter(|(_, live)| live.policy.is_measured && live.phase == Phase::Waiting)
            .filter(|(_, live)| live.carrier.is_none() && live.plan == live.route_plan)
            .map(|(key, _)| key)
            .take(ORDERED_MAX)
            .collect();
        for key in waiting {
            let before = self.live.get(key).map(|live| live.plan);
            let way = self.way_again(now, key, false);
            if let Some(way) = way.filter(|way| Some(way.plan) != before) {
                self.takes_way(key, &way);
            }
        }
    }

    fn takes_way(&mut self, key: Key, way: &Way) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.follow(way);
        live.plan = way.plan;
        if live.phase == Phase::Waiting {
            live.goes_first = true;
            self.wait(key);
        }
    }

    /// The way by the routes of now; none where its record is not in memory, or there is none.
    pub(super) fn way_again(&mut self, now: Now, key: Key, draws: bool) -> Option<Way> {
        self.choose_again(now, key, draws).ok().flatten()
    }

    /// The way of a message whose network a register has just said; none: as it was.
    ///
    /// # Errors
    /// Why nobody may have it: there it would go at a loss.
    pub(super) fn way_looked_up(&mut self, now: Now, key: Key) -> Result<Option<Way>, NoRoute> {
        match self.choose_again(now, key, true) {
            Err(loss @ NoRoute::NoMargin { .. }) => Err(loss),
            Err(_) => Ok(None),
            Ok(way) => Ok(way),
        }
    }

    /// Asks the routes of now; none where its record is not in memory.
    fn choose_again(&mut self, now: Now, key: Key, draws: bool) -> Result<Option<Way>, NoRoute> {
        let Some(live) = self.live.get(key) else {
            return Ok(None);
        };
        let (Some(frame), offset) = (live.frame.clone(), live.offset) else {
            return Ok(None);
        };
        let Some(facts) = Facts::of_frame(&frame.octets, offset) else {
            return Ok(None);
        };
        let choice = self.choose(now, &facts, draws)?;
        Ok(self.way_by(now, &facts, &choice))
    }

    /// Takes what is new of how carriers do.
    pub(super) fn look_at_quality(&mut self) {
        let version = self.shared.quality_version.load(Ordering::Acquire);
        if version != self.quality_seen {
            self.quality_seen = version;
            self.quality = self.shared.quality();
        }
    }

    /// Makes public how the carriers of this shard do, once a second.
    pub(super) fn publish_quality(&mut self, now: Now) {
        if now.mono_ns.saturating_sub(self.quality_published_ns) < QUALITY_NS {
            return;
        }
        self.quality_published_ns = now.mono_ns;
        for (place, carrier) in &mut self.carriers {
            let before = carrier.observed.public();
            if let Some(quality) = carrier.observed.publish(now.mono_ns) {
                carrier.note_suspicion(&before, &quality);
                let reorders = quality.reorders(&before);
                self.shared
                    .replace_quality(*place, Arc::clone(&quality), reorders);
            }
        }
    }
}
