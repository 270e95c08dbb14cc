//! GSM modems: AT commands in PDU mode (3GPP TS 27.005 and 27.007).
//!
//! Promise: everything a modem writes is read: answers, what comes unasked between them, and noise. Every command has a deadline.
//! Bound: a line has 1,024 octets. A modem that is silent or talks nonsense is told so by its deadline, never waited for.

pub mod at;
mod desk;

pub use desk::{Allowance, Rest, SimDesk, SimEvent, SimIdentity, SimNumber};
