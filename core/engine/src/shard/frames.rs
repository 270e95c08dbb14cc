//! The shard's frames: the open one, those that wait for the committer, those under way; and what is to be done once
//! each is durable.
//!
//! Promise: what follows from a frame (answers to customers and carriers, lanes filled) happens only when it is durable,
//! and in order. Bound: two frames under way; above `BACKLOG_OCTETS` the shard takes no new work.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use carrack_carrier::ReceiptHandle;
use carrack_message::MessageId;
use carrack_message::record::{FrameFault, FrameWriter, Storable};
use carrack_queue::{
    Committer, FrameKey, FrameSummary, KeptKey, KeyName, SealedFrame, ShelfChange,
};

use super::live::Key;
use crate::idempotency::{IdempotencyKey, entries};
use crate::submission::{ChunkReply, Verdict};

/// Frames handed to the committer and not yet durable.
const UNDER_WAY_MAX: usize = 2;
/// Octets not yet durable above which the shard takes no new work.
const BACKLOG_OCTETS: usize = 32 << 20;
/// A frame is closed at this size though no more than two are under way.
const FRAME_OCTETS: usize = 4 << 20;

/// What to do once a frame is durable.
#[derive(Default)]
pub(crate) struct After {
    /// Messages accepted in it: into their lanes.
    pub(crate) accepted: Vec<Key>,
    /// Chunks to answer.
    pub(crate) replies: Vec<(ChunkReply, Vec<Verdict>)>,
    /// Receipts to answer: carrier, link, handle.
    pub(crate) answers: Vec<(u16, u16, ReceiptHandle)>,
    /// Journal entries whose outcome is in it, with their carrier.
    pub(crate) forget: Vec<(u16, u32)>,
    /// Customers to be told.
    pub(crate) tell: Vec<Key>,
    /// Messages that a carrier has all of, whose customers want to know.
    pub(crate) submitted: Vec<Key>,
    /// Messages from handsets to be told.
    pub(crate) mo: Vec<MessageId>,
    /// Messages that went to the shelf.
    pub(crate) aside: Vec<Key>,
    /// Messages that came back from there.
    pub(crate) back: Vec<MessageId>,
}

pub(crate) struct Frames {
    shard: u16,
    /// Orders the frames of all shards in time.
    stamps: Arc<AtomicU64>,
    epoch: u32,
    number: u64,
    ticket: u64,
    open: FrameWriter,
    /// An id names the place of the next record.
    is_promised: bool,
    summary: FrameSummary,
    /// What the open frame changes on the shelf.
    pub(crate) shelf: Vec<ShelfChange>,
    /// Keys of the requests whose messages are in it, and the call that the last of them belongs to.
    keys: Vec<KeptKey>,
    call: Option<KeyName>,
    pub(crate) after: After,
    closed: VecDeque<(Arc<SealedFrame>, After)>,
    under_way: VecDeque<(Arc<SealedFrame>, After)>,
    octets_size: usize,
}

impl Frames {
    pub(crate) fn new(shard: u16, stamps: Arc<AtomicU64>) -> Self {
        Self {
            shard,
            stamps,
            epoch: 0,
            number: 0,
            ticket: 0,
            open: FrameWriter::default(),
            is_promised: false,
            summary: FrameSummary::default(),
            shelf: Vec::new(),
            keys: Vec::new(),
            call: None,
            after: After::default(),
            closed: VecDeque::new(),
            under_way: VecDeque::new(),
            octets_size: 4096,
        }
    }

    /// Where the next record will lie: frame and index.
    pub(crate) fn next_place(&mut self, committer: &dyn Committer) -> (FrameKey, u16) {
        self.fix_epoch(committer);
        self.is_promised = true;
        let key = FrameKey {
            epoch: self.epoch,
            shard: self.shard,
            number: self.number,
        };
        (key, self.open.records() as u16)
    }

    /// Appends a record; gives the octet at which it begins.
    pub(crate) fn push<T: Storable>(
        &mut self,
        committer: &dyn Committer,
        record: &T,
    ) -> Result<u32, FrameFault> {
        self.fix_epoch(committer);
        self.is_promised = false;
        self.open.push(record)
    }

    /// A frame belongs to the epoch of its first record, or of the id that was made for that: the committer may go on to
    /// the next one at any moment.
    fn fix_epoch(&mut self, committer: &dyn Committer) {
        if !self.open.is_empty() || self.is_promised {
            return;
        }
        let epoch = committer.epoch();
        if epoch != self.epoch {
            (self.epoch, self.number) = (epoch, 0);
        }
    }

    /// Closes an open frame that the epoch has left behind. To be called before anything is written of a message that another
    /// shard wrote of: its records may lie in a later epoch, and epochs are read one after the other.
    pub(crate) fn keep_up(&mut self, committer: &dyn Committer) {
        if !self.open.is_empty() && committer.epoch() != self.epoch {
            self.seal();
        }
    }

    /// The open frame, by epoch and number: later than all that was accepted here before.
    pub(crate) fn here(&mut self, committer: &dyn Committer) -> (u32, u64) {
        self.fix_epoch(committer);
        (self.epoch, self.number)
    }

    pub(crate) fn summary(&mut self) -> &mut FrameSummary {
        &mut self.summary
    }

