//! The simulated committer and its disk: slow, full, failing, and torn at the end by a crash.
//!
//! Promise: a frame that was reported durable stays (unless a mutant is asked for). Bound: `frames_max` frames wait.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::sync::{Arc, PoisonError};

use carrack_engine::SimulatedKeys;
use carrack_message::MessageId;
use carrack_message::record::frame_stamp;
use carrack_queue::{
    CommitRefused, Committer, FrameKey, FrameSummary, SealedFrame, ShelfChange, ShelfCounts,
    ShelfEntry, ShelfQuestion, StoreFault, shelf_answer, shelf_keepers,
};
use rustc_hash::FxHashSet;

use crate::faults::Fault;
use crate::scenario::{MS, Mutant};
use crate::world::{Act, World};

/// Frames that a shard may have under way (its own promise).
const UNDER_WAY_MAX: usize = 2;

pub(crate) struct Disk {
    /// Durable frames, as they became so.
    pub(crate) log: Vec<Arc<SealedFrame>>,
    shelf: BTreeMap<Vec<u8>, Vec<u8>>,
    shelved: BTreeMap<MessageId, u32>,
    /// Keys of requests.
    pub(crate) keys: SimulatedKeys,
    queue: VecDeque<Arc<SealedFrame>>,
    writing: Vec<Arc<SealedFrame>>,
    pub(crate) epoch: u32,
    tickets: Vec<u64>,
    under_way: Vec<usize>,
    closed: bool,
    fails_until_ns: u64,
    slow_until_ns: u64,
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self {
            log: Vec::new(),
            shelf: BTreeMap::new(),
            shelved: BTreeMap::new(),
            keys: SimulatedKeys::default(),
            queue: VecDeque::new(),
            writing: Vec::new(),
            epoch: 1,
            tickets: Vec::new(),
            under_way: Vec::new(),
            closed: false,
            fails_until_ns: 0,
            slow_until_ns: 0,
        }
    }

    pub(crate) fn is_idle(&self) -> bool {
        self.queue.is_empty() && self.writing.is_empty()
    }

    /// A durable frame.
    pub(crate) fn frame(&self, key: FrameKey) -> Option<Vec<u8>> {
        let mut frames = self.log.iter().rev();
        frames
            .find(|frame| frame.key == key)
            .map(|frame| frame.octets.clone())
    }

    pub(crate) fn shelf_counts(&self) -> ShelfCounts {
        let mut counts = ShelfCounts::default();
        for account in self.shelved.values() {
            *counts.0.entry(*account).or_default() += 1;
        }
        counts
    }

    pub(crate) fn shelf_keepers(&self) -> Result<Vec<u32>, StoreFault> {
        shelf_keepers(&self.shelf)
    }

    pub(crate) fn shelved(&self) -> FxHashSet<u128> {
        self.shelved.keys().map(|id| id.0).collect()
    }

    fn change_shelf(&mut self, change: &ShelfChange) {
        match change {
            ShelfChange::Put(entry) => self.shelved.insert(entry.marks.id, entry.marks.account),
            ShelfChange::Take(marks, _) => self.shelved.remove(&marks.id),
        };
        change.writes(&mut |key, value| match value {
            Some(value) => drop(self.shelf.insert(key, value)),
            None => drop(self.shelf.remove(&key)),
        });
    }

    /// The log in the order in which a start reads it.
    pub(crate) fn in_order(&self) -> Vec<Arc<SealedFrame>> {
        let mut frames = self.log.clone();
        frames.sort_by_key(|frame| {
            let stamp = frame_stamp(&frame.octets);
            (frame.key.epoch, stamp, frame.key.shard, frame.key.number)
        });
        frames
    }

    /// A new process with so many shards.
    pub(crate) fn start(&mut self, shards: usize, epoch: u32) {
        self.tickets = vec![0; shards];
        self.under_way = vec![0; shards];
        self.epoch = epoch;
        self.closed = false;
    }

    pub(crate) fn epoch_last(&self) -> u32 {
        self.log
            .iter()
            .map(|frame| frame.key.epoch)
            .max()
            .unwrap_or(1)
    }
}

impl World {
    /// What is durably on the shelf; a disk that fails cannot say.
    pub(crate) fn ask_shelf(&self, question: &ShelfQuestion) -> Result<Vec<ShelfEntry>, String> {
        if self.now_ns < self.disk.fails_until_ns {
            return Err("the disk fails".to_owned());
        }
        shelf_answer(&self.disk.shelf, question).map_err(|fault| fault.to_string())
    }

    fn write(&mut self) {
        if !self.disk.writing.is_empty() || self.disk.queue.is_empty() {
            return;
        }
        self.disk.writing = self.disk.queue.drain(..).collect();
        self.schedule_write();
    }

    fn schedule_write(&mut self) {
        let mut latency_ns = self.rng.between(50_000, self.plan.commit_ns_max);
        if self.now_ns < self.disk.slow_until_ns {
            latency_ns = self.rng.between(50 * MS, 900 * MS);
        }
        self.after(latency_ns, Act::DiskDone);
    }

    pub(crate) fn disk_fails(&mut self, for_ns: u64) {
        self.note("disk fails", [for_ns / MS, 0, 0]);
        self.fault(Fault::DiskFailed);
        self.disk.fails_until_ns = self.now_ns + for_ns;
    }

    pub(crate) fn disk_slow(&mut self, for_ns: u64) {
        self.note("disk slow", [for_ns / MS, 0, 0]);
        self.fault(Fault::DiskSlow);
        self.disk.slow_until_ns = self.now_ns + for_ns;
    }

