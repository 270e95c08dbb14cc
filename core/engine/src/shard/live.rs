//! A message in a shard's memory, from its acceptance until nothing more is to come.
//!
//! Bound: as many as the node may hold. The text is not here: it lies in the frame that was written to the log, which is
//! kept only until every segment was taken by a carrier.

use std::sync::Arc;

use carrack_carrier::CarrierMessageId;
use carrack_message::record::ReceiptWish;
use carrack_message::{Class, MessageId, Msisdn, Network, ReceiptState, Status};
use carrack_queue::{FrameKey, SealedFrame};
use carrack_routing::PlanId;
use slab::Slab;
use smallvec::SmallVec;

use super::outbox::Party;
use super::settle::throttled::Throttled;
use super::way::{RoutePolicy, Way};
use crate::limits::Paces;
use crate::telling::{SubmittedNews, Telling};

/// Names a live message; a slot used again has another generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Key {
    pub(crate) slot: u32,
    pub(crate) generation: u32,
}

const GENERATION_BITS: u32 = 24;
pub(crate) const GENERATION_MASK: u32 = (1 << GENERATION_BITS) - 1;

impl Key {
    /// Key and segment in the 64 bits that a link carries.
    pub(crate) fn ticket(self, segment: u8) -> u64 {
        u64::from(self.slot) << 32
            | u64::from(self.generation & GENERATION_MASK) << 8
            | u64::from(segment)
    }

    pub(crate) fn of_ticket(ticket: u64) -> (Self, u8) {
        let key = Self {
            slot: (ticket >> 32) as u32,
            generation: (ticket >> 8) as u32 & GENERATION_MASK,
        };
        (key, ticket as u8)
    }
}

/// Where the record of a message lies in the log: where its id says, or where it came back from the shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) epoch: u32,
    pub(crate) number: u32,
    pub(crate) index: u16,
    pub(crate) shard: u8,
}

impl Home {
    pub(crate) fn of(id: MessageId) -> Self {
        let parts = id.parts();
        Self {
            epoch: parts.epoch,
            number: parts.frame,
            index: parts.index,
            shard: parts.shard,
        }
    }

    pub(crate) fn in_frame(frame: FrameKey, index: u16) -> Self {
        Self {
            epoch: frame.epoch,
            number: frame.number as u32,
            index,
            shard: frame.shard as u8,
        }
    }

    pub(crate) fn frame(self) -> FrameKey {
        FrameKey {
            epoch: self.epoch,
            shard: u16::from(self.shard),
            number: u64::from(self.number),
        }
    }
}

/// Where a message stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Accepted, not yet durable.
    Committing,
    /// In a lane, or a carrier's list of unfinished messages.
    Waiting,
    /// Pausing before the next attempt.
    Pausing,
    /// At least one segment in a window.
    Sending,
    /// All segments left; receipts (or late responses) to come.
    AwaitingReceipt,
    /// As before, and on its way to the shelf: gone when that is durable.
    Leaving,
    /// Final; the customer is to be told.
    Untold,
}

/// Where a segment stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SegmentState {
    Unsent,
    /// In a window since, with its entry in the journal.
    InFlight {
        journal: u32,
        since_ns: u64,
    },
    /// Perhaps sent. Until then a late response or a receipt is waited for, then the policy decides; [`NEVER_NS`]: it
    /// said to wait.
    Uncertain {
        due_ns: u64,
    },
    /// Taken by the carrier at.
    Submitted {
        at_ns: u64,
    },
    /// A final receipt came.
    Done(ReceiptState),
}

/// No time at which something is decided.
pub(crate) const NEVER_NS: u64 = u64::MAX;

/// A part of the text, as it is submitted.
#[derive(Debug, Clone)]
pub(crate) struct Segment {
    pub(crate) state: SegmentState,
    pub(crate) attempts: u8,
    /// Questions asked about its missing receipt.
    pub(crate) queries: u8,
    /// Segments on air that it takes.
    pub(crate) units: u8,
    pub(crate) carrier_id: CarrierMessageId,
}

impl Segment {
    /// Whether only the recipient's number can find it.
    pub(crate) fn is_unnamed(&self) -> bool {
        matches!(
            self.state,
            SegmentState::Uncertain { .. } | SegmentState::Submitted { .. }
        ) && self.carrier_id.is_empty()
    }

    pub(crate) fn unsent() -> Self {
        Self {
            state: SegmentState::Unsent,
            attempts: 0,
            queries: 0,
            units: 1,
            carrier_id: CarrierMessageId::new(),
        }
    }
}

