//! Numbers that were taken to another network, in a [`KeyIndex`](crate::key_index): a hundred million and more, found in
//! about a microsecond where they lie.
//!
//! Promise: that of the index; a number that it holds has a network.

mod dump;
mod index;
#[cfg(test)]
mod tests;

pub use crate::key_index::{IndexFault as PortabilityFault, IndexSummary, Octets};
pub use dump::{Dump, DumpKind, PortedRow};
#[cfg(test)]
use index::KIND;
pub use index::{IndexWriter, NETWORKS_MAX, Portability, WriteFault};
