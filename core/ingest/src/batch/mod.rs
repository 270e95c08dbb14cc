//! Batch files: many messages from one file, CSV or NDJSON, packed or plain.
//!
//! Promise: a batch that was acknowledged is on disk, and each of its rows gets exactly one verdict, whatever crashes: it is
//! accepted by the engine, or stands in the errors file with line, column and reason, from where it can be mended and
//! sent again. Rows are streamed; the position of the next one is written with the messages before it. Permanent faults
//! (header, template, sender, class) are refused at once. Bound: two chunks and two blocks a running batch and what
//! unpacking holds, and as many batches as set, of the node and of an account. A full queue or disk pauses a batch and is shown; it never ends one.
//!
//! The account's rate does not count here: rows wait in the queue as `bulk` and must not eat up what the account's
//! one-time passwords need.

mod batches;
mod begin;
mod charset;
mod check;
mod check_view;
mod checks;
mod chunk;
mod control;
mod duplicates;
mod ends;
mod errors;
mod fault;
mod flight;
mod hindrance;
mod intake;
mod job;
mod json_errors;
mod json_rows;
mod keeper;
mod keys_seen;
mod layout;
mod mended;
mod number;
mod outside;
mod places;
mod reader;
mod replacements;
mod request;
mod rows;
mod run;
mod shape;
mod source;
mod specification;
mod store;
mod supervisor;
mod template;
mod tempo;
#[cfg(test)]
pub(crate) mod tests;
mod timing;
mod unpack;
mod upload;
mod view;

pub use batches::{Batches, ErrorsFile};
pub(crate) use charset::Charset;
pub use charset::CharsetFault;
pub use check_view::{
    Alphabet, Carrier, CheckView, Cost, Fault, FaultsOfColumn, Histogram, OutsideGsm7, PlainSigns,
    Replacement,
};
pub use control::{Change, ChangeFault};
pub use duplicates::Duplicates;
pub use fault::{BatchFault, BatchesFault};
pub use intake::{Intake, Tables, Withdrawal};
pub use job::{BatchState, Swaps};
pub use layout::{ColumnMap, LayoutFault};
pub use number::{BatchNumber, BatchNumberFault};
pub use request::{BatchRequest, OptionFault};
pub use rows::{COLUMNS_MAX, ROW_OCTETS_MAX, RowFault};
pub use shape::{Compression, Format, ShapeFault, ShapeWish};
pub use specification::BatchSpec;
pub use store::{Spool, SpoolFault, cancelled};
pub use template::{JinjaFault, TemplateFault, TemplateSyntax};
pub use view::BatchView;
pub(crate) use view::rfc3339;
