//! An SMSC as a state machine: octets and `now_ns` in, octets out. No socket, no clock, no thread.
//!
//! [`Smsc`] promises that `submits = accepted + refused + throttled` at any moment, that a receipt is kept until it is answered
//! (over any number of dropped binds), and that no second holds more accepted segments than the rate. All memory is bounded by
//! [`Settings`]; what does not fit is answered ESME_RMSGQFUL or counted.

mod actions;
mod address;
mod addresses;
mod assembly;
mod bend;
pub(crate) mod calendar;
mod centre;
mod connections;
mod delivery;
mod desk;
mod dialect;
pub(crate) mod distinct;
mod door;
mod events;
mod identity;
mod judge;
mod ledger;
mod looping;
mod mo;
mod planning;
mod post;
mod pump;
pub mod quirk;
mod rate;
mod reading;
mod register;
mod report;
mod scenario;
mod services;
mod settings;
mod stopwatch;

pub use centre::Smsc;
pub use connections::BindKey;
pub use ledger::TakenText;
pub use mo::MoText;
pub use quirk::Quirks;
pub use rate::RATE_MAX;
pub use report::{AnswerTimes, Report};
pub use scenario::{Scenario, ScenarioFault};
pub use settings::Settings;
