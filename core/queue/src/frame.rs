//! Where a frame lies in the log, and what the committer must know of it without reading it.
//!
//! Key: `epoch u32 | shard u16 | number u64`, big-endian, so that keys only grow in time and a whole epoch is one range.

use carrack_message::{MessageId, Status};

use crate::keys::KeptKey;
use crate::shelf::ShelfChange;
use crate::turnover::Turnovers;

/// The key of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameKey {
    /// Run of the log; a new one at each start and after size or age.
    pub epoch: u32,
    /// Shard that wrote it.
    pub shard: u16,
    /// Number within (epoch, shard), from 0 without a gap.
    pub number: u64,
}

impl FrameKey {
    /// Octets of a key.
    pub const OCTETS: usize = 14;

    /// The key as it stands in the store.
    #[must_use]
    pub fn to_octets(self) -> [u8; Self::OCTETS] {
        let value =
            u128::from(self.epoch) << 80 | u128::from(self.shard) << 64 | u128::from(self.number);
        let mut octets = [0; Self::OCTETS];
        for (octet, byte) in octets
            .iter_mut()
            .zip(value.to_be_bytes().into_iter().skip(2))
        {
            *octet = byte;
        }
        octets
    }

    /// Reads what [`Self::to_octets`] wrote; `None` when it is no frame's key.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let octets: [u8; Self::OCTETS] = octets.try_into().ok()?;
        let value = octets
            .iter()
            .fold(0u128, |value, octet| value << 8 | u128::from(*octet));
        Some(Self {
            epoch: (value >> 80) as u32,
            shard: (value >> 64) as u16,
            number: value as u64,
        })
    }

    /// The frame in which a message was accepted.
    #[must_use]
    pub fn of_message(id: MessageId) -> Self {
        let parts = id.parts();
        Self {
            epoch: parts.epoch,
            shard: u16::from(parts.shard),
            number: u64::from(parts.frame),
        }
    }

    /// Whether a message was accepted in this frame; else its record here says that it came back from the shelf.
    #[must_use]
    pub fn accepted(self, id: MessageId) -> bool {
        Self::of_message(id) == self
    }

    /// Of the same shard in the same epoch.
    pub(crate) fn is_beside(self, other: Self) -> bool {
        (self.epoch, self.shard) == (other.epoch, other.shard)
    }

    /// First key of an epoch.
    #[must_use]
    pub fn epoch_start(epoch: u32) -> Self {
        Self {
            epoch,
            shard: 0,
            number: 0,
        }
    }
}

/// What a frame changes in the accounts of epochs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FrameSummary {
    /// Messages accepted in this frame.
    pub accepted: u32,
    /// What else lives in this frame: messages that came back from the shelf, parts of messages from handsets.
    pub opened: u32,
    /// Finals in this frame: epoch that holds the message, its status, how many.
    pub finals: Vec<(u32, Status, u32)>,
    /// Messages of which nothing more is to come, or that left for the shelf: epoch that held them, how many.
    pub closed: Vec<(u32, u32)>,
    /// Money that moved by records of this frame.
    pub money: Turnovers,
}

impl FrameSummary {
    /// Notes a final.
    pub fn add_final(&mut self, epoch: u32, status: Status) {
        match self
            .finals
            .iter_mut()
            .find(|(e, s, _)| *e == epoch && *s == status)
        {
            Some((_, _, count)) => *count += 1,
            None => self.finals.push((epoch, status, 1)),
        }
    }

    /// Notes a message of which nothing more is to come here.
    pub fn add_closed(&mut self, epoch: u32) {
        match self.closed.iter_mut().find(|(e, _)| *e == epoch) {
            Some((_, count)) => *count += 1,
            None => self.closed.push((epoch, 1)),
        }
    }
}

/// A closed frame on its way into the log; the same octets serve the lanes afterwards.
#[derive(Debug)]
pub struct SealedFrame {
    /// Where it goes.
    pub key: FrameKey,
    /// The shard's running number of frames, which says how far the log is durable.
    pub ticket: u64,
    /// The frame as `FrameWriter::seal` left it.
    pub octets: Vec<u8>,
    /// What it changes in the accounts of epochs.
    pub summary: FrameSummary,
    /// What it changes on the shelf, written with it.
    pub shelf: Vec<ShelfChange>,
    /// Keys of the requests whose messages are in it, written with it.
    pub keys: Vec<KeptKey>,
}

impl SealedFrame {
    /// A frame that was read from the log.
    #[must_use]
    pub fn read_back(key: FrameKey, octets: Vec<u8>) -> Self {
        Self {
            key,
            ticket: 0,
            octets,
            summary: FrameSummary::default(),
            shelf: Vec::new(),
            keys: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn key_order_is_octet_order(a: (u32, u16, u64), b: (u32, u16, u64)) {
            let [a, b] = [a, b].map(|(epoch, shard, number)| FrameKey { epoch, shard, number });
            prop_assert_eq!(a.cmp(&b), a.to_octets().cmp(&b.to_octets()));
            prop_assert_eq!(FrameKey::from_octets(&a.to_octets()).unwrap(), a);
        }
    }
}
