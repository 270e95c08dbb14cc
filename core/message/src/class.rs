//! The class of a message: its priority through the whole engine.
//!
//! Four values, ordered: the smaller leaves first. Unknown names and numbers are refused, never guessed.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Priority of a message; orders from the most to the least urgent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Class {
    /// One-time passwords: seconds count.
    Otp = 0,
    /// Alarms and warnings.
    Alert = 1,
    /// Answers to what somebody did: orders, bookings.
    Transactional = 2,
    /// Campaigns: may wait.
    Bulk = 3,
}

/// A text that names no class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown class; use one of otp, alert, transactional, bulk")]
pub struct ClassFault;

impl Class {
    /// Every class, most urgent first; `ALL[class as usize] == class`.
    pub const ALL: [Self; 4] = [Self::Otp, Self::Alert, Self::Transactional, Self::Bulk];

    /// The lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Otp => "otp",
            Self::Alert => "alert",
            Self::Transactional => "transactional",
            Self::Bulk => "bulk",
        }
    }

    /// The stored number; 0 is the most urgent.
    #[must_use]
    pub const fn as_u8(self) -> u8 {
        self as u8
    }

    /// The class of a stored number.
    #[must_use]
    pub const fn from_u8(value: u8) -> Option<Self> {
        match value {
            0 => Some(Self::Otp),
            1 => Some(Self::Alert),
            2 => Some(Self::Transactional),
            3 => Some(Self::Bulk),
            _ => None,
        }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Class {
    type Err = ClassFault;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|class| class.name() == text)
            .ok_or(ClassFault)
    }
}
