//! Simulated carriers and load for Carrack: an SMSC that can prove loss and doubling, and the generators that drive a node.
//!
//! [`smsc`] is the SMSC as a state machine without sockets or clocks; [`simulator`] puts it on TCP (`smscsim`).
//! [`load`] holds the generators behind `smsload`. The crate shares only `core/smpp` and `core/message` with the product,
//! so a fault of the engine cannot hide in its own test tool. Every random decision comes from a seed.

pub mod chance;
pub mod duration;
pub mod load;
pub mod modem;
mod report_file;
pub mod simulator;
pub mod smsc;
pub mod wire;
