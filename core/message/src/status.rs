//! The status of a message as its customer sees it.
//!
//! Ten values with fixed stored numbers. A final status never changes again; whoever keeps the
//! record holds to that with [`Status::is_final`]. Unknown names and numbers are refused.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Where a message is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Durable, not yet on its way.
    Accepted = 0,
    /// Durable, waits for its time.
    Scheduled = 1,
    /// At least one segment was written to a carrier.
    Sending = 2,
    /// A carrier took every segment.
    Submitted = 3,
    /// Final: the handset has it.
    Delivered = 4,
    /// Final: the carrier gave up.
    Undelivered = 5,
    /// Final: its validity ended first.
    Expired = 6,
    /// Final: no carrier would take it.
    Rejected = 7,
    /// Final: withdrawn before it left.
    Cancelled = 8,
    /// Final: nobody can say any more.
    Unknown = 9,
}

/// A text that names no status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "unknown status; use one of accepted, scheduled, sending, submitted, delivered, undelivered, expired, rejected, cancelled, unknown"
)]
pub struct StatusFault;

impl Status {
    /// Every status; `ALL[status as usize] == status`.
    pub const ALL: [Self; 10] = [
        Self::Accepted,
        Self::Scheduled,
        Self::Sending,
        Self::Submitted,
        Self::Delivered,
        Self::Undelivered,
        Self::Expired,
        Self::Rejected,
        Self::Cancelled,
        Self::Unknown,
    ];

    /// The lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Scheduled => "scheduled",
            Self::Sending => "sending",
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
            Self::Undelivered => "undelivered",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }

    /// True if the message will not change again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        match self {
            Self::Accepted | Self::Scheduled | Self::Sending | Self::Submitted => false,
            Self::Delivered
            | Self::Undelivered
            | Self::Expired
            | Self::Rejected
            | Self::Cancelled
            | Self::Unknown => true,
        }
    }

    /// The stored number.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self as u8
    }

    /// The status of a stored number.
    #[must_use]
    pub const fn from_u8(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Accepted),
            1 => Some(Self::Scheduled),
            2 => Some(Self::Sending),
            3 => Some(Self::Submitted),
            4 => Some(Self::Delivered),
            5 => Some(Self::Undelivered),
            6 => Some(Self::Expired),
            7 => Some(Self::Rejected),
            8 => Some(Self::Cancelled),
            9 => Some(Self::Unknown),
            _ => None,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Status {
    type Err = StatusFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|status| status.name() == text)
            .ok_or(StatusFault)
    }
}
