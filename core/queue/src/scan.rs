//! Reading the log: the whole of it, at start and for the audit.
//!
//! Promise: every frame is visited in order or named in the report; a bad frame or record never ends the scan. Bound: one
//! frame in memory at a time. Fails by [`StoreFault`] only where the store itself does.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use carrack_message::MessageId;
use carrack_message::record::{FrameReader, RecordView};

use crate::epochs::{EpochLedger, Totals};
use crate::fault::StoreFault;
use crate::frame::{FrameKey, FrameSummary, SealedFrame};
use crate::quarantine::put_aside;
use crate::store::Store;
use carrack_message::Status;

/// A frame or record that could not be read.
#[derive(Debug, Clone)]
pub struct Quarantined {
    /// Its frame.
    pub key: FrameKey,
    /// What is wrong with it.
    pub reason: String,
}

/// Frames that should be there by their numbers and are not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The first that is missing.
    pub key: FrameKey,
    /// How many.
    pub frames: u64,
}

/// Where a record stands in its frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordPlace {
    /// How many stand before it.
    pub index: u16,
    /// Octet at which it begins.
    pub offset: u32,
}

/// What a scan found.
#[derive(Debug, Default)]
pub struct ScanReport {
    /// Frames read.
    pub frames: u64,
    /// Octets read.
    pub octets: u64,
    /// Records read.
    pub records: u64,
    /// What could not be read.
    pub quarantined: Vec<Quarantined>,
    /// What is missing.
    pub gaps: Vec<Gap>,
    /// Totals over the epochs that were dropped before.
    pub totals_gone: Totals,
    /// Accounts of the epochs found.
    pub ledger: EpochLedger,
    /// The last epoch found, 0 where none.
    pub epoch_last: u32,
}