/// What is to be told, kept from the final on.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) status: Status,
    pub(crate) error: u32,
    pub(crate) done_utc_ns: u64,
    /// The subscriber that was handed the notice, 0: none.
    pub(crate) handed_to: u64,
    /// It is durable, and waits only until the customer knows that it was submitted.
    pub(crate) is_held: bool,
}

#[derive(Debug, Clone)]
pub(crate) struct Live {
    pub(crate) id: MessageId,
    pub(crate) generation: u32,
    pub(crate) account: u32,
    pub(crate) to: Msisdn,
    pub(crate) class: Class,
    pub(crate) phase: Phase,
    /// Carriers still to be tried, best first.
    pub(crate) plan: PlanId,
    /// All carriers of its route.
    pub(crate) route_plan: PlanId,
    /// What its route says.
    pub(crate) policy: RoutePolicy,
    /// The buckets that its segments need; none: no limit but its carrier's.
    pub(crate) pace: Option<Arc<Paces>>,
    /// The recipient's network as it was known when it was routed.
    pub(crate) network: Network,
    /// Its carrier's quality knows that its receipt is overdue.
    pub(crate) is_overdue: bool,
    /// Where its segments went.
    pub(crate) carrier: Option<u16>,
    /// Parts of its text, as its carrier wants them.
    pub(crate) segments: SmallVec<[Segment; 1]>,
    /// Segments it was priced as.
    pub(crate) segments_priced: u8,
    /// The frame with its record; `None` once no longer needed.
    pub(crate) frame: Option<Arc<SealedFrame>>,
    pub(crate) home: Home,
    /// Octet of its record there.
    pub(crate) offset: u32,
    pub(crate) accepted_utc_ns: u64,
    pub(crate) expires_utc_ns: u64,
    /// Since when receipts are waited for, monotonic; of one that has ended and is to be told: since when they were, UTC, 0:
    /// they were not. The same place, as there are millions.
    pub(crate) waiting_since_ns: u64,
    pub(crate) batch: u64,
    /// A segment of the present round had a bad outcome: it counts once.
    pub(crate) round_failed: bool,
    /// Refused or uncertain attempts in all.
    pub(crate) attempts: u32,
    /// Passing refusals at this carrier in a row.
    pub(crate) retries_here: u8,
    /// Rounds at this carrier with parts that it did not answer.
    pub(crate) silences: u8,
    /// Refusals for speed.
    pub(crate) throttled: Throttled,
    /// It goes before others of its lane when it next stands in it.
    pub(crate) goes_first: bool,
    /// Stands in its carrier's list of unfinished messages, or waits for a token to go on there.
    pub(crate) unfinished: bool,
    /// The present carrier will not: go on with the next when nothing is in a window.
    pub(crate) leave_carrier: bool,
    /// A carrier says that the message is at fault, or its text cannot be sent.
    pub(crate) fault: bool,
    pub(crate) last_error: u32,
    /// Segments that carriers took, repeated ones included.
    pub(crate) segments_sent: u8,
    pub(crate) cost_micros: i64,
    /// Price to its account, all segments; negative: none.
    pub(crate) price_micros: i64,
    /// All its parts were with a carrier, and its batch knows.
    pub(crate) counted_submitted: bool,
    /// Which ends the customer is to be told.
    pub(crate) tell: ReceiptWish,
    /// Sender, kept where a notice or a question to the carrier will need it.
    pub(crate) from: Option<Box<str>>,
    /// The id that the customer was given instead of its own, kept where a notice will need it; mostly empty.
    pub(crate) told_as: Box<[u8]>,
    /// What the customer is told by requests, of messages that ask for it.
    pub(crate) telling: Option<Box<Telling>>,
    pub(crate) submitted: SubmittedNews,
    /// A carrier had all of it at, where its customer is told of it by requests, UTC; 0: not yet, or not known any more.
    pub(crate) submitted_utc_ns: u64,
    pub(crate) end: Option<End>,
    /// Delay of the last pause, for doubling.
    pub(crate) pause_ns: u64,
}

impl Live {
    /// A message that nothing has been done about, for its maker to fill in.
    pub(crate) fn untried(id: MessageId, to: Msisdn, class: Class, way: &Way) -> Self {
        Self {
            id,
            generation: 0,
            account: 0,
            to,
            class,
            phase: Phase::Committing,
            plan: way.plan,
            route_plan: way.plan,
            policy: way.policy,
            pace: way.pace.clone(),
            network: way.network,
            is_overdue: false,
            carrier: None,
            segments: SmallVec::new(),
            segments_priced: 1,
            frame: None,
            home: Home::of(id),
            offset: 0,
            accepted_utc_ns: 0,
            expires_utc_ns: 0,
            waiting_since_ns: 0,
            batch: 0,
            round_failed: false,
            attempts: 0,
            retries_here: 0,
            silences: 0,
            throttled: Throttled::default(),
            goes_first: false,
            unfinished: false,
            leave_carrier: false,
            fault: false,
            last_error: 0,
            segments_sent: 0,
            cost_micros: 0,
            price_micros: -1,
            counted_submitted: false,
            tell: ReceiptWish::Never,
            from: None,
            told_as: Box::default(),
            telling: None,
            submitted: SubmittedNews::NotYet,
            submitted_utc_ns: 0,
            end: None,
            pause_ns: 0,
        }
    }

