//! Currencies and the dated rates between them and the node's base currency.
//!
//! Promise: integers only. A rate is units of the base for one unit of the currency, exact to nine decimals; an amount
//! converts in 128 bits and is rounded once, to the nearest micro-unit, halves away from zero.

mod iso;
mod rate;
mod rates;
mod reader;

pub use iso::is_known;
pub use rate::{Rate, RateFault};
pub use rates::Rates;
