//! What waits in the log only: six to twenty octets a message in place of the message.
//!
//! Promise: taken out in the order of acceptance, frame by frame; any of it is found by its place in the log. Bound:
//! the messages that the node may hold; it grows and shrinks with them. It never fails.

mod line;
mod walk;

use carrack_queue::FrameKey;

pub(crate) use line::Line;
pub(crate) use walk::{Stretches, stretches_of};

use super::live::Home;

/// Where the record of a message lies, and when its validity ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parked {
    pub(crate) epoch: u32,
    pub(crate) number: u32,
    /// Octet in the frame.
    pub(crate) offset: u32,
    /// UTC seconds, rounded up.
    pub(crate) expires_s: u32,
    pub(crate) index: u16,
    pub(crate) shard: u8,
    /// Taken out of the middle.
    gone: bool,
}

/// Orders messages that one shard accepted.
pub(crate) type Place = (u32, u32, u16);

impl Parked {
    /// Moments are kept in whole seconds.
    pub(crate) fn seconds(utc_ns: u64) -> u32 {
        u32::try_from(utc_ns.div_ceil(1_000_000_000)).unwrap_or(u32::MAX)
    }

    /// At an octet of a frame (epoch, shard, number) of the log.
    pub(crate) fn at(frame: (u32, u8, u32), index: u16, offset: u32, expires_s: u32) -> Self {
        let (epoch, shard, number) = frame;
        Self {
            epoch,
            number,
            offset,
            expires_s,
            index,
            shard,
            gone: false,
        }
    }

    pub(crate) fn new(home: Home, offset: u32, expires_utc_ns: u64) -> Self {
        let frame = (home.epoch, home.shard, home.number);
        Self::at(frame, home.index, offset, Self::seconds(expires_utc_ns))
    }

    pub(crate) fn home(&self) -> Home {
        Home::in_frame(self.frame(), self.index)
    }

    pub(crate) fn frame(&self) -> FrameKey {
        FrameKey {
            epoch: self.epoch,
            shard: u16::from(self.shard),
            number: u64::from(self.number),
        }
    }

    pub(crate) fn place(&self) -> Place {
        (self.epoch, self.number, self.index)
    }
}

/// A line of waiting messages that one shard accepted, in their order.
#[derive(Debug)]
struct Run {
    shard: u8,
    queue: Line,
}

impl Run {
    /// Takes out what stands at this place, if it still does.
    fn take_out(&mut self, place: Place) -> Option<Parked> {
        let at = self.queue.from(place);
        let found = self.queue.get(at)?;
        let is_there = found.place() == place && !found.gone;
        is_there.then(|| self.queue.set_gone(at))?;
        Some(found)
    }
}

/// The waiting messages of a lane that are not in memory.
#[derive(Debug, Default)]
pub(crate) struct Backlog {
    runs: Vec<Run>,
    waiting: usize,
    /// How far the search for ended validity has come.
    looked_at: usize,
}

/// Runs above which they are sorted into one for each shard.
const RUNS_MAX: usize = 64;

impl Backlog {
    pub(crate) fn len(&self) -> usize {
        self.waiting
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.waiting == 0
    }

    pub(crate) fn push(&mut self, parked: Parked) {
        self.waiting += 1;
        let follows = |run: &Run| {
            let last = run.queue.back().map(|last| last.place());
            run.shard == parked.shard && last.is_none_or(|last| last < parked.place())
        };
        match self.runs.iter_mut().find(|run| follows(run)) {
            Some(run) => run.queue.push_back(parked),
            None => {
                if self.runs.len() >= RUNS_MAX {
                    self.sort();
                }
                self.runs.push(Run {
                    shard: parked.shard,
                    queue: Line::from_iter([parked]),
                });
            }
        }
    }

    /// Puts a list behind; one that one shard accepted, in its order, is taken as it is.
    pub(crate) fn append(&mut self, list: Line) {
        let Some(first) = list.front() else { return };
        let follows =
            |(one, next): (Parked, Parked)| one.shard == next.shard && one.place() < next.place();
        if !list.iter().zip(list.iter().skip(1)).all(follows) {
            return list.iter().for_each(|parked| self.push(parked));
        }
        self.waiting += list.len();
        self.runs.push(Run {
            shard: first.shard,
            queue: list,
        });
    }

    fn sort(&mut self) {
        let runs = std::mem::take(&mut self.runs);
        for run in runs {
            match self.runs.iter_mut().find(|known| known.shard == run.shard) {
                Some(known) => run
                    .queue
                    .iter()
                    .for_each(|parked| known.queue.push_back(parked)),
                None => self.runs.push(run),
            }
        }
        for run in &mut self.runs {
            let mut list: Vec<Parked> = run.queue.iter().collect();
            list.sort_unstable_by_key(Parked::place);
            run.queue = list.into_iter().collect();
        }
    }

    /// The next frames that hold at least `messages` of those that wait, `frames_max` at most.
    pub(crate) fn next_frames(&mut self, messages: usize, frames_max: usize) -> Vec<FrameKey> {
        self.drop_gone();
        let first = |run: &&Run| run.queue.front().map(|first| (first.epoch, first.number));
        let Some(run) = self.runs.iter().min_by_key(first) else {
            return Vec::new();
        };
        let (mut keys, mut found) = (Vec::new(), 0);
        for parked in run.queue.iter().filter(|parked| !parked.gone) {
            let key = parked.frame();
            if keys.last() != Some(&key) {
                if found >= messages || keys.len() >= frames_max {
                    break;
                }
                keys.push(key);
            }
            found += 1;
        }
        keys
    }

