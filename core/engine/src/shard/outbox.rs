//! What customers are still to be told, by account and way: durable in the log, handed out against credits.
//!
//! Bound: of ends so many in memory as settings say and the places of the others ([`super::untold`]), of messages from
//! handsets what waits of them; a subscriber holds no more
//! notices than it gave credits for.

use std::collections::{BTreeSet, VecDeque};

use carrack_message::mo::MoWay;
use carrack_message::{MessageId, Status};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Shard;
use super::live::{Key, Live};
use super::untold::{FarEnd, FarEnds};
use crate::notice::{AtWebhook, Ending, News, Notice, NoticeKey, NoticeOf, NoticeSink};
use crate::telling::SubmittedNews;

/// Whom a subscriber speaks for, and how.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Party {
    pub(crate) account: u32,
    pub(crate) way: MoWay,
}

impl Party {
    /// Who is told the ends of messages by `deliver_sm`.
    #[cfg(any(test, feature = "simulation"))]
    pub(crate) const fn binds(account: u32) -> Self {
        Self {
            account,
            way: MoWay::Bind,
        }
    }

    /// Who is told the end of a message: by requests, else by `deliver_sm`.
    pub(crate) const fn of(account: u32, by_requests: bool) -> Self {
        Self {
            account,
            way: match by_requests {
                true => MoWay::Webhook,
                false => MoWay::Bind,
            },
        }
    }
}

/// Something to be told of a message in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ToTell {
    pub(super) key: Key,
    /// That a carrier has it; else its end.
    pub(super) submitted: bool,
}

struct Subscriber {
    id: u64,
    credits: u32,
    sink: NoticeSink,
    handed: FxHashSet<ToTell>,
    handed_mo: FxHashSet<MessageId>,
}

#[derive(Default)]
struct PartyOutbox {
    /// Messages from handsets go before ends: they are few, and somebody waits for the answer.
    mo: VecDeque<MessageId>,
    ready: VecDeque<ToTell>,
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

/// What a subscriber is told of a message; `None` where there is nothing to tell.
fn notice(shard: u8, what: ToTell, live: &mut Live, subscriber: u64) -> Option<Notice> {
    let Key { slot, generation } = what.key;
    let (of, status, error, done_utc_ns) = match live.end.as_mut() {
        Some(end) if !what.submitted => {
            end.handed_to = subscriber;
            let of = NoticeOf::End { slot, generation };
            (of, end.status, end.error, end.done_utc_ns)
        }
        _ if what.submitted && live.submitted == SubmittedNews::Queued => {
            let of = NoticeOf::Submitted { slot, generation };
            (of, Status::Submitted, 0, live.submitted_utc_ns)
        }
        _ => return None,
    };
    let ending = Ending {
        id: live.id,
        told_as: live.told_as.to_vec(),
        to: live.to,
        from: live.from.as_deref()?.to_owned(),
        status,
        error,
        segments: live.segments_priced,
        accepted_utc_ns: live.accepted_utc_ns,
        taken_utc_ns: match live.telling {
            Some(_) => live.submitted_utc_ns,
            None => live.waiting_since_ns,
        },
        done_utc_ns,
        at_webhook: live.telling.as_deref().map(|telling| {
            Box::new(AtWebhook {
                telling: telling.clone(),
                price_micros: live.price_micros,
                submitted_first: !what.submitted && live.submitted == SubmittedNews::Due,
            })
        }),
    };
    Some(Notice {
        key: NoticeKey { shard, of },
        account: live.account,
        news: match what.submitted {
            true => News::Submitted(ending),
            false => News::End(ending),
        },
    })
}

#[derive(Default)]
pub(crate) struct Outbox {
    parties: FxHashMap<Party, PartyOutbox>,
    /// Parties for which there may be something to do.
    dirty: FxHashSet<Party>,
    /// Parties with ends in the log.
    far: BTreeSet<Party>,
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

    /// Something is to be told, from memory.
    pub(super) fn push(&mut self, party: Party, what: ToTell) {
        let outbox = self.parties.entry(party).or_default();
        outbox.ready.push_back(what);
        self.dirty.insert(party);
    }

    /// Whether so many ends of a party wait in memory that the next one waits in the log.
    pub(super) fn is_crowded(&self, party: Party, most: usize) -> bool {
        self.parties.get(&party).is_some_and(|outbox| {
            let most = match outbox.subscribers.is_empty() {
                true => most / AWAY_PART,
                false => most,
            };
            !outbox.far.is_empty() || outbox.ready.len() >= most
        })
    }

    pub(super) fn push_far(&mut self, party: Party, end: FarEnd) {
        self.parties.entry(party).or_default().far.push(end);
        self.far.insert(party);
    }

    /// Parties with ends in the log; those that have none any more are forgotten.
    pub(super) fn parties_far(&mut self) -> Vec<Party> {
        let (parties, far) = (&self.parties, &mut self.far);
        far.retain(|party| {
            let outbox = parties.get(party);
            outbox.is_some_and(|outbox| !outbox.far.is_empty())
        });
        far.iter().copied().collect()
    }

    /// Those of them whose customer is there and has fewer than so many to take from memory.
    pub(super) fn hungry(&mut self, most: usize) -> Vec<Party> {
        if self.far.is_empty() {
            return Vec::new();
        }
        let mut hungry = self.parties_far();
        hungry.retain(|party| {
            let outbox = self.parties.get(party);
            outbox.is_some_and(|outbox| !outbox.subscribers.is_empty() && outbox.ready.len() < most)
        });
        hungry
    }

    pub(super) fn far(&mut self, party: Party) -> Option<&mut FarEnds> {
        Some(&mut self.parties.get_mut(&party)?.far)
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
    pub(super) fn free_end(&mut self, party: Party, subscriber: u64, key: Key) {
        if let Some(known) = self.free(party, subscriber) {
            let submitted = false;
            known.handed.remove(&ToTell { key, submitted });
        }
    }

    /// That a carrier has it needs no telling any more. False: nobody has it in hand.
    pub(super) fn free_submitted(&mut self, party: Party, key: Key) -> bool {
        let submitted = true;
        let what = ToTell { key, submitted };
        let Some(outbox) = self.parties.get_mut(&party) else {
            return false;
        };
        let mut holders = outbox.subscribers.iter_mut();
        let Some(known) = holders.find_map(|known| known.handed.remove(&what).then_some(known))
        else {
            return false;
        };
        known.credits = known.credits.saturating_add(1);
        self.dirty.insert(party);
        true
    }

    /// A subscriber is gone: what it has in hand.
    pub(super) fn remove(
        &mut self,
        party: Party,
        subscriber: u64,
    ) -> Option<(Vec<ToTell>, Vec<MessageId>)> {
        let outbox = self.parties.get_mut(&party)?;
        let mut places = outbox.subscribers.iter();
        let place = places.position(|known| known.id == subscriber)?;
        let gone = outbox.subscribers.swap_remove(place);
        self.dirty.insert(party);
        Some((
            gone.handed.into_iter().collect(),
            gone.handed_mo.into_iter().collect(),
        ))
    }

    /// These wait again, before the rest; the last one first.
    pub(super) fn push_again(&mut self, party: Party, what: ToTell) {
        self.parties
            .entry(party)
            .or_default()
            .ready
            .push_front(what);
    }

    /// The same of a message from a handset.
    pub(super) fn push_mo_again(&mut self, party: Party, id: MessageId) {
        self.parties.entry(party).or_default().mo.push_front(id);
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
                    (None, Some(what)) => self
                        .live
                        .get_mut(what.key)
                        .and_then(|live| notice(self.number, what, live, subscriber.id)),
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
}
