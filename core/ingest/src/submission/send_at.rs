//! When a message is to be sent: a moment as RFC 3339 writes it, with its offset.
//!
//! Promise: a moment that has passed is none, so that a late caller is served. Bound: 366 days ahead. Pure; time comes in.

use carrack_routing::local::{LocalMoment, LocalMomentFault};
use jiff::Timestamp;
use thiserror::Error;

/// How far ahead a message may be scheduled.
const AHEAD_NS_MAX: u64 = 366 * 24 * 3600 * 1_000_000_000;

const DAY_NS: u64 = 24 * 3600 * 1_000_000_000;

/// Why a message cannot be sent then. The customer's fault, final.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SendAtFault {
    /// It is no moment.
    #[error(
        "is no moment; write date, time and offset like \"2026-12-24T09:00:00+01:00\" or \"2026-12-24T08:00:00Z\", or a time of the recipient's own clock like \"2026-12-24T09:00 local\""
    )]
    NoMoment,
    /// It says `local`, and is no local time.
    #[error(transparent)]
    Local(#[from] LocalMomentFault),
    /// It lies too far ahead.
    #[error("lies more than 366 days ahead; choose an earlier moment")]
    TooFar,
}

/// When to send: a moment, or a time of each recipient's own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendAt {
    /// UTC nanoseconds; 0: at once.
    Moment(u64),
    /// `2026-12-24T09:00 local`
    Local(LocalMoment),
}

impl SendAt {
    /// At once.
    pub const NOW: Self = Self::Moment(0);

    /// Reads either.
    ///
    /// # Errors
    /// [`SendAtFault`].
    pub fn read(text: &str, utc_ns: u64) -> Result<Self, SendAtFault> {
        if !LocalMoment::is_meant(text) {
            return send_at_utc_ns(text, utc_ns).map(Self::Moment);
        }
        let local: LocalMoment = text.parse()?;
        // No clock is more than a day from UTC.
        not_too_far(local.by_utc_ns()?, utc_ns.saturating_add(DAY_NS))?;
        Ok(Self::Local(local))
    }

    /// As [`Fields`](super::Fields) have it: the moment, and the local time.
    #[must_use]
    pub const fn parts(self) -> (u64, Option<LocalMoment>) {
        match self {
            Self::Moment(utc_ns) => (utc_ns, None),
            Self::Local(local) => (0, Some(local)),
        }
    }
}

/// What counts of a moment, as it was written, under an idempotency key: at every door the same. It is not what became of it,
/// which may have passed when the request comes again.
#[must_use]
pub(crate) fn said_send_at(text: Option<&str>) -> &[u8] {
    text.unwrap_or_default().trim().as_bytes()
}

/// UTC nanoseconds at which to send; 0: at once.
///
/// # Errors
/// [`SendAtFault`].
pub fn send_at_utc_ns(text: &str, utc_ns: u64) -> Result<u64, SendAtFault> {
    let text = text.trim();
    let moment: Timestamp = text.parse().map_err(|_| SendAtFault::NoMoment)?;
    if !is_offset_of_a_place(text) {
        return Err(SendAtFault::NoMoment);
    }
    not_too_far(u64::try_from(moment.as_nanosecond()).unwrap_or(0), utc_ns)
}

/// No place on earth is more than fourteen hours from UTC.
fn is_offset_of_a_place(text: &str) -> bool {
    let time = text
        .split_once(['T', 't', ' '])
        .map_or("", |(_, time)| time);
    let Some((_, offset)) = time.split_once(['+', '-']) else {
        return true;
    };
    let hours = offset.get(..2).and_then(|hours| hours.parse::<u8>().ok());
    hours.is_some_and(|hours| hours <= 14)
}

/// The same for a moment that a door has read itself.
///
/// # Errors
/// [`SendAtFault::TooFar`].
pub fn not_too_far(at_utc_ns: u64, utc_ns: u64) -> Result<u64, SendAtFault> {
    match at_utc_ns.saturating_sub(utc_ns) {
        0 => Ok(0),
        ahead if ahead > AHEAD_NS_MAX => Err(SendAtFault::TooFar),
        _ => Ok(at_utc_ns),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    /// 2026-11-22T12:00:00Z
    const NOW: u64 = 1_795_348_800 * SECOND;

    #[test]
    fn moments_are_read_with_their_offset() {
        let at = |text| send_at_utc_ns(text, NOW);
        assert_eq!(at("2026-11-22T13:00:00Z"), Ok(NOW + 3600 * SECOND));
        assert_eq!(at("2026-11-22T13:00:01+01:00"), Ok(NOW + SECOND));
        assert_eq!(at("2026-11-22T12:00:00Z"), Ok(0));
        assert_eq!(at("1969-01-01T00:00:00Z"), Ok(0));
        assert_eq!(at("2027-11-23T12:00:00Z"), Ok(NOW + AHEAD_NS_MAX));
        assert_eq!(at("2027-11-23T12:00:01Z"), Err(SendAtFault::TooFar));
    }

    #[test]
    fn a_local_time_is_one_and_has_the_same_bound() {
        let read = |text| SendAt::read(text, NOW);
        assert!(matches!(
            read("2026-12-01T09:00 local"),
            Ok(SendAt::Local(_))
        ));
        assert_eq!(
            read("2026-11-22T12:00:01Z"),
            Ok(SendAt::Moment(NOW + SECOND))
        );
        assert_eq!(read("2028-12-01T09:00 local"), Err(SendAtFault::TooFar));
        assert!(matches!(read("tomorrow local"), Err(SendAtFault::Local(_))));
    }

    #[test]
    fn what_names_no_moment_for_certain_is_refused() {
        for text in [
            "",
            "now",
            "09:00",
            "2026-11-22",
            "2026-11-22T13:00:00",
            "1795348800",
            "2026-11-22T13:00:00+25:00",
        ] {
            assert_eq!(
                send_at_utc_ns(text, NOW),
                Err(SendAtFault::NoMoment),
                "{text}"
            );
        }
    }
}
