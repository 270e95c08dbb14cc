//! The SMPP driver: an ESME's link to an SMSC, over one transceiver or a transmitter and a receiver.
//!
//! Promise: bytes come from a `Transport`, so the same link runs on a socket and in a simulation; a lost connection is
//! tried again with backoff and jitter; credentials refused five times are not tried again until restart. Bound: the
//! window of the sending session.

mod connection;
mod disposition;
mod link;
mod receipt;

pub use disposition::disposition;
pub use link::{SmppLink, SmppSpec};
