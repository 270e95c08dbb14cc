//! What became of the messages that were accepted last, for those who ask (query_sm, cancel_sm, replace_sm).
//!
//! A ring by serial number: at most `messages_max` messages, the oldest forgotten first; one entry a message, no look-up to write it.

use super::post::Receipt;
use carrack_message::receipt::ReceiptState;
use std::collections::VecDeque;

/// A message that was accepted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Digest of its source, cut to half: it only has to tell senders apart.
    pub(super) source: u32,
    /// Digest of source and destination, cut to half.
    pub(super) parties: u32,
    /// When it comes to its end.
    pub(super) done_ns: u64,
    /// The state at its end.
    pub(super) state: ReceiptState,
    /// The ticket of its last receipt, or [`NO_TICKET`].
    pub(super) ticket: u64,
}

/// No ticket is this.
pub(super) const NO_TICKET: u64 = u64::MAX;

impl Entry {
    /// Its state at this time.
    pub(super) fn state_at(&self, now_ns: u64) -> ReceiptState {
        if now_ns < self.done_ns {
            ReceiptState::Enroute
        } else {
            self.state
        }
    }
}

/// The messages accepted last.
#[derive(Debug)]
pub(super) struct Register {
    entries: VecDeque<Entry>,
    first_serial: u64,
    messages_max: usize,
}

impl Register {
    pub(super) fn new(messages_max: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            first_serial: 1,
            messages_max: messages_max.max(1),
        }
    }

    /// Adds the message with the next serial number.
    pub(super) fn add(&mut self, entry: Entry) {
        if self.entries.len() >= self.messages_max {
            self.entries.pop_front();
            self.first_serial += 1;
        }
        self.entries.push_back(entry);
    }

    /// The message with this serial number.
    pub(super) fn get_mut(&mut self, serial: u64) -> Option<&mut Entry> {
        let place = serial.checked_sub(self.first_serial)?;
        self.entries.get_mut(usize::try_from(place).ok()?)
    }

    /// The serial numbers of the messages between these parties that are not at their end.
    pub(super) fn waiting(&self, parties: u32, now_ns: u64) -> Vec<u64> {
        let is_meant =
            |entry: &Entry| entry.parties == parties && !entry.state_at(now_ns).is_final();
        (self.first_serial..)
            .zip(&self.entries)
            .filter(|(_, entry)| is_meant(entry))
            .map(|(serial, _)| serial)
            .collect()
    }
}

/// A receipt that says another state.
pub(super) fn restated(receipt: Receipt, state: ReceiptState) -> Receipt {
    Receipt { state, ..receipt }
}
