//! Ends whose customer is away: their places in the log are kept, and they come back to memory as he takes them.
//!
//! Promise: an account's ends are told in their order, however many wait, and none is forgotten but by its age. Bound:
//! forty-eight octets an end beyond those that a party may have in memory: `untold_live_max` of the settings while its
//! customer is there, a part of it while he is away. One request an account is under way. What cannot be read is asked for again each second; what is not in the log any more
//! is given up, and said.

use std::collections::VecDeque;
use std::sync::Arc;

use carrack_message::record::{GivenUp, RecordView, record_at};
use carrack_message::{Class, MessageId, Msisdn, Status};
use carrack_queue::{FrameKey, SealedFrame};
use carrack_runtime::Now;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Shard;
use super::live::{End, Home, Key, Live, Phase};
use super::outbox::{Party, ToTell};
use super::paging::Asked;
use super::way::Way;
use crate::pager::Ask;
use crate::recovery::told_as;
use crate::telling::{SubmittedNews, Telling};

const FRAMES_MAX: usize = 64;
const ENDS_A_REQUEST: usize = 4096;
/// Given up at a time, for each account.
const GIVEN_UP_AT_ONCE: usize = 1000;

/// An end that waits in the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FarEnd {
    pub(crate) id: MessageId,
    pub(crate) home: Home,
    /// Octet of the record there.
    pub(crate) offset: u32,
    pub(crate) error: u32,
    pub(crate) status: Status,
    pub(crate) done_utc_ns: u64,
    /// Its customer does not know yet that a carrier had it, and wants to.
    pub(crate) submitted_first: bool,
}

impl FarEnd {
    fn of(live: &Live) -> Option<Self> {
        let end = live.end.as_ref()?;
        Some(Self {
            id: live.id,
            home: live.home,
            offset: live.offset,
            error: end.error,
            status: end.status,
            done_utc_ns: end.done_utc_ns,
            submitted_first: live.submitted == SubmittedNews::Due,
        })
    }
}

/// The ends of one party that wait in the log, the oldest first; all are later than those in memory.
#[derive(Debug, Default)]
pub(super) struct FarEnds {
    ends: VecDeque<FarEnd>,
    /// So many of them are being read.
    asked: usize,
}

impl FarEnds {
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub(super) fn push(&mut self, end: FarEnd) {
        self.ends.push_back(end);
    }

    /// The frames of the next ones, and how many those are.
    fn next(&self) -> (Vec<FrameKey>, usize) {
        let (mut keys, mut count) = (Vec::new(), 0);
        for end in self.ends.iter().take(ENDS_A_REQUEST) {
            let key = end.home.frame();
            if !keys.contains(&key) {
                if keys.len() >= FRAMES_MAX {
                    break;
                }
                keys.push(key);
            }
            count += 1;
        }
        (keys, count)
    }

    /// The oldest, where it ended before this moment and is not being read.
    fn pop_before(&mut self, utc_ns: u64) -> Option<FarEnd> {
        let old = self
            .ends
            .front()
            .is_some_and(|end| end.done_utc_ns < utc_ns);
        (old && self.asked == 0).then(|| self.ends.pop_front())?
    }
}

impl Shard {
    /// An end is durable and to be told: in memory, or by its place in the log where many wait before it.
    pub(super) fn ready_to_tell(&mut self, key: Key) {
        let found = self
            .live
            .get(key)
            .filter(|live| live.phase == Phase::Untold);
        let Some((party, far)) = found.map(|live| (live.party(), FarEnd::of(live))) else {
            return;
        };
        if self.is_held(key) {
            return;
        }
        let most = self.shared.settings.untold_live_max;
        match far.filter(|_| self.outbox.is_crowded(party, most)) {
            Some(far) => {
                self.live.remove(key);
                self.outbox.push_far(party, far);
            }
            None => {
                let submitted = false;
                self.outbox.push(party, ToTell { key, submitted });
            }
        }
    }

    /// What comes before it is on its way to the customer: it waits for that.
    fn is_held(&mut self, key: Key) -> bool {
        let Some(live) = self.live.get_mut(key) else {
            return false;
        };
        let held = live.submitted == SubmittedNews::Queued;
        if let Some(end) = live.end.as_mut() {
            end.is_held = held;
        }
        held
    }

    /// What the log says at start is to be told.
    pub(crate) fn restore_end(&mut self, party: Party, end: FarEnd) {
        self.outbox.push_far(party, end);
    }

    /// Asks for the next ends of those parties whose customer is there. Once a turn.
    pub(super) fn ask_for_ends(&mut self) {
        for party in self.outbox.hungry(ENDS_A_REQUEST) {
            let Some(far) = self.outbox.far(party).filter(|far| far.asked == 0) else {
                continue;
            };
            let (keys, count) = far.next();
            if self.paging.ask(Ask::Frames(keys), || Asked::Ends(party)) {
                far.asked = count;
            }
        }
    }

