//! The facts of a message that routes look at, as its submission or its record has them.

use carrack_message::record::{ArchivedAccepted, ArchivedBody, Body, RecordView, record_at};
use carrack_message::{Class, Currency, Micros, Msisdn, tag};
use carrack_routing::Query;

use crate::directory::Directory;
use crate::submission::Submission;

/// What routes look at.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts<'a> {
    pub(crate) account: u32,
    pub(crate) to: Msisdn,
    pub(crate) from: &'a str,
    pub(crate) class: Class,
    segments: u8,
    text: Option<&'a str>,
    tlvs: &'a [u8],
    /// All segments; negative: it has no price.
    price_micros: i64,
}

impl<'a> Facts<'a> {
    pub(crate) fn of_submission(submission: &'a Submission) -> Self {
        Self {
            account: submission.account,
            to: submission.to,
            from: submission.from.as_str(),
            class: submission.class,
            segments: submission.segments,
            text: match &submission.body {
                Body::Text(text) => Some(text),
                Body::Raw { .. } => None,
            },
            tlvs: &submission.tlvs,
            price_micros: submission.price.map_or(-1, |price| price.0),
        }
    }

    /// Of a message whose record is not at hand.
    pub(crate) fn bare(account: u32, to: Msisdn, from: &'a str, class: Class) -> Self {
        Self {
            account,
            to,
            from,
            class,
            segments: 1,
            text: None,
            tlvs: &[],
            price_micros: -1,
        }
    }

    /// Of the message whose record lies there in a frame; none where none does, or it says what cannot be.
    pub(crate) fn of_frame(octets: &'a [u8], offset: u32) -> Option<Self> {
        match record_at(octets, offset) {
            Ok(RecordView::Accepted(record)) => Self::of_record(record),
            _ => None,
        }
    }

    /// None where the record says what cannot be.
    pub(crate) fn of_record(record: &'a ArchivedAccepted) -> Option<Self> {
        Some(Self {
            account: record.account.to_native(),
            to: Msisdn::from_u64(record.to.to_native())?,
            from: record.from.as_str(),
            class: Class::from_u8(record.class)?,
            segments: record.segments,
            text: match &record.body {
                ArchivedBody::Text(text) => Some(text.as_str()),
                ArchivedBody::Raw { .. } => None,
            },
            tlvs: &record.tlvs,
            price_micros: record.price_micros.to_native(),
        })
    }

    /// What routes are asked.
    pub(crate) fn query(&self, directory: &'a Directory, at_utc_ns: u64) -> Query<'a> {
        let account = directory.account(self.account);
        self.query_of(
            account.map_or("", |account| account.name.as_str()),
            account.map_or("", |account| account.group.as_str()),
            account.and_then(|account| account.currency),
            at_utc_ns,
        )
    }

    fn query_of(
        &self,
        account: &'a str,
        group: &'a str,
        currency: Option<Currency>,
        at_utc_ns: u64,
    ) -> Query<'a> {
        let price = Micros(self.price_micros / i64::from(self.segments.max(1)));
        Query {
            group,
            segments: self.segments,
            tag: tag(self.tlvs),
            text: self.text,
            at_utc_ns,
            sell: (self.price_micros >= 0).then_some(price),
            sell_currency: currency,
            ..Query::of(account, self.to, self.from, self.class)
        }
    }
}

impl Submission {
    /// What routes are asked about it: its account's name, group and currency beside it.
    #[must_use]
    pub fn query<'a>(
        &'a self,
        account: &'a str,
        group: &'a str,
        currency: Option<Currency>,
        at_utc_ns: u64,
    ) -> Query<'a> {
        Facts::of_submission(self).query_of(account, group, currency, at_utc_ns)
    }
}
