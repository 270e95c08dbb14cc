//! What the store says of the CDR files: how many ends are in them, how many are still to be, and whether that adds up.

use carrack_message::record::RecordView;
use carrack_queue::{FrameKey, Store, StoreFault};
use serde::Serialize;

use super::fault::CdrFault;
use super::position::{Place, Position};

/// How far CDR files are behind the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct CdrState {
    /// Ends that are in the files, a line each.
    pub exported: u64,
    /// Ends in the log that are in no file yet.
    pub waiting: u64,
    /// Ends that were out of the log when the first file was begun.
    pub before: u64,
    /// Ends that the log let go of before they were in a file; none where that is not known without an audit.
    pub lost: Option<u64>,
    /// Lines that say only how a message ended, because its acceptance could not be read.
    pub without_origin: u64,
    /// Whether `exported + waiting + before + lost` is all that ever ended; none without an audit.
    pub adds_up: Option<bool>,
    /// The moment of the oldest end that waits, UTC nanoseconds.
    pub oldest_waiting_utc_ns: Option<u64>,
    /// When the files were brought to their disk last, UTC nanoseconds; 0 where never.
    pub saved_utc_ns: u64,
    /// Folder of the files.
    pub folder: String,
    /// Files begun so far, those of all formats under one number.
    pub files_begun: u64,
    /// The name, without its ending, of what is written to; none between two.
    pub current: Option<String>,
}

/// Counts what is in no file yet while somebody reads the log.
pub(crate) struct Tally {
    position: Position,
    from_epoch: u32,
    let_go: bool,
    waiting: u64,
    oldest_utc_ns: Option<u64>,
}

impl Tally {
    /// None where nothing was ever exported.
    pub(crate) fn of(store: &Store) -> Result<Option<Self>, StoreFault> {
        let position = match Position::load(store) {
            Ok(Some(position)) => position,
            Ok(None) => return Ok(None),
            Err(CdrFault::Store(fault)) => return Err(fault),
            Err(fault) => {
                tracing::error!(%fault, "what was exported is not known");
                return Ok(None);
            }
        };
        let unread_below = store.unread_below()?;
        Ok(Some(Self {
            from_epoch: position.from_epoch.max(unread_below),
            let_go: position.let_go || unread_below > position.from_epoch,
            position,
            waiting: 0,
            oldest_utc_ns: None,
        }))
    }

    /// A record of the log.
    pub(crate) fn note(&mut self, key: FrameKey, record: RecordView<'_>) {
        let RecordView::Final(record) = record else {
            return;
        };
        let here = Place {
            epoch: key.epoch,
            number: key.number,
        };
        if here < self.position.place(key.shard) || record.epoch.to_native() < self.from_epoch {
            return;
        }
        self.waiting += 1;
        let at_utc_ns = record.at_utc_ns.to_native();
        let oldest = self.oldest_utc_ns.unwrap_or(at_utc_ns);
        self.oldest_utc_ns = Some(oldest.min(at_utc_ns));
    }

    /// With the count of all that ever ended, where that is known.
    pub(crate) fn state(self, finals: Option<u64>) -> CdrState {
        let Position {
            exported, before, ..
        } = self.position;
        let known = exported + self.waiting + before;
        let lost = finals.map(|finals| match self.let_go {
            true => finals.saturating_sub(known),
            false => 0,
        });
        CdrState {
            exported,
            waiting: self.waiting,
            before,
            lost,
            without_origin: self.position.unjoined,
            adds_up: finals
                .zip(lost)
                .map(|(finals, lost)| known + lost == finals),
            oldest_waiting_utc_ns: self.oldest_utc_ns,
            saved_utc_ns: self.position.saved_utc_ns,
            folder: self.position.folder.display().to_string(),
            files_begun: self.position.files_begun,
            current: self.position.current.map(|set| set.stem),
        }
    }
}

/// How far CDR files are, from the store; none where nothing was ever exported. Reads the log from there on only.
///
/// # Errors
/// [`StoreFault`] when the store cannot be read.
pub fn cdr_state(store: &Store) -> Result<Option<CdrState>, StoreFault> {
    let Some(mut tally) = Tally::of(store)? else {
        return Ok(None);
    };
    let places = tally.position.streams.values();
    let first = places.map(|place| place.epoch).min();
    let from = first.unwrap_or(0).max(store.first_epoch()?);
    store.visit_frames(from, |key, octets| {
        if let Ok(reader) = carrack_message::record::FrameReader::new(octets) {
            for (_, record) in reader.accepted_and_final() {
                if let Ok(record) = record {
                    tally.note(key, record);
                }
            }
        }
        true
    })?;
    Ok(Some(tally.state(None)))
}
