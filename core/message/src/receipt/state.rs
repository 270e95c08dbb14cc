//! The state of a message at its carrier: `message_state` (SMPP 5.0, 4.7.15) and the words of Appendix B.
//!
//! Words are taken in any case and in the misspellings that carriers use. A word that is not known is
//! `None` here; it is never taken for delivered.

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
    /// The carrier does not know.
    Unknown = 7,
    /// Refused.
    Rejected = 8,
    /// Left out.
    Skipped = 9,
}

/// Longest word that is looked up.
const WORD_MAX: usize = 16;

/// Words in capitals, without the separators `_`, `-` and blank.
const WORDS: [(&[u8], ReceiptState); 37] = {
    use ReceiptState::{
        Accepted, Deleted, Delivered, Enroute, Expired, Rejected, Scheduled, Skipped,
        Undeliverable, Unknown,
    };
    [
        (b"DELIVRD", Delivered),
        (b"DELIVERED", Delivered),
        (b"DELIVERD", Delivered),
        (b"DELIVRED", Delivered),
        (b"DELIVER", Delivered),
        (b"DELVRD", Delivered),
        (b"UNDELIV", Undeliverable),
        (b"UNDELIVERED", Undeliverable),
        (b"UNDELIVRD", Undeliverable),
        (b"UNDELIVERABLE", Undeliverable),
        (b"UNDELIVER", Undeliverable),
        (b"UNDELVD", Undeliverable),
        (b"FAILED", Undeliverable),
        (b"FAIL", Undeliverable),
        (b"FAILURE", Undeliverable),
        (b"EXPIRED", Expired),
        (b"EXPIRD", Expired),
        (b"EXPRD", Expired),
        (b"DELETED", Deleted),
        (b"DELETD", Deleted),
        (b"CANCELLED", Deleted),
        (b"CANCELED", Deleted),
        (b"ACCEPTD", Accepted),
        (b"ACCEPTED", Accepted),
        (b"ACKED", Accepted),
        (b"UNKNOWN", Unknown),
        (b"UNKNOWM", Unknown),
        (b"UNKN", Unknown),
        (b"REJECTD", Rejected),
        (b"REJECTED", Rejected),
        (b"REJECT", Rejected),
        (b"ENROUTE", Enroute),
        (b"BUFFRED", Enroute),
        (b"BUFFERED", Enroute),
        (b"SCHEDULED", Scheduled),
        (b"SCHEDLD", Scheduled),
        (b"SKIPPED", Skipped),
    ]
};

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
        if let [digit @ b'0'..=b'9'] = word {
            return Self::from_code(digit - b'0');
        }
        let mut capitals = [0; WORD_MAX];
        let mut length = 0;
        for octet in word
            .iter()
            .filter(|octet| !matches!(octet, b'_' | b'-' | b' '))
        {
            *capitals.get_mut(length)? = octet.to_ascii_uppercase();
            length += 1;
        }
        let capitals = capitals.get(..length)?;
        let known = WORDS.iter().find(|(known, _)| *known == capitals);
        known.map(|(_, state)| *state)
    }

    /// True if the carrier will not tell of another state after this one.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Scheduled | Self::Enroute | Self::Accepted)
    }
}
