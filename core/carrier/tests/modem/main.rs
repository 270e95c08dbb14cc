//! A modem as a link of its pool, over a line in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    missing_docs,
    dead_code
)]

mod allowance;
mod book;
mod bring_up;
mod card_change;
mod closing;
#[path = "../counting/mod.rs"]
mod counting;
mod escalation;
mod exactly_once;
mod fake;
mod idle;
mod incoming;
mod interview;
mod orders;
mod pin;
mod reports;
mod sending;
mod slot;
mod support;
mod untaken;
mod whole_texts;