    /// Number of its buckets together; 0: it needs none.
    pub(crate) fn pace_number(&self) -> u64 {
        self.pace.as_ref().map_or(0, |pace| pace.number)
    }

    /// Whether the customer is to be told something when it ends so.
    pub(crate) fn tells(&self, end: Status) -> bool {
        match &self.telling {
            Some(telling) => {
                let owed = matches!(self.submitted, SubmittedNews::Due | SubmittedNews::Queued);
                owed || telling.events.covers(end)
            }
            None => self.tell.covers(end),
        }
    }

    /// A carrier took every part.
    pub(crate) fn is_with_its_carrier(&self) -> bool {
        self.all(|state| {
            matches!(
                state,
                SegmentState::Submitted { .. } | SegmentState::Done(_)
            )
        })
    }

    /// A carrier has all of it, or had. True: the customer wants to know, and was not told.
    pub(crate) fn is_submitted_now(&mut self, utc_ns: u64) -> bool {
        if self.submitted_utc_ns == 0 {
            self.submitted_utc_ns = utc_ns;
        }
        let wanted = self
            .telling
            .as_deref()
            .is_some_and(Telling::wants_submitted);
        if wanted && self.submitted == SubmittedNews::NotYet {
            self.submitted = SubmittedNews::Due;
        }
        self.submitted == SubmittedNews::Due
    }

    /// Whom its end is told to.
    pub(crate) fn party(&self) -> Party {
        Party::of(self.account, self.telling.is_some())
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.count(|state| matches!(state, SegmentState::InFlight { .. }))
    }

    pub(crate) fn count(&self, which: impl Fn(SegmentState) -> bool) -> usize {
        self.segments
            .iter()
            .filter(|segment| which(segment.state))
            .count()
    }

    pub(crate) fn all(&self, which: impl Fn(SegmentState) -> bool) -> bool {
        self.segments.iter().all(|segment| which(segment.state))
    }

    pub(crate) fn segment_mut(&mut self, segment: u8) -> Option<&mut Segment> {
        self.segments.get_mut(usize::from(segment))
    }
}

/// All live messages of a shard.
#[derive(Debug, Default)]
pub(crate) struct LiveMessages {
    slab: Slab<Live>,
    generation: u32,
}

impl LiveMessages {
    pub(crate) fn insert(&mut self, mut live: Live) -> Key {
        self.generation = (self.generation + 1) & GENERATION_MASK;
        live.generation = self.generation;
        Key {
            slot: self.slab.insert(live) as u32,
            generation: self.generation,
        }
    }

    pub(crate) fn get(&self, key: Key) -> Option<&Live> {
        self.slab
            .get(key.slot as usize)
            .filter(|live| live.generation == key.generation)
    }

    pub(crate) fn get_mut(&mut self, key: Key) -> Option<&mut Live> {
        self.slab
            .get_mut(key.slot as usize)
            .filter(|live| live.generation == key.generation)
    }

    pub(crate) fn at(&self, slot: u32) -> Option<&Live> {
        self.slab.get(slot as usize)
    }

    pub(crate) fn key_at(&self, slot: u32) -> Option<Key> {
        self.at(slot).map(|live| Key {
            slot,
            generation: live.generation,
        })
    }

    pub(crate) fn remove(&mut self, key: Key) -> Option<Live> {
        self.get(key)?;
        self.slab.try_remove(key.slot as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.slab.len()
    }

    /// One past the highest slot that may be used.
    pub(crate) fn slots(&self) -> u32 {
        self.slab.capacity() as u32
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (Key, &Live)> {
        self.slab.iter().map(|(slot, live)| {
            (
                Key {
                    slot: slot as u32,
                    generation: live.generation,
                },
                live,
            )
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ticket_names_key_and_segment(slot: u32, generation in 0..=GENERATION_MASK, segment: u8) {
            let key = Key { slot, generation };
            prop_assert_eq!(Key::of_ticket(key.ticket(segment)), (key, segment));
        }
    }
}
