//! What is known of a number without asking anybody: whose range it is, and whether it was taken to another network.
//!
//! Promise: [`Numbering::network`] is pure, does not allocate and takes about a microsecond once the octets of the
//! index are in memory. Portability wins over the plan: a number that was ported belongs to where it was ported.
//! Bounds: those of [`NumberPlan`] and of [`Portability`]. Nothing here fails: what is not known is
//! [`Network::UNKNOWN`].

mod plan;
mod plan_reader;
pub mod portability;
pub(crate) mod sheet;

pub use plan::{NumberPlan, PlanRange};
pub use portability::Portability;

use std::sync::Arc;

use carrack_message::{Msisdn, Network};

/// The plan and the ported numbers of a node; either may be absent. A clone shares both.
#[derive(Clone, Debug, Default)]
pub struct Numbering {
    /// Prefixes and whose they are.
    pub plan: Option<Arc<NumberPlan>>,
    /// Numbers that were taken to another network.
    pub portability: Option<Portability>,
}

/// What is known of one number, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NumberKnown<'a> {
    /// The network it belongs to now.
    pub network: Network,
    /// Whether the portability index says so.
    pub is_ported: bool,
    /// The range of the plan it lies in.
    pub range: Option<PlanRange<'a>>,
}

impl Numbering {
    /// The network of a number: where it was ported, else the owner of its range.
    #[inline]
    #[must_use]
    pub fn network(&self, to: Msisdn) -> Network {
        if let Some(network) = self
            .portability
            .as_ref()
            .and_then(|index| index.network(to))
        {
            return network;
        }
        self.plan
            .as_ref()
            .map_or(Network::UNKNOWN, |plan| plan.network(to))
    }

    /// All that is known of a number.
    #[must_use]
    pub fn known(&self, to: Msisdn) -> NumberKnown<'_> {
        let ported = self
            .portability
            .as_ref()
            .and_then(|index| index.network(to));
        let range = self.plan.as_ref().and_then(|plan| plan.range(to));
        let owner = range.map_or(Network::UNKNOWN, |range| range.network);
        NumberKnown {
            network: ported.unwrap_or(owner),
            is_ported: ported.is_some(),
            range,
        }
    }

    /// Whether it knows of no number at all.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.plan.is_none() && self.portability.is_none()
    }
}
