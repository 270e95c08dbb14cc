//! Which carriers may take a message, in which order, at what price, and why.
//!
//! Promise: pure. Tables and a message give an ordered list of candidates; no clock, no I/O but what the
//! caller opened. [`RouteTable::choose`] and [`RouteTable::explain`] follow the same rules, and
//! choosing does not allocate for up to four carriers a route.

mod choice;
pub mod consent;
mod currency;
mod deck;
mod explanation;
mod hours;
mod instant;
pub mod key_index;
mod lines;
pub mod local;
mod matcher;
mod mo;
pub mod numbering;
mod own;
mod plans;
mod policy;
mod prefix;
pub mod quality;
mod query;
mod ranges;
pub mod suppression;
mod table;

pub use currency::{Rate, RateFault, Rates, is_known as is_known_currency};
pub use deck::{
    Change, ChangeKind, Deck, DeckDiff, DeckFault, DeckFaults, Destination, DiffCounts, Increments,
    ListedRow, PriceHit, PriceList, Terms,
};
pub use explanation::{
    CandidateExplanation, CarrierHealth, Explanation, RouteExplanation, Verdict,
};
pub use hours::Hours;
pub use instant::{InstantFault, read_instant, show_instant};
pub use matcher::{Matcher, NetworkPattern};
pub use mo::{MoChoice, MoNumber, MoQuery, MoRule, MoTable, keyword};
pub use numbering::{NumberPlan, Numbering};
pub use plans::{PlanId, Plans, PlansFull};
pub use policy::{AfterReceipt, Delivered, EXPLORE_PERMILLE_MAX, Margin, OnNoResponse, Policy};
pub use prefix::{Prefix, PrefixFault};
pub use query::{Draws, Query};
pub use table::{Candidate, CarrierRow, Choice, NoRoute, RouteRow, RouteTable, RoutingFault};
