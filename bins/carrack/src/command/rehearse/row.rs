//! One line of a CDR file, as far as a rehearsal looks at it. Both formats have the same columns.

use std::borrow::Cow;

use carrack_message::{Currency, Msisdn, Network};
use carrack_routing::read_instant;
use serde::{Deserialize, Deserializer};

use crate::rehearsal::{Facts, Past};

/// A text that is copied only where it has marks of escape.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

impl Text<'_> {
    fn read<T: std::str::FromStr>(&self, name: &str) -> Result<T, String>
    where
        T::Err: std::fmt::Display,
    {
        let read = self.0.parse();
        read.map_err(|fault| format!("{name} {:?} {fault}", self.0))
    }
}

/// The columns.
#[derive(Debug, Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow)]
    account: Text<'a>,
    #[serde(borrow)]
    class: Option<Text<'a>>,
    #[serde(borrow)]
    to: Option<Text<'a>>,
    #[serde(borrow)]
    from: Option<Text<'a>>,
    segments: Option<u8>,
    #[serde(borrow)]
    encoding: Option<Text<'a>>,
    #[serde(borrow)]
    accepted_at: Option<Text<'a>>,
    #[serde(borrow)]
    carrier: Option<Text<'a>>,
    segments_sent: u32,
    #[serde(borrow)]
    price: Option<Text<'a>>,
    #[serde(borrow)]
    charged: Text<'a>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    #[serde(borrow)]
    cost: Text<'a>,
    #[serde(borrow)]
    cost_currency: Option<Text<'a>>,
    /// None: files of this age have no such column.
    #[serde(borrow, default, deserialize_with = "present")]
    tag: Option<Option<Text<'a>>>,
}

fn present<'de: 'a, 'a, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Option<Text<'a>>>, D::Error> {
    Option::deserialize(deserializer).map(Some)
}

impl Row<'_> {
    /// None where the line does not say what was accepted. `timed`: whether the moment of acceptance matters.
    pub(super) fn facts(&self, timed: bool) -> Result<Option<Facts<'_>>, String> {
        let (Some(class), Some(to), Some(segments)) = (&self.class, &self.to, self.segments) else {
            return Ok(None);
        };
        let to_digits = Msisdn::from_digits(to.0.as_bytes());
        let at_utc_ns = match self.accepted_at.as_ref().filter(|_| timed) {
            Some(at) => {
                read_instant(&at.0).map_err(|fault| format!("accepted_at {:?} {fault}", at.0))?
            }
            None => 0,
        };
        Ok(Some(Facts {
            account: &self.account.0,
            class: class.read("class")?,
            to: to_digits.map_err(|fault| format!("to {:?} {fault}", to.0))?,
            from: self.from.as_ref().map_or("", |from| &from.0),
            segments,
            is_text: self
                .encoding
                .as_ref()
                .is_none_or(|encoding| encoding.0 != "binary"),
            text: None,
            tag: match &self.tag {
                None => None,
                Some(tag) => Some(tag.as_ref().map_or("", |tag| &tag.0)),
            },
            at_utc_ns,
            network: Network::UNKNOWN,
            draw: None,
        }))
    }

    /// What became of it.
    pub(super) fn past(&self) -> Result<Past<'_>, String> {
        let currency = |text: &Option<Text<'_>>, name| -> Result<Option<Currency>, String> {
            text.as_ref().map(|text| text.read(name)).transpose()
        };
        Ok(Past {
            carrier: self.carrier.as_ref().map(|carrier| &*carrier.0),
            segments_sent: self.segments_sent,
            price: self
                .price
                .as_ref()
                .map(|price| price.read("price"))
                .transpose()?,
            charged: self.charged.read("charged")?,
            currency: currency(&self.currency, "currency")?,
            cost: self.cost.read("cost")?,
            cost_currency: currency(&self.cost_currency, "cost_currency")?,
        })
    }
}
