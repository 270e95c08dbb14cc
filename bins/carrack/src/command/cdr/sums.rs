//! Rows of CDR files, added up.

use std::collections::BTreeMap;

use carrack_message::Micros;
use serde::{Deserialize, Serialize};

/// What of a row is looked at; the same in both formats.
#[derive(Debug, Deserialize)]
pub(super) struct Row {
    pub(super) id: String,
    account: Option<String>,
    status: String,
    carrier: Option<String>,
    segments: Option<u64>,
    segments_sent: u64,
    price: Option<String>,
    charged: String,
    currency: Option<String>,
    cost: String,
    cost_currency: Option<String>,
    margin: Option<String>,
}

/// What is added up apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) struct Key {
    pub(super) account: Option<String>,
    pub(super) carrier: Option<String>,
    pub(super) status: String,
    pub(super) currency: Option<String>,
    pub(super) cost_currency: Option<String>,
}

/// Amounts in micro-units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Sum {
    pub(super) messages: u64,
    pub(super) segments: u64,
    pub(super) segments_sent: u64,
    pub(super) price: i64,
    pub(super) charged: i64,
    pub(super) cost: i64,
    pub(super) margin: i64,
    /// Messages that have no margin: no price, or two currencies.
    pub(super) without_margin: u64,
}

/// Rows added up by account, carrier and status.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sums(pub(super) BTreeMap<Key, Sum>);

fn micros(text: Option<&str>) -> Result<i64, String> {
    let amount = text.map(|text| text.parse::<Micros>().map_err(|fault| fault.to_string()));
    Ok(amount.transpose()?.unwrap_or_default().0)
}

impl Sums {
    /// Adds a row, or says what is wrong with it.
    pub(super) fn add(&mut self, row: Row) -> Result<(), String> {
        let (price, cost) = (micros(row.price.as_deref())?, micros(Some(&row.cost))?);
        let (charged, margin) = (micros(Some(&row.charged))?, micros(row.margin.as_deref())?);
        if row.margin.is_some() && charged.checked_sub(cost) != Some(margin) {
            return Err("the margin is not what was charged less cost".to_owned());
        }
        let without_margin = u64::from(row.margin.is_none());
        let key = Key {
            account: row.account,
            carrier: row.carrier,
            status: row.status,
            currency: row.currency,
            cost_currency: row.cost_currency,
        };
        let sum = self.0.entry(key).or_default();
        sum.messages += 1;
        sum.segments += row.segments.unwrap_or(0);
        sum.segments_sent += row.segments_sent;
        sum.price = sum.price.saturating_add(price);
        sum.charged = sum.charged.saturating_add(charged);
        sum.cost = sum.cost.saturating_add(cost);
        sum.margin = sum.margin.saturating_add(margin);
        sum.without_margin += without_margin;
        Ok(())
    }
}
