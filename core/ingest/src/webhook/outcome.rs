//! What an answer means for the event that was posted. Pure.

use std::time::Duration;

use hyper::StatusCode;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// 2xx, answered in time and whole.
    Taken,
    /// The receiver cannot now: 408, 425, 429, 5xx. With its `Retry-After`, where it names one.
    Later(Option<Duration>),
    /// It will not have it: any other 4xx. Nothing is lost: it is asked again, seldom.
    Refused,
    /// It sends us elsewhere; that is not followed, the account says where to post.
    Redirected,
    /// No whole answer in time.
    TimedOut,
    /// No connection, or no TLS.
    Unreachable,
    /// The connection broke, or what came is no HTTP, or longer than we read.
    Broken,
}

impl Outcome {
    /// What a status says.
    pub(crate) fn of(status: StatusCode, retry_after: Option<Duration>) -> Self {
        match status {
            status if status.is_success() => Self::Taken,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS => {
                Self::Later(retry_after)
            }
            status if status.is_client_error() => Self::Refused,
            status if status.is_redirection() => Self::Redirected,
            status if status.is_server_error() => Self::Later(retry_after),
            _ => Self::Broken,
        }
    }

    /// Name for metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Later(_) => "later",
            Self::Refused => "refused",
            Self::Redirected => "redirected",
            Self::TimedOut => "timed_out",
            Self::Unreachable => "unreachable",
            Self::Broken => "broken",
        }
    }

    /// Whether it says that the receiver has too much to do, or is not there.
    pub(crate) const fn is_trouble(self) -> bool {
        matches!(
            self,
            Self::Later(_) | Self::TimedOut | Self::Unreachable | Self::Broken
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn only_2xx_is_taken() {
        for code in 100..600 {
            let outcome = Outcome::of(StatusCode::from_u16(code).unwrap(), None);
            assert_eq!(
                outcome == Outcome::Taken,
                (200..300).contains(&code),
                "{code}"
            );
            let expected = match code {
                200..300 => Outcome::Taken,
                300..400 => Outcome::Redirected,
                408 | 425 | 429 | 500..600 => Outcome::Later(None),
                400..500 => Outcome::Refused,
                _ => Outcome::Broken,
            };
            assert_eq!(outcome, expected, "{code}");
        }
    }
}
