//! What a shard is told from outside.

use carrack_message::{MessageId, Network};

use crate::credit::Credit;
use crate::engine::{Cancelled, Rescheduled};
use crate::notice::{NoticeKey, NoticeSink};
use crate::recovery::RestoredLane;
use crate::shard::{Key, Live, Party};
use crate::snapshot::ShardSnapshot;
use crate::submission::Chunk;

pub(crate) enum Mail {
    /// From a front door.
    Chunk(Chunk),
    /// From another shard: messages whose best carrier is ours, with the carriers still to be tried.
    Moved(Vec<(Live, Vec<u16>, Vec<u16>)>),
    /// From another shard: what waits in the log only, with the carriers of its lane; whether an operator moved it to the
    /// first of them.
    MovedParked {
        lane: RestoredLane,
        moved: bool,
    },
    Cancel(MessageId, Box<dyn FnOnce(Option<Cancelled>) + Send>),
    /// To be sent at another moment, UTC nanoseconds.
    SendAt(MessageId, u64, Box<dyn FnOnce(Option<Rescheduled>) + Send>),
    Grant {
        party: Party,
        subscriber: u64,
        credits: u32,
        sink: NoticeSink,
    },
    Revoke {
        party: Party,
        subscriber: u64,
    },
    /// A register knows the network of a message's recipient, or nobody said.
    Looked(Key, Option<Network>),
    Told(NoticeKey),
    Credit(Credit),
    Snapshot(Box<dyn FnOnce(ShardSnapshot) + Send>),
}
