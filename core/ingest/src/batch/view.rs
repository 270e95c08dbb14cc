//! A batch as its customer sees it.

use serde::Serialize;
use utoipa::ToSchema;

use super::job::{BatchState, Live, Swaps};
use super::shape::{Compression, Format};

/// How far a batch is.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct BatchView {
    /// Its number, 16 hexadecimal digits.
    pub id: String,
    /// Where it stands.
    pub state: BatchState,
    /// Rows that have their verdict.
    pub rows: u64,
    /// Rows of the file, where they were counted.
    pub rows_total: Option<u64>,
    /// Rows accepted.
    pub accepted: u64,
    /// Rows refused; they stand in the errors file.
    pub rejected: u64,
    /// Rows that were messages already, by their key or, where the account has it so, their content; nothing was sent again.
    pub repeated: u64,
    /// Messages that a carrier took.
    pub submitted: u64,
    /// Messages delivered.
    pub delivered: u64,
    /// Messages that ended otherwise, those withdrawn among them.
    pub failed: u64,
    /// Messages that a cancel withdrew.
    pub withdrawn: u64,
    /// Typographic signs that were written plainly.
    pub smart_characters: Swaps,
    /// Octets of the source.
    pub total_octets: u64,
    /// Octets of the source whose rows have their verdict.
    pub done_octets: u64,
    /// Rows a second of late; once all rows are in, messages a second that came to their end.
    pub rows_per_second: u64,
    /// Seconds until the state changes, at that speed; none where it cannot be told.
    pub seconds_left: Option<u64>,
    /// How rows are written.
    pub format: Format,
    /// How the file is packed.
    pub compression: Compression,
    /// In which encoding it is, by its name.
    pub encoding: String,
    /// What stands between cells; none of NDJSON.
    pub delimiter: Option<String>,
    /// The customer's name of the file.
    pub filename: Option<String>,
    /// When it came, RFC 3339.
    pub created_at: String,
    /// When its rows are taken, where not at once.
    pub start_at: Option<String>,
    /// By when its rows are taken, evenly spread.
    pub finish_by: Option<String>,
    /// Rows a second at most.
    pub rate: Option<u32>,
    /// When its last message was final.
    pub finished_at: Option<String>,
    /// Why it does not get on, where it does not.
    pub hindrance: Option<String>,
    /// Why the file could not be read to its end; what stands before was taken.
    pub fault: Option<String>,
}

impl BatchView {
    /// Whether no more rows will be taken.
    #[must_use]
    pub fn has_every_verdict(&self) -> bool {
        matches!(
            self.state,
            BatchState::Finished | BatchState::Done | BatchState::Cancelled
        )
    }

    pub(crate) fn of(live: &Live) -> Self {
        let record = &live.record;
        let shape = record.shape.clone().unwrap_or_default();
        let waiting = record
            .accepted
            .saturating_sub(record.delivered + record.failed);
        let octets_left = record.total_octets.saturating_sub(record.octets_done());
        let (speed, seconds_left) = match record.state {
            BatchState::Scheduled | BatchState::Queued | BatchState::Paused => (0.0, None),
            BatchState::Running => (
                live.pace.rows_per_second,
                left(octets_left, live.pace.octets_per_second),
            ),
            BatchState::Finished | BatchState::Cancelling | BatchState::Cancelled => (
                live.pace.finals_per_second,
                left(waiting, live.pace.finals_per_second),
            ),
            BatchState::Done => (0.0, Some(0)),
        };
        // Whoever has taken all of them has counted them.
        let has_all = matches!(record.state, BatchState::Finished | BatchState::Done);
        let known_by_now = has_all.then(|| record.row_next.saturating_sub(1));
        Self {
            id: record.id.clone(),
            state: record.state,
            rows: record.row_next.saturating_sub(1),
            rows_total: record.rows_total.or(known_by_now),
            accepted: record.accepted,
            rejected: record.rejected,
            repeated: record.repeated,
            submitted: record.submitted,
            delivered: record.delivered,
            failed: record.failed,
            withdrawn: record.withdrawn,
            smart_characters: record.swaps,
            total_octets: record.total_octets,
            done_octets: record.octets_done(),
            rows_per_second: speed as u64,
            seconds_left,
            format: shape.format,
            compression: shape.compression,
            encoding: shape.encoding.name(),
            delimiter: (shape.format != Format::Ndjson)
                .then(|| char::from(shape.delimiter).to_string()),
            filename: record.filename.clone(),
            created_at: rfc3339(record.created_utc_ns),
            start_at: moment(record.timing.start_at_utc_ns),
            finish_by: moment(record.timing.finish_by_utc_ns),
            rate: record.timing.rate,
            finished_at: moment(record.finished_utc_ns),
            hindrance: live.hindrance.clone(),
            fault: record.fault.clone(),
        }
    }
}

fn moment(utc_ns: u64) -> Option<String> {
    (utc_ns > 0).then(|| rfc3339(utc_ns))
}

fn left(count: u64, per_second: f64) -> Option<u64> {
    (per_second >= 1.0).then(|| (count as f64 / per_second).ceil() as u64)
}

/// UTC nanoseconds as RFC 3339.
pub(crate) fn rfc3339(utc_ns: u64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(utc_ns))
        .map_or_else(|_| String::new(), |at| at.to_string())
}
