//! Times of a `submit_sm` (SMPP 3.4, 7.1.1): when it is to be sent, and how long it is valid from then on.
//!
//! Promise: a wish that cannot be kept is refused, never dropped in silence. Fails by the status to answer.

use carrack_smpp::CommandStatus;
use carrack_smpp::time::{SmppTime, parse};

use crate::submission::not_too_far;

const SECOND_NS: u64 = 1_000_000_000;

/// Nanoseconds that a message may wait and travel; 0: as the node is set.
///
/// # Errors
/// `ESME_RINVEXPIRY` for what is no time or is over.
pub(crate) fn validity_ns(text: &[u8], utc_ns: u64) -> Result<u64, CommandStatus> {
    match parse(text).map_err(|_| CommandStatus::ESME_RINVEXPIRY)? {
        None => Ok(0),
        Some(SmppTime::Relative { seconds }) => Ok(seconds.saturating_mul(SECOND_NS)),
        Some(SmppTime::Absolute { utc_seconds }) => {
            let at_ns = u64::try_from(utc_seconds)
                .unwrap_or_default()
                .saturating_mul(SECOND_NS);
            match at_ns.checked_sub(utc_ns) {
                Some(left_ns) if left_ns > 0 => Ok(left_ns),
                _ => Err(CommandStatus::ESME_RINVEXPIRY),
            }
        }
    }
}

/// UTC nanoseconds at which a message is to be sent; 0: at once.
///
/// # Errors
/// `ESME_RINVSCHED` for what is no time, or too far ahead.
pub(crate) fn send_at_utc_ns(text: &[u8], utc_ns: u64) -> Result<u64, CommandStatus> {
    let at_utc_ns = match parse(text).map_err(|_| CommandStatus::ESME_RINVSCHED)? {
        None => 0,
        Some(SmppTime::Relative { seconds }) => {
            utc_ns.saturating_add(seconds.saturating_mul(SECOND_NS))
        }
        Some(SmppTime::Absolute { utc_seconds }) => u64::try_from(utc_seconds)
            .unwrap_or_default()
            .saturating_mul(SECOND_NS),
    };
    not_too_far(at_utc_ns, utc_ns).map_err(|_| CommandStatus::ESME_RINVSCHED)
}

#[cfg(test)]
mod tests {
    use super::*;
    use carrack_smpp::time;

    const UTC_S: i64 = 1_800_000_000;
    const UTC_NS: u64 = UTC_S as u64 * SECOND_NS;

    #[test]
    fn validity_is_what_is_left_of_it() {
        assert_eq!(validity_ns(b"", UTC_NS), Ok(0));
        assert_eq!(validity_ns(&time::relative(90), UTC_NS), Ok(90 * SECOND_NS));
        assert_eq!(
            validity_ns(&time::absolute(UTC_S + 60), UTC_NS),
            Ok(60 * SECOND_NS)
        );
    }

    #[test]
    fn validity_that_is_over_or_no_time_is_refused() {
        let refused = Err(CommandStatus::ESME_RINVEXPIRY);
        assert_eq!(validity_ns(&time::absolute(UTC_S), UTC_NS), refused);
        assert_eq!(validity_ns(&time::absolute(UTC_S - 1), UTC_NS), refused);
        assert_eq!(validity_ns(b"tomorrow", UTC_NS), refused);
    }

    #[test]
    fn schedule_is_a_moment_ahead_or_now() {
        let refused = Err(CommandStatus::ESME_RINVSCHED);
        let at = |text: &[u8]| send_at_utc_ns(text, UTC_NS);
        assert_eq!(at(b""), Ok(0));
        assert_eq!(at(&time::relative(0)), Ok(0));
        assert_eq!(at(&time::absolute(UTC_S - 5)), Ok(0));
        assert_eq!(at(&time::relative(1)), Ok(UTC_NS + SECOND_NS));
        assert_eq!(at(&time::absolute(UTC_S + 5)), Ok(UTC_NS + 5 * SECOND_NS));
        assert_eq!(at(&time::absolute(UTC_S + 400 * 86_400)), refused);
        assert_eq!(at(b"x"), refused);
    }
}
