//! Faults of the disk on real files: a node is killed for real, its files are damaged, and it must say what it finds.
//!
//! What holds in all of them: a node never panics over its disk, never loses in silence, and what it refuses it refuses
//! with the file and the cure. The fault matrix, one file a row: `full_disk` and
//! `full_disk_smpp` (no space left), `damaged_tables` (SST files and
//! the manifest), `damaged_log` (the WAL and its tail), `bad_frames` (what the database holds whole and we cannot read),
//! `folders` (permissions, read-only file systems, a node that runs already).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr
)]
#![allow(dead_code, reason = "the node's harness is shared with end_to_end")]

#[path = "../end_to_end/carrier.rs"]
mod carrier;
#[path = "../end_to_end/node.rs"]
mod node;
mod scene;
mod small_disk;

mod bad_frames;
mod cdr_disk;
mod damaged_log;
mod damaged_tables;
mod folders;
mod full_disk;
mod full_disk_smpp;
