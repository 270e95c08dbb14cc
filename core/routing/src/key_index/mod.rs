//! Keys that rise, each with a small value: an index of a hundred million and more, read where it lies.
//!
//! Promise: a key is found or not in about a microsecond once the octets are in memory, without allocation and
//! without copying; no octets whatever make the reader panic, loop or read outside of them. At most nine octets a
//! key, and two or three where keys lie close to each other, as numbers of telephones do.
//!
//! How. Keys rise through blocks of [`BLOCK_KEYS`]; a block holds distances from its first key, all in as
//! many bits as the last one needs, then values as small numbers into a table, in as many bits as those of the block
//! differ by. The first keys of all blocks are searched sixteen at a time, a level above another. See [`layout`].
//!
//! [`KeyIndex::open`] looks at the header, the table and the levels (a hundredth of the file); [`KeyIndex::verify`] at
//! every octet.

mod bits;
mod fault;
mod layout;
mod reader;
mod walk;
mod writer;

pub use fault::{IndexFault, KeyWriteFault};
pub use layout::{BLOCK_KEYS, KEY_MAX, Kind, VALUES_MAX};
pub use reader::{KeyIndex, Octets};
pub use walk::Keys;
pub use writer::{IndexSummary, KeyWriter};
