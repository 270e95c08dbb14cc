//! The SMPP driver: an ESME's link to an SMSC, over one transceiver, a transmitter, a receiver, or the last two.
//!
//! Promise: bytes come from a `Transport`, so the same link runs on a socket and in a simulation; a lost connection is
//! tried again with backoff and jitter; credentials refused five times are not tried again until restart. What is special
//! about a carrier comes from its profile. Bound: the window of the sending session.

mod addressing;
mod connection;
mod disposition;
mod handset;
mod inbound;
mod link;
mod outgoing;
mod queries;
mod rebind;
mod receipt;
mod spec;
mod stranger;

pub use disposition::{Statuses, status_class};
pub use link::SmppLink;
pub(crate) use link::rules as receipt_rules;
pub(crate) use receipt::{of_query as receipt_of_query, read_whole as receipt_whole};
pub use spec::{OutbindPeer, SmppSpec};
