//! Numbers that must not be sent to: what an entry says, how it is found, and lists of a hundred million of them.
//!
//! Promise: pure; whether a number stands on a list is known in about a microsecond once the octets are in memory,
//! without allocation. A list that is built with hashes holds no number: it cannot be turned back but by trying every
//! number there is, and not even so where the hash has a secret. Bounds and faults are those of
//! [`KeyIndex`](crate::key_index::KeyIndex); of a hash 56 bits are kept, so that one in seven hundred million look-ups in
//! a list of a hundred million finds a number that is not there.

mod key;
mod list;
mod mark;
mod rows;

pub use key::{Hashing, Keys, Scope, Whose};
pub use list::{SuppressionIndex, SuppressionWriter};
pub use mark::{Mark, Reason};
pub use rows::{SuppressionRow, SuppressionRows};
