//! Batch files: many messages from one CSV source.
//!
//! Promise: a batch that was acknowledged is on disk, and each of its rows gets exactly one verdict, whatever crashes: it is
//! accepted by the engine, or stands in the errors file with line, column and reason, from where it can be mended and
//! sent again. Rows are streamed; the position of the next one is written with the messages before it. Permanent faults
//! (header, template, sender, class) are refused at once. Bound: two chunks and two blocks a running batch, and as many
//! batches as set. A full queue or disk pauses a batch and is shown; it never ends one.
//!
//! The account's rate does not count here: rows wait in the queue as `bulk` and must not eat up what the account's
//! one-time passwords need.

mod batches;
mod chunk;
mod errors;
mod fault;
mod intake;
mod job;
mod layout;
mod number;
mod rows;
mod run;
mod source;
mod specification;
mod store;
mod supervisor;
mod template;
mod upload;
#[cfg(test)]
mod verdict_tests;
mod view;

pub use batches::{BatchRequest, Batches};
pub use fault::{BatchFault, BatchesFault};
pub use intake::Intake;
pub use job::BatchState;
pub use layout::LayoutFault;
pub use number::{BatchNumber, BatchNumberFault};
pub use rows::{COLUMNS_MAX, ROW_OCTETS_MAX, RowFault};
pub use specification::BatchSpec;
pub use store::{Spool, SpoolFault};
pub use template::TemplateFault;
pub use view::BatchView;
pub(crate) use view::rfc3339;
