//! An SMSC as a state machine: octets and `now_ns` in, octets out. No socket, no clock, no thread.
//!
//! [`Smsc`] promises that `submits = accepted + refused + throttled` at any moment, that a receipt is kept until it is answered
//! (over any number of dropped binds), and that no second holds more accepted segments than the rate. All memory is bounded by
//! [`Settings`]; what does not fit is answered ESME_RMSGQFUL or counted.

mod address;
mod calendar;
mod centre;
mod connections;

mod delivery;
mod desk;
mod distinct;
mod events;
mod identity;
mod judge;
mod post;
mod pump;
pub mod quirk;
mod rate;
mod report;
mod settings;

pub use centre::Smsc;
pub use connections::BindKey;
pub use quirk::Quirks;
pub use rate::RATE_MAX;
pub use report::Report;
pub use settings::Settings;
