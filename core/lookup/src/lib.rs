//! Asking a home location register (HLR) by HTTP: which network a number belongs to now, and whether it can be reached.
//!
//! Promise: nothing here blocks the caller. [`Lookups::known`] looks into memory; [`Lookups::ask`] hands the question to
//! a thread of its own and returns, and every question gets exactly one answer, at its deadline at the latest. One number
//! is asked for once at a time, others join. What a day's questions cost never goes above the cap, crashes included.
//! Bounds, all from settings: questions that wait, requests at a time, answers remembered, time of a request. Fails only
//! at the start ([`LookupsFault`]); later faults are answers.

mod answer;
mod asking;
mod budget;
mod cache;
mod circuit;
mod client;
mod counts;
mod ledger;
mod lookups;
mod reading;

pub use answer::{Answer, Failure, Known, NotAsked, Presence};
pub use counts::Counts;
pub use ledger::LedgerFault;
pub use lookups::{Lookups, LookupsFault, Reply};
