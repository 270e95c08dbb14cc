//! Receipts and messages from handsets, from the moment they are made until the client has answered them, whatever happens to its
//! connections.
//!
//! Each parcel has a ticket with a generation, so an answer to a parcel that is gone is ignored. A system_id's parcels wait in
//! one line and leave on any of its binds that may receive. The number of parcels is bounded by the caller; systems by `SYSTEMS_MAX`.

use super::address::KeptAddress;
use super::connections::BindKey;
use super::mo::MoPart;
use carrack_message::receipt::ReceiptState;
use std::collections::{HashMap, VecDeque};

/// Different system_ids remembered; a bind with one more is refused.
const SYSTEMS_MAX: usize = 10_000;
/// Times a parcel goes out before it is given up when the client keeps refusing it.
const REFUSALS_MAX: u8 = 10;

/// What goes to the client by deliver_sm or data_sm.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    /// Index of the system_id it belongs to.
    pub(super) system: usize,
    /// The bind the submit came on: preferred, not required.
    pub(super) origin: BindKey,
    /// The handset.
    pub(super) source: KeptAddress,
    /// Source of the submit.
    pub(super) destination: KeptAddress,
    /// What it is.
    pub(super) content: Content,
    /// Went out at least once.
    pub(super) was_sent: bool,
    /// When it went out last.
    pub(super) sent_ns: u64,
    /// Times refused.
    pub(super) refusals: u8,
}

impl Parcel {
    fn is_receipt(&self) -> bool {
        matches!(self.content, Content::Receipt(_))
    }
}

/// A receipt or a part of a message.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A receipt.
    Receipt(Receipt),
    /// One PDU of a message from a handset.
    Mo(Box<MoPart>),
}

/// What a receipt says.
#[derive(Debug, Clone, Copy)]
pub(super) struct Receipt {
    /// Number of the accepted message, from which its id is made.
    pub(super) serial: u64,
    /// Unix seconds.
    pub(super) submit_utc_s: u64,
    /// The state.
    pub(super) state: ReceiptState,
    /// First octets of the text, where it is in the default alphabet.
    pub(super) text: [u8; 20],
    /// How many of them.
    pub(super) text_length: u8,
}

/// A parcel whose way is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Closed {
    /// A receipt, not a message from a handset.
    pub(super) is_receipt: bool,
    /// When it went out last.
    pub(super) sent_ns: u64,
}

#[derive(Debug, Default)]
struct Pigeonhole {
    generation: u32,
    parcel: Option<Parcel>,
}

/// One system_id: its waiting parcels and the binds that may receive them.
#[derive(Debug, Default)]
struct System {
    ready: VecDeque<u64>,
    receivers: Vec<BindKey>,
    next: usize,
}

/// All parcels.
#[derive(Debug, Default)]
pub(super) struct Post {
    holes: Vec<Pigeonhole>,
    free: Vec<u32>,
    systems: Vec<System>,
    by_system_id: HashMap<Vec<u8>, usize>,
    count: usize,
    receipts: usize,
    turn: usize,
}

impl Post {
    /// The index of a system_id; `None` when too many are known.
    pub(super) fn system(&mut self, system_id: &[u8]) -> Option<usize> {
        if let Some(index) = self.by_system_id.get(system_id) {
            return Some(*index);
        }
        if self.systems.len() >= SYSTEMS_MAX {
            return None;
        }
        self.systems.push(System::default());
        let index = self.systems.len() - 1;
        self.by_system_id.insert(system_id.to_vec(), index);
        Some(index)
    }

