//! How carriers do: what of their messages arrives, and how soon, by network and class.
//!
//! Promise: pure; time is given. A carrier is observed by the one shard that owns it ([`Observed`]); what it makes public
//! ([`CarrierQuality`]) changes only when it has changed by more than the hysteresis, so that the choice does not flap.
//! Bound: `cells_max` pairs of network and class a carrier; what comes beyond is counted for the carrier as a whole.

mod busiest;
mod latency;
mod observed;
mod published;
mod window;

pub use busiest::{ClassQuality, NetworkQuality};
pub use latency::{LATENCY_MS_MAX, Latencies};
pub use observed::{Observed, Rules};
pub use published::{CarrierQuality, PERMILLE, Qualities, Quality};
