//! What is tolerated and counted instead of refused, and what a decoder answers when it must refuse.

use crate::CommandStatus;
use thiserror::Error;

/// How a decoder treats what real peers get wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strictness {
    /// Whatever can be understood is accepted and noted in [`Oddities`].
    #[default]
    Tolerant,
    /// The specification's lengths and shapes hold.
    Strict,
}

/// A set of faults that were tolerated in one PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Oddities(u16);

impl Oddities {
    /// A NUL after `short_message` that belongs to nothing.
    pub const EXTRA_NUL: Self = Self(1);
    /// The last string of the body has no NUL.
    pub const MISSING_NUL: Self = Self(1 << 1);
    /// The last TLV claims more octets than are left; it was dropped.
    pub const CUT_TLV: Self = Self(1 << 2);
    /// `sm_length` claimed one octet more than was there.
    pub const SM_LENGTH_REPAIRED: Self = Self(1 << 3);
    /// `short_message` and `message_payload` both present; the payload wins.
    pub const BOTH_PAYLOADS: Self = Self(1 << 4);
    /// A string longer than the specification allows.
    pub const OVERLONG_STRING: Self = Self(1 << 5);
    /// The UDH indicator is set, but the header does not fit the user data; relayed raw.
    pub const BROKEN_UDH: Self = Self(1 << 6);
    /// `sm_length` is 255, one above the maximum.
    pub const SM_LENGTH_255: Self = Self(1 << 7);
    /// One to three octets at the end that cannot be a TLV.
    pub const STRAY_OCTETS: Self = Self(1 << 8);
    /// A `message_id` above 255 octets, reported as empty.
    pub const MESSAGE_ID_DROPPED: Self = Self(1 << 9);
    /// A body that ends before fields which may be missed.
    pub const SHORT_BODY: Self = Self(1 << 10);

    /// How many kinds exist.
    pub const KINDS: usize = 11;

    const NAMES: [&'static str; Self::KINDS] = [
        "extra_nul",
        "missing_nul",
        "cut_tlv",
        "sm_length_repaired",
        "both_payloads",
        "overlong_string",
        "broken_udh",
        "sm_length_255",
        "stray_octets",
        "message_id_dropped",
        "short_body",
    ];

    /// True when nothing was odd.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// True when every kind of `other` is in the set.
    #[must_use]
    pub const fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Adds the kinds of `other`.
    pub const fn insert(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// The names of the kinds in the set, for logs and metrics.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES
            .iter()
            .enumerate()
            .filter(move |(bit, _)| self.0 & (1 << bit) != 0)
            .map(|(_, name)| *name)
    }
}

/// How often each kind was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct OddityCounts([u64; Oddities::KINDS]);

impl OddityCounts {
    /// Counts every kind of the set once.
    pub fn add(&mut self, oddities: Oddities) {
        if oddities.is_empty() {
            return;
        }
        for (bit, count) in self.0.iter_mut().enumerate() {
            *count += u64::from(oddities.0 >> bit & 1);
        }
    }

    /// Name and count of each kind.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Oddities::NAMES.into_iter().zip(self.0)
    }

    /// The count of all kinds together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }
}

/// A decoded body and what was tolerated in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decoded<T> {
    /// The body.
    pub value: T,
    /// What was odd.
    pub oddities: Oddities,
}

impl<T> Decoded<T> {
    /// The same oddities with another view of the body.
    pub fn map<U>(self, view: impl FnOnce(T) -> U) -> Decoded<U> {
        Decoded {
            value: view(self.value),
            oddities: self.oddities,
        }
    }
}

/// What is wrong with a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum BodyFault {
    /// The body ends inside the field.
    #[error("the body ends inside it")]
    Cut,
    /// No NUL up to the end of the body.
    #[error("it has no NUL")]
    Unterminated,
    /// Longer than allowed.
    #[error("it is too long")]
    TooLong,
    /// Its length field claims more octets than are left.
    #[error("its length runs past the body")]
    Overrun,
    /// Octets are left that belong to nothing.
    #[error("octets are left that belong to nothing")]
    Stray,
    /// A value that the specification does not define and that nothing can be read behind.
    #[error("its value is not defined")]
    Undefined,
    /// Neither empty nor 16 characters of time.
    #[error("it is not a time")]
    NotATime,
}

/// A body that cannot be taken. The peer is at fault; the same PDU will fail again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{field}: {fault}; answer {answer}")]
pub struct BodyError {
    /// The status to answer the request with.
    pub answer: CommandStatus,
    /// The field's name in the specification.
    pub field: &'static str,
    /// What is wrong with it.
    pub fault: BodyFault,
}
