//! From chunks to PDUs that may be shown.

use std::collections::BTreeMap;

use super::framer::Framer;
use super::mask::mask;
use super::{Chunk, Direction, Stream};

/// Directions of connections that are followed at a time.
const FRAMERS_MAX: usize = 1024;

/// One PDU as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracedPdu<'a> {
    /// When its last octet was read or written, UTC nanoseconds.
    pub utc_ns: u64,
    /// On which connection.
    pub stream: Stream,
    /// Which way.
    pub direction: Direction,
    /// The whole PDU.
    pub octets: &'a [u8],
}

/// Puts the chunks of one listener together. Contents are masked unless it is told otherwise. Bound: one partial PDU for
/// each of 1,024 directions; beyond them the ones of the oldest connections are forgotten.
#[derive(Debug)]
pub struct Recorder {
    with_contents: bool,
    framers: BTreeMap<(u32, Stream, Direction), Framer>,
    passed_over: u64,
}

impl Recorder {
    /// A recorder; with contents or, as a rule, without.
    #[must_use]
    pub const fn new(with_contents: bool) -> Self {
        Self {
            with_contents,
            framers: BTreeMap::new(),
            passed_over: 0,
        }
    }

    /// Takes a chunk and gives the PDUs that end in it.
    pub fn feed(&mut self, chunk: &Chunk, on: &mut dyn FnMut(TracedPdu<'_>)) {
        if chunk.gap {
            self.framers.values_mut().for_each(Framer::lose_step);
        }
        let key = (chunk.stream.connection, chunk.stream, chunk.direction);
        if self.framers.len() >= FRAMERS_MAX && !self.framers.contains_key(&key) {
            let oldest = self.framers.pop_first();
            self.passed_over += oldest.map_or(0, |(_, framer)| framer.passed_over());
        }
        let with_contents = self.with_contents;
        let framer = self.framers.entry(key).or_default();
        framer.feed(&chunk.octets, &mut |pdu| {
            if !with_contents {
                mask(pdu);
            }
            on(TracedPdu {
                utc_ns: chunk.utc_ns,
                stream: chunk.stream,
                direction: chunk.direction,
                octets: pdu,
            });
        });
    }

    /// Octets that belong to no PDU that could be shown: what was on its way when the trace began, mostly.
    #[must_use]
    pub fn passed_over(&self) -> u64 {
        let still: u64 = self.framers.values().map(Framer::passed_over).sum();
        self.passed_over + still
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(connection: u32, octets: &[u8], gap: bool) -> Chunk {
        let stream = Stream {
            link: 0,
            session: 0,
            connection,
        };
        Chunk {
            utc_ns: 5,
            stream,
            direction: Direction::In,
            octets: octets.into(),
            gap,
        }
    }

    const ENQUIRE: [u8; 16] = [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1];

    #[test]
    fn connections_do_not_mix_and_a_gap_begins_anew() {
        let mut recorder = Recorder::new(false);
        let mut found = Vec::new();
        let (head, tail) = ENQUIRE.split_at(7);
        for chunk in [
            chunk(1, head, false),
            chunk(2, head, false),
            chunk(1, tail, false),
            chunk(2, &ENQUIRE, true),
            chunk(2, &ENQUIRE, false),
        ] {
            recorder.feed(&chunk, &mut |pdu| found.push(pdu.stream.connection));
        }
        assert_eq!(found, [1, 2, 2]);
        assert_eq!(recorder.passed_over(), 7);
    }

    #[test]
    fn many_connections_are_forgotten_oldest_first() {
        let mut recorder = Recorder::new(true);
        for connection in 0..3000 {
            recorder.feed(&chunk(connection, &ENQUIRE, false), &mut |_| {});
        }
        assert_eq!(recorder.framers.len(), FRAMERS_MAX);
        let first = recorder.framers.keys().next();
        assert!(first.is_some_and(|(connection, ..)| *connection == 3000 - 1024));
    }
}