    pub(crate) fn disk_mends(&mut self) {
        self.disk.fails_until_ns = 0;
        self.disk.slow_until_ns = 0;
    }

    /// A write has ended, well or not.
    pub(crate) fn disk_done(&mut self) {
        if self.disk.writing.is_empty() {
            return;
        }
        if self.now_ns < self.disk.fails_until_ns {
            if !self.disk.closed {
                self.disk.closed = true;
                self.note("gate closes", [0; 3]);
            }
            let pause_ns = self.rng.between(20 * MS, 200 * MS);
            return self.after(pause_ns, Act::DiskDone);
        }
        self.disk.closed = false;
        for frame in std::mem::take(&mut self.disk.writing) {
            self.make_durable(&frame, true);
        }
        let rolls = self.plan.epoch_rolls;
        if self.goes_wrong(rolls) {
            self.disk.epoch += 1;
            let epoch = u64::from(self.disk.epoch);
            self.note("epoch rolls", [epoch, 0, 0]);
            self.fault(Fault::EpochRolled);
        }
        self.write();
    }

    fn make_durable(&mut self, frame: &Arc<SealedFrame>, reported: bool) {
        let key = frame.key;
        self.note(
            if reported { "durable" } else { "survives" },
            [u64::from(key.epoch), u64::from(key.shard), key.number],
        );
        self.disk.log.push(Arc::clone(frame));
        for change in &frame.shelf {
            self.disk.change_shelf(change);
            self.fault(match change {
                ShelfChange::Put(_) => Fault::WentToShelf,
                ShelfChange::Take(..) => Fault::CameBack,
            });
        }
        if self.mutant != Some(Mutant::KeysForgotten) {
            let mut keys = self
                .disk
                .keys
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            keys.extend(frame.keys.iter().map(|kept| (kept.name, kept.clone())));
        }
        self.book.durable(frame);
        let shard = usize::from(key.shard);
        if let Some(count) = self.disk.under_way.get_mut(shard) {
            *count = count.saturating_sub(1);
        }
        if reported {
            if let Some(ticket) = self.disk.tickets.get_mut(shard) {
                *ticket = (*ticket).max(frame.ticket);
            }
            self.wake(shard);
        }
    }

    /// What was handed over and not reported may have been written or not, in its order.
    pub(crate) fn disk_crashes(&mut self) {
        let mut pending: Vec<Arc<SealedFrame>> = std::mem::take(&mut self.disk.writing);
        pending.extend(self.disk.queue.drain(..));
        let survive = self.rng.between(0, pending.len() as u64) as usize;
        let lost = pending.split_off(survive);
        for frame in &pending {
            self.fault(Fault::TailSurvived);
            self.make_durable(frame, false);
        }
        self.faults.add(Fault::TailTorn, lost.len() as u64);
        self.note("tail", [pending.len() as u64, lost.len() as u64, 0]);
        if self.mutant == Some(Mutant::DiskLosesDurableFrame) && !self.disk.log.is_empty() {
            let which = self.rng.below(self.disk.log.len() as u64) as usize;
            self.disk.log.remove(which);
        }
    }

    /// Written before anything else happens, by a start.
    pub(crate) fn write_at_start(&mut self, epoch: u32, octets: Vec<u8>) {
        let frame = SealedFrame {
            key: FrameKey {
                epoch,
                shard: 0,
                number: 0,
            },
            ticket: 0,
            octets,
            summary: FrameSummary::default(),
            shelf: Vec::new(),
            keys: Vec::new(),
        };
        self.make_durable(&Arc::new(frame), false);
    }

    fn commit(&mut self, frame: &Arc<SealedFrame>) -> Result<(), CommitRefused> {
        let key = frame.key;
        let shard = usize::from(key.shard);
        if self.disk.queue.len() >= self.plan.frames_max {
            self.fault(Fault::CommitterFull);
            return Err(CommitRefused::Full);
        }
        if !self.takes_effect() {
            return Ok(());
        }
        self.note(
            "handed over",
            [u64::from(key.epoch), u64::from(key.shard), key.number],
        );
        let under_way = self.disk.under_way.get_mut(shard);
        let count = under_way.map_or(usize::MAX, |count| {
            *count += 1;
            *count
        });
        if count > UNDER_WAY_MAX {
            self.book
                .violated(|| format!("shard {shard} has {count} frames under way"));
        }
        if self.mutant == Some(Mutant::DiskReportsTooSoon)
            && let Some(ticket) = self.disk.tickets.get_mut(shard)
        {
            *ticket = frame.ticket;
        }
        self.disk.queue.push_back(Arc::clone(frame));
        self.write();
        Ok(())
    }
}

/// One shard's end of the committer.
pub(crate) struct SimulatedCommitter {
    pub(crate) world: Rc<RefCell<World>>,
    pub(crate) shard: usize,
}

impl Committer for SimulatedCommitter {
    fn commit(&mut self, frame: &Arc<SealedFrame>) -> Result<(), CommitRefused> {
        self.world.borrow_mut().commit(frame)
    }

    fn committed_through(&self) -> u64 {
        let world = self.world.borrow();
        world.disk.tickets.get(self.shard).copied().unwrap_or(0)
    }

    fn epoch(&self) -> u32 {
        self.world.borrow().disk.epoch
    }

    fn refuses(&self) -> bool {
        self.world.borrow().disk.closed
    }
}
