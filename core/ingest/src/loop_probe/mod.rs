//! Loop probes: real messages that the node sends through one carrier, and what comes back of them.
//!
//! Promise: a probe goes the way of every message (accepted, sent, settled, in the CDR files) as an account of the node's
//! own, by a route of its own to its carrier alone. One of each probe is on its way at a time, none sooner than its turn.
//! What comes back is known by a word in its text that no other probe that is awaited has, and that nobody writes by
//! chance, so that no customer's message is taken for one. Bound: probes as configured, [`RESULTS_MAX`] results and
//! [`PAST_MAX`] words of past ones each. Fails: what a start forgot, or a reload that took a probe away, is counted when it comes, and
//! changes nothing.
//!
//! [`course`] decides when one is sent and what became of it, and is pure; [`courses`] has them all; [`board`] is where
//! others look; [`door`] gives it a clock and the engine; [`word`] makes the words.

mod board;
mod course;
mod courses;
mod door;
mod outcome;
mod spec;
#[cfg(test)]
mod tests;
mod word;

pub use board::{ProbeBoard, ProbeView, ProbesShown};
pub use door::{LoopProbeFault, LoopProbes};
pub use outcome::{ProbeOutcome, ProbeResult, ProbeSums};
pub use spec::ProbeSpec;

/// The account of all probes. No configured account has such a name: a colon cannot stand in one.
pub const ACCOUNT: &str = "node:loop-probes";

/// Results of each probe that are kept to be shown.
const RESULTS_MAX: usize = 20;
/// Past probes of each that are still known, so that what comes late is counted as that and told to no customer. As many
/// as the engine awaits for all probes that may be.
const PAST_MAX: usize = 60;
