//! Which carriers may take a message, in which order, at what price, and why.
//!
//! Promise: pure. Tables and a message give an ordered list of candidates; no clock, no I/O but the reader of a
//! deck that the caller opened. [`RouteTable::choose`] and [`RouteTable::explain`] follow the same rules, and
//! choosing does not allocate for up to four carriers a route.

mod deck;
mod explanation;
mod matcher;
mod mo;
mod plans;
mod prefix;
mod table;

pub use deck::{Deck, DeckFault, DeckFaults, PriceHit};
pub use explanation::{
    CandidateExplanation, CarrierHealth, Explanation, RouteExplanation, Verdict,
};
pub use matcher::{Matcher, Query};
pub use mo::{MoChoice, MoNumber, MoQuery, MoRule, MoTable, keyword};
pub use plans::{PlanId, Plans, PlansFull};
pub use prefix::{Prefix, PrefixFault};
pub use table::{
    Candidate, CarrierRow, Choice, NoRoute, OnNoResponse, Policy, RouteRow, RouteTable,
    RoutingFault,
};
