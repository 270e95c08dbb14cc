//! Batches, tried with an engine that refuses, fails and ends as told.

mod bounds;
mod control;
mod duplicates;
mod far;
mod figures;
mod formats;
mod large_rows;
mod looks;
mod moments;
mod panics;
pub(crate) mod rig;
mod slow_disk;
mod suppressed;
mod verdicts;
