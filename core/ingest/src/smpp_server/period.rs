//! Times of a `submit_sm` (SMPP 3.4, 7.1.1): how long it is valid, and that it is not for later.
//!
//! Promise: a wish that cannot be kept is refused, never dropped in silence. Fails by the status to answer.

use carrack_smpp::CommandStatus;
use carrack_smpp::time::{SmppTime, parse};

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

/// Takes a `schedule_delivery_time` that means now.
///
/// # Errors
/// `ESME_RINVSCHED` for later, and for what is no time.
pub(crate) fn at_once(text: &[u8], utc_ns: u64) -> Result<(), CommandStatus> {
    let later = match parse(text).map_err(|_| CommandStatus::ESME_RINVSCHED)? {
        None => false,
        Some(SmppTime::Relative { seconds }) => seconds > 0,
        Some(SmppTime::Absolute { utc_seconds }) => {
            u64::try_from(utc_seconds).unwrap_or_default() > utc_ns / SECOND_NS
        }
    };
    if later {
        return Err(CommandStatus::ESME_RINVSCHED);
    }
    Ok(())
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
    fn only_a_schedule_of_now_is_taken() {
        let refused = Err(CommandStatus::ESME_RINVSCHED);
        assert_eq!(at_once(b"", UTC_NS), Ok(()));
        assert_eq!(at_once(&time::relative(0), UTC_NS), Ok(()));
        assert_eq!(at_once(&time::absolute(UTC_S - 5), UTC_NS), Ok(()));
        assert_eq!(at_once(&time::relative(1), UTC_NS), refused);
        assert_eq!(at_once(&time::absolute(UTC_S + 5), UTC_NS), refused);
        assert_eq!(at_once(b"x", UTC_NS), refused);
    }
}
