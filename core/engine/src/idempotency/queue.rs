//! What waits for the desk's threads: chunks that are to be looked up, and those whose shard was full a moment ago.
//!
//! Promise: a shard that stays full holds up nobody but those who want to go to it: they are tried again in turn, and a thread
//! that finds nothing due waits for the first of them. Bound: [`QUEUE_MAX`] together; what waited for a name, or is with a
//! thread, was counted elsewhere and may come on top. Pure; the moment comes in.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::submission::Chunk;

/// Chunks that wait for a thread, or for their shard.
const QUEUE_MAX: usize = 1024;
/// Between two tries to hand a chunk to a shard whose mailbox is full, and for how long.
const PAUSE: Duration = Duration::from_millis(2);
const PATIENCE: Duration = Duration::from_secs(1);

/// A chunk that was looked up, for the shard of this lane.
pub(super) struct PutBy {
    lane: u64,
    chunk: Chunk,
    again: Instant,
    until: Instant,
}

impl PutBy {
    /// Hands it in; itself where the shard does not take it yet.
    pub(super) fn hand_in(self, to: &super::desk::HandIn) -> Option<Self> {
        let Self {
            lane,
            chunk,
            again,
            until,
        } = self;
        let chunk = to(lane, chunk).err()?;
        Some(Self {
            lane,
            chunk,
            again,
            until,
        })
    }
}

/// What a thread is to do.
pub(super) enum Work<J> {
    Look(J),
    PutBy(PutBy),
}

/// Both, in the order in which they came.
pub(super) struct Queue<J> {
    jobs: VecDeque<J>,
    /// By the moment of their next try.
    full: VecDeque<PutBy>,
}

impl<J> Default for Queue<J> {
    fn default() -> Self {
        Self {
            jobs: VecDeque::new(),
            full: VecDeque::new(),
        }
    }
}

impl<J> Queue<J> {
    pub(super) fn is_full(&self) -> bool {
        self.jobs.len() + self.full.len() >= QUEUE_MAX
    }

    pub(super) fn extend(&mut self, jobs: impl IntoIterator<Item = J>) {
        self.jobs.extend(jobs);
    }

    /// Puts a chunk by that its shard did not take.
    pub(super) fn put_by(&mut self, now: Instant, lane: u64, chunk: Chunk) {
        self.full.push_back(PutBy {
            lane,
            chunk,
            again: now + PAUSE,
            until: now + PATIENCE,
        });
    }

    /// Puts it by once more.
    ///
    /// # Errors
    /// The chunk, where it was tried for long enough.
    pub(super) fn put_by_again(&mut self, now: Instant, tried: PutBy) -> Result<(), Chunk> {
        if now >= tried.until {
            return Err(tried.chunk);
        }
        self.full.push_back(PutBy {
            again: now + PAUSE,
            ..tried
        });
        Ok(())
    }

    /// What is to be done now.
    ///
    /// # Errors
    /// Nothing is; how long until something may be, where that is known.
    pub(super) fn next(&mut self, now: Instant) -> Result<Work<J>, Option<Duration>> {
        let wait = self.full.front().map(|first| {
            let again = first.again;
            again.saturating_duration_since(now)
        });
        if wait.is_some_and(|wait| wait.is_zero())
            && let Some(first) = self.full.pop_front()
        {
            return Ok(Work::PutBy(first));
        }
        self.next_job().map(Work::Look).ok_or(wait)
    }

    /// The next to be looked up.
    pub(super) fn next_job(&mut self) -> Option<J> {
        self.jobs.pop_front()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn chunk() -> Chunk {
        Chunk {
            submissions: Vec::new(),
            progress: None,
            parts: 1,
            reply: Box::new(|_| ()),
        }
    }

    #[test]
    fn what_is_put_by_is_tried_again_in_turn_and_not_for_ever() {
        let begun = Instant::now();
        let mut queue: Queue<u8> = Queue::default();
        assert_eq!(queue.next(begun).err(), Some(None));
        queue.put_by(begun, 1, chunk());
        queue.extend([7]);
        assert!(matches!(queue.next(begun), Ok(Work::Look(7))));
        assert_eq!(queue.next(begun).err(), Some(Some(PAUSE)));
        let (mut now, mut tries) = (begun, 0);
        loop {
            now += PAUSE;
            let Ok(Work::PutBy(tried)) = queue.next(now) else {
                panic!("nothing is due after {tries} tries");
            };
            tries += 1;
            if queue.put_by_again(now, tried).is_err() {
                break;
            }
        }
        assert_eq!(now - begun, PATIENCE);
        assert_eq!(queue.next(now).err(), Some(None));
    }
}
