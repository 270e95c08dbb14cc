//! Requests that are sent again: a customer's key, or the content itself, makes one message of all of them.
//!
//! Promise: of submissions with one name, within the time that names are kept, one is accepted; the others are given its id,
//! whatever was killed or lost in between. A name is claimed in memory before it is looked for in the store, and given back
//! when what became of it is durable: the entry lies in the same write as the message ([`carrack_queue::KeptKey`]). So of two
//! at once the second waits and finds what became of the first. What was refused leaves nothing: it is tried anew.
//!
//! Bound: names under way from the settings, [`WAITING_MAX`] chunks that wait; one entry a name on disk. Fails by a [`Refusal`] of the
//! submission: busy, used for something else, or the store cannot be read. A chunk without names costs one look at each
//! submission; one with names that are new, no disk and no thread.
//!
//! [`Refusal`]: crate::Refusal

mod counts;
mod desk;
mod fate;
mod name;
mod queue;
mod under_way;

pub(crate) use desk::{Desk, DeskSettings, THREADS, WAITING_MAX};
pub(crate) use fate::entries;
pub use name::{IdempotencyKey, KeyFault, OnRepeat, PartOf};

#[cfg(test)]
mod file_tests;
#[cfg(test)]
mod full_shard_tests;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod tests;
