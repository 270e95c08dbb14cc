//! A shard driven without sockets, clocks or disk: scripted links, a committer in memory.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod accepting;
mod any_order;
mod backlogs;
mod batch_counts;
mod by_requests;
mod consent;
mod credit;
mod failing_over;
mod forms;
mod given_on_early;
mod groups;
mod health;
mod ids;
mod jobs;
mod keyed;
mod limits;
mod lookup;
mod mo;
mod onward;
mod own;
mod parted;
mod parts;
mod questions;
mod quiet;
mod receipts;
mod recipient_limits;
mod refusals;
mod reschedule;
mod resting;
mod reused_ids;
mod rig;
mod shadow;
mod shelf;
mod suppression;
mod told;
mod turns;
mod uncertain;
mod untold;
mod whole_chunks;
mod whole_texts;
