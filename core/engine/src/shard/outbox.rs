//! What customers are still to be told, by account: durable in the log, handed out against credits.
//!
//! Bound: an account's part of the node's messages; a subscriber holds no more notices than it gave credits for.

use std::cmp::Reverse;
use std::collections::VecDeque;

use carrack_message::record::Told;
use carrack_runtime::Now;
use rustc_hash::{FxHashMap, FxHashSet};

use super::Shard;
use super::live::{Key, Live, Phase};
use crate::notice::{Notice, NoticeKey, NoticeSink};

struct Subscriber {
    id: u64,
    credits: u32,
    sink: NoticeSink,
    handed: FxHashSet<Key>,
}

#[derive(Default)]
struct AccountOutbox {
    ready: VecDeque<Key>,
    subscribers: Vec<Subscriber>,
    turn: usize,
}

impl AccountOutbox {
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
}

/// What a subscriber is told of an ended message; `None` where there is nothing to tell.
fn notice(shard: u8, key: Key, live: &mut Live, subscriber: u64) -> Option<Notice> {
    let end = live.end.as_mut()?;
    end.handed_to = subscriber;
    Some(Notice {
        key: NoticeKey {
            shard,
            slot: key.slot,
            generation: key.generation,
        },
        id: live.id,
        told_as: live.told_as.to_vec(),
        account: live.account,
        to: live.to,
        from: live.from.as_deref()?.to_owned(),
        status: end.status,
        error: end.error,
        segments: live.segments_priced,
        accepted_utc_ns: live.accepted_utc_ns,
        done_utc_ns: end.done_utc_ns,
    })
}

#[derive(Default)]
pub(crate) struct Outbox {
    accounts: FxHashMap<u32, AccountOutbox>,
    /// Accounts for which there may be something to do.
    dirty: FxHashSet<u32>,
}

impl Outbox {
    pub(crate) fn grant(&mut self, account: u32, subscriber: u64, credits: u32, sink: NoticeSink) {
        let outbox = self.accounts.entry(account).or_default();
        self.dirty.insert(account);
        match outbox
            .subscribers
            .iter_mut()
            .find(|known| known.id == subscriber)
        {
            Some(known) => known.credits = known.credits.saturating_add(credits),
            None => outbox.subscribers.push(Subscriber {
                id: subscriber,
                credits,
                sink,
                handed: FxHashSet::default(),
            }),
        }
    }

    fn push(&mut self, account: u32, key: Key) {
        self.accounts
            .entry(account)
            .or_default()
            .ready
            .push_back(key);
        self.dirty.insert(account);
    }

    pub(crate) fn waiting(&self) -> usize {
        self.accounts
            .values()
            .map(|outbox| outbox.ready.len())
            .sum()
    }
}

impl Shard {
    /// A final that is durable now: its customer may be told.
    pub(super) fn ready_to_tell(&mut self, key: Key) {
        if let Some(live) = self
            .live
            .get(key)
            .filter(|live| live.phase == Phase::Untold)
        {
            self.outbox.push(live.account, key);
        }
    }

    /// Hands out notices as credits allow.
    pub(super) fn tell(&mut self) {
        for account in std::mem::take(&mut self.outbox.dirty) {
            let Some(outbox) = self.outbox.accounts.get_mut(&account) else {
                continue;
            };
            let mut bundles: Vec<Vec<Notice>> =
                outbox.subscribers.iter().map(|_| Vec::new()).collect();
            // In turn, so that each bind of an account gets its share.
            while let Some(place) = outbox.next_subscriber() {
                let Some(key) = outbox.ready.pop_front() else {
                    break;
                };
                let (Some(subscriber), Some(bundle)) =
                    (outbox.subscribers.get_mut(place), bundles.get_mut(place))
                else {
                    break;
                };
                if let Some(notice) = self
                    .live
                    .get_mut(key)
                    .and_then(|live| notice(self.number, key, live, subscriber.id))
                {
                    subscriber.credits -= 1;
                    subscriber.handed.insert(key);
                    bundle.push(notice);
                }
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
        let key = Key {
            slot: key.slot,
            generation: key.generation,
        };
        let Some(live) = self
            .live
            .get(key)
            .filter(|live| live.phase == Phase::Untold)
        else {
            return;
        };
        let (id, account, epoch) = (live.id, live.account, live.home.epoch);
        let handed_to = live.end.as_ref().map_or(0, |end| end.handed_to);
        if let Some(outbox) = self.outbox.accounts.get_mut(&account)
            && let Some(subscriber) = outbox
                .subscribers
                .iter_mut()
                .find(|known| known.id == handed_to)
        {
            subscriber.handed.remove(&key);
            // The credit is free again: a door grants a window once, in whichever shard its receipts are.
            subscriber.credits = subscriber.credits.saturating_add(1);
            self.outbox.dirty.insert(account);
        }
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
    pub(super) fn revoke(&mut self, account: u32, subscriber: u64) {
        let Some(outbox) = self.outbox.accounts.get_mut(&account) else {
            return;
        };
        let Some(place) = outbox
            .subscribers
            .iter()
            .position(|known| known.id == subscriber)
        else {
            return;
        };
        let mut handed: Vec<Key> = outbox
            .subscribers
            .swap_remove(place)
            .handed
            .into_iter()
            .collect();
        handed.sort_unstable_by_key(|key| Reverse(self.live.get(*key).map(|live| live.id)));
        for key in handed {
            outbox.ready.push_front(key);
        }
        self.outbox.dirty.insert(account);
    }
}