    /// Keeps a key with the open frame. The name of a call to several recipients is written for the first of them.
    pub(crate) fn keep_key(
        &mut self,
        key: &IdempotencyKey,
        told: (MessageId, &[u8]),
        keep_ns: u64,
    ) {
        let known = self.call.filter(|call| key.call == Some(*call));
        let entries = entries(key, told, keep_ns);
        let new = entries.filter(|entry| known != Some(entry.name));
        self.keys.extend(new);
        self.call = key.call;
    }

    /// What is done once all that was written so far is durable; none: it is.
    pub(crate) fn after_all(&mut self) -> Option<&mut After> {
        if !self.open.is_empty() {
            return Some(&mut self.after);
        }
        let last = self.closed.back_mut().or(self.under_way.back_mut());
        last.map(|(_, after)| after)
    }

    pub(crate) fn records(&self) -> usize {
        self.open.records()
    }

    /// Octets of the open frame.
    pub(crate) fn octets(&self) -> usize {
        self.open.octets()
    }

    /// Whether new work must wait until more is durable.
    pub(crate) fn is_backlogged(&self) -> bool {
        let waiting: usize = self
            .closed
            .iter()
            .map(|(frame, _)| frame.octets.len())
            .sum();
        waiting + self.open.octets() > BACKLOG_OCTETS
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.open.is_empty() && self.closed.is_empty() && self.under_way.is_empty()
    }

    /// Closes the open frame.
    pub(crate) fn seal(&mut self) {
        if self.open.is_empty() {
            return;
        }
        self.octets_size = self.open.octets() + self.open.octets() / 8;
        let writer =
            std::mem::replace(&mut self.open, FrameWriter::with_capacity(self.octets_size));
        self.ticket += 1;
        let key = FrameKey {
            epoch: self.epoch,
            shard: self.shard,
            number: self.number,
        };
        self.number += 1;
        let summary = std::mem::take(&mut self.summary);
        let frame = SealedFrame {
            key,
            ticket: self.ticket,
            octets: writer.seal(self.stamps.fetch_add(1, Ordering::AcqRel)),
            summary,
            shelf: std::mem::take(&mut self.shelf),
            keys: std::mem::take(&mut self.keys),
        };
        self.call = None;
        self.closed
            .push_back((Arc::new(frame), std::mem::take(&mut self.after)));
    }

    /// Hands frames to the committer as long as it takes them. False: some had to stay.
    pub(crate) fn hand_over(&mut self, committer: &mut dyn Committer) -> bool {
        if self.under_way.len() < UNDER_WAY_MAX || self.open.octets() > FRAME_OCTETS {
            self.seal();
        }
        while self.under_way.len() < UNDER_WAY_MAX {
            let Some((frame, _)) = self.closed.front() else {
                break;
            };
            if committer.commit(frame).is_err() {
                return false;
            }
            self.under_way.extend(self.closed.pop_front());
        }
        true
    }

    /// The next frame that has become durable.
    pub(crate) fn durable(
        &mut self,
        committer: &dyn Committer,
    ) -> Option<(Arc<SealedFrame>, After)> {
        let through = committer.committed_through();
        match self.under_way.front() {
            Some((frame, _)) if frame.ticket <= through => self.under_way.pop_front(),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::cell::Cell;

    use carrack_message::record::Told;
    use carrack_queue::CommitRefused;

    use super::*;

    /// Its epoch is another one each time it is asked.
    struct Rolling(Cell<u32>);

    impl Committer for Rolling {
        fn commit(&mut self, _: &Arc<SealedFrame>) -> Result<(), CommitRefused> {
            Ok(())
        }
        fn committed_through(&self) -> u64 {
            0
        }
        fn epoch(&self) -> u32 {
            self.0.set(self.0.get() + 1);
            self.0.get()
        }
        fn refuses(&self) -> bool {
            false
        }
    }

    #[test]
    fn epoch_that_rolls_between_an_id_and_its_record_does_not_part_them() {
        let committer = Rolling(Cell::new(0));
        let mut frames = Frames::new(0, Arc::default());
        for _ in 0..3 {
            let (promised, index) = frames.next_place(&committer);
            frames
                .push(
                    &committer,
                    &Told {
                        id: 1,
                        epoch: 0,
                        at_utc_ns: 0,
                    },
                )
                .unwrap();
            assert_eq!((promised, index), (frames.next_place(&committer).0, 0));
            frames.seal();
            frames.is_promised = false;
            assert_eq!(frames.closed.back().unwrap().0.key, promised);
        }
    }

    #[test]
    fn open_frame_of_an_epoch_gone_by_takes_nothing_of_another_shards_message() {
        let committer = Rolling(Cell::new(0));
        let told = Told {
            id: 1,
            epoch: 0,
            at_utc_ns: 0,
        };
        let mut frames = Frames::new(0, Arc::default());
        let (before, _) = frames.next_place(&committer);
        frames.push(&committer, &told).unwrap();
        assert_eq!(frames.here(&committer), (before.epoch, before.number));
        frames.keep_up(&committer);
        assert!(frames.next_place(&committer).0.epoch > before.epoch);
        assert_eq!(frames.closed.back().unwrap().0.key, before);
    }
}
