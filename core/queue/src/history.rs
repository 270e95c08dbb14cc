//! Reading what the log says of one message, or of several at once.
//!
//! Promise: the records of each message come in order, from the frame where it begins; however many are asked for, a frame
//! is read once. An id that names no frame costs one look. Bound: `frames_max` frames for each message from its first one
//! on; the log between two epochs that are asked for is not read. Fails by [`StoreFault`] only where the store itself does.

use std::collections::{BTreeMap, VecDeque};

use carrack_message::MessageId;
use carrack_message::record::{FrameReader, RecordView};
use rustc_hash::FxHashMap;

use crate::fault::StoreFault;
use crate::frame::FrameKey;
use crate::store::Store;

/// Visits the records of messages, each from its frame on, until `visit` says false of it or `frames_max` frames are read
/// for it. Nothing is visited of one whose frame is not in the log any more. `visit` is told the place in `asked`; ids
/// are different.
///
/// # Errors
/// [`StoreFault`] when the store cannot be read.
pub fn histories(
    store: &Store,
    asked: &[(MessageId, FrameKey)],
    frames_max: usize,
    visit: &mut dyn FnMut(usize, RecordView<'_>) -> bool,
) -> Result<(), StoreFault> {
    let first_epoch = store.first_epoch()?;
    let mut reading = Reading::default();
    for (place, (id, begin)) in asked.iter().enumerate() {
        if begin.epoch >= first_epoch && store.first_frame_at(*begin)? == Some(*begin) {
            let beginning = reading.ahead.entry(*begin).or_default();
            beginning.push((*id, place));
        }
    }
    while let Some(epoch) = reading.epoch_next() {
        let mut last = epoch;
        store.visit_frames(epoch, |key, octets| {
            last = key.epoch;
            reading.read(key, octets, frames_max, visit);
            // What lies between two epochs speaks of nobody.
            !reading.open.is_empty() || reading.epoch_next().is_some_and(|next| next <= last)
        })?;
        reading.open.clear();
        // A frame that went meanwhile is not waited for.
        reading.ahead.retain(|key, _| key.epoch > last);
    }
    Ok(())
}

/// How far each message is read.
#[derive(Default)]
struct Reading {
    /// Messages whose first frame is still to come.
    ahead: BTreeMap<FrameKey, Vec<(MessageId, usize)>>,
    /// Messages that are being read, with their places.
    open: FxHashMap<MessageId, usize>,
    /// After which frame each is given up, in the order of time.
    until: VecDeque<(usize, MessageId)>,
    frames: usize,
}

impl Reading {
    fn epoch_next(&self) -> Option<u32> {
        self.ahead.keys().next().map(|key| key.epoch)
    }

    fn read(
        &mut self,
        key: FrameKey,
        octets: &[u8],
        frames_max: usize,
        visit: &mut dyn FnMut(usize, RecordView<'_>) -> bool,
    ) {
        self.frames += 1;
        // What lies before its first frame cannot speak of a message.
        for (id, place) in self.ahead.remove(&key).unwrap_or_default() {
            self.open.insert(id, place);
            self.until.push_back((self.frames + frames_max, id));
        }
        while let Some((until, id)) = self.until.front().copied()
            && until <= self.frames
        {
            self.until.pop_front();
            self.open.remove(&id);
        }
        if self.open.is_empty() {
            return;
        }
        let Ok(reader) = FrameReader::new(octets) else {
            return;
        };
        for (_, _, record) in reader.iter() {
            if let Ok(record) = record
                && let Some(id) = message_of(record)
                && let Some(place) = self.open.get(&id)
                && !visit(*place, record)
            {
                self.open.remove(&id);
            }
        }
    }
}

fn message_of(record: RecordView<'_>) -> Option<MessageId> {
    let id = match record {
        RecordView::Accepted(record) => record.id,
        RecordView::Submitted(record) => record.id,
        RecordView::Refused(record) => record.id,
        RecordView::Uncertain(record) => record.id,
        RecordView::ReceiptSeen(record) => record.id,
        RecordView::Final(record) => record.id,
        RecordView::Told(record) => record.id,
        RecordView::GivenUp(record) => record.id,
        RecordView::Aside(record) => record.id,
        RecordView::Tried(record) => record.id,
        RecordView::ToldSubmitted(record) => record.id,
        RecordView::ValidFrom(record) => record.id,
        RecordView::EarlyReceipt(_)
        | RecordView::BatchProgress(_)
        | RecordView::Credited(_)
        | RecordView::MoReceived(_)
        | RecordView::MoSettled(_)
        | RecordView::Other(_) => {
            return None;
        }
    };
    Some(MessageId(id.to_native()))
}
