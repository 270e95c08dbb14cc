//! Lanes that wait for a token: behind the bucket that is dry longest, in the order in which they came.
//!
//! Promise: when a token is due as many lanes are asked as there are tokens, so that a thousand lanes behind one bucket
//! cost no more than one. Bound: a lane stands here once. Not a timer a message; a bucket is looked at when its token is due, and every
//! five seconds where that is far.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::Lanes;
use crate::limits::{Bucket, Dry, LOOK_AGAIN_NS};

/// After lanes were asked for tokens that are there, the next ones are in so many nanoseconds, if those did not take them.
const AGAIN_NS: u64 = 1_000_000;

/// Those behind one bucket.
#[derive(Debug)]
struct Line {
    bucket: Arc<Bucket>,
    lanes: VecDeque<u32>,
    due_ns: u64,
}

/// Those behind all buckets.
#[derive(Debug, Default)]
pub(super) struct DryLanes {
    /// By number of the bucket.
    lines: FxHashMap<u64, Line>,
    /// Moment and bucket; one that is not its line's moment any more means nothing.
    due: BinaryHeap<Reverse<(u64, u64)>>,
    count: usize,
}

impl DryLanes {
    pub(super) fn len(&self) -> usize {
        self.count
    }
}

impl Lanes {
    /// A bucket of its messages is dry. `first`: it has sent nothing since it was last asked, and keeps its place.
    pub(crate) fn stand_dry(&mut self, place: usize, dry: Dry, first: bool) {
        let Dry { bucket, due_ns } = dry;
        let number = bucket.number;
        let line = self.dry.lines.entry(number).or_insert_with(|| Line {
            bucket,
            lanes: VecDeque::new(),
            due_ns: 0,
        });
        match first {
            true => line.lanes.push_front(place as u32),
            false => line.lanes.push_back(place as u32),
        }
        self.dry.count += 1;
        if line.due_ns != due_ns {
            line.due_ns = due_ns;
            self.dry.due.push(Reverse((due_ns, number)));
        }
    }

    /// Lanes for which there may be tokens take turns again.
    pub(crate) fn tokens_are_due(&mut self, now_ns: u64) {
        while let Some(Reverse((due_ns, number))) = self.dry.due.peek().copied()
            && due_ns <= now_ns
        {
            self.dry.due.pop();
            let Some(line) = self.dry.lines.get_mut(&number) else {
                continue;
            };
            if line.due_ns != due_ns {
                continue;
            }
            let tokens = usize::try_from(line.bucket.available(now_ns)).unwrap_or(usize::MAX);
            let asked: Vec<u32> = line.lanes.drain(..tokens.min(line.lanes.len())).collect();
            line.due_ns = match line.bucket.ready(now_ns) {
                Ok(()) => now_ns.saturating_add(AGAIN_NS),
                Err(due_ns) => due_ns.min(now_ns.saturating_add(LOOK_AGAIN_NS)),
            };
            if line.lanes.is_empty() {
                self.dry.lines.remove(&number);
            } else {
                self.dry.due.push(Reverse((line.due_ns, number)));
            }
            self.dry.count -= asked.len();
            for place in asked {
                self.takes_turns_again(place);
            }
        }
    }

    /// Limits have changed: all take turns again.
    pub(crate) fn none_dry(&mut self) {
        let dry = std::mem::take(&mut self.dry);
        for place in dry.lines.into_values().flat_map(|line| line.lanes) {
            self.takes_turns_again(place);
        }
    }

    /// When the first token is due that a lane waits for.
    pub(crate) fn token_due_ns(&self) -> Option<u64> {
        self.dry.due.peek().map(|Reverse((due_ns, _))| *due_ns)
    }
}
