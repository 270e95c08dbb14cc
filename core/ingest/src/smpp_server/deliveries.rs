//! What one client is told, on its way: waiting for a slot, sent, refused for now, taken. Receipts, and messages from
//! handsets, which may go in parts: each part when the one before was taken, all on this connection.
//!
//! Promise: it counts as taken only by an OK, or by a refusal that the client means for good; any other answer
//! and any silence sends it again after a growing pause, for as long as the engine keeps it. A client that answers nothing
//! is given none for a while, and what it was given goes back, and begins anew wherever it goes. Bound: the credits that were granted. An answer to
//! what is no longer known changes nothing: tickets are never used twice, not for two parts either.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};

use carrack_engine::News;
use carrack_message::MessageId;
use carrack_smpp::{CommandStatus, DeliverRefused, ServerSession};

use super::telling::{Line, Telling, TellingWriter};
use crate::accounts::Dialect;

const SECOND_NS: u64 = 1_000_000_000;
/// Pauses grow no further: 64 seconds.
const PAUSE_DOUBLINGS_MAX: u32 = 6;
/// Silences over one `deliver_sm` after which a client that answers nothing is given none for a while.
const SILENCES_MAX: u32 = 3;
/// How long that is.
const DEAF_NS: u64 = 60 * SECOND_NS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Ready,
    Sent,
    Later,
}

#[derive(Debug)]
struct Entry<K> {
    ticket: u64,
    place: Place,
    telling: Telling<K>,
    /// Times it was refused for now, or not answered though others were.
    refusals: u32,
    silences: u32,
    sent_ns: u64,
    /// The part that is on its way, from 0.
    part: u8,
    /// Parts in all, once the first was sent.
    parts: u8,
    /// What the first part was written in: the others must be of the same cut.
    begun_in: Dialect,
}

/// What whoever hands receipts over is to hear.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct DeliveryNews<K> {
    /// Taken by the client.
    pub(crate) told: Vec<K>,
    /// All that was handed over goes back.
    pub(crate) revoke: bool,
    /// So many more may be handed over.
    pub(crate) credits: u32,
    /// Of the taken: refused for good, or such that no `deliver_sm` can say it.
    pub(crate) refused: u64,
}

/// What one client is told.
#[derive(Debug)]
pub(crate) struct Deliveries<K> {
    entries: Vec<Option<Entry<K>>>,
    free: Vec<u32>,
    serial: u32,
    ready: VecDeque<u64>,
    later: BinaryHeap<Reverse<(u64, u64)>>,
    told: Vec<K>,
    window: u32,
    /// Credits given; whoever hands receipts over takes one back into use for each that was told.
    granted: u32,
    revoke: bool,
    deaf_until_ns: Option<u64>,
    refused: u64,
    answered_ns: Option<u64>,
}

impl<K: Copy> Deliveries<K> {
    pub(crate) fn new() -> Self {
        Self {
            entries: Vec::new(),
            free: Vec::new(),
            serial: 0,
            ready: VecDeque::new(),
            later: BinaryHeap::new(),
            told: Vec::new(),
            window: 0,
            granted: 0,
            revoke: false,
            deaf_until_ns: None,
            refused: 0,
            answered_ns: None,
        }
    }

    /// From now on so many are on their way at most; 0 takes none.
    pub(crate) fn set_window(&mut self, window: u32) {
        self.window = window;
    }