    /// Takes out all at the front that lie in this frame.
    pub(crate) fn take_frame(&mut self, key: FrameKey) -> Vec<Parked> {
        self.drop_gone();
        let mut taken = Vec::new();
        let starts = |run: &&mut Run| run.queue.front().is_some_and(|first| first.frame() == key);
        if let Some(run) = self.runs.iter_mut().find(starts) {
            while let Some(parked) = run.queue.pop_front_if(|parked| parked.frame() == key) {
                if !parked.gone {
                    taken.push(parked);
                }
            }
        }
        self.waiting -= taken.len();
        self.drop_gone();
        taken
    }

    /// Takes one out, wherever it stands.
    pub(crate) fn take(&mut self, home: Home) -> Option<Parked> {
        let place = (home.epoch, home.number, home.index);
        for run in self.runs.iter_mut().filter(|run| run.shard == home.shard) {
            if let Some(taken) = run.take_out(place) {
                self.waiting -= 1;
                return Some(taken);
            }
        }
        None
    }

    /// Takes out at most `most` whose validity has ended, looking at `budget` of them, further each time.
    pub(crate) fn take_overdue(&mut self, now_s: u32, budget: usize, most: usize) -> Vec<Parked> {
        let mut overdue = Vec::new();
        let all: usize = self.runs.iter().map(|run| run.queue.len()).sum();
        if self.looked_at >= all {
            self.looked_at = 0;
        }
        let mut skip = self.looked_at;
        let mut left = budget;
        for run in &mut self.runs {
            let begin = skip.min(run.queue.len());
            skip -= begin;
            let mut found = Vec::new();
            for (position, parked) in run.queue.iter_from(run.queue.nth(begin)).take(left) {
                left -= 1;
                self.looked_at += 1;
                if !parked.gone && parked.expires_s <= now_s {
                    overdue.push(parked);
                    found.push(position);
                    if overdue.len() >= most {
                        left = 0;
                        break;
                    }
                }
            }
            for position in found {
                run.queue.set_gone(position);
            }
            if left == 0 {
                break;
            }
        }
        self.waiting -= overdue.len();
        overdue
    }

    /// Takes out at most `most`, in no order of shards.
    pub(crate) fn take_some(&mut self, most: usize) -> Vec<Parked> {
        self.drop_gone();
        let mut taken = Vec::new();
        for run in &mut self.runs {
            for _ in 0..run.queue.len().min(most - taken.len()) {
                let first = run.queue.pop_front_if(|_| true);
                taken.extend(first.filter(|parked| !parked.gone));
            }
        }
        self.waiting -= taken.len();
        self.drop_gone();
        taken
    }

    fn drop_gone(&mut self) {
        for run in &mut self.runs {
            while run.queue.pop_front_if(|first| first.gone).is_some() {}
        }
        self.runs.retain(|run| !run.queue.is_empty());
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    fn home(shard: u8, epoch: u32, number: u32, index: u16) -> Home {
        Home {
            epoch,
            number,
            index,
            shard,
        }
    }

    proptest! {
        /// Each goes out once, in the order of its shard, whatever is taken from the middle.
        #[test]
        fn all_that_was_parked_comes_out_once(
            pushes in prop::collection::vec((0u8..3, 1u32..4, 0u32..20, 0u16..4), 1..200),
            cancelled in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
            expiring in 0u32..4,
        ) {
            let mut backlog = Backlog::default();
            let mut ids: Vec<_> = pushes.into_iter().map(|(s, e, f, i)| home(s, e, f, i)).collect();
            ids.sort_by_key(|home| (home.epoch, home.number, home.index, home.shard));
            ids.dedup();
            for (at, id) in ids.iter().enumerate() {
                backlog.push(Parked::new(*id, at as u32, (1 + at as u64 % 5) * 1_000_000_000));
            }
            prop_assert_eq!(backlog.len(), ids.len());
            let mut out = Vec::new();
            for at in cancelled {
                out.extend(backlog.take(*at.get(&ids)));
            }
            for _ in 0..ids.len() {
                let overdue = backlog.take_overdue(expiring, 7, 3);
                prop_assert!(overdue.iter().all(|parked| parked.expires_s <= expiring));
                out.extend(overdue);
            }
            let mut last: std::collections::HashMap<u8, Place> = Default::default();
            while !backlog.is_empty() {
                let frames = backlog.next_frames(5, 3);
                prop_assert!(!frames.is_empty() && frames.len() <= 3);
                for key in frames {
                    let taken = backlog.take_frame(key);
                    prop_assert!(!taken.is_empty());
                    for parked in taken {
                        prop_assert_eq!(parked.frame(), key);
                        let before = last.insert(parked.shard, parked.place());
                        prop_assert!(before.is_none_or(|before| before < parked.place()));
                        out.push(parked);
                    }
                }
            }
            let mut offsets: Vec<u32> = out.iter().map(|parked| parked.offset).collect();
            offsets.sort_unstable();
            prop_assert_eq!(offsets, (0..ids.len() as u32).collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_comes_late_from_another_shard_is_still_found_and_taken() {
        let mut backlog = Backlog::default();
        for frame in (0..100u32).rev() {
            backlog.push(Parked::new(home(1, 1, frame, 0), frame, u64::MAX));
        }
        assert!(backlog.take(home(1, 1, 50, 0)).is_some());
        assert!(backlog.take(home(1, 1, 50, 0)).is_none());
        assert_eq!(backlog.take_some(1000).len(), 99);
        assert!(backlog.is_empty());
    }
}
