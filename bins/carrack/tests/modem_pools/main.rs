//! Pools of simulated modems on serial ports: found by themselves, and seen from outside.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

#[allow(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../end_to_end/carrier.rs"]
mod carrier;
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../end_to_end/node.rs"]
mod node;

mod acquitted;
mod found;
mod measured;
