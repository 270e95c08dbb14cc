//! Accounts and carriers by number and name, as the engine needs them. Replaced whole at a reload.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use carrack_message::Currency;
use carrack_routing::MoTable;
use carrack_routing::local::QuietHours;

use crate::consent::ConsentRule;
use crate::credit::{Balance, Balances, Terms};

/// An account.
#[derive(Debug, Clone)]
pub struct AccountEntry {
    /// Its number, for ever.
    pub number: u32,
    /// Its name.
    pub name: String,
    /// Messages accepted and not yet closed (final, and told where it wants to be told).
    pub waiting: Arc<AtomicU64>,
    /// How many those may be.
    pub messages_max: u64,
    /// Its part where customers share a carrier: with 2 it sends twice what one with 1 does.
    pub share: u32,
    /// The group that it belongs to, for routes; empty: none.
    pub group: String,
    /// What its prices are in, where its deck says so.
    pub currency: Option<Currency>,
    /// What was agreed about money.
    pub terms: Terms,
    /// Whether its messages are acknowledged before they are durable: a crash may take some that it was told of.
    pub acknowledged_early: bool,
    /// What it has; the engine puts its own in place of any other.
    pub balance: Arc<Balance>,
}

impl AccountEntry {
    /// One message less is waiting. An account that was taken out of the configuration and came back may close messages
    /// that it never counted.
    pub(crate) fn release(&self) {
        let less = |waiting: u64| Some(waiting.saturating_sub(1));
        // The closure always gives a value.
        let _ = self
            .waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }
}

/// A carrier.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarrierEntry {
    /// Its number, for ever.
    pub number: u32,
    /// Its name.
    pub name: String,
}

/// All accounts and carriers, and who gets what comes in. Carriers are also known by their place in the route table.
#[derive(Debug, Clone, Default)]
pub struct Directory {
    accounts: HashMap<u32, AccountEntry>,
    by_name: HashMap<String, u32>,
    carriers: Vec<CarrierEntry>,
    mo: Arc<MoTable>,
    consent: Option<Arc<ConsentRule>>,
    quiet: Option<Arc<QuietHours>>,
}

impl Directory {
    /// A directory; `carriers` in the order of the route table.
    #[must_use]
    pub fn new(accounts: Vec<AccountEntry>, carriers: Vec<CarrierEntry>) -> Self {
        let by_name = accounts
            .iter()
            .map(|account| (account.name.clone(), account.number))
            .collect();
        Self {
            accounts: accounts
                .into_iter()
                .map(|account| (account.number, account))
                .collect(),
            by_name,
            carriers,
            mo: Arc::default(),
            consent: None,
            quiet: None,
        }
    }

    /// The same, and who gets messages from handsets.
    #[must_use]
    pub fn with_mo(mut self, mo: MoTable) -> Self {
        self.mo = Arc::new(mo);
        self
    }

    /// The same, and what is done when handsets say stop; none: nothing.
    #[must_use]
    pub fn with_consent(mut self, consent: Option<ConsentRule>) -> Self {
        self.consent = consent.map(Arc::new);
        self
    }

    /// The same, and when recipients are left alone.
    #[must_use]
    pub fn with_quiet(mut self, quiet: QuietHours) -> Self {
        self.quiet = (!quiet.is_empty()).then(|| Arc::new(quiet));
        self
    }

    /// When recipients are left alone; none: never.
    #[must_use]
    pub fn quiet(&self) -> Option<&QuietHours> {
        self.quiet.as_deref()
    }

    /// What is done when handsets say stop.
    #[must_use]
    pub fn consent(&self) -> Option<&ConsentRule> {
        self.consent.as_deref()
    }

    /// Who gets messages from handsets.
    #[must_use]
    pub fn mo(&self) -> &MoTable {
        &self.mo
    }

    /// The same accounts with the balances of the node, on the terms of now.
    #[must_use]
    pub(crate) fn with_balances(mut self, balances: &Balances) -> Self {
        for account in self.accounts.values_mut() {
            account.balance = balances.of(account.number);
            account.balance.agree(&account.terms);
        }
        self
    }

    /// The account of a number.
    #[must_use]
    pub fn account(&self, number: u32) -> Option<&AccountEntry> {
        self.accounts.get(&number)
    }

    /// The number of an account's name.
    #[must_use]
    pub fn account_number(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    /// All accounts, in no order.
    pub fn accounts(&self) -> impl Iterator<Item = &AccountEntry> {
        self.accounts.values()
    }

    /// The carrier at a place in the route table.
    #[must_use]
    pub fn carrier(&self, place: u16) -> Option<&CarrierEntry> {
        self.carriers.get(usize::from(place))
    }

    /// The place of a carrier's number.
    #[must_use]
    pub fn carrier_place(&self, number: u32) -> Option<u16> {
        self.carriers
            .iter()
            .position(|carrier| carrier.number == number)
            .and_then(|place| u16::try_from(place).ok())
    }

    /// The name of a carrier's number.
    #[must_use]
    pub fn carrier_name(&self, number: u32) -> Option<&str> {
        self.carriers
            .iter()
            .find(|carrier| carrier.number == number)
            .map(|carrier| carrier.name.as_str())
    }

    /// All carriers in the order of the route table.
    #[must_use]
    pub fn carriers(&self) -> &[CarrierEntry] {
        &self.carriers
    }
}
