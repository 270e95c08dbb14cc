//! Accounts, carriers and routes as a simulated node is configured, and as a reload changes them.

use std::sync::Arc;

use crate::money::limit_micros;
use carrack_engine::{AccountEntry, CarrierEntry, Directory, Terms};
use carrack_message::Micros;
use carrack_routing::{
    AfterReceipt, CarrierRow, Margin, Matcher, Policy, RouteRow, RouteTable, RoutingFault,
};

/// How routes stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Routes {
    All,
    Reversed,
    OneCarrier,
    Nowhere,
}

pub(crate) fn accounts(count: u32, messages_max: u64) -> Vec<AccountEntry> {
    let entry = |number| AccountEntry {
        number,
        name: format!("account-{number}"),
        waiting: Arc::default(),
        messages_max,
        share: 1,
        group: String::new(),
        currency: None,
        acknowledged_early: false,
        terms: Terms {
            limit_micros: limit_micros(number),
            ..Terms::default()
        },
        balance: Arc::default(),
    };
    (1..=count).map(entry).collect()
}

pub(crate) fn directory(accounts: &[AccountEntry], carriers: usize) -> Directory {
    let entry = |place| CarrierEntry {
        number: place as u32 + 11,
        name: format!("carrier-{place}"),
    };
    Directory::new(accounts.to_vec(), (0..carriers).map(entry).collect())
}

pub(crate) fn table(carriers: usize, routes: Routes) -> Result<Arc<RouteTable>, RoutingFault> {
    let rows = (0..carriers).map(|place| CarrierRow {
        name: format!("carrier-{place}"),
        deck: None,
        flat_price: Some(Micros(1000 + place as i64)),
        enabled: true,
    });
    let mut order: Vec<usize> = (0..carriers).collect();
    let mut matcher = Matcher::default();
    match routes {
        Routes::All => {}
        Routes::Reversed => order.reverse(),
        Routes::OneCarrier => order.truncate(1),
        Routes::Nowhere => matcher.accounts.push("nobody".to_owned()),
    }
    let route = RouteRow {
        name: "all".to_owned(),
        matcher,
        carriers: order,
        policy: Policy::Ordered,
        // What accounts pay has no deck behind it here.
        margin: Margin::Any,
        // A text that one carrier does not deliver goes to the next, by some of the tables.
        after_receipt: AfterReceipt {
            failed_goes_on: routes == Routes::Reversed || carriers > 2,
            missing_goes_on_s: 0,
        },
        ..RouteRow::default()
    };
    RouteTable::build(rows.collect(), vec![route]).map(Arc::new)
}
