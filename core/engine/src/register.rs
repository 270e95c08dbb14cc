//! Who knows more of a number than tables do: a home location register, asked while the message waits.

use std::fmt::Debug;
use std::time::Duration;

use carrack_message::{Msisdn, Network};

/// Called once with the number's network, or without it where nobody said in time. Must not block.
pub type RegisterReply = Box<dyn FnOnce(Option<Network>) + Send>;

/// A register of numbers. Nothing here may block a shard.
pub trait Register: Debug + Send + Sync {
    /// The network as it is remembered.
    fn known(&self, to: Msisdn) -> Option<Network>;

    /// Asks, and gives the answer at the deadline at the latest.
    fn ask(&self, to: Msisdn, within: Duration, reply: RegisterReply);
}
