//! What customers are still to be told, by account and way: durable in the log, handed out against credits.
//!
//! Bound: of ends so many in memory as settings say and the places of the others ([`super::untold`]), of messages from
//! handsets what waits of them; a subscriber holds no more
//! notices than it gave credits for.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use carrack_message::MessageId;
use carrack_message::mo::MoWay;
use carrack_message::record::Told;
use carrack_runtime::Now;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Shard;
use super::live::{Key, Live, Phase};
use super::untold::{FarEnd, FarEnds};
use crate::notice::{Ending, News, Notice, NoticeKey, NoticeOf, NoticeSink};

/// Whom a subscriber speaks for, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Party {
    pub(crate) account: u32,
    pub(crate) way: MoWay,
}

impl Party {
    /// Who is told the ends of messages: by `deliver_sm`, else they are asked for.
    pub(crate) const fn binds(account: u32) -> Self {
        Self {
            account,
            way: MoWay::Bind,
        }
    }
}

struct Subscriber {
    id: u64,
    credits: u32,
    sink: NoticeSink,
    handed: FxHashSet<Key>,
    handed_mo: FxHashSet<MessageId>,
}

#[derive(Default)]
struct PartyOutbox {
    /// Messages from handsets go before ends: they are few, and somebody waits for the answer.
    mo: VecDeque<MessageId>,
    ready: VecDeque<Key>,
    /// Ends that wait behind those, in the log.
    far: FarEnds,
    subscribers: Vec<Subscriber>,
    turn: usize,
}

impl PartyOutbox {
    /// The next subscriber that has a credit, in turn.
    fn next_subscriber(&mut self) -> Option<usize> {
        let count = self.subscribers.len();
        let found = (0..count)
            .map(|step| (self.turn + step) % count)
            .find(|place| {
                self.subscribers
                    .get(*place)
                    .is_some_and(|known| known.credits > 0)
            })?;
        self.turn = found + 1;
        Some(found)
    }

    fn subscriber(&mut self, id: u64) -> Option<&mut Subscriber> {
        self.subscribers.iter_mut().find(|known| known.id == id)
    }
}

/// What a subscriber is told of an ended message; `None` where there is nothing to tell.
fn ending(shard: u8, key: Key, live: &mut Live, subscriber: u64) -> Option<Notice> {
    let end = live.end.as_mut()?;
    end.handed_to = subscriber;
    Some(Notice {
        key: NoticeKey {
            shard,
            of: NoticeOf::End {
                slot: key.slot,
                generation: key.generation,
            },
        },
        account: live.account,
        news: News::End(Ending {
            id: live.id,
            told_as: live.told_as.to_vec(),
            to: live.to,
            from: live.from.as_deref()?.to_owned(),
            status: end.status,
            error: end.error,
            segments: live.segments_priced,
            accepted_utc_ns: live.accepted_utc_ns,
            taken_utc_ns: live.waiting_since_ns,
            done_utc_ns: end.done_utc_ns,
        }),
    })
}

#[derive(Default)]
pub(crate) struct Outbox {
    parties: FxHashMap<Party, PartyOutbox>,
    /// Parties for which there may be something to do.
    dirty: FxHashSet<Party>,
    /// Accounts with ends in the log.
    far: BTreeSet<u32>,
}

/// Of an account whose customer is away so much less is kept in memory.
const AWAY_PART: usize = 64;

impl Outbox {
    pub(crate) fn grant(&mut self, party: Party, subscriber: u64, credits: u32, sink: NoticeSink) {
        let outbox = self.parties.entry(party).or_default();
        self.dirty.insert(party);
        match outbox.subscriber(subscriber) {
            Some(known) => known.credits = known.credits.saturating_add(credits),
            None => outbox.subscribers.push(Subscriber {
                id: subscriber,
                credits,
                sink,
                handed: FxHashSet::default(),
                handed_mo: FxHashSet::default(),
            }),
        }
    }

    /// An end is to be told, from memory.
    pub(super) fn push(&mut self, account: u32, key: Key) {
        let party = Party::binds(account);
        let outbox = self.parties.entry(party).or_default();
        outbox.ready.push_back(key);
        self.dirty.insert(party);
    }

    /// Whether so many ends of an account wait in memory that the next one waits in the log.
    pub(super) fn is_crowded(&self, account: u32, most: usize) -> bool {
        let outbox = self.parties.get(&Party::binds(account));
        outbox.is_some_and(|outbox| {
            let most = match outbox.subscribers.is_empty() {
                true => most / AWAY_PART,
                false => most,
            };
            !outbox.far.is_empty() || outbox.ready.len() >= most
        })
    }

    pub(super) fn push_far(&mut self, account: u32, end: FarEnd) {
        let outbox = self.parties.entry(Party::binds(account)).or_default();
        outbox.far.push(end);
        self.far.insert(account);
    }

    /// Accounts with ends in the log; those that have none any more are forgotten.
    pub(super) fn accounts_far(&mut self) -> Vec<u32> {
        let (parties, far) = (&self.parties, &mut self.far);
        far.retain(|account| {
            let outbox = parties.get(&Party::binds(*account));
            outbox.is_some_and(|outbox| !outbox.far.is_empty())
        });
        far.iter().copied().collect()
    }

