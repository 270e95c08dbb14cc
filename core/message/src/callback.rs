//! How a customer is to be told of one message besides receipts to his binds: at his webhook, or at a URL of its own.
//!
//! It travels with the message as a parameter among those of its customer, outside the range of vendors (SMPP 3.4, 5.3.2), so that
//! no client brings one by SMPP and no carrier is given one: kind, events, level and method, an octet each, then the URL. Bound:
//! [`CALLBACK_URL_OCTETS_MAX`]. What cannot be read is no callback. Pure.

use crate::Status;
use crate::hops::each_tlv;

/// The parameter.
pub const CALLBACK_TAG: u16 = 0xFFCB;
/// The longest URL.
pub const CALLBACK_URL_OCTETS_MAX: usize = 2048;

/// In whose words the customer is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CallbackKind {
    /// At the account's webhook.
    Webhook,
    /// At the URL, as the webhook would be.
    Carrack,
    /// At the URL, as Kannel does.
    Kannel,
    /// At the URL, as Jasmin does.
    Jasmin,
}

impl CallbackKind {
    /// Every kind, by its number.
    pub const ALL: [Self; 4] = [Self::Webhook, Self::Carrack, Self::Kannel, Self::Jasmin];

    const fn number(self) -> u8 {
        match self {
            Self::Webhook => 0,
            Self::Carrack => 1,
            Self::Kannel => 2,
            Self::Jasmin => 3,
        }
    }
}

/// A set of states that a customer is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct StateEvents(u8);

impl StateEvents {
    /// None.
    pub const NONE: Self = Self(0);
    /// A carrier has taken all of it.
    pub const SUBMITTED: Self = Self(1);
    /// The handset has it.
    pub const DELIVERED: Self = Self(1 << 1);
    /// The carrier gave up.
    pub const UNDELIVERED: Self = Self(1 << 2);
    /// Its validity ended.
    pub const EXPIRED: Self = Self(1 << 3);
    /// No carrier would take it.
    pub const REJECTED: Self = Self(1 << 4);
    /// Withdrawn.
    pub const CANCELLED: Self = Self(1 << 5);
    /// Nobody can say.
    pub const UNKNOWN: Self = Self(1 << 6);
    /// Every end.
    pub const FINALS: Self = Self(0x7E);
    /// All there are.
    pub const ALL: Self = Self(0x7F);

    /// These and those.
    #[must_use]
    pub const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether all of those are among these.
    #[must_use]
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is told of a status; none where that is never told.
    #[must_use]
    pub const fn of(status: Status) -> Self {
        match status {
            Status::Accepted | Status::Scheduled | Status::Sending => Self::NONE,
            Status::Submitted => Self::SUBMITTED,
            Status::Delivered => Self::DELIVERED,
            Status::Undelivered => Self::UNDELIVERED,
            Status::Expired => Self::EXPIRED,
            Status::Rejected => Self::REJECTED,
            Status::Cancelled => Self::CANCELLED,
            Status::Unknown => Self::UNKNOWN,
        }
    }

    /// Whether this status is to be told.
    #[must_use]
    pub const fn covers(self, status: Status) -> bool {
        self.0 & Self::of(status).0 != 0
    }
}

/// How a customer is to be told of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Callback<'a> {
    /// In whose words.
    pub kind: CallbackKind,
    /// Of which states.
    pub events: StateEvents,
    /// `dlr-mask` or `dlr-level` as it was given; 0 where there is none.
    pub level: u8,
    /// By `GET`, else by `POST`.
    pub get: bool,
    /// As it was given; empty for the account's webhook.
    pub url: &'a str,
}

impl Callback<'static> {
    /// At the account's webhook.
    #[must_use]
    pub const fn webhook(events: StateEvents) -> Self {
        Self {
            kind: CallbackKind::Webhook,
            events,
            level: 0,
            get: false,
            url: "",
        }
    }
}

/// The callback among these parameters; the first counts.
#[must_use]
pub fn callback(tlvs: &[u8]) -> Option<Callback<'_>> {
    if tlvs.is_empty() {
        return None;
    }
    let (_, whole) = each_tlv(tlvs).find(|(tag, _)| *tag == CALLBACK_TAG)?;
    let ([kind, events, level, get], url) = whole.get(4..)?.split_first_chunk::<4>()?;
    Some(Callback {
        kind: CallbackKind::ALL.get(usize::from(*kind)).copied()?,
        events: StateEvents(*events & StateEvents::ALL.0),
        level: *level,
        get: *get != 0,
        url: std::str::from_utf8(url).ok()?,
    })
}

/// Appends the parameter. False: its URL is too long, and nothing was written.
#[must_use]
pub fn write_callback(callback: &Callback<'_>, out: &mut Vec<u8>) -> bool {
    if callback.url.len() > CALLBACK_URL_OCTETS_MAX {
        return false;
    }
    out.extend_from_slice(&CALLBACK_TAG.to_be_bytes());
    // A URL is at most 2,048 octets.
    out.extend_from_slice(&(callback.url.len() as u16 + 4).to_be_bytes());
    out.extend_from_slice(&[
        callback.kind.number(),
        callback.events.0,
        callback.level,
        u8::from(callback.get),
    ]);
    out.extend_from_slice(callback.url.as_bytes());
    true
}

#[cfg(test)]
mod tests {
    #![allow(clippy::indexing_slicing)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_found_among_others(
            kind in 0..4_usize,
            events in 0..0x80_u8,
            level: u8,
            get: bool,
            url in "\\PC{0,500}",
            other: u8,
        ) {
            let written = Callback { kind: CallbackKind::ALL[kind], events: StateEvents(events), level, get, url: &url };
            let mut tlvs = vec![0x14, 0x00, 0, 1, other];
            prop_assert!(write_callback(&written, &mut tlvs));
            tlvs.extend([0x02, 0x04, 0, 0]);
            prop_assert_eq!(callback(&tlvs), Some(written));
            prop_assert_eq!(each_tlv(&tlvs).count(), 3);
        }

        #[test]
        fn any_octets_are_a_callback_or_none(octets: Vec<u8>) {
            let mut tlvs = CALLBACK_TAG.to_be_bytes().to_vec();
            tlvs.extend((octets.len() as u16).to_be_bytes());
            tlvs.extend(&octets);
            let found = callback(&tlvs);
            prop_assert!(found.is_none() || octets.len() >= 4);
        }
    }

    #[test]
    fn url_that_is_too_long_is_not_written() {
        let url = "x".repeat(CALLBACK_URL_OCTETS_MAX + 1);
        let mut tlvs = Vec::new();
        let long = Callback {
            url: &url,
            ..Callback::webhook(StateEvents::ALL)
        };
        assert!(!write_callback(&long, &mut tlvs) && tlvs.is_empty());
    }

    #[test]
    fn every_end_is_one_of_the_finals_and_nothing_else_is() {
        for status in Status::ALL {
            assert_eq!(StateEvents::FINALS.covers(status), status.is_final());
        }
        assert!(StateEvents::SUBMITTED.covers(Status::Submitted));
        assert!(!StateEvents::ALL.covers(Status::Sending));
    }
}
