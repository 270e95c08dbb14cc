//! What an entry says: why, until when, or that it was taken back.
//!
//! Shape in an index, 32 bits: the day it ends (16), the reason (5), taken back (1).

use std::fmt;
use std::str::FromStr;

const DAY_S: u64 = 86_400;
const REASON_AT: u32 = 16;
const REASON_MASK: u32 = 0x1f;
const REMOVED: u32 = 1 << 21;

/// Why a number must not be sent to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum Reason {
    /// Its holder said stop.
    OptOut,
    /// Its holder complained.
    Complaint,
    /// A register of those who do not want to be called.
    DoNotCall,
    /// It does not exist, or takes no messages.
    Invalid,
    /// An operator decided so.
    Operator,
    /// An authority or a court.
    Legal,
    /// It is used for fraud.
    Fraud,
    /// Something else, or nobody said.
    #[default]
    Other,
}

impl Reason {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::OptOut,
        Self::Complaint,
        Self::DoNotCall,
        Self::Invalid,
        Self::Operator,
        Self::Legal,
        Self::Fraud,
        Self::Other,
    ];

    /// As it is written.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OptOut => "opt_out",
            Self::Complaint => "complaint",
            Self::DoNotCall => "do_not_call",
            Self::Invalid => "invalid",
            Self::Operator => "operator",
            Self::Legal => "legal",
            Self::Fraud => "fraud",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Reason {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|reason| reason.name() == text);
        known.ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|reason| reason.name()).collect();
            format!("{text:?} is no reason; write one of {}", names.join(", "))
        })
    }
}

/// An entry of a list, without its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Why.
    pub reason: Reason,
    /// It holds before this day, counted in UTC from 1970; 0: for ever.
    pub ends_day: u16,
    /// It was taken back: what an older list says of the number does not hold.
    pub is_removed: bool,
}

impl Mark {
    /// An entry that holds until a moment, UTC nanoseconds, rounded up to a day; `u64::MAX` and beyond 2149: for ever.
    #[must_use]
    pub fn until(reason: Reason, ends_utc_ns: u64) -> Self {
        let day = (ends_utc_ns / 1_000_000_000).div_ceil(DAY_S);
        Self {
            reason,
            ends_day: u16::try_from(day).unwrap_or(0),
            is_removed: false,
        }
    }

    /// Whether it holds at a moment, UTC nanoseconds: it was not taken back and has not ended.
    #[inline]
    #[must_use]
    pub const fn holds(self, utc_ns: u64) -> bool {
        !self.is_removed && !self.has_ended(utc_ns)
    }

    /// Whether its end has come.
    #[inline]
    #[must_use]
    pub const fn has_ended(self, utc_ns: u64) -> bool {
        self.ends_day != 0 && utc_ns / 1_000_000_000 >= self.ends_day as u64 * DAY_S
    }

    /// The same until the later of both ends.
    #[must_use]
    pub fn lasting(self, other: Self) -> Self {
        let ends_day = match self.ends_day.min(other.ends_day) {
            0 => 0,
            _ => self.ends_day.max(other.ends_day),
        };
        Self { ends_day, ..self }
    }

    /// When it ends, UTC nanoseconds; none: never.
    #[must_use]
    pub const fn ends_utc_ns(self) -> Option<u64> {
        match self.ends_day {
            0 => None,
            day => Some(day as u64 * DAY_S * 1_000_000_000),
        }
    }

    /// As 32 bits.
    #[must_use]
    pub fn as_u32(self) -> u32 {
        let place = Reason::ALL.iter().position(|reason| *reason == self.reason);
        let removed = if self.is_removed { REMOVED } else { 0 };
        u32::from(self.ends_day) | (place.unwrap_or(0) as u32) << REASON_AT | removed
    }

    /// None where no entry is written so.
    #[inline]
    #[must_use]
    pub fn from_u32(value: u32) -> Option<Self> {
        let reason = Reason::ALL.get((value >> REASON_AT & REASON_MASK) as usize)?;
        Some(Self {
            reason: *reason,
            ends_day: value as u16,
            is_removed: value & REMOVED != 0,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_an_entry_says_is_read_again(place in 0..8_usize, ends_day: u16, is_removed: bool) {
            let mark = Mark { reason: Reason::ALL[place], ends_day, is_removed };
            prop_assert_eq!(Mark::from_u32(mark.as_u32()), Some(mark));
        }
    }

    #[test]
    fn an_entry_holds_before_its_day_and_not_on_it() {
        let day = 20_800_u64 * DAY_S * 1_000_000_000;
        let mark = Mark::until(Reason::OptOut, day);
        assert!(mark.holds(day - 1) && !mark.holds(day));
        assert!(Mark::until(Reason::OptOut, u64::MAX).holds(u64::MAX));
        let removed = Mark {
            is_removed: true,
            ..mark
        };
        assert!(!removed.holds(day - 1));
        for reason in Reason::ALL {
            assert_eq!(reason.name().parse(), Ok(reason));
        }
        assert!("stop".parse::<Reason>().unwrap_err().contains("opt_out"));
    }
}
