//! What is added to a list or taken back, by whom, and why it cannot be.

use carrack_routing::suppression::{Reason, Whose};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Who wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressedBy {
    /// The holder of the number, by a message from his handset.
    Handset,
    /// A customer.
    Customer,
    /// An operator.
    Operator,
}

/// What is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SuppressionAct {
    /// The number stands on the list from now on.
    Add {
        /// Why.
        reason: Reason,
        /// Until then, UTC nanoseconds, rounded up to a day; `u64::MAX`: for ever.
        ends_utc_ns: u64,
    },
    /// It does not any more, whatever the base says.
    Remove,
}

/// One change of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionChange {
    /// The list's name.
    pub list: String,
    /// The number.
    pub whose: Whose,
    /// The account or sender for whom it is, where the list's entries are so; else of no matter.
    pub name: String,
    /// What is wanted.
    pub act: SuppressionAct,
    /// By whom.
    pub by: SuppressedBy,
    /// Since when, UTC nanoseconds: what a handset said before something later was said is passed over.
    pub at_utc_ns: u64,
}

/// For each change whether anything is otherwise than before; or why none was made.
pub type SuppressionReply = Box<dyn FnOnce(Result<Vec<bool>, SuppressionFault>) + Send>;

/// Why a list was not changed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SuppressionFault {
    /// No such list.
    #[error("there is no suppression list {0:?}")]
    UnknownList(String),
    /// A hash where the list has numbers, or the other way round.
    #[error("the list {0} cannot take it: give the number, or the hash that it is made of")]
    Form(String),
    /// More was added than may be before a compaction.
    #[error("the list {0} has as many new entries as it may; compact it, or raise `added_max`")]
    Full(String),
    /// A customer added as many as he may before a compaction, which begins by itself.
    #[error(
        "the account added as many entries to the list {0} as it may before the list is compacted, which begins by itself; try again in a while"
    )]
    Share(String),
    /// The node is set so that nothing can be added.
    #[error("nothing can be added to lists of this node")]
    ReadOnly,
    /// The disk: ours, try again later.
    #[error("it could not be written: {0}; try again later")]
    Disk(String),
    /// Too many wait: ours, try again later.
    #[error("too many changes of lists wait; try again")]
    Busy,
    /// A compaction of it is at work.
    #[error("the list {0} is being compacted already")]
    AtWork(String),
    /// The node is going down.
    #[error("the node is shutting down")]
    Stopped,
}
