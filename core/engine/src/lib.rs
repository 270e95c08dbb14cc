//! The engine: accept, lanes, send, settle.
//!
//! Promise: what was acknowledged is accounted for, exactly, after any crash; a carrier's limit is never exceeded; what
//! may be doubled is listed by name. Two doors change a message: `accept` and `settle` of a shard. Bound: messages,
//! mailboxes, frames and windows as set; above them a door gets a counted, stated answer. Fails: a broken store refuses
//! new work and keeps what it has.
//!
//! One thread a shard owns its links, lanes and limits; nothing in it is locked. Clock, links and committer come from
//! outside.

mod audit;
mod awaited;
mod batches;
mod cdr;
mod consent;
mod credit;
mod directory;
mod engine;
mod facts;
mod idempotency;
mod jobs;
mod limits;
mod mail;
mod node;
mod notice;
mod pager;
mod recovery;
mod register;
mod rules;
mod settings;
mod shadow;
mod shard;
mod shared;
mod snapshot;
mod story;
mod submission;
mod suppression;
mod telling;
mod together;

pub use audit::{AccountMoney, Audit, MoTotals, UncertainSegment, audit};
pub use batches::{BatchCounters, BatchEnds};
pub use cdr::{CdrCurrencies, CdrFormat, CdrSettings, CdrState, cdr_state};
pub use consent::{ConsentEvent, ConsentNoted, ConsentRule, ConsentSink};
pub use credit::{Balance, BalanceView, CreditRefused, Credited, Terms};
pub use directory::{AccountEntry, CarrierEntry, Directory};
pub use engine::{Cancelled, Engine, Readiness, Rescheduled};
pub use idempotency::{IdempotencyKey, KeyFault, OnRepeat, PartOf};
pub use jobs::{JobFilter, JobKind, JobRefused, JobRequest, JobStatus};
pub use limits::{Each, LimitKind, LimitRule, LimitSettings, LimitView, SenderIs};
#[cfg(feature = "simulation")]
pub use node::simulated::{
    SimulatedCarrier, SimulatedKeys, SimulatedLog, SimulatedNode, SimulatedPart, SimulatedRecovery,
    SimulatedShelf, SimulatedSpec,
};
pub use node::{AccountQueue, CarrierSpec, LinkMaker, Node, NodeFault, NodeSpec};
pub use notice::{AtWebhook, Ending, Incoming, IncomingBody, News, Notice, NoticeKey, NoticeSink};
pub use register::{Register, RegisterReply};
pub use rules::CarrierRules;
pub use settings::{EngineSettings, Multipart};
pub use shadow::{Seen, SeenWay, ShadowDoor, ShadowSpec};
pub use snapshot::{
    CarrierSnapshot, ErrorCount, LaneSnapshot, LinkSnapshot, NETWORKS_SHOWN_MAX, Networks, Snapshot,
};
pub use story::{Story, StoryEvent};
pub use submission::{Chunk, ChunkReply, Group, Refusal, Submission, ToldAs, Verdict};
pub use suppression::{
    MapFile, SuppressedBy, SuppressionAct, SuppressionChange, SuppressionEntry, SuppressionFault,
    SuppressionFound, SuppressionLayer, SuppressionListView, SuppressionReply, SuppressionRule,
    SuppressionSettings, SuppressionsNow,
};
pub use telling::Telling;
pub use together::Together;
