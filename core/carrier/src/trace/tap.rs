//! Where a link leaves copies of its octets while somebody listens.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};

use crossbeam::queue::ArrayQueue;

/// Chunks that may wait for the listener.
const CHUNKS_MAX: usize = 16_384;
/// Octets that may wait for the listener.
const OCTETS_MAX: usize = 32 << 20;

/// Which way octets went.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From us to the carrier.
    Out,
    /// From the carrier to us.
    In,
}

/// One connection of a carrier, for as long as it stood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stream {
    /// Number of the link within its carrier.
    pub link: u32,
    /// Session of the link: a link of two binds has 0 and 1.
    pub session: u8,
    /// Counts the connections of the session.
    pub connection: u32,
}

/// Octets as they were read or written at once; PDUs begin and end anywhere in them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// When, UTC nanoseconds.
    pub utc_ns: u64,
    /// On which connection.
    pub stream: Stream,
    /// Which way.
    pub direction: Direction,
    /// What.
    pub octets: Box<[u8]>,
    /// Chunks were dropped before this one: nothing is known of where its PDUs begin.
    pub gap: bool,
}

/// Copies of a carrier's octets, taken only while a [`Listener`] lives. Shared by all links of the carrier and whoever
/// listens; a link that nobody listens to pays one relaxed load.
#[derive(Debug)]
pub struct Tap {
    is_on: AtomicBool,
    is_taken: AtomicBool,
    chunks: ArrayQueue<Chunk>,
    octets: AtomicUsize,
    octets_max: usize,
    dropped: AtomicU64,
    gap: AtomicBool,
}

impl Default for Tap {
    fn default() -> Self {
        Self::with_bounds(CHUNKS_MAX, OCTETS_MAX)
    }
}

impl Tap {
    /// A tap that nobody listens to. What may wait is bounded by 16,384 chunks and 32 MiB.
    #[must_use]
    pub fn new() -> Arc<Self> {
        Arc::new(Self::default())
    }

    /// The same with other bounds; each at least 1.
    #[must_use]
    pub fn with_bounds(chunks_max: usize, octets_max: usize) -> Self {
        Self {
            is_on: AtomicBool::new(false),
            is_taken: AtomicBool::new(false),
            chunks: ArrayQueue::new(chunks_max.max(1)),
            octets: AtomicUsize::new(0),
            octets_max: octets_max.max(1),
            dropped: AtomicU64::new(0),
            gap: AtomicBool::new(false),
        }
    }

    /// Whether somebody listens.
    #[inline]
    #[must_use]
    pub fn is_on(&self) -> bool {
        self.is_on.load(Ordering::Relaxed)
    }

    /// Leaves a copy of octets that were read or written. Never waits: what finds no room is dropped and counted.
    #[cold]
    pub fn note(
        &self,
        utc_ns: u64,
        link: u32,
        session: u8,
        connection: u32,
        direction: Direction,
        octets: &[u8],
    ) {
        if octets.is_empty() || !self.is_on() {
            return;
        }
        let before = self.octets.fetch_add(octets.len(), Ordering::Relaxed);
        let has_room = before.saturating_add(octets.len()) <= self.octets_max;
        let stream = Stream {
            link,
            session,
            connection,
        };
        if !has_room || !self.push(utc_ns, stream, direction, octets) {
            self.octets.fetch_sub(octets.len(), Ordering::Relaxed);
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.gap.store(true, Ordering::Relaxed);
        }
    }

    fn push(&self, utc_ns: u64, stream: Stream, direction: Direction, octets: &[u8]) -> bool {
        let gap = self.gap.swap(false, Ordering::Relaxed);
        let chunk = Chunk {
            utc_ns,
            stream,
            direction,
            octets: octets.into(),
            gap,
        };
        self.chunks.push(chunk).is_ok()
    }

    /// Begins to listen; none where somebody does already. Copies are taken until the listener is dropped.
    #[must_use]
    pub fn listen(self: &Arc<Self>) -> Option<Listener> {
        if self.is_taken.swap(true, Ordering::Acquire) {
            return None;
        }
        let listener = Listener {
            tap: Arc::clone(self),
        };
        listener.clear();
        self.dropped.store(0, Ordering::Relaxed);
        // Where the first chunk of each connection begins is not known either, but that is so for every new one.
        self.gap.store(false, Ordering::Relaxed);
        self.is_on.store(true, Ordering::Relaxed);
        Some(listener)
    }
}

/// The one who listens; dropping it ends the copying.
#[derive(Debug)]
pub struct Listener {
    tap: Arc<Tap>,
}

impl Listener {
    /// The oldest chunk that waits.
    pub fn take(&mut self) -> Option<Chunk> {
        let chunk = self.tap.chunks.pop()?;
        self.tap
            .octets
            .fetch_sub(chunk.octets.len(), Ordering::Relaxed);
        Some(chunk)
    }

    /// Chunks dropped since the listening began.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.tap.dropped.load(Ordering::Relaxed)
    }

    fn clear(&self) {
        while let Some(chunk) = self.tap.chunks.pop() {
            self.tap
                .octets
                .fetch_sub(chunk.octets.len(), Ordering::Relaxed);
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.tap.is_on.store(false, Ordering::Relaxed);
        self.clear();
        self.tap.is_taken.store(false, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn note(tap: &Tap, octets: &[u8]) {
        tap.note(1, 2, 0, 3, Direction::Out, octets);
    }

    #[test]
    fn nothing_is_kept_while_nobody_listens() {
        let tap = Tap::new();
        note(&tap, b"before");
        let mut listener = tap.listen().unwrap();
        assert_eq!(listener.take(), None);
        note(&tap, b"while");
        drop(listener);
        note(&tap, b"after");
        assert_eq!(tap.listen().unwrap().take(), None);
        assert_eq!(tap.octets.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_second_listener_is_refused_until_the_first_is_gone() {
        let tap = Tap::new();
        let first = tap.listen().unwrap();
        assert!(tap.listen().is_none());
        drop(first);
        assert!(tap.listen().is_some());
    }

    #[test]
    fn what_finds_no_room_is_dropped_counted_and_marked() {
        let tap = Arc::new(Tap::with_bounds(8, 10));
        let mut listener = tap.listen().unwrap();
        note(&tap, b"123456");
        note(&tap, b"789012");
        note(&tap, b"1234");
        assert_eq!(listener.dropped(), 1);
        assert!(!listener.take().unwrap().gap);
        assert!(listener.take().unwrap().gap);
        note(&tap, b"1234567890");
        assert_eq!(listener.take().unwrap().octets.len(), 10);

        let tap = Arc::new(Tap::with_bounds(1, 100));
        let mut listener = tap.listen().unwrap();
        for _ in 0..3 {
            note(&tap, b"x");
        }
        assert_eq!(listener.dropped(), 2);
        listener.take();
        note(&tap, b"y");
        assert!(
            listener.take().unwrap().gap,
            "a gap is told once there is room"
        );
    }
}
