//! The send window: requests sent and not yet answered, and the sequence numbers of all we send.
//!
//! Promise: a sequence number in flight is never given again; numbers run 1 to 0x7FFFFFFF and wrap
//! to 1. A number's slot is its low bits, so a response finds its request by one load. Slots hang in
//! a list by age, so the oldest time-out is at its head. The slots are allocated once, by the first
//! request: a connection that never binds costs nothing. Slots are given up oldest first, by the
//! response time-out or, where [`Patience`] is on, before it.
//! Bound: `limit` requests; slots are twice that, so a number seldom has to be skipped.

use crate::CommandId;
use crate::session::late::{Late, LateMemory};
use crate::session::patience::{Patience, SMALL_WINDOW};

pub(crate) const SEQUENCE_MAX: u32 = 0x7FFF_FFFF;
const LIMIT_MAX: u32 = 65_536;
const NONE: u32 = u32::MAX;

/// Sequence 0 marks a free slot.
#[derive(Clone, Copy, Debug)]
struct Slot {
    ticket: u64,
    begun_ns: u64,
    sequence: u32,
    /// Counts requests, so that those begun later can be told.
    number: u32,
    command: CommandId,
    older: u32,
    newer: u32,
}

const FREE: Slot = Slot {
    ticket: 0,
    begun_ns: 0,
    sequence: 0,
    number: 0,
    command: CommandId(0),
    older: NONE,
    newer: NONE,
};

#[derive(Debug)]
pub(crate) struct Window {
    slots: Vec<Slot>,
    mask: u32,
    limit: u32,
    in_flight: u32,
    oldest: u32,
    newest: u32,
    next_sequence: u32,
    begun: u32,
    late: LateMemory,
    patience: Option<Patience>,
}

/// What a response belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Match {
    InFlight { ticket: u64, command: CommandId },
    Late { ticket: u64, command: CommandId },
    Unknown,
}

/// A slot that was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GivenUp {
    pub(crate) ticket: u64,
    /// Before its response time-out.
    pub(crate) early: bool,
}

/// Why the oldest slot may be given up before its time-out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Early {
    /// Enough later requests have been answered.
    Overtaken,
    /// A small window stands still.
    Stopped,
}

impl Window {
    pub(crate) fn new(
        limit: u32,
        late_responses_max: u32,
        slot_patience: bool,
        first_sequence: u32,
    ) -> Self {
        let limit = limit.clamp(1, LIMIT_MAX);
        Self {
            slots: Vec::new(),
            mask: mask(limit),
            limit,
            in_flight: 0,
            oldest: NONE,
            newest: NONE,
            next_sequence: (first_sequence & SEQUENCE_MAX).max(1),
            begun: 0,
            late: LateMemory::new(late_responses_max),
            patience: slot_patience.then(Patience::default),
        }
    }

    /// Another bound; once the slots stand, at most what they were made for.
    pub(crate) fn set_limit(&mut self, limit: u32) {
        self.limit = limit.clamp(1, LIMIT_MAX);
        if self.slots.is_empty() {
            self.mask = mask(self.limit);
        } else {
            self.limit = self.limit.min(self.mask / 2 + 1);
        }
    }

    #[inline]
    pub(crate) const fn in_flight(&self) -> u32 {
        self.in_flight
    }

    #[inline]
    pub(crate) const fn free(&self) -> u32 {
        self.limit.saturating_sub(self.in_flight)
    }

    #[inline]
    const fn index(&self, sequence: u32) -> u32 {
        sequence & self.mask
    }

    #[inline]
    fn slot(&mut self, index: u32) -> Option<&mut Slot> {
        self.slots.get_mut(index as usize)
    }

    #[inline]
    fn advance(&mut self) -> u32 {
        let sequence = self.next_sequence;
        self.next_sequence = if sequence >= SEQUENCE_MAX {
            1
        } else {
            sequence + 1
        };
        sequence
    }

    /// A number for a PDU that takes no slot: bind, enquire_link, unbind.
    pub(crate) fn control_sequence(&mut self) -> u32 {
        loop {
            let sequence = self.advance();
            let index = self.index(sequence);
            let taken = self.slot(index).is_some_and(|s| s.sequence == sequence);
            if !taken {
                self.late.forget(sequence);
                return sequence;
            }
        }
    }

    /// Takes a slot; `None` when the window is full.
    #[inline]
    pub(crate) fn open(&mut self, command: CommandId, ticket: u64, now_ns: u64) -> Option<u32> {
        if self.in_flight >= self.limit {
            return None;
        }
        if self.slots.is_empty() {
            self.slots.resize(self.mask as usize + 1, FREE);
        }
        // Fewer are in flight than slots exist, so a whole turn and one for the wrap find one.
        for _ in 0..=self.slots.len() {
            let sequence = self.advance();
            let index = self.index(sequence);
            let newest = self.newest;
            let number = self.begun.wrapping_add(1);
            let Some(slot) = self.slot(index) else { break };
            if slot.sequence != 0 {
                continue;
            }
            *slot = Slot {
                ticket,
                begun_ns: now_ns,
                sequence,
                number,
                command,
                older: newest,
                newer: NONE,
            };
            match self.slot(newest) {
                Some(previous) => previous.newer = index,
                None => self.oldest = index,
            }
            self.newest = index;
            self.begun = number;
            self.in_flight += 1;
            self.late.forget(sequence);
            return Some(sequence);
        }
        None
    }

