//! TP-VP: how long the service centre tries (3GPP TS 23.040, 9.2.3.12).

use super::TpduFault;
use super::octets::Octets;

const MINUTE_S: u64 = 60;
const HOUR_S: u64 = 3600;
const DAY_S: u64 = 24 * HOUR_S;

/// The field, as far as it is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Validity {
    /// No field: as the service centre likes.
    None,
    /// One octet: 5 minutes to 63 weeks, in steps.
    Relative(u8),
    /// Seven octets, a moment.
    Absolute([u8; 7]),
    /// Seven octets, of which nobody here reads more.
    Enhanced([u8; 7]),
}

impl Validity {
    /// The longest of the relative steps that is not longer than so many seconds; below five minutes five minutes.
    #[must_use]
    pub const fn not_above(seconds: u64) -> Self {
        let step = if seconds <= 12 * HOUR_S {
            let fives = seconds / (5 * MINUTE_S);
            if fives == 0 { 0 } else { fives - 1 }
        } else if seconds <= DAY_S {
            143 + (seconds - 12 * HOUR_S) / (30 * MINUTE_S)
        } else if seconds < 5 * 7 * DAY_S {
            let days = seconds / DAY_S;
            166 + if days > 30 { 30 } else { days }
        } else {
            let weeks = seconds / (7 * DAY_S);
            192 + if weeks > 63 { 63 } else { weeks }
        };
        // At most 255: 192 and 63.
        Self::Relative(step as u8)
    }

    /// Seconds of a relative one.
    #[must_use]
    pub const fn seconds(self) -> Option<u64> {
        let Self::Relative(step) = self else {
            return None;
        };
        let step = step as u64;
        Some(match step {
            0..=143 => (step + 1) * 5 * MINUTE_S,
            144..=167 => 12 * HOUR_S + (step - 143) * 30 * MINUTE_S,
            168..=196 => (step - 166) * DAY_S,
            _ => (step - 192) * 7 * DAY_S,
        })
    }

    /// TP-VPF in its place in the first octet (9.2.3.3).
    pub(super) const fn format(self) -> u8 {
        match self {
            Self::None => 0x00,
            Self::Enhanced(_) => 0x08,
            Self::Relative(_) => 0x10,
            Self::Absolute(_) => 0x18,
        }
    }

    pub(super) fn write(self, out: &mut Vec<u8>) {
        match self {
            Self::None => {}
            Self::Relative(step) => out.push(step),
            Self::Absolute(octets) | Self::Enhanced(octets) => out.extend_from_slice(&octets),
        }
    }

    pub(super) fn read(first: u8, octets: &mut Octets<'_>) -> Result<Self, TpduFault> {
        Ok(match first & 0x18 {
            0x00 => Self::None,
            0x10 => Self::Relative(octets.one("TP-VP")?),
            0x08 => Self::Enhanced(octets.seven("TP-VP")?),
            _ => Self::Absolute(octets.seven("TP-VP")?),
        })
    }
}
