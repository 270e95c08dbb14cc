//! What a node is doing at this moment, for people and programs.

use std::collections::BTreeMap;
use std::sync::Arc;

use carrack_routing::quality::{CarrierQuality, NetworkQuality, Quality};
use serde::{Serialize, Serializer};
use utoipa::ToSchema;

/// Networks of a carrier that are shown: those with most messages.
pub const NETWORKS_SHOWN_MAX: usize = 50;

/// How a carrier does by network: shown as a list of at most [`NETWORKS_SHOWN_MAX`], made when it is written and not on a
/// shard.
#[derive(Debug, Clone, Default)]
pub struct Networks(pub Arc<CarrierQuality>);

impl Serialize for Networks {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.by_network(NETWORKS_SHOWN_MAX))
    }
}

/// How often a carrier gave one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ErrorCount {
    /// `submit`: the status of a response; `receipt`: the error of a final receipt that is no delivery.
    pub on: &'static str,
    /// `0x00000058` as a status, `34` as an error; `other`: all beyond the bound.
    pub code: String,
    /// How often since the start.
    pub count: u64,
}

/// A link.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LinkSnapshot {
    /// `up`, `connecting`, `down`, `closing` or `refused`.
    pub state: &'static str,
    /// Segments in its window.
    pub in_flight: u32,
    /// Slots of its window.
    pub window: u32,
}

/// A carrier.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct CarrierSnapshot {
    /// Its name.
    pub name: String,
    /// `up`, `down`, `paused`, `refusing` or `capped`.
    pub health: &'static str,
    /// Whether an operator stopped it.
    pub paused: bool,
    /// Its links.
    pub links: Vec<LinkSnapshot>,
    /// Segments a second that it is sent at most now.
    pub rate: Option<u32>,
    /// Segments a second that the contract allows.
    pub rate_max: Option<u32>,
    /// Segments that it may have a day (UTC).
    pub day_cap: Option<u32>,
    /// Segments of it that are used today.
    pub day_used: Option<u32>,
    /// How it did in the window, to all networks.
    pub quality: Quality,
    /// The same by network and class.
    #[schema(value_type = Vec<NetworkQuality>)]
    pub networks: Networks,
    /// Codes of its refusals and failures since the start, the most frequent first.
    pub errors: Vec<ErrorCount>,
    /// Segments sent since start.
    pub segments_sent: u64,
    /// Segments it took.
    pub segments_accepted: u64,
    /// Segments it refused for good or for a while.
    pub segments_refused: u64,
    /// Segments it refused because we were too fast.
    pub segments_throttled: u64,
    /// Segments without an answer.
    pub segments_uncertain: u64,
    /// Segments it took without giving an id.
    pub segments_untracked: u64,
    /// Segments it took twice.
    pub segments_doubled: u64,
    /// Slots given on before the response time-out.
    pub slots_given_early: u64,
    /// Refusals because the queue for one recipient was full.
    pub destination_full: u64,
    /// Refusals that put our account there at fault.
    pub account_faults: u64,
    /// The last status that did so, while nothing was accepted since.
    pub account_fault: Option<u32>,
    /// Messages delivered by it.
    pub messages_delivered: u64,
    /// Messages that ended otherwise with it.
    pub messages_failed: u64,
    /// Receipts matched.
    pub receipts_matched: u64,
    /// Receipts that came before their response.
    pub receipts_early: u64,
    /// Receipts that named nothing we sent.
    pub receipts_unmatched: u64,
    /// Receipts whose id several segments carried.
    pub receipts_ambiguous: u64,
    /// Receipts matched by the recipient's number.
    pub receipts_by_number: u64,
    /// Receipts that came again after their segment's end.
    pub receipts_again: u64,
    /// Questions about missing receipts.
    pub queries_sent: u64,
    /// Receipts matched by id: as written, response hexadecimal and receipt decimal, the reverse.
    pub receipt_ids: [u64; 3],
    /// Lines for its profile that fix how its ids are written, once enough receipts have matched.
    pub profile_proposal: Option<String>,
    /// What it charges for what it took, micro-units.
    pub cost_micros: i64,
    /// Submit to response, milliseconds, median.
    pub response_ms_p50: f64,
    /// Submit to response, milliseconds, 99th percentile.
    pub response_ms_p99: f64,
    /// Response to receipt, milliseconds, median.
    pub receipt_ms_p50: f64,
    /// Response to receipt, milliseconds, 99th percentile.
    pub receipt_ms_p99: f64,
}

/// What waits for the same carriers in the same class.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct LaneSnapshot {
    /// Names of its carriers, best first.
    pub carriers: Vec<String>,
    /// Its class.
    pub class: &'static str,
    /// Messages that wait.
    pub waiting: usize,
}

/// The whole node.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub struct Snapshot {
    /// Messages accepted and not final.
    pub waiting: u64,
    /// Of those: on the shelf, to be sent later or with receipts that take long.
    pub shelved: u64,
    /// Finals that customers are still to be told.
    pub untold: usize,
    /// Receipts that wait for their response.
    pub receipts_parked: usize,
    /// Segments whose receipt is to come.
    pub receipts_awaited: usize,
    /// Carriers in the order of the configuration.
    pub carriers: Vec<CarrierSnapshot>,
    /// Lanes in which something waits.
    pub lanes: Vec<LaneSnapshot>,
    /// Messages that wait under limits, by their names.
    pub limits: BTreeMap<String, usize>,
}

/// One shard's part; carriers with their place in the route table.
#[derive(Debug, Default)]
pub(crate) struct ShardSnapshot {
    pub(crate) untold: usize,
    pub(crate) receipts_parked: usize,
    pub(crate) receipts_awaited: usize,
    pub(crate) carriers: Vec<(u16, CarrierSnapshot)>,
    pub(crate) lanes: Vec<LaneSnapshot>,
    pub(crate) limits: Vec<(Arc<str>, usize)>,
}

impl Snapshot {
    pub(crate) fn of(waiting: u64, shelved: u64, shards: Vec<ShardSnapshot>) -> Self {
        let mut whole = Self {
            waiting,
            shelved,
            ..Self::default()
        };
        let mut carriers = Vec::new();
        for shard in shards {
            whole.untold += shard.untold;
            whole.receipts_parked += shard.receipts_parked;
            whole.receipts_awaited += shard.receipts_awaited;
            carriers.extend(shard.carriers);
            whole.lanes.extend(shard.lanes);
            for (limit, waiting) in shard.limits {
                *whole.limits.entry(limit.to_string()).or_default() += waiting;
            }
        }
        carriers.sort_by_key(|(place, _)| *place);
        whole.carriers = carriers.into_iter().map(|(_, carrier)| carrier).collect();
        whole
    }
}
