//! What a round of frames brings: messages accepted, to be remembered, and ends, to be written.
//!
//! Bound: [`LATELY_OCTETS`], and the ends of one round. A frame or record that cannot be read is said, counted and passed
//! over.

use carrack_message::record::{ArchivedFinal, FrameReader, RecordView};
use carrack_message::{MessageId, Micros};
use carrack_queue::FrameKey;
use carrack_telemetry::names;

use super::CdrCurrencies;
use super::join::{Found, Group, Lately, Wanted};
use super::line::{Line, Origin};
use super::name::NameBook;

/// Octets of what was accepted lately.
const LATELY_OCTETS: usize = 64 << 20;

/// An end, as its record says.
#[derive(Debug, Clone, Copy)]
pub(super) struct End {
    pub(super) id: MessageId,
    epoch: u32,
    pub(super) account: u32,
    status: u8,
    pub(super) carrier: u32,
    error: u32,
    segments_sent: u8,
    charged: Micros,
    cost: Micros,
    at_utc_ns: u64,
}

/// What frames have brought.
pub(super) struct Intake {
    /// Ends of messages that the log held before are passed over.
    from_epoch: u32,
    pub(super) lately: Lately,
    /// Of this round.
    pub(super) ends: Vec<End>,
}

impl Intake {
    pub(super) fn new(from_epoch: u32) -> Self {
        Self {
            from_epoch,
            lately: Lately::new(LATELY_OCTETS),
            ends: Vec::new(),
        }
    }

    /// Reads a frame; gives its octets.
    pub(super) fn read(&mut self, key: FrameKey, octets: &[u8]) -> usize {
        let bad = |reason: String| {
            metrics::counter!(names::CDR_FAULTS, "kind" => "frame").increment(1);
            tracing::error!(?key, %reason, "a frame cannot be read; ends in it are in no CDR file");
        };
        let reader = match FrameReader::new(octets) {
            Ok(reader) => reader,
            Err(fault) => {
                bad(fault.to_string());
                return octets.len();
            }
        };
        let mut group = Group::default();
        for (_, record) in reader.accepted_and_final() {
            match record {
                Ok(RecordView::Accepted(record)) => {
                    // What came back from the shelf is not where its id says.
                    if key.accepted(MessageId(record.id.to_native())) {
                        group.add(record);
                    }
                }
                Ok(RecordView::Final(record)) => {
                    let end = End::of(record);
                    if end.epoch >= self.from_epoch {
                        self.ends.push(end);
                    }
                }
                Ok(_) => {}
                Err(fault) => bad(fault.to_string()),
            }
        }
        self.lately.add(key, group);
        octets.len()
    }
}

impl End {
    fn of(record: &ArchivedFinal) -> Self {
        Self {
            id: MessageId(record.id.to_native()),
            epoch: record.epoch.to_native(),
            account: record.account.to_native(),
            status: record.status,
            carrier: record.carrier.to_native(),
            error: record.error.to_native(),
            segments_sent: record.segments_sent,
            charged: Micros(record.charged_micros.to_native()),
            cost: Micros(record.cost_micros.to_native()),
            at_utc_ns: record.at_utc_ns.to_native(),
        }
    }

    pub(super) fn wanted(&self) -> Wanted {
        Wanted {
            id: self.id,
            epoch: self.epoch,
        }
    }

    pub(super) fn line<'a>(
        &self,
        found: Option<&Found<'a>>,
        accounts: &'a NameBook,
        carriers: &'a NameBook,
        currencies: &CdrCurrencies,
    ) -> Line<'a> {
        let carrier = carriers.name(self.carrier);
        let account = accounts.name(self.account).unwrap_or_default();
        let origin = found.map(|found| {
            let taken = found.taken;
            Origin {
                client_ref: found.client_ref(),
                batch: taken.batch,
                class: taken.class,
                to: taken.to,
                from: found.from(),
                segments: taken.segments,
                form: taken.form,
                at_utc_ns: taken.at_utc_ns,
                price: taken.price,
                tag: found.tag(),
            }
        });
        Line {
            id: self.id,
            account,
            origin,
            status: self.status,
            error: self.error,
            carrier,
            segments_sent: self.segments_sent,
            charged: self.charged,
            currency: currencies.accounts.get(account).copied(),
            cost: self.cost,
            cost_currency: carrier.and_then(|name| currencies.carriers.get(name).copied()),
            at_utc_ns: self.at_utc_ns,
        }
    }
}
