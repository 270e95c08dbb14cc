//! The id of a message: 128 bits that say when it came, and where in the log it lies.
//!
//! Most significant first: 44 bits Unix milliseconds, 24 bits epoch, 8 bits node, 8 bits shard,
//! 28 bits number of the frame within (epoch, shard), 16 bits index within the frame. Ids therefore
//! sort by time, and status by id needs no index. Bits that do not fit a field are cut off:
//! [`MessageIdParts::fits`] tells beforehand, and whoever numbers frames opens a new epoch in time.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

const INDEX_BITS: u32 = 16;
const FRAME_BITS: u32 = 28;
const SHARD_BITS: u32 = 8;
const NODE_BITS: u32 = 8;
const EPOCH_BITS: u32 = 24;
const UTC_MS_BITS: u32 = 44;

const FRAME_SHIFT: u32 = INDEX_BITS;
const SHARD_SHIFT: u32 = FRAME_SHIFT + FRAME_BITS;
const NODE_SHIFT: u32 = SHARD_SHIFT + SHARD_BITS;
const EPOCH_SHIFT: u32 = NODE_SHIFT + NODE_BITS;
const UTC_MS_SHIFT: u32 = EPOCH_SHIFT + EPOCH_BITS;

/// Hexadecimal digits in the written form of an id.
const HEX_DIGITS: usize = 32;

/// Names one message for ever; ordered by the time of its acceptance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct MessageId(pub u128);

/// The fields inside a [`MessageId`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct MessageIdParts {
    /// Unix time of acceptance in milliseconds, at most [`MessageIdParts::UTC_MS_MAX`].
    pub utc_ms: u64,
    /// The run of the node that accepted it, at most [`MessageIdParts::EPOCH_MAX`].
    pub epoch: u32,
    /// The node that accepted it.
    pub node: u8,
    /// The shard that accepted it.
    pub shard: u8,
    /// Number of the frame within (epoch, shard), at most [`MessageIdParts::FRAME_MAX`].
    pub frame: u32,
    /// Place of the message within its frame.
    pub index: u16,
}

/// Why a text is not a message id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum MessageIdFault {
    /// The text has another length than 32 octets.
    #[error("a message id has 32 hexadecimal digits, this has {octets} octets")]
    Length {
        /// Octets found.
        octets: usize,
    },
    /// An octet is no hexadecimal digit.
    #[error(
        "a message id has only the digits 0-9 and a-f, the octet at position {position} is another"
    )]
    Digit {
        /// Position of the octet, from 0.
        position: usize,
    },
}

impl MessageIdParts {
    /// Largest `utc_ms` (the year 2527).
    pub const UTC_MS_MAX: u64 = (1 << UTC_MS_BITS) - 1;
    /// Largest `epoch`.
    pub const EPOCH_MAX: u32 = (1 << EPOCH_BITS) - 1;
    /// Largest `frame`.
    pub const FRAME_MAX: u32 = (1 << FRAME_BITS) - 1;

    /// True if no field is wider than its place in the id.
    #[must_use]
    pub const fn fits(&self) -> bool {
        self.utc_ms <= Self::UTC_MS_MAX
            && self.epoch <= Self::EPOCH_MAX
            && self.frame <= Self::FRAME_MAX
    }
}

impl MessageId {
    /// Puts the fields together; bits that do not fit are cut off (see [`MessageIdParts::fits`]).
    #[must_use]
    pub const fn new(parts: MessageIdParts) -> Self {
        Self(
            ((parts.utc_ms & MessageIdParts::UTC_MS_MAX) as u128) << UTC_MS_SHIFT
                | ((parts.epoch & MessageIdParts::EPOCH_MAX) as u128) << EPOCH_SHIFT
                | (parts.node as u128) << NODE_SHIFT
                | (parts.shard as u128) << SHARD_SHIFT
                | ((parts.frame & MessageIdParts::FRAME_MAX) as u128) << FRAME_SHIFT
                | parts.index as u128,
        )
    }

    /// Takes the fields apart.
    #[must_use]
    pub const fn parts(self) -> MessageIdParts {
        MessageIdParts {
            utc_ms: (self.0 >> UTC_MS_SHIFT) as u64,
            epoch: (self.0 >> EPOCH_SHIFT) as u32 & MessageIdParts::EPOCH_MAX,
            node: (self.0 >> NODE_SHIFT) as u8,
            shard: (self.0 >> SHARD_SHIFT) as u8,
            frame: (self.0 >> FRAME_SHIFT) as u32 & MessageIdParts::FRAME_MAX,
            index: self.0 as u16,
        }
    }

    /// The id as 32 lower-case hexadecimal digits in ASCII, without allocating.
    #[must_use]
    pub fn hex(self) -> [u8; HEX_DIGITS] {
        let mut digits = [0; HEX_DIGITS];
        let mut rest = self.0;
        for digit in digits.iter_mut().rev() {
            let value = (rest & 0xF) as u8;
            *digit = if value < 10 {
                b'0' + value
            } else {
                b'a' + value - 10
            };
            rest >>= 4;
        }
        digits
    }

    /// Reads what [`MessageId::hex`] wrote; upper case is taken too.
    ///
    /// # Errors
    /// [`MessageIdFault`] with the length, or the position of the first octet that is no digit.
    pub fn from_hex(digits: &[u8]) -> Result<Self, MessageIdFault> {
        if digits.len() != HEX_DIGITS {
            return Err(MessageIdFault::Length {
                octets: digits.len(),
            });
        }
        let mut value = 0_u128;
        for (position, &octet) in digits.iter().enumerate() {
            let digit = match octet {
                b'0'..=b'9' => octet - b'0',
                b'a'..=b'f' => octet - b'a' + 10,
                b'A'..=b'F' => octet - b'A' + 10,
                _ => return Err(MessageIdFault::Digit { position }),
            };
            value = value << 4 | u128::from(digit);
        }
        Ok(Self(value))
    }
}

impl fmt::Display for MessageId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl FromStr for MessageId {
    type Err = MessageIdFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_hex(text.as_bytes())
    }
}
