//! Receipts from the moment they are made until the client has answered them, whatever happens to its connections.
//!
//! Each receipt has a ticket with a generation, so an answer to a receipt that is gone is ignored. A system_id's receipts wait in
//! one line and leave on any of its binds that may receive. The number of receipts is bounded by the caller; systems by `SYSTEMS_MAX`.

use super::address::KeptAddress;
use super::connections::BindKey;
use std::collections::{HashMap, VecDeque};

/// Different system_ids remembered; a bind with one more is refused.
const SYSTEMS_MAX: usize = 10_000;
/// Times a receipt goes out before it is given up when the client keeps refusing it.
const REFUSALS_MAX: u8 = 10;

/// One receipt.
#[derive(Debug, Clone)]
pub(super) struct Receipt {
    /// Index of the system_id it belongs to.
    pub(super) system: usize,
    /// The bind the submit came on: preferred, not required.
    pub(super) origin: BindKey,
    /// Number of the accepted message, from which its id is made.
    pub(super) serial: u64,
    /// Destination of the submit.
    pub(super) source: KeptAddress,
    /// Source of the submit.
    pub(super) destination: KeptAddress,
    /// Unix seconds.
    pub(super) submit_utc_s: u64,
    /// Says UNDELIV rather than DELIVRD.
    pub(super) undelivered: bool,
    /// First octets of the text, where it is in the default alphabet.
    pub(super) text: [u8; 20],
    /// How many of them.
    pub(super) text_length: u8,
    /// Went out at least once.
    pub(super) was_sent: bool,
    /// Times refused.
    pub(super) refusals: u8,
}

#[derive(Debug, Default)]
struct Pigeonhole {
    generation: u32,
    receipt: Option<Receipt>,
}

/// One system_id: its waiting receipts and the binds that may receive them.
#[derive(Debug, Default)]
struct System {
    ready: VecDeque<u64>,
    receivers: Vec<BindKey>,
    next: usize,
}

/// All receipts.
#[derive(Debug, Default)]
pub(super) struct Post {
    holes: Vec<Pigeonhole>,
    free: Vec<u32>,
    systems: Vec<System>,
    by_system_id: HashMap<Vec<u8>, usize>,
    count: usize,
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

    /// Keeps a receipt that is not due yet. Its ticket.
    pub(super) fn put(&mut self, receipt: Receipt) -> u64 {
        let index = self.free.pop().unwrap_or_else(|| {
            self.holes.push(Pigeonhole::default());
            (self.holes.len() - 1) as u32
        });
        self.count += 1;
        let Some(hole) = self.holes.get_mut(index as usize) else {
            return u64::MAX;
        };
        hole.receipt = Some(receipt);
        (u64::from(hole.generation) << 32) | u64::from(index)
    }

    /// The receipt of a ticket.
    pub(super) fn receipt_mut(&mut self, ticket: u64) -> Option<&mut Receipt> {
        let hole = self.holes.get_mut(ticket as u32 as usize)?;
        if u64::from(hole.generation) == ticket >> 32 {
            hole.receipt.as_mut()
        } else {
            None
        }
    }

    /// Forgets a receipt. False when it is gone already.
    pub(super) fn remove(&mut self, ticket: u64) -> bool {
        let Some(hole) = self.holes.get_mut(ticket as u32 as usize) else {
            return false;
        };
        if u64::from(hole.generation) != ticket >> 32 || hole.receipt.take().is_none() {
            return false;
        }
        hole.generation = hole.generation.wrapping_add(1);
        self.free.push(ticket as u32);
        self.count -= 1;
        true
    }

    /// Puts a receipt at the end of its system's line. The system, or `None` when the receipt is gone.
    pub(super) fn line_up(&mut self, ticket: u64) -> Option<usize> {
        let system = self.receipt_mut(ticket)?.system;
        self.systems.get_mut(system)?.ready.push_back(ticket);
        Some(system)
    }

    /// Counts a refusal by the client. True when the receipt may go again.
    pub(super) fn refused(&mut self, ticket: u64) -> bool {
        let Some(receipt) = self.receipt_mut(ticket) else {
            return false;
        };
        receipt.refusals = receipt.refusals.saturating_add(1);
        if receipt.refusals < REFUSALS_MAX {
            return true;
        }
        self.remove(ticket);
        false
    }

    /// The first receipt in a system's line.
    pub(super) fn first_ready(&self, system: usize) -> Option<u64> {
        self.systems.get(system)?.ready.front().copied()
    }

    /// Takes the first receipt out of the line.
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

    /// Receipts kept.
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

    fn receipt(system: usize) -> Receipt {
        Receipt {
            system,
            origin: BindKey::default(),
            serial: 1,
            source: KeptAddress::default(),
            destination: KeptAddress::default(),
            submit_utc_s: 0,
            undelivered: false,
            text: [0; 20],
            text_length: 0,
            was_sent: false,
            refusals: 0,
        }
    }

    #[test]
    fn a_second_answer_to_one_receipt_does_not_take_another_one() {
        let mut post = Post::default();
        let system = post.system(b"acme").unwrap();
        let first = post.put(receipt(system));
        assert!(post.remove(first));
        let second = post.put(receipt(system));
        assert_ne!(first, second);
        assert!(!post.remove(first));
        assert!(post.receipt_mut(first).is_none());
        assert!(post.receipt_mut(second).is_some());
        assert_eq!(post.len(), 1);
    }

    #[test]
    fn a_receipt_refused_for_ever_is_given_up() {
        let mut post = Post::default();
        let system = post.system(b"acme").unwrap();
        let ticket = post.put(receipt(system));
        let tries = (1..).find(|_| !post.refused(ticket)).unwrap();
        assert_eq!(tries, REFUSALS_MAX as usize);
        assert_eq!(post.len(), 0);
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
