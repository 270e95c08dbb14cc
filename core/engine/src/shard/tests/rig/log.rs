//! A log in memory: written, held back, refused and read as the real one.

use super::*;

/// What the log says of money.
pub(super) fn money(log: &Log) -> Turnovers {
    let mut money = Turnovers::default();
    for frame in &log.frames {
        for (_, _, record) in FrameReader::new(&frame.octets).unwrap().iter() {
            money.note(frame.key, record.unwrap());
        }
    }
    money
}

#[derive(Default)]
pub(in crate::shard::tests) struct Log {
    pub(in crate::shard::tests) frames: Vec<Arc<SealedFrame>>,
    /// While set, frames are taken and not yet durable.
    pub(in crate::shard::tests) held: bool,
    pub(in crate::shard::tests) refuses: bool,
    pub(super) durable: usize,
}

impl Log {
    /// What is durably on the shelf.
    pub(in crate::shard::tests) fn shelf(&self) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut keys = BTreeMap::new();
        let frames = self.frames[..self.durable].iter();
        for change in frames.flat_map(|frame| &frame.shelf) {
            change.writes(&mut |key, value| match value {
                Some(value) => drop(keys.insert(key, value)),
                None => drop(keys.remove(&key)),
            });
        }
        keys
    }

    pub(super) fn shelf_counts(&self) -> ShelfCounts {
        let mut counts = BTreeMap::new();
        let frames = self.frames[..self.durable].iter();
        for change in frames.flat_map(|frame| &frame.shelf) {
            let (account, more) = match change {
                ShelfChange::Put(entry) => (entry.marks.account, 1),
                ShelfChange::Take(marks, _) => (marks.account, -1),
            };
            *counts.entry(account).or_insert(0i64) += more;
        }
        let rows = counts.into_iter();
        ShelfCounts(
            rows.map(|(account, count)| (account, count as u64))
                .collect(),
        )
    }
}

pub(super) struct MemoryCommitter(pub(super) Rc<RefCell<Log>>, pub(super) u32);

impl Committer for MemoryCommitter {
    fn commit(&mut self, frame: &Arc<SealedFrame>) -> Result<(), CommitRefused> {
        self.0.borrow_mut().frames.push(Arc::clone(frame));
        Ok(())
    }
    fn committed_through(&self) -> u64 {
        let mut log = self.0.borrow_mut();
        if !log.held {
            log.durable = log.frames.len();
        }
        let durable = log.durable;
        log.frames[..durable]
            .iter()
            .rev()
            .find(|frame| frame.key.epoch == self.1)
            .map_or(0, |frame| frame.ticket)
    }
    fn epoch(&self) -> u32 {
        self.1
    }
    fn refuses(&self) -> bool {
        self.0.borrow().refuses
    }
}

/// Reads the frames of the log at once.
pub(super) struct LogPager(
    pub(super) Rc<RefCell<Log>>,
    pub(super) VecDeque<PageRequest>,
);

impl Pager for LogPager {
    fn ask(&mut self, request: PageRequest) -> bool {
        self.1.push_back(request);
        true
    }
    fn take(&mut self) -> Option<Page> {
        let request = self.1.pop_front()?;
        let log = self.0.borrow();
        let read = |key: FrameKey| {
            let found = log.frames[..log.durable]
                .iter()
                .find(|frame| frame.key == key);
            (key, Ok(found.map(|frame| frame.octets.clone())))
        };
        let read = match request.ask {
            Ask::Frames(keys) => Read::Frames(keys.into_iter().map(read).collect()),
            Ask::Shelf(question) => Read::Shelf(Ok(shelf_answer(&log.shelf(), &question).unwrap())),
        };
        Some(Page {
            number: request.number,
            read,
        })
    }
}
