//! Whether money adds up: what an account holds reserved against what its messages that wait were priced at.

use carrack_message::record::{ArchivedAccepted, FrameReader, RecordView};
use carrack_queue::{Names, ShelfEntry};
use serde::Serialize;

use super::Tally;

/// Money of an account, micro-units, over the whole life of the store.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AccountMoney {
    /// The account.
    pub account: String,
    /// Given to it.
    pub credited_micros: i64,
    /// Charged for messages that have ended.
    pub charged_micros: i64,
    /// Held for messages that have not.
    pub reserved_micros: i64,
}

/// What a message that waits was priced at.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    pub(super) account: u32,
    pub(super) micros: i64,
}

impl Price {
    pub(super) fn of(record: &ArchivedAccepted) -> Self {
        Self {
            account: record.account.to_native(),
            micros: record.price_micros.to_native().max(0),
        }
    }
}

impl Tally {
    pub(super) fn hold(&mut self, price: Price) {
        let held = self.held.entry(price.account).or_default();
        *held = held.saturating_add(price.micros);
    }

    /// What each account holds reserved against what its waiting messages were priced at.
    pub(super) fn weigh(&mut self, accounts: &Names) -> Vec<AccountMoney> {
        for price in std::mem::take(&mut self.waiting).into_values() {
            self.hold(price);
        }
        let name = |account| match accounts.name(account) {
            Some(name) => name.to_owned(),
            None => format!("account {account}"),
        };
        let money = std::mem::take(&mut self.money);
        let mut held = std::mem::take(&mut self.held);
        let mut found = Vec::new();
        for (account, turnover) in money.iter() {
            let (reserved, held) = (turnover.reserved(), held.remove(&account).unwrap_or(0));
            if reserved != held {
                self.contradicts(|| {
                    let name = name(account);
                    format!("{name} has {reserved} micro-units reserved, its waiting messages were priced at {held}")
                });
            }
            found.push(AccountMoney {
                account: name(account),
                credited_micros: turnover.credited,
                charged_micros: turnover.charged,
                reserved_micros: reserved,
            });
        }
        for (account, held) in held.into_iter().filter(|(_, held)| *held != 0) {
            self.contradicts(|| {
                let name = name(account);
                format!("waiting messages of {name} were priced at {held} micro-units, none are reserved")
            });
        }
        found
    }
}

/// What a message on the shelf was priced at; none where its entry cannot be read.
pub(super) fn price_on_shelf(entry: &ShelfEntry) -> Option<Price> {
    let mut price = None;
    for (_, _, record) in FrameReader::new(&entry.octets).ok()?.iter() {
        if let RecordView::Accepted(record) = record.ok()? {
            price = Some(Price::of(record));
        }
    }
    price
}
