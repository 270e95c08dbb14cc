//! The state of a message at its carrier: `message_state` (SMPP 5.0, 4.7.15) and the words of Appendix B.
//!
//! Words are taken in any case and in the misspellings that carriers use. A word that is not known is
//! `None` here; it is never taken for delivered.

use super::word::{Capitals, known};

/// State of a message as its carrier tells it; the number is that of `message_state`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum ReceiptState {
    /// Waits for its time.
    Scheduled = 0,
    /// On its way.
    Enroute = 1,
    /// The handset has it.
    Delivered = 2,
    /// Its validity ended.
    Expired = 3,
    /// Deleted at the carrier.
    Deleted = 4,
    /// Cannot be delivered.
    Undeliverable = 5,
    /// Taken by the carrier: says nothing of the handset.
    Accepted = 6,
    /// The carrier says that it does not know.
    Unknown = 7,
    /// Refused.
    Rejected = 8,
    /// Left out.
    Skipped = 9,
}

impl ReceiptState {
    /// Every state; `ALL[state as usize] == state`.
    pub const ALL: [Self; 10] = [
        Self::Scheduled,
        Self::Enroute,
        Self::Delivered,
        Self::Expired,
        Self::Deleted,
        Self::Undeliverable,
        Self::Accepted,
        Self::Unknown,
        Self::Rejected,
        Self::Skipped,
    ];

    /// Value of the `message_state` parameter.
    #[must_use]
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// State of a `message_state` parameter.
    #[must_use]
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.get(usize::from(code)).copied()
    }

    /// The word of seven letters that Appendix B writes (or would write).
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Scheduled => "SCHEDLD",
            Self::Enroute => "ENROUTE",
            Self::Delivered => "DELIVRD",
            Self::Expired => "EXPIRED",
            Self::Deleted => "DELETED",
            Self::Undeliverable => "UNDELIV",
            Self::Accepted => "ACCEPTD",
            Self::Unknown => "UNKNOWN",
            Self::Rejected => "REJECTD",
            Self::Skipped => "SKIPPED",
        }
    }

    /// State of a word, in any case, or of one digit of `message_state`.
    #[must_use]
    pub fn from_word(word: &[u8]) -> Option<Self> {
        match word {
            [digit @ b'0'..=b'9'] => Self::from_code(digit - b'0'),
            // What most receipts say.
            b"DELIVRD" => Some(Self::Delivered),
            _ => known(&Capitals::of(word)?),
        }
    }

    /// True if the carrier will not tell of another state after this one.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Enroute | Self::Accepted)
    }

    /// How much is known of the message with it; what the carrier does not know is the least of what is final.
    #[must_use]
    pub const fn rank(self) -> u8 {
        match self {
            Self::Scheduled => 0,
            Self::Accepted => 1,
            Self::Enroute => 2,
            Self::Unknown => 3,
            Self::Delivered
            | Self::Expired
            | Self::Deleted
            | Self::Undeliverable
            | Self::Rejected
            | Self::Skipped => 4,
        }
    }

    /// True if a receipt with this state changes one that is known already (trap T12): never backwards,
    /// and of several final ones the first stands.
    #[must_use]
    pub const fn supersedes(self, known: Self) -> bool {
        self.rank() > known.rank()
    }
}
