//! Numbers that were taken to another network: an index of a hundred million and more, read where it lies.
//!
//! Promise: a number is found or not in about a microsecond once the octets are in memory, without allocation and
//! without copying; no octets whatever make the reader panic, loop or read outside of them. At most nine octets a
//! number, and two or three where numbers lie close to each other, as they do in life.
//!
//! How. Numbers rise through blocks of [`BLOCK_NUMBERS`]; a block holds distances from its first number, all in as
//! many bits as the last one needs, then networks as small numbers into a table, in as many bits as those of the block
//! differ by. The first numbers of all blocks are searched sixteen at a time, a level above another. See [`layout`].
//!
//! [`Portability::open`] looks at the header, the table and the levels (a hundredth of the file); [`Portability::verify`] at
//! every octet.

mod bits;
mod dump;
mod fault;
mod layout;
mod reader;
#[cfg(test)]
mod tests;
mod walk;
mod writer;

pub use dump::{Dump, DumpKind, PortedRow};
pub use fault::{PortabilityFault, WriteFault};
pub use layout::{BLOCK_NUMBERS, NETWORKS_MAX};
pub use reader::{Octets, Portability};
pub use walk::Numbers;
pub use writer::{IndexSummary, IndexWriter};