/// Reads the whole log in order. `visit` gets each record with its frame and its place there.
/// With `quarantine`, bad frames are copied to that folder.
///
/// # Errors
/// [`StoreFault`] when the store cannot be read at all.
pub fn scan(
    store: &Store,
    quarantine: Option<&Path>,
    visit: &mut dyn FnMut(&Arc<SealedFrame>, RecordPlace, RecordView<'_>),
) -> Result<ScanReport, StoreFault> {
    let first = store.first_epoch()?;
    let totals_gone = store.totals_gone()?;
    let money_gone = store.money_gone()?;
    let mut report = ScanReport {
        totals_gone,
        ledger: EpochLedger::new(totals_gone, money_gone, 0),
        ..ScanReport::default()
    };
    let mut expected = HashMap::new();
    store.visit_frames(first, |key, octets| {
        note_gap(&mut report, &mut expected, key);
        read_frame(&mut report, quarantine, key, octets, visit);
        true
    })?;
    for last in store.reached().iter().filter(|last| last.epoch >= first) {
        let behind = FrameKey {
            number: last.number.saturating_add(1),
            ..*last
        };
        note_gap(&mut report, &mut expected, behind);
    }
    Ok(report)
}

/// Frames of one shard in one epoch are numbered from 0 without a gap, up to the last that was durable.
fn note_gap(report: &mut ScanReport, expected: &mut HashMap<(u32, u16), u64>, key: FrameKey) {
    report.epoch_last = report.epoch_last.max(key.epoch);
    let next = expected.insert((key.epoch, key.shard), key.number.saturating_add(1));
    let number = next.unwrap_or(0);
    if key.number > number {
        report.ledger.hold(key.epoch);
        report.gaps.push(Gap {
            key: FrameKey { number, ..key },
            frames: key.number - number,
        });
    }
}

fn read_frame(
    report: &mut ScanReport,
    quarantine: Option<&Path>,
    key: FrameKey,
    octets: &[u8],
    visit: &mut dyn FnMut(&Arc<SealedFrame>, RecordPlace, RecordView<'_>),
) {
    let mut bad: Option<String> = None;
    let mut summary = FrameSummary::default();
    let mut seen_utc_ns = 0;
    let frame = Arc::new(SealedFrame::read_back(key, octets.to_vec()));
    match FrameReader::new(&frame.octets) {
        Ok(reader) => {
            let mut records = 0;
            for (index, offset, record) in reader.iter() {
                records += 1;
                let place = RecordPlace { index, offset };
                match record {
                    Ok(record) => {
                        seen_utc_ns = seen_utc_ns.max(moment(record));
                        summarise(&mut summary, key, record);
                        visit(&frame, place, record);
                    }
                    Err(fault) => bad = Some(fault.to_string()),
                }
            }
            report.records += u64::from(records);
            if records != reader.records() {
                bad = Some(format!(
                    "{} records are there, {} were written",
                    records,
                    reader.records()
                ));
            }
        }
        Err(fault) => bad = Some(fault.to_string()),
    }
    report.frames += 1;
    report.octets += octets.len() as u64;
    report.ledger.note(key.epoch, octets.len(), &summary);
    report.ledger.seen(key.epoch, seen_utc_ns);
    if let Some(reason) = bad {
        if let Some(folder) = quarantine {
            match put_aside(folder, key, octets, &reason) {
                Ok(path) => {
                    tracing::error!(?key, %reason, path = %path.display(), "a bad frame was put aside; start goes on")
                }
                Err(error) => {
                    tracing::error!(?key, %reason, %error, "a bad frame could not be put aside")
                }
            }
        }
        report.ledger.hold(key.epoch);
        report.quarantined.push(Quarantined { key, reason });
    }
}

/// When a record was written, UTC nanoseconds; 0 where it does not say.
fn moment(record: RecordView<'_>) -> u64 {
    match record {
        RecordView::Accepted(record) => record.at_utc_ns.to_native(),
        RecordView::Submitted(record) => record.at_utc_ns.to_native(),
        RecordView::ReceiptSeen(record) => record.at_utc_ns.to_native(),
        RecordView::Final(record) => record.at_utc_ns.to_native(),
        RecordView::Told(record) => record.at_utc_ns.to_native(),
        RecordView::GivenUp(record) => record.at_utc_ns.to_native(),
        RecordView::Aside(record) => record.at_utc_ns.to_native(),
        RecordView::Tried(record) => record.at_utc_ns.to_native(),
        RecordView::ToldSubmitted(record) => record.at_utc_ns.to_native(),
        RecordView::Credited(record) => record.at_utc_ns.to_native(),
        RecordView::MoReceived(record) => record.at_utc_ns.to_native(),
        RecordView::MoSettled(record) => record.at_utc_ns.to_native(),
        _ => 0,
    }
}

fn summarise(summary: &mut FrameSummary, key: FrameKey, record: RecordView<'_>) {
    summary.money.note(key, record);
    match record {
        RecordView::Accepted(record) => match key.accepted(MessageId(record.id.to_native())) {
            true => {
                summary.accepted += 1;
                if record.send_at_utc_ns != 0 {
                    summary.add_closed(key.epoch);
                }
            }
            false => summary.opened += 1,
        },
        RecordView::Final(end) => {
            let epoch = end.epoch.to_native();
            if let Some(status) = Status::from_u8(end.status) {
                summary.add_final(epoch, status);
            }
            if !end.tell {
                summary.add_closed(epoch);
            }
        }
        RecordView::Told(told) => summary.add_closed(told.epoch.to_native()),
        RecordView::GivenUp(end) => summary.add_closed(end.epoch.to_native()),
        RecordView::Aside(aside) => summary.add_closed(aside.epoch.to_native()),
        RecordView::MoReceived(_) => summary.opened += 1,
        RecordView::MoSettled(settled) => {
            for part in settled.parts.iter() {
                summary.add_closed(MessageId(part.to_native()).parts().epoch);
            }
        }
        _ => {}
    }
}

impl ScanReport {
    /// The accounts of epochs, going on in a new epoch after all that was found.
    #[must_use]
    pub fn into_ledger(mut self, first_epoch: u32) -> EpochLedger {
        self.ledger.go_on_in(self.epoch_last.max(first_epoch) + 1);
        self.ledger
    }
}