    /// On its way or waiting here.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.entries.len() - self.free.len()
    }

    /// Takes in what the client is told; none while the client is deaf, for they went back.
    pub(crate) fn push(&mut self, tellings: Vec<Telling<K>>) {
        if self.granted == 0 {
            return;
        }
        for telling in tellings {
            let index = self.free.pop().unwrap_or_else(|| {
                self.entries.push(None);
                u32::try_from(self.entries.len() - 1).unwrap_or(u32::MAX)
            });
            let ticket = self.ticket(index);
            if let Some(slot) = self.entries.get_mut(index as usize) {
                *slot = Some(Entry {
                    ticket,
                    place: Place::Ready,
                    telling,
                    refusals: 0,
                    silences: 0,
                    sent_ns: 0,
                    part: 0,
                    parts: 1,
                    begun_in: Dialect::default(),
                });
                self.ready.push_back(ticket);
            }
        }
    }

    /// Sends what has a slot.
    pub(crate) fn send(
        &mut self,
        now_ns: u64,
        session: &mut ServerSession,
        writer: &mut TellingWriter,
    ) {
        let has_tlvs = session.has_tlvs();
        while let Some(&ticket) = self.ready.front() {
            if session.free_slots() == 0 {
                return;
            }
            let Some(entry) = entry(&mut self.entries, ticket) else {
                self.ready.pop_front();
                continue;
            };
            if entry.part == 0 {
                entry.begun_in = writer.dialect();
            }
            let line = Line {
                dialect: entry.begun_in,
                has_tlvs,
                part: entry.part,
            };
            let news = &entry.telling.news;
            match writer.write(news, line, |sm| session.deliver(now_ns, ticket, sm)) {
                Some((Ok(_), parts)) => {
                    entry.place = Place::Sent;
                    entry.sent_ns = now_ns;
                    entry.parts = parts;
                    self.ready.pop_front();
                }
                None | Some((Err(DeliverRefused::Unwritable(_)), _)) => {
                    tracing::warn!(id = %id(news), "cannot be written as a deliver_sm and is given up");
                    self.ready.pop_front();
                    self.refused += 1;
                    self.close(ticket);
                }
                Some((Err(_), _)) => return,
            }
        }
    }

    /// The client answered, in time or late.
    pub(crate) fn answered(&mut self, now_ns: u64, ticket: u64, status: CommandStatus) {
        self.answered_ns = Some(now_ns);
        let Some(entry) = entry(&mut self.entries, ticket) else {
            return;
        };
        if status.is_ok() {
            if entry.part + 1 < entry.parts {
                self.next_part(ticket);
            } else {
                self.close(ticket);
            }
            return;
        }
        // Else an older attempt's answer: it is to be sent again anyway.
        if entry.place != Place::Sent {
            return;
        }
        let for_good = matches!(
            status,
            CommandStatus::ESME_RX_P_APPN | CommandStatus::ESME_RX_R_APPN
        );
        if for_good {
            tracing::info!(id = %id(&entry.telling.news), %status, "a client refuses for good what it is told");
            self.refused += 1;
            return self.close(ticket);
        }
        self.pause(now_ns, ticket);
    }

    /// It is sent again after a pause that grows each time.
    fn pause(&mut self, now_ns: u64, ticket: u64) {
        if let Some(entry) = entry(&mut self.entries, ticket) {
            let pause_ns = SECOND_NS << entry.refusals.min(PAUSE_DOUBLINGS_MAX);
            entry.refusals = entry.refusals.saturating_add(1);
            entry.place = Place::Later;
            self.later
                .push(Reverse((now_ns.saturating_add(pause_ns), ticket)));
        }
    }

    /// The client did not answer in time.
    pub(crate) fn timed_out(&mut self, now_ns: u64, ticket: u64) {
        let found = entry(&mut self.entries, ticket).filter(|entry| entry.place == Place::Sent);
        let Some(entry) = found else {
            return;
        };
        // It trips over this one only: the others must not wait for it.
        if self.answered_ns.is_some_and(|at_ns| at_ns > entry.sent_ns) {
            return self.pause(now_ns, ticket);
        }
        entry.silences += 1;
        if entry.silences < SILENCES_MAX {
            entry.place = Place::Later;
            self.later
                .push(Reverse((now_ns.saturating_add(SECOND_NS), ticket)));
            return;
        }
        self.clear();
        self.revoke = true;
        self.deaf_until_ns = Some(now_ns.saturating_add(DEAF_NS));
    }

    /// Time passes: what was refused or not answered is ready again.
    pub(crate) fn tick(&mut self, now_ns: u64) {
        if self.deaf_until_ns.is_some_and(|until| now_ns >= until) {
            self.deaf_until_ns = None;
        }
        while let Some(&Reverse((due_ns, ticket))) = self.later.peek() {
            if due_ns > now_ns {
                return;
            }
            self.later.pop();
            let found = entry(&mut self.entries, ticket);
            if let Some(entry) = found.filter(|entry| entry.place == Place::Later) {
                entry.place = Place::Ready;
                self.ready.push_back(ticket);
            }
        }
    }

    /// When `tick` has something to do.
    pub(crate) fn next_deadline_ns(&self) -> Option<u64> {
        let later = self.later.peek().map(|Reverse((due_ns, _))| *due_ns);
        later.into_iter().chain(self.deaf_until_ns).min()
    }

    /// What happened since the last call. Credits are given once: for the whole window, and for what it grows by.
    pub(crate) fn news(&mut self) -> DeliveryNews<K> {
        let credits = match self.deaf_until_ns {
            None => self.window.saturating_sub(self.granted),
            Some(_) => 0,
        };
        self.granted += credits;
        DeliveryNews {
            told: std::mem::take(&mut self.told),
            revoke: std::mem::take(&mut self.revoke),
            credits,
            refused: std::mem::take(&mut self.refused),
        }
    }

    /// Never used before.
    fn ticket(&mut self, index: u32) -> u64 {
        self.serial = self.serial.wrapping_add(1);
        u64::from(self.serial) << 32 | u64::from(index)
    }

    /// A part was taken: the next is before all that has not begun. Answers to that part mean nothing to this one.
    fn next_part(&mut self, ticket: u64) {
        let next = self.ticket(ticket as u32);
        if let Some(entry) = entry(&mut self.entries, ticket) {
            entry.ticket = next;
            entry.part += 1;
            entry.place = Place::Ready;
            (entry.refusals, entry.silences) = (0, 0);
            self.ready.push_front(next);
        }
    }

    fn close(&mut self, ticket: u64) {
        let index = ticket as u32;
        let slot = self.entries.get_mut(index as usize);
        if let Some(closed) = slot.and_then(Option::take) {
            self.told.push(closed.telling.key);
            self.free.push(index);
        }
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.free.clear();
        self.ready.clear();
        self.later.clear();
        self.granted = 0;
    }
}

fn id(news: &News) -> MessageId {
    match news {
        News::End(ending) | News::Submitted(ending) => ending.id,
        News::Mo(mo) => mo.id,
    }
}

fn entry<K>(entries: &mut [Option<Entry<K>>], ticket: u64) -> Option<&mut Entry<K>> {
    let index = (ticket & u64::from(u32::MAX)) as usize;
    let found = entries.get_mut(index)?.as_mut()?;
    (found.ticket == ticket).then_some(found)
}

#[cfg(test)]
#[path = "deliveries_tests.rs"]
mod tests;
