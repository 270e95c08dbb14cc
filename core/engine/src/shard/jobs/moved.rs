//! Lanes of moved messages: their backlog keeps its carrier when it comes back from the log, whatever routes say.
//!
//! Only while the node runs: a start routes all that waits anew.

use carrack_message::{Msisdn, Network};

use crate::shard::Shard;
use crate::shard::lanes::LaneKey;
use crate::shard::live::Live;

impl Shard {
    /// Whether a carrier has a price for a number.
    pub(super) fn takes_destination(&self, carrier: u16, to: Msisdn) -> bool {
        let carrier = self.table.carrier(carrier);
        carrier.is_some_and(|carrier| {
            carrier.enabled && carrier.cost(to, Network::UNKNOWN, 1).is_some()
        })
    }

    /// The lane of a message that came back from a lane's backlog, on the routes of now: a moved one goes before them
    /// with the carrier it was moved to, if that takes it.
    pub(in crate::shard) fn lane_again(&mut self, from: LaneKey, live: &mut Live) -> LaneKey {
        let to = self.plans.carriers(from.plan).first().copied();
        let to = to.filter(|to| from.moved && self.takes_destination(*to, live.to));
        let Some(plan) = to.and_then(|to| self.plan_by(to, live.route_plan)) else {
            return LaneKey::of(live);
        };
        live.plan = plan;
        let moved = true;
        LaneKey {
            moved,
            ..LaneKey::of(live)
        }
    }
}
