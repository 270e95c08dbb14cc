//! Acceptance: a real node against a simulated carrier that misbehaves, one test a trap of `docs/interop.md`.
//!
//! Each test sends a batch through `carrack serve` over real sockets and asks the customer's side, the carrier's side and
//! the audit for the truth. Codec and session sides of the traps are tested in their own rooms under the same names.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]
#![allow(dead_code, reason = "the node's harness is shared with end_to_end")]

#[path = "../end_to_end/carrier.rs"]
mod carrier;
#[path = "../end_to_end/node.rs"]
mod node;
mod scene;

mod addresses;
mod binds;
mod customers;
mod flow;
mod ids;
mod keep_alive;
mod malformed;
mod receipts;
mod responses;
mod texts;
