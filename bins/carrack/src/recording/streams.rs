//! TCP segments of a capture put together into PDUs: in order, without what was sent twice, cut where SMPP cuts.
//!
//! A capture may begin in the middle and miss packets: what comes before the next PDU that can be recognised is passed over.
//! Bound: [`WAITING_MAX`] segments out of order a direction.

use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;

use carrack_carrier::trace::{Chunk, Direction, Recorder, Stream};
use carrack_smpp::CommandId;

use super::{Recorded, Recording, SMPP_PORT};

/// Segments that wait for one before them.
const WAITING_MAX: usize = 256;

/// An end of a connection.
pub(super) type End = (IpAddr, u16);

/// One TCP segment.
pub(super) struct Segment<'a> {
    pub(super) utc_ns: u64,
    pub(super) from: End,
    pub(super) to: End,
    pub(super) sequence: u32,
    pub(super) is_first: bool,
    pub(super) octets: &'a [u8],
}

/// One way of a connection.
#[derive(Default)]
struct Way {
    next: Option<u32>,
    waiting: BTreeMap<u32, (u64, Vec<u8>)>,
}

/// Both ways; `Out` is from the end with the lower address.
struct Connection {
    number: u32,
    low: End,
    ways: [Way; 2],
    /// Which of the two is the ESME, as its PDUs show.
    low_is_ours: Option<bool>,
    high_port: u16,
}

/// All connections of a capture.
#[derive(Default)]
pub(super) struct Streams {
    connections: HashMap<(End, End), Connection>,
    recorder: Option<Recorder>,
    found: Vec<Recorded>,
    octets: usize,
}

impl Streams {
    /// Takes one segment.
    pub(super) fn put(&mut self, segment: &Segment<'_>) {
        let is_low = segment.from < segment.to;
        let key = if is_low {
            (segment.from, segment.to)
        } else {
            (segment.to, segment.from)
        };
        let number = u32::try_from(self.connections.len()).unwrap_or(u32::MAX);
        let connection = self.connections.entry(key).or_insert_with(|| Connection {
            number,
            low: key.0,
            ways: [Way::default(), Way::default()],
            low_is_ours: None,
            high_port: key.1.1,
        });
        let [low, high] = &mut connection.ways;
        let way = if is_low { low } else { high };
        if segment.is_first {
            way.next = Some(segment.sequence.wrapping_add(1));
            way.waiting.clear();
            return;
        }
        let direction = if is_low {
            Direction::Out
        } else {
            Direction::In
        };
        let stream = Stream {
            link: 0,
            session: 0,
            connection: connection.number,
        };
        let recorder = self.recorder.get_or_insert_with(|| Recorder::new(true));
        let (found, octets) = (&mut self.found, &mut self.octets);
        way.put(segment, &mut |utc_ns, piece, gap| {
            let chunk = Chunk {
                utc_ns,
                stream,
                direction,
                octets: piece.into(),
                gap,
            };
            recorder.feed(&chunk, &mut |pdu| {
                *octets += pdu.octets.len();
                found.push(Recorded {
                    utc_ns: pdu.utc_ns,
                    stream: pdu.stream,
                    direction: pdu.direction,
                    octets: pdu.octets.to_vec(),
                });
            });
        });
    }

    /// Octets of PDUs so far.
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }

    /// All PDUs, each with its true direction.
    pub(super) fn finish(mut self) -> Recording {
        let mut by_number: HashMap<u32, &mut Connection> = self
            .connections
            .values_mut()
            .map(|connection| (connection.number, connection))
            .collect();
        for pdu in &self.found {
            if let (Some(connection), Some(is_ours)) = (
                by_number.get_mut(&pdu.stream.connection),
                is_from_esme(&pdu.octets),
            ) {
                connection
                    .low_is_ours
                    .get_or_insert(is_ours == (pdu.direction == Direction::Out));
            }
        }
        for pdu in &mut self.found {
            let Some(connection) = by_number.get(&pdu.stream.connection) else {
                continue;
            };
            // Where no PDU tells, the port does.
            let low_is_ours = connection.low_is_ours.unwrap_or(
                connection.high_port == SMPP_PORT || connection.low.1 > connection.high_port,
            );
            if !low_is_ours {
                pdu.direction = match pdu.direction {
                    Direction::Out => Direction::In,
                    Direction::In => Direction::Out,
                };
            }
        }
        Recording {
            pdus: self.found,
            passed_over: self.recorder.as_ref().map_or(0, Recorder::passed_over),
            cut: None,
        }
    }
}

/// Whether only one side sends such a PDU, and which.
fn is_from_esme(pdu: &[u8]) -> Option<bool> {
    let command = pdu.get(4..8)?.try_into().ok()?;
    match CommandId(u32::from_be_bytes(command)) {
        CommandId::BIND_RECEIVER
        | CommandId::BIND_TRANSMITTER
        | CommandId::BIND_TRANSCEIVER
        | CommandId::SUBMIT_SM
        | CommandId::SUBMIT_MULTI
        | CommandId::QUERY_SM
        | CommandId::CANCEL_SM
        | CommandId::REPLACE_SM
        | CommandId::DELIVER_SM_RESP => Some(true),
        CommandId::BIND_RECEIVER_RESP
        | CommandId::BIND_TRANSMITTER_RESP
        | CommandId::BIND_TRANSCEIVER_RESP
        | CommandId::SUBMIT_SM_RESP
        | CommandId::SUBMIT_MULTI_RESP
        | CommandId::QUERY_SM_RESP
        | CommandId::DELIVER_SM
        | CommandId::OUTBIND
        | CommandId::ALERT_NOTIFICATION => Some(false),
        _ => None,
    }
}