    /// Gives back the slot of the newest request, which was not written after all.
    pub(crate) fn revoke(&mut self, sequence: u32) {
        let index = self.index(sequence);
        if self.slot(index).is_some_and(|s| s.sequence == sequence) {
            self.release(index);
            self.begun = self.begun.wrapping_sub(1);
        }
    }

    /// Frees the slot that a response settles. `response` is `None` for a `generic_nack`.
    #[inline]
    pub(crate) fn close(
        &mut self,
        now_ns: u64,
        sequence: u32,
        response: Option<CommandId>,
    ) -> Match {
        if sequence == 0 || sequence > SEQUENCE_MAX {
            return Match::Unknown;
        }
        let index = self.index(sequence);
        if let Some(slot) = self.slot(index)
            && slot.sequence == sequence
        {
            // A response of another kind settles nothing: the time-out will.
            if response.is_some_and(|r| r != slot.command.response()) {
                return Match::Unknown;
            }
            let (ticket, command, begun_ns) = (slot.ticket, slot.command, slot.begun_ns);
            self.release(index);
            if let Some(patience) = &mut self.patience {
                patience.answered(now_ns.saturating_sub(begun_ns));
            }
            return Match::InFlight { ticket, command };
        }
        self.close_late(now_ns, sequence, response)
    }

    fn close_late(&mut self, now_ns: u64, sequence: u32, response: Option<CommandId>) -> Match {
        let Some(late) = self.late.take(sequence, response) else {
            return Match::Unknown;
        };
        if let Some(patience) = &mut self.patience {
            patience.answered_late(now_ns.saturating_sub(late.begun_ns));
        }
        Match::Late {
            ticket: late.ticket,
            command: late.command,
        }
    }

    /// When the oldest slot is given up if nothing comes in. `early` allows it before its time-out.
    #[inline]
    pub(crate) fn deadline_ns(&self, timeout_ns: u64, early: bool) -> Option<u64> {
        let oldest = self.slots.get(self.oldest as usize)?;
        let hard = oldest.begun_ns.saturating_add(timeout_ns);
        let early = self.early_deadline(oldest).filter(|_| early);
        Some(early.map_or(hard, |(soft, _)| soft.min(hard)))
    }

    fn early_deadline(&self, oldest: &Slot) -> Option<(u64, Early)> {
        let patience = self.patience.as_ref()?;
        let later = self.begun.wrapping_sub(oldest.number);
        // Whatever was given up before is older, so all later requests are in flight or answered.
        let answered = later.saturating_sub(self.in_flight.saturating_sub(1));
        if answered >= Patience::answers_wanted(self.limit) {
            let wait = patience.overtaken_ns()?;
            return Some((oldest.begun_ns.saturating_add(wait), Early::Overtaken));
        }
        if self.limit > SMALL_WINDOW || self.in_flight < self.limit {
            return None;
        }
        let newest = self.slots.get(self.newest as usize)?;
        let wait = patience.stopped_ns()?;
        Some((newest.begun_ns.saturating_add(wait), Early::Stopped))
    }

    /// Frees the oldest slot if its time has come, and remembers it for a late response.
    pub(crate) fn expire(&mut self, now_ns: u64, timeout_ns: u64, early: bool) -> Option<GivenUp> {
        let index = self.oldest;
        let slot = *self.slot(index)?;
        let mut given_on = None;
        if now_ns < slot.begun_ns.saturating_add(timeout_ns) {
            let (deadline_ns, why) = self.early_deadline(&slot).filter(|_| early)?;
            if now_ns < deadline_ns {
                return None;
            }
            given_on = Some(why);
        }
        if let (Some(Early::Stopped), Some(patience)) = (given_on, &mut self.patience) {
            patience.went_beyond();
        }
        self.release(index);
        let late = Late {
            command: slot.command,
            ticket: slot.ticket,
            begun_ns: slot.begun_ns,
        };
        self.late.remember(slot.sequence, late);
        Some(GivenUp {
            ticket: slot.ticket,
            early: given_on.is_some(),
        })
    }

    /// Frees the oldest slot; for the end of a connection.
    pub(crate) fn pop_oldest(&mut self) -> Option<u64> {
        let index = self.oldest;
        let ticket = self.slot(index)?.ticket;
        self.release(index);
        Some(ticket)
    }

    /// Forgets what timed out: a new connection has its own numbers.
    pub(crate) fn forget_late(&mut self) {
        self.late.clear();
    }

    #[inline]
    fn release(&mut self, index: u32) {
        let Some(slot) = self.slot(index) else { return };
        let (older, newer) = (slot.older, slot.newer);
        *slot = FREE;
        match self.slot(older) {
            Some(slot) => slot.newer = newer,
            None => self.oldest = newer,
        }
        match self.slot(newer) {
            Some(slot) => slot.older = older,
            None => self.newest = older,
        }
        self.in_flight = self.in_flight.saturating_sub(1);
    }
}

/// One less than the slots of a window: a power of two, at least twice its limit.
fn mask(limit: u32) -> u32 {
    (limit * 2).next_power_of_two().max(16) - 1
}
