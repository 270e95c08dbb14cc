//! A probe against the simulated SMSC, both without sockets and in simulated time: each quirk is named in the report.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

mod bounds;
mod drafts;
mod peers;
mod quirks;
mod random;
mod run;
