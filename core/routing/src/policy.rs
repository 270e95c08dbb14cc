//! What a route says: how its carriers are ordered, what it must earn, and what follows when something goes wrong.

use carrack_message::Micros;

/// How a route orders its carriers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The cheapest first; equal prices as the route lists them.
    LeastCost,
    /// The cheapest for a message that arrives: price over measured delivery.
    LeastCostDelivered(Delivered),
    /// As the route lists them.
    Ordered,
    /// Shares by weight, one for each carrier of the route; the rest in the order of their weights.
    Weighted {
        /// Weights, as the route lists its carriers.
        weights: Vec<u32>,
        /// A recipient keeps its carrier.
        sticky: bool,
    },
}

/// What least cost per delivered message keeps to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivered {
    /// Who delivers less of a thousand comes after all others.
    pub delivered_permille_min: u16,
    /// Whose receipts take longer, for 5 of 100 messages, comes after all others; 0: no matter.
    pub receipt_ms_max: u32,
    /// Of a thousand messages so many go to carriers of which too little is known, at most [`EXPLORE_PERMILLE_MAX`].
    pub explore_permille: u16,
    /// Messages within the window that are enough to know a carrier.
    pub known_by: u32,
}

/// One message in twenty.
pub const EXPLORE_PERMILLE_MAX: u16 = 50;

impl Default for Delivered {
    fn default() -> Self {
        Self {
            delivered_permille_min: 0,
            receipt_ms_max: 0,
            explore_permille: 20,
            known_by: 300,
        }
    }
}

/// What a message has to earn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Margin {
    /// Sell price less buy price of a segment, at the least.
    AtLeast(Micros),
    /// It may be sent at a loss.
    Any,
}

impl Default for Margin {
    /// Never at a loss.
    fn default() -> Self {
        Self::AtLeast(Micros::ZERO)
    }
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

/// What follows when a carrier took a message and it did not arrive there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AfterReceipt {
    /// A receipt that says undeliverable, rejected or unknown sends it to the next carrier.
    pub failed_goes_on: bool,
    /// A receipt that did not come for so many seconds sends it to the next carrier, and it may arrive twice; 0: never.
    pub missing_goes_on_s: u32,
}

impl AfterReceipt {
    /// Whether a message may go on after a carrier took it.
    #[must_use]
    pub const fn goes_on(self) -> bool {
        self.failed_goes_on || self.missing_goes_on_s > 0
    }
}
