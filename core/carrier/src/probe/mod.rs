//! Questions to an SMSC that nobody knows yet, and what its answers say about it (`carrack carrier probe`).
//!
//! Promise: the questions are known before the first octet goes out, their number is bounded by [`Plan::messages_max`] and
//! their pace by [`Plan::interval_ns`]; whatever the other side does, the probe ends. What comes out is findings, each with
//! what was seen, and a draft of a profile. Sans-I/O: octets and `now_ns` in, octets and [`Order`]s out.
//!
//! A finding names the trap it belongs to and the quirk of the bundled simulator that behaves alike, so that what a carrier
//! does can be played at home.

mod analysis;
mod binding;
mod conversation;
mod doubt;
mod findings;
mod hand;
mod message;
mod observation;
mod plan;
mod report;
mod script;
mod steps;
mod wire;

pub use conversation::{Order, Outcome, Probe, Progress};
pub use findings::{Finding, Weight};
pub use plan::{Account, Plan, PlanFault, Question};
pub use report::{Report, Sight, Totals};
pub use wire::WIRES;
