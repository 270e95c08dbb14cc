//! What follows from what handsets say: answers to stop, start and help, and the list of texts that a person has to read.
//!
//! Promise: an answer is a message of the account that the handset wrote to, from the number it wrote to: screened, priced,
//! limited and durable as any other; the answer to a stop alone leaves though the number stands on a list by then. A
//! handset gets one answer of each kind a day, and all automatic answers together are bounded by
//! [`ReplyBreaker`](crate::replies::ReplyBreaker), so that two machines never talk for long. A crash may swallow an
//! answer, never a stop. Bounds: [`EVENTS_MAX`](door) events wait, one more is left out and counted; texts to be read as set.

mod again;
mod door;
mod review;
mod spec;
#[cfg(test)]
mod tests;

pub use door::{ConsentDoor, ConsentFault};
pub use review::{Review, ReviewItem};
pub use spec::ConsentSpec;
