//! What was decided of each new message, as a copy for who compares it with what another table would decide.
//!
//! Promise: nothing comes back: a message goes its way whether anybody looks or not. A share of the messages is exact over
//! all shards. Bound: the room of the channel; what finds it full is dropped and counted. Off, it is one branch a message.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use carrack_message::record::Body;
use carrack_message::{Class, Micros, Msisdn, Network, Sender, tag};
use carrack_routing::RouteTable;
use carrack_telemetry::names;
use crossbeam::channel::{Receiver, Sender as Outgoing, bounded};

use crate::submission::Submission;

/// What is to be looked at.
#[derive(Debug, Clone, Copy)]
pub struct ShadowSpec {
    /// Of a hundred messages.
    pub share_percent: u8,
    /// Messages that may wait.
    pub queue: usize,
    /// Whether the other table looks at texts; they are not copied where it does not.
    pub wants_text: bool,
}

/// A message and what was decided of it.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Number of its account in the directory.
    pub account: u32,
    /// Recipient.
    pub to: Msisdn,
    /// Sender.
    pub from: Sender,
    /// Class.
    pub class: Class,
    /// Segments.
    pub segments: u8,
    /// What the customer calls this kind of message; empty: nothing.
    pub tag: Box<str>,
    /// The text; none where it is octets, or nobody wants it.
    pub text: Option<Box<str>>,
    /// What its account pays for all of it, where it has a price.
    pub price: Option<Micros>,
    /// When it was decided, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// What a register remembers of the number.
    pub network: Network,
    /// None: no carrier takes it.
    pub way: Option<SeenWay>,
}

/// The way that was chosen.
#[derive(Debug, Clone)]
pub struct SeenWay {
    /// The table that chose.
    pub table: Arc<RouteTable>,
    /// Number of the route.
    pub route: u16,
    /// Number of the first carrier.
    pub carrier: u16,
    /// The recipient's network, as it was chosen by.
    pub network: Network,
    /// The fraction that was drawn, where the route shares out.
    pub draw: Option<u64>,
}

/// Where copies go in.
#[derive(Debug)]
pub struct ShadowDoor {
    spec: ShadowSpec,
    out: Outgoing<Seen>,
    turns: AtomicU64,
    dropped: AtomicU64,
    dropped_total: metrics::Counter,
}

impl ShadowDoor {
    /// A door, and where its copies come out.
    #[must_use]
    pub fn open(spec: ShadowSpec) -> (Self, Receiver<Seen>) {
        let (out, seen) = bounded(spec.queue.max(1));
        let door = Self {
            spec,
            out,
            turns: AtomicU64::new(0),
            dropped: AtomicU64::new(0),
            dropped_total: metrics::counter!(names::SHADOW_DROPPED),
        };
        (door, seen)
    }

    /// A copy of a message whose turn it is; none of the others.
    #[must_use]
    pub fn copy(
        &self,
        submission: &Submission,
        at_utc_ns: u64,
        network: Network,
        way: Option<SeenWay>,
    ) -> Option<Seen> {
        if !self.is_its_turn() {
            return None;
        }
        let text = match &submission.body {
            Body::Text(text) if self.spec.wants_text => Some(text.as_str().into()),
            Body::Text(_) | Body::Raw { .. } => None,
        };
        Some(Seen {
            account: submission.account,
            to: submission.to,
            from: submission.from,
            class: submission.class,
            segments: submission.segments,
            tag: tag(&submission.tlvs).into(),
            text,
            price: submission.price,
            at_utc_ns,
            network,
            way,
        })
    }

    /// So many of each hundred, one behind the other spread evenly.
    fn is_its_turn(&self) -> bool {
        let share = u64::from(self.spec.share_percent);
        if share >= 100 {
            return true;
        }
        let turn = self.turns.fetch_add(1, Ordering::Relaxed) % 100;
        turn * share / 100 != (turn + 1) * share / 100
    }

    /// Hands a copy over; never waits.
    pub fn show(&self, seen: Seen) {
        // Where nobody looks any more there is nothing to count.
        if let Err(crossbeam::channel::TrySendError::Full(_)) = self.out.try_send(seen) {
            self.dropped.fetch_add(1, Ordering::Relaxed);
            self.dropped_total.increment(1);
        }
    }

    /// Messages that found no room since the count began.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped.load(Ordering::Relaxed)
    }

    /// Begins to count anew.
    pub fn forget_dropped(&self) {
        self.dropped.store(0, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use carrack_message::record::ReceiptWish;

    fn submission(text: &str) -> Submission {
        Submission {
            account: 7,
            class: Class::Bulk,
            to: Msisdn::from_digits(b"447700900123").unwrap(),
            from: Sender::parse("ACME").unwrap(),
            body: Body::Text(text.to_owned()),
            segments: 1,
            send_at_utc_ns: 0,
            validity_ns: 0,
            wants_receipt: ReceiptWish::Never,
            price: None,
            client_ref: None,
            batch: None,
            tlvs: Vec::new(),
            group: None,
            key: None,
        }
    }

    fn door(share_percent: u8, queue: usize) -> (ShadowDoor, Receiver<Seen>) {
        ShadowDoor::open(ShadowSpec {
            share_percent,
            queue,
            wants_text: false,
        })
    }

    fn copy(door: &ShadowDoor) -> Option<Seen> {
        door.copy(&submission("hi"), 1, Network::UNKNOWN, None)
    }

    #[test]
    fn a_share_is_exact_of_every_hundred() {
        for share in 1..=100u8 {
            let (door, _seen) = door(share, 1);
            for hundred in 0..3 {
                let taken = (0..100).filter(|_| copy(&door).is_some()).count();
                assert_eq!(taken, usize::from(share), "of hundred {hundred}");
            }
        }
    }

    #[test]
    fn what_finds_no_room_is_dropped_and_counted_and_nobody_waits() {
        let (door, seen) = door(100, 1);
        for _ in 0..5 {
            door.show(copy(&door).unwrap());
        }
        assert_eq!((door.dropped(), seen.len()), (4, 1));
        seen.recv().unwrap();
        door.show(copy(&door).unwrap());
        assert_eq!(door.dropped(), 4, "there was room again");
        door.forget_dropped();
        assert_eq!(door.dropped(), 0);
        drop(seen);
        door.show(copy(&door).unwrap());
        assert_eq!(door.dropped(), 0, "nobody looks");
    }

    #[test]
    fn a_text_is_copied_only_where_it_is_looked_at() {
        for wants_text in [false, true] {
            let (door, _seen) = ShadowDoor::open(ShadowSpec {
                share_percent: 100,
                queue: 1,
                wants_text,
            });
            assert_eq!(copy(&door).unwrap().text.is_some(), wants_text);
        }
    }
}