    /// Keeps a parcel that is not due yet. Its ticket.
    pub(super) fn put(&mut self, parcel: Parcel) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.holes.push(Pigeonhole::default());
            (self.holes.len() - 1) as u32
        });
        self.count += 1;
        self.receipts += usize::from(parcel.is_receipt());
        let Some(hole) = self.holes.get_mut(index as usize) else {
            return u64::MAX;
        };
        hole.parcel = Some(parcel);
        (u64::from(hole.generation) << 32) | u64::from(index)
    }

    /// The parcel of a ticket.
    pub(super) fn parcel(&self, ticket: u64) -> Option<&Parcel> {
        let hole = self.holes.get(ticket as u32 as usize)?;
        if u64::from(hole.generation) == ticket >> 32 {
            hole.parcel.as_ref()
        } else {
            None
        }
    }

    /// The parcel of a ticket, to be changed.
    pub(super) fn parcel_mut(&mut self, ticket: u64) -> Option<&mut Parcel> {
        let hole = self.holes.get_mut(ticket as u32 as usize)?;
        if u64::from(hole.generation) == ticket >> 32 {
            hole.parcel.as_mut()
        } else {
            None
        }
    }

    /// Takes a parcel out; `None` when it is gone already.
    pub(super) fn remove(&mut self, ticket: u64) -> Option<Parcel> {
        let hole = self.holes.get_mut(ticket as u32 as usize)?;
        if u64::from(hole.generation) != ticket >> 32 {
            return None;
        }
        let parcel = hole.parcel.take()?;
        hole.generation = hole.generation.wrapping_add(1);
        self.free.push(ticket as u32);
        self.count -= 1;
        self.receipts -= usize::from(parcel.is_receipt());
        Some(parcel)
    }

    /// Forgets a parcel whose way is over; what it was, and when it went out last. `None` when it is gone already.
    pub(super) fn close(&mut self, ticket: u64) -> Option<Closed> {
        let hole = self.holes.get_mut(ticket as u32 as usize)?;
        let parcel = hole.parcel.as_ref()?;
        if u64::from(hole.generation) != ticket >> 32 {
            return None;
        }
        let closed = Closed {
            is_receipt: parcel.is_receipt(),
            sent_ns: parcel.sent_ns,
        };
        hole.parcel = None;
        hole.generation = hole.generation.wrapping_add(1);
        self.free.push(ticket as u32);
        self.count -= 1;
        self.receipts -= usize::from(closed.is_receipt);
        Some(closed)
    }

    /// Puts a parcel at the end of its system's line. The system, or `None` when the parcel is gone.
    pub(super) fn line_up(&mut self, ticket: u64) -> Option<usize> {
        let system = self.parcel(ticket)?.system;
        self.systems.get_mut(system)?.ready.push_back(ticket);
        Some(system)
    }

    /// Counts a refusal by the client. True when the parcel may go again.
    pub(super) fn refused(&mut self, ticket: u64) -> bool {
        let Some(parcel) = self.parcel_mut(ticket) else {
            return false;
        };
        parcel.refusals = parcel.refusals.saturating_add(1);
        parcel.refusals < REFUSALS_MAX
    }

    /// The first parcel in a system's line.
    pub(super) fn first_ready(&self, system: usize) -> Option<u64> {
        self.systems.get(system)?.ready.front().copied()
    }

    /// Takes the first parcel out of the line.
    pub(super) fn leave_line(&mut self, system: usize) {
        if let Some(system) = self.systems.get_mut(system) {
            system.ready.pop_front();
        }
    }

    /// Adds a bind that may receive.
    pub(super) fn add_receiver(&mut self, system: usize, bind: BindKey) {
        if let Some(system) = self.systems.get_mut(system) {
            system.receivers.push(bind);
        }
    }

    /// Takes a bind away.
    pub(super) fn remove_receiver(&mut self, system: usize, bind: BindKey) {
        if let Some(system) = self.systems.get_mut(system) {
            system.receivers.retain(|receiver| *receiver != bind);
        }
    }

    /// How many binds of the system may receive.
    pub(super) fn receivers(&self, system: usize) -> usize {
        self.systems
            .get(system)
            .map_or(0, |system| system.receivers.len())
    }

    /// The next receiver in turn.
    pub(super) fn next_receiver(&mut self, system: usize) -> Option<BindKey> {
        let system = self.systems.get_mut(system)?;
        system.next = system.next.wrapping_add(1);
        let index = system.next.checked_rem(system.receivers.len())?;
        system.receivers.get(index).copied()
    }

    /// How many system_ids are known.
    pub(super) fn systems(&self) -> usize {
        self.systems.len()
    }

    /// The index of any system that has a receiver, in turn.
    pub(super) fn next_system(&mut self) -> Option<usize> {
        for _ in 0..self.systems.len() {
            self.turn = self.turn.wrapping_add(1);
            let system = self.turn.checked_rem(self.systems.len())?;
            if self.receivers(system) > 0 {
                return Some(system);
            }
        }
        None
    }

    /// Receipts kept.
    pub(super) fn receipts(&self) -> usize {
        self.receipts
    }

    /// Parcels kept.
    pub(super) fn len(&self) -> usize {
        self.count
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    fn receipt(system: usize) -> Parcel {
        Parcel {
            system,
            origin: BindKey::default(),
            source: KeptAddress::default(),
            destination: KeptAddress::default(),
            content: Content::Receipt(Receipt {
                serial: 1,
                submit_utc_s: 0,
                state: ReceiptState::Delivered,
                text: [0; 20],
                text_length: 0,
            }),
            was_sent: false,
            sent_ns: 0,
            refusals: 0,
        }
    }

    #[test]
    fn a_second_answer_to_one_receipt_does_not_take_another_one() {
        let mut post = Post::default();
        let system = post.system(b"acme").unwrap();
        let first = post.put(receipt(system));
        assert!(post.remove(first).is_some());
        let second = post.put(receipt(system));
        assert_ne!(first, second);
        assert!(post.remove(first).is_none());
        assert!(post.parcel(first).is_none());
        assert!(post.parcel(second).is_some());
        assert_eq!(post.len(), 1);
    }

    #[test]
    fn a_receipt_refused_for_ever_is_given_up() {
        let mut post = Post::default();
        let system = post.system(b"acme").unwrap();
        let ticket = post.put(receipt(system));
        let tries = (1..).find(|_| !post.refused(ticket)).unwrap();
        assert_eq!(tries, REFUSALS_MAX as usize);
    }

    #[test]
    fn system_ids_are_bounded() {
        let mut post = Post::default();
        for number in 0..SYSTEMS_MAX {
            assert_eq!(post.system(number.to_string().as_bytes()), Some(number));
        }
        assert_eq!(post.system(b"one more"), None);
        assert_eq!(post.system(b"7"), Some(7));
    }
}
