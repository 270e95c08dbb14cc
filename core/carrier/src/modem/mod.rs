//! GSM modems: AT commands in PDU mode (3GPP TS 27.005 and 27.007). A modem is a link of its pool.
//!
//! Promise: everything a modem writes is read: answers, what comes unasked between them, and noise. Every command has a deadline; a
//! modem that is silent or talks nonsense is brought to its senses step by step ([`escalation`]), never waited for. A segment is uncertain
//! only where the end of its PDU was written and nothing came back. What a modem may send the book of SIMs decides ([`SimDesk`]).
//! Bound: one text and one command at a time; a line has 1,024 octets; 64 messages from handsets and 64 status reports are told and
//! not yet taken, and as many that came directly.
//! No clock, thread, file or socket is here: octets come from a `Transport`, time with each poll.

pub mod at;
pub mod book;
mod country;
mod desk;
mod dialect;
mod escalation;
mod gate;
mod hooks;
mod identity;
mod incoming;
mod interview;
mod link;
mod network;
mod offers;
mod orders;
mod panel;
mod pin;
mod port;
mod reading;
mod recovery;
mod search;
mod sending;
mod sent;
mod serving;
mod setup;
mod slot;
mod spec;
mod state;
mod telling;
mod ussd;
mod words;
mod writing;

pub use desk::{Allowance, Rest, SimDesk, SimEvent, SimIdentity, SimNumber};
pub use dialect::{DIALECTS, Dialect, UssdForm};
pub use escalation::Rung;
pub use hooks::{Hook, HookRun, ModemHooks, NoHooks};
pub use interview::{Interview, Interviewed};
pub use link::{ModemLink, ModemParts, TEXT_SEGMENTS_MAX};
pub use panel::{
    Finding, ModemCounts, ModemPanel, ModemView, ORDERS_MAX, Order, OrderAnswer, OrderFault,
    OrderReply,
};
pub use search::{PortView, Search, SearchChange, SeenPort, Spoken};
pub use sending::{STATUS_NOT_ALLOWED, STATUS_NOT_WRITTEN, STATUS_OF_CME};
pub use slot::{LineMaker, ModemSlot, SlotLink, SlotParts};
pub use spec::{BalanceQuestion, ModemSpec};
