//! One recipient on its way from a door to the engine.
//!
//! Promise: the same message is screened alike at every door. Pure. What cannot be taken is refused with the field, the
//! fault and its cure; nothing is guessed and nothing is dropped. Bound: the account's segments and validity.

mod callback;
mod fault;
mod nearest;
mod parts;
mod screen;
mod send_at;
mod validity;

pub(crate) use callback::own_callback;
pub use fault::SubmissionFault;
pub(crate) use nearest::nearest;
pub(crate) use parts::{octets_max, parts};
pub use screen::{CLIENT_REF_OCTETS_MAX, Fields, Options, Screen, Screened};
pub(crate) use send_at::said_send_at;
pub use send_at::{SendAt, SendAtFault, not_too_far, send_at_utc_ns};
pub(crate) use validity::longer_than;
pub use validity::{ValidityFault, validity_ns};
