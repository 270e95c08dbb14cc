//! What became of a probe, and the sums of that.

use carrack_message::Status;
use serde::Serialize;
use utoipa::ToSchema;

/// What became of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProbeOutcome {
    /// What was asked for came back in time.
    Returned,
    /// Nothing came that says anything.
    Missed,
    /// The receipt says delivered, and the message never came: it was not delivered.
    Unreturned,
    /// The carrier refused it, or its receipt says that it was not delivered.
    Failed,
    /// The carrier was down when its time was over: that says nothing of the number.
    CarrierDown,
    /// The node itself did not take it, or nothing from handsets meanwhile; or it was taken back.
    NotTaken,
}

impl ProbeOutcome {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Returned,
        Self::Missed,
        Self::Unreturned,
        Self::Failed,
        Self::CarrierDown,
        Self::NotTaken,
    ];

    /// As people and programs are told it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Returned => "returned",
            Self::Missed => "missed",
            Self::Unreturned => "unreturned",
            Self::Failed => "failed",
            Self::CarrierDown => "carrier_down",
            Self::NotTaken => "not_taken",
        }
    }

    /// Whether it speaks against the carrier.
    #[must_use]
    pub const fn is_bad(self) -> bool {
        matches!(self, Self::Missed | Self::Unreturned | Self::Failed)
    }

    /// In words.
    pub(super) const fn meaning(self) -> &'static str {
        match self {
            Self::Returned => "it came back",
            Self::Missed => "nothing came back in time",
            Self::Unreturned => "the receipt says delivered, and it never came back",
            Self::Failed => "the carrier did not deliver it",
            Self::CarrierDown => "the carrier was down",
            Self::NotTaken => "the node did not take it, or took nothing from handsets",
        }
    }
}

/// One that is over. Times are from its acceptance, milliseconds; none: it did not come, or not in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProbeResult {
    /// When it was sent, UTC nanoseconds.
    #[serde(rename = "sent_at", serialize_with = "instant")]
    #[schema(value_type = String)]
    pub sent_utc_ns: u64,
    /// What became of it.
    pub outcome: ProbeOutcome,
    /// The carrier had taken it.
    pub response_ms: Option<u64>,
    /// The final receipt came.
    pub receipt_ms: Option<u64>,
    /// The message itself came back.
    pub return_ms: Option<u64>,
    /// What its end was, where it had one.
    #[serde(serialize_with = "status")]
    #[schema(value_type = Option<String>)]
    pub status: Option<Status>,
    /// The carrier's last error or status, 0 where none.
    pub error: u32,
    /// Why the node did not take it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Since the start of the node, or since it was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProbeSums {
    /// Handed to the engine: the sum of all outcomes, and one more while one is on its way.
    pub sent: u64,
    /// See [`ProbeOutcome::Returned`].
    pub returned: u64,
    /// See [`ProbeOutcome::Missed`].
    pub missed: u64,
    /// See [`ProbeOutcome::Unreturned`].
    pub unreturned: u64,
    /// See [`ProbeOutcome::Failed`].
    pub failed: u64,
    /// See [`ProbeOutcome::CarrierDown`].
    pub carrier_down: u64,
    /// See [`ProbeOutcome::NotTaken`].
    pub not_taken: u64,
    /// Turns at which none was sent, because the carrier was down or paused.
    pub not_sent: u64,
    /// Messages that came back after their time.
    pub late: u64,
    /// Ends that came after their time.
    pub ends_late: u64,
    /// Messages that came back once more.
    pub repeated: u64,
}

impl ProbeSums {
    /// How many had this outcome.
    #[must_use]
    pub const fn of(&self, outcome: ProbeOutcome) -> u64 {
        match outcome {
            ProbeOutcome::Returned => self.returned,
            ProbeOutcome::Missed => self.missed,
            ProbeOutcome::Unreturned => self.unreturned,
            ProbeOutcome::Failed => self.failed,
            ProbeOutcome::CarrierDown => self.carrier_down,
            ProbeOutcome::NotTaken => self.not_taken,
        }
    }

    pub(super) const fn add(&mut self, outcome: ProbeOutcome) {
        let sum = match outcome {
            ProbeOutcome::Returned => &mut self.returned,
            ProbeOutcome::Missed => &mut self.missed,
            ProbeOutcome::Unreturned => &mut self.unreturned,
            ProbeOutcome::Failed => &mut self.failed,
            ProbeOutcome::CarrierDown => &mut self.carrier_down,
            ProbeOutcome::NotTaken => &mut self.not_taken,
        };
        *sum += 1;
    }
}

fn instant<S: serde::Serializer>(utc_ns: &u64, serializer: S) -> Result<S::Ok, S::Error> {
    // Seconds are enough: what is exact stands in milliseconds beside it.
    let seconds = utc_ns - utc_ns % 1_000_000_000;
    serializer.serialize_str(&carrack_routing::show_instant(seconds))
}

fn status<S: serde::Serializer>(status: &Option<Status>, serializer: S) -> Result<S::Ok, S::Error> {
    match status {
        Some(status) => serializer.serialize_some(status.name()),
        None => serializer.serialize_none(),
    }
}