    /// Frames with ends of a party were read; `gone` are not in the log.
    pub(super) fn ends_paged(
        &mut self,
        now: Now,
        party: Party,
        frames: &FxHashMap<FrameKey, Arc<SealedFrame>>,
        gone: &FxHashSet<FrameKey>,
    ) {
        let Some(far) = self.outbox.far(party) else {
            return;
        };
        let mut asked = std::mem::take(&mut far.asked);
        let mut found = Vec::with_capacity(asked);
        while asked > 0
            && let Some(end) = far.ends.front()
        {
            let key = end.home.frame();
            // One that could not be read keeps those behind it in their order.
            if !frames.contains_key(&key) && !gone.contains(&key) {
                break;
            }
            found.extend(far.ends.pop_front());
            asked -= 1;
        }
        for end in found {
            let live = frames
                .get(&end.home.frame())
                .and_then(|frame| ended(party.account, &end, frame));
            match live {
                Some(live) => {
                    let (key, submitted) = (self.live.insert(live), false);
                    self.outbox.push(party, ToTell { key, submitted });
                }
                None => {
                    tracing::error!(id = %end.id, "the record of a message cannot be read; its customer is not told its end");
                    self.give_up(now, party.account, &end);
                }
            }
        }
    }

    /// Ends that their customer did not take in the time there was. Part of the sweep.
    pub(super) fn give_ends_up(&mut self, now: Now) {
        let before_utc_ns = now
            .utc_ns
            .saturating_sub(self.shared.settings.tell_within_ns);
        for party in self.outbox.parties_far() {
            let mut given_up = 0;
            while given_up < GIVEN_UP_AT_ONCE
                && let Some(far) = self.outbox.far(party)
                && let Some(end) = far.pop_before(before_utc_ns)
            {
                self.give_up(now, party.account, &end);
                given_up += 1;
            }
            if given_up > 0 {
                tracing::warn!(
                    account = party.account,
                    given_up,
                    "ends of messages were not taken by their customer in time"
                );
            }
        }
    }

    /// The same of one in memory, though its customer has it in hand and refuses it again and again.
    pub(super) fn give_end_up(&mut self, now: Now, key: Key) {
        let within_ns = self.shared.settings.tell_within_ns;
        let Some(live) = self.live.get(key) else {
            return;
        };
        let Some((end, far)) = live.end.as_ref().zip(FarEnd::of(live)) else {
            return;
        };
        if now.utc_ns.saturating_sub(end.done_utc_ns) <= within_ns {
            return;
        }
        let (account, party, handed_to) = (live.account, live.party(), end.handed_to);
        self.outbox.free_end(party, handed_to, key);
        self.outbox.free_submitted(party, key);
        self.live.remove(key);
        self.give_up(now, account, &far);
    }

    /// Nothing more is to come of it, and its customer was not told.
    fn give_up(&mut self, now: Now, account: u32, end: &FarEnd) {
        let epoch = end.home.epoch;
        let record = GivenUp {
            id: end.id.0,
            epoch,
            at_utc_ns: now.utc_ns,
        };
        if self.note(&record) {
            self.frames.summary().add_closed(epoch);
        }
        self.counts.end_given_up();
        if let Some(account) = self.directory.account(account) {
            account.release();
        }
    }
}

/// As it was when it ended.
fn ended(account: u32, end: &FarEnd, frame: &Arc<SealedFrame>) -> Option<Live> {
    let Ok(RecordView::Accepted(record)) = record_at(&frame.octets, end.offset) else {
        return None;
    };
    if record.id.to_native() != end.id.0 {
        return None;
    }
    let (to, class) = (
        Msisdn::from_u64(record.to.to_native())?,
        Class::from_u8(record.class)?,
    );
    Some(Live {
        account,
        phase: Phase::Untold,
        segments_priced: record.segments.max(1),
        home: end.home,
        offset: end.offset,
        accepted_utc_ns: record.at_utc_ns.to_native(),
        last_error: end.error,
        tell: record.wants_receipt.wish(),
        told_as: told_as(record),
        price_micros: record.price_micros.to_native(),
        telling: Telling::of_stored(record),
        submitted: match end.submitted_first {
            true => SubmittedNews::Due,
            false => SubmittedNews::NotYet,
        },
        from: Some(Box::from(record.from.as_str())),
        end: Some(End {
            status: end.status,
            error: end.error,
            done_utc_ns: end.done_utc_ns,
            handed_to: 0,
            is_held: false,
        }),
        ..Live::untried(end.id, to, class, &Way::NONE)
    })
}
