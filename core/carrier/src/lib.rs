//! Carriers: who takes messages from us. One folder a driver, one trait for all.
//!
//! Promise: the engine knows a link only by [`Link`]: free slots, submit, events. A link holds no message: what it is
//! given comes back exactly once as an answer, a time-out or unanswered. Bound: the link's window. A link never fails for
//! good: it says why it is down and tries again.

mod link;
pub mod modem;
pub mod probe;
pub mod replay;
pub mod smpp;
pub mod trace;

pub use link::{
    CarrierMessageId, Disposition, HandsetPart, Link, LinkEvent, LinkState, Outgoing,
    ReceiptHandle, Refusal, SarPart, SubmitRefused, WireAddress,
};
