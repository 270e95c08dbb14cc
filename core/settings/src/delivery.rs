//! `[delivery]`: how long and how often a message is tried, where its account and route say nothing.

use std::time::Duration;

use crate::kind;
use crate::reader::Section;

/// What happens to a segment that was sent and not answered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnNoResponse {
    /// It is sent again, and may arrive twice.
    Resend,
    /// A receipt is awaited.
    Wait,
    /// The carrier is asked by `query_sm` where its id is known; else as [`OnNoResponse::Wait`].
    Query,
    /// It has failed.
    Fail,
}

/// Names of [`OnNoResponse`] in the file.
pub(crate) const ON_NO_RESPONSE: &[(&str, OnNoResponse)] = &[
    ("resend", OnNoResponse::Resend),
    ("wait", OnNoResponse::Wait),
    ("query", OnNoResponse::Query),
    ("fail", OnNoResponse::Fail),
];

/// Which receipts decide what the customer sees of a message of several segments.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Multipart {
    /// Delivered once all segments are; the worst state counts.
    #[default]
    All,
    /// Delivered once one segment is.
    Any,
    /// The state of the last segment.
    Last,
}

const MULTIPARTS: &[(&str, Multipart)] = &[
    ("all", Multipart::All),
    ("any", Multipart::Any),
    ("last", Multipart::Last),
];

/// `[delivery]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Life of a message that names none.
    pub validity_default: Duration,
    /// Longest life a message may name.
    pub validity_max: Duration,
    /// How long a receipt is awaited after the submit response.
    pub receipt_wait_max: Duration,
    /// How long the end of a message waits for its customer to take it.
    pub tell_within: Duration,
    /// Attempts before a message has failed.
    pub attempts_max: u16,
    /// First delay before an attempt is repeated.
    pub retry_delay: Duration,
    /// Greatest delay.
    pub retry_delay_max: Duration,
    /// What happens without a submit response.
    pub on_no_response: OnNoResponse,
    /// Which receipts decide over a message of several segments.
    pub multipart: Multipart,
    /// Most segments of one message.
    pub segments_max: u8,
    /// Country of numbers in national form, two capital letters; none: numbers are international.
    pub region: Option<String>,
}

impl Delivery {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const HOUR: Duration = Duration::from_secs(3_600);
        const DAY: Duration = Duration::from_secs(86_400);
        const RETRY_MIN: Duration = Duration::from_millis(10);
        let delivery = Self {
            validity_default: section.or(
                "validity_default",
                HOUR * 48,
                kind::time(SECOND..=DAY * 366),
            ),
            validity_max: section.or("validity_max", DAY * 7, kind::time(SECOND..=DAY * 366)),
            receipt_wait_max: section.or(
                "receipt_wait_max",
                HOUR * 72,
                kind::time(SECOND..=DAY * 366),
            ),
            tell_within: section.or("tell_within", DAY * 7, kind::time(SECOND..=DAY * 366)),
            attempts_max: section.or("attempts_max", 10, kind::integer(1..=1_000)),
            retry_delay: section.or("retry_delay", SECOND, kind::time(RETRY_MIN..=HOUR)),
            retry_delay_max: section.or(
                "retry_delay_max",
                SECOND * 60,
                kind::time(RETRY_MIN..=DAY),
            ),
            on_no_response: section.or(
                "on_no_response",
                OnNoResponse::Resend,
                kind::choice(ON_NO_RESPONSE),
            ),
            multipart: section.or("multipart", Multipart::All, kind::choice(MULTIPARTS)),
            segments_max: section.or("segments_max", 10, kind::integer(1..=255)),
            region: section.optional("region", kind::region),
        };
        if delivery.validity_default > delivery.validity_max {
            section.fault(
                "validity_default",
                "is longer than `validity_max`; shorten it or raise `validity_max`",
            );
        }
        if delivery.retry_delay > delivery.retry_delay_max {
            section.fault(
                "retry_delay",
                "is longer than `retry_delay_max`; shorten it or raise `retry_delay_max`",
            );
        }
        delivery
    }
}