    /// Those of them whose customer is there and has fewer than so many to take from memory.
    pub(super) fn hungry(&mut self, most: usize) -> Vec<u32> {
        if self.far.is_empty() {
            return Vec::new();
        }
        let mut accounts = self.accounts_far();
        accounts.retain(|account| {
            let outbox = self.parties.get(&Party::binds(*account));
            outbox.is_some_and(|outbox| !outbox.subscribers.is_empty() && outbox.ready.len() < most)
        });
        accounts
    }

    pub(super) fn far(&mut self, account: u32) -> Option<&mut FarEnds> {
        let outbox = self.parties.get_mut(&Party::binds(account))?;
        Some(&mut outbox.far)
    }

    /// A message from a handset is to be told.
    pub(super) fn push_mo(&mut self, party: Party, id: MessageId) {
        self.parties.entry(party).or_default().mo.push_back(id);
        self.dirty.insert(party);
    }

    /// A notice was taken. The credit is free again: a door grants a window once, in whichever shard its notices are.
    fn free(&mut self, party: Party, subscriber: u64) -> Option<&mut Subscriber> {
        let known = self.parties.get_mut(&party)?.subscriber(subscriber)?;
        known.credits = known.credits.saturating_add(1);
        self.dirty.insert(party);
        Some(known)
    }

    /// An end needs no telling any more, whoever has it.
    pub(super) fn free_end(&mut self, account: u32, subscriber: u64, key: Key) {
        if let Some(known) = self.free(Party::binds(account), subscriber) {
            known.handed.remove(&key);
        }
    }

    /// A message from a handset needs no telling any more, whoever has it.
    pub(super) fn free_mo(&mut self, party: Party, subscriber: u64, id: MessageId) {
        if let Some(known) = self.free(party, subscriber) {
            known.handed_mo.remove(&id);
        }
    }

    pub(crate) fn waiting(&self) -> usize {
        self.parties
            .values()
            .map(|outbox| outbox.ready.len() + outbox.far.len() + outbox.mo.len())
            .sum()
    }
}

impl Shard {
    /// Hands out notices as credits allow.
    pub(super) fn tell(&mut self) {
        for party in std::mem::take(&mut self.outbox.dirty) {
            let Some(outbox) = self.outbox.parties.get_mut(&party) else {
                continue;
            };
            let mut bundles: Vec<Vec<Notice>> =
                outbox.subscribers.iter().map(|_| Vec::new()).collect();
            // In turn, so that each bind of an account gets its share.
            while let Some(place) = outbox.next_subscriber() {
                let (mo, end) = match outbox.mo.pop_front() {
                    Some(id) => (Some(id), None),
                    None => (None, outbox.ready.pop_front()),
                };
                let (Some(subscriber), Some(bundle)) =
                    (outbox.subscribers.get_mut(place), bundles.get_mut(place))
                else {
                    break;
                };
                let notice = match (mo, end) {
                    (Some(id), _) => self.mo.hand(self.number, id, party, subscriber.id),
                    (None, Some(key)) => self
                        .live
                        .get_mut(key)
                        .and_then(|live| ending(self.number, key, live, subscriber.id)),
                    (None, None) => break,
                };
                let Some(notice) = notice else {
                    continue;
                };
                subscriber.credits -= 1;
                subscriber.handed.extend(end);
                subscriber.handed_mo.extend(mo);
                bundle.push(notice);
            }
            for (subscriber, bundle) in outbox.subscribers.iter().zip(bundles) {
                if !bundle.is_empty() {
                    (subscriber.sink)(bundle);
                }
            }
        }
    }

    /// The customer has taken a notice.
    pub(super) fn told(&mut self, now: Now, key: NoticeKey) {
        match key.of {
            NoticeOf::End { slot, generation } => self.told_end(now, Key { slot, generation }),
            NoticeOf::Mo { id, way } => self.told_mo(now, id, way),
        }
    }

    fn told_end(&mut self, now: Now, key: Key) {
        let Some(live) = self
            .live
            .get(key)
            .filter(|live| live.phase == Phase::Untold)
        else {
            return;
        };
        let (id, account, epoch) = (live.id, live.account, live.home.epoch);
        let handed_to = live.end.as_ref().map_or(0, |end| end.handed_to);
        self.outbox.free_end(account, handed_to, key);
        let told = Told {
            id: id.0,
            epoch,
            at_utc_ns: now.utc_ns,
        };
        if !self.note(&told) {
            return;
        }
        self.frames.summary().add_closed(epoch);
        self.close(key);
    }

    /// A subscriber is gone: what it was handed and did not take waits again, before the rest.
    pub(super) fn revoke(&mut self, party: Party, subscriber: u64) {
        let Some(outbox) = self.outbox.parties.get_mut(&party) else {
            return;
        };
        let Some(place) = outbox
            .subscribers
            .iter()
            .position(|known| known.id == subscriber)
        else {
            return;
        };
        let gone = outbox.subscribers.swap_remove(place);
        let mut handed: Vec<Key> = gone.handed.into_iter().collect();
        handed.sort_unstable_by_key(|key| Reverse(self.live.get(*key).map(|live| live.id)));
        for key in handed {
            if let Some(end) = self.live.get_mut(key).and_then(|live| live.end.as_mut()) {
                end.handed_to = 0;
            }
            outbox.ready.push_front(key);
        }
        let mut handed: Vec<MessageId> = gone.handed_mo.into_iter().collect();
        handed.sort_unstable_by_key(|id| Reverse(*id));
        for id in handed {
            outbox.mo.push_front(id);
        }
        self.outbox.dirty.insert(party);
    }
}