impl Way {
    /// Gives what follows without a gap; the flag says that something is missing before it.
    fn put(&mut self, segment: &Segment<'_>, on: &mut dyn FnMut(u64, &[u8], bool)) {
        if segment.octets.is_empty() {
            return;
        }
        let next = *self.next.get_or_insert(segment.sequence);
        if is_before(next, segment.sequence) {
            self.waiting
                .insert(segment.sequence, (segment.utc_ns, segment.octets.to_vec()));
        } else {
            self.pass(segment.utc_ns, segment.sequence, segment.octets, false, on);
        }
        loop {
            let next = self.next.unwrap_or_default();
            let ready = self
                .waiting
                .keys()
                .copied()
                .find(|sequence| !is_before(next, *sequence));
            // Too many wait for something that does not come.
            let forced = (self.waiting.len() > WAITING_MAX)
                .then(|| {
                    self.waiting
                        .keys()
                        .copied()
                        .min_by_key(|sequence| sequence.wrapping_sub(next))
                })
                .flatten();
            let Some(sequence) = ready.or(forced) else {
                return;
            };
            let Some((utc_ns, octets)) = self.waiting.remove(&sequence) else {
                return;
            };
            if ready.is_none() {
                self.next = Some(sequence);
            }
            self.pass(utc_ns, sequence, &octets, ready.is_none(), on);
        }
    }

    fn pass(
        &mut self,
        utc_ns: u64,
        sequence: u32,
        octets: &[u8],
        gap: bool,
        on: &mut dyn FnMut(u64, &[u8], bool),
    ) {
        let next = self.next.unwrap_or(sequence);
        let known = usize::try_from(next.wrapping_sub(sequence)).unwrap_or(usize::MAX);
        if let Some(new) = octets.get(known..).filter(|new| !new.is_empty()) {
            on(utc_ns, new, gap);
            self.next = Some(next.wrapping_add(u32::try_from(new.len()).unwrap_or(0)));
        }
    }
}

/// Whether `first` comes before `second` on the circle of sequence numbers.
const fn is_before(first: u32, second: u32) -> bool {
    let distance = second.wrapping_sub(first);
    distance != 0 && distance < 1 << 31
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENQUIRE: [u8; 16] = [0, 0, 0, 16, 0, 0, 0, 0x15, 0, 0, 0, 0, 0, 0, 0, 1];

    fn fed(pieces: &[(u32, &[u8])]) -> Vec<(Vec<u8>, bool)> {
        let end = |last, port| (IpAddr::from([10, 0, 0, last]), port);
        let mut way = Way::default();
        let mut found = Vec::new();
        for (sequence, octets) in pieces {
            let segment = Segment {
                utc_ns: 0,
                from: end(1, 30_000),
                to: end(2, SMPP_PORT),
                sequence: *sequence,
                is_first: false,
                octets,
            };
            way.put(&segment, &mut |_, octets, gap| {
                found.push((octets.to_vec(), gap))
            });
        }
        found
    }

    #[test]
    fn segments_out_of_order_and_sent_again_give_one_stream() {
        let start = u32::MAX - 3;
        let found = fed(&[
            (start, b"abcd"),
            (start.wrapping_add(8), b"ijkl"),
            (start.wrapping_add(2), b"cdef"),
            (start.wrapping_add(4), b"efgh"),
            (start, b"abcd"),
            (start.wrapping_add(12), b"m"),
        ]);
        let all: Vec<u8> = found
            .iter()
            .flat_map(|(octets, _)| octets.clone())
            .collect();
        assert_eq!(all, b"abcdefghijklm");
        assert!(found.iter().all(|(_, gap)| !gap));
    }

    #[test]
    fn a_segment_that_never_comes_is_given_up() {
        let pieces: Vec<(u32, &[u8])> = (0..300)
            .map(|number| (100 + number * 16, &ENQUIRE[..]))
            .collect();
        let mut with_a_hole = vec![(0, &ENQUIRE[..])];
        with_a_hole.extend(pieces);
        let found = fed(&with_a_hole);
        assert_eq!(found.len(), 301);
        assert_eq!(found.iter().filter(|(_, gap)| *gap).count(), 1);
    }

    #[test]
    fn the_direction_is_told_by_what_is_said() {
        let (low, high) = (
            (IpAddr::from([10, 0, 0, 1]), 2775),
            (IpAddr::from([10, 0, 0, 2]), 40_000),
        );
        let submit: Vec<u8> = [&[0, 0, 0, 16, 0, 0, 0, 4][..], &[0; 8]].concat();
        for (from, to) in [(low, high), (high, low)] {
            let mut streams = Streams::default();
            for (from, to, octets) in [(from, to, &submit[..]), (to, from, &ENQUIRE[..])] {
                streams.put(&Segment {
                    utc_ns: 1,
                    from,
                    to,
                    sequence: 5,
                    is_first: false,
                    octets,
                });
            }
            let directions: Vec<Direction> = streams
                .finish()
                .pdus
                .iter()
                .map(|pdu| pdu.direction)
                .collect();
            assert_eq!(directions, [Direction::Out, Direction::In]);
        }
    }
}
