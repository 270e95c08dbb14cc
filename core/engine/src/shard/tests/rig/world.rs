//! Whom the rig knows: accounts, carriers, routes.

use super::*;

pub(in crate::shard::tests) fn settings() -> EngineSettings {
    EngineSettings {
        attempts_max: 4,
        ..EngineSettings::default()
    }
}

pub(super) fn table() -> Arc<RouteTable> {
    let carrier = |name: &str, micros| CarrierRow {
        name: name.to_owned(),
        deck: None,
        flat_price: Some(Micros(micros)),
        enabled: true,
    };
    let route = RouteRow {
        name: "all".to_owned(),
        matcher: Matcher::default(),
        carriers: vec![NORTH, SOUTH],
        policy: Policy::LeastCost,
        // Tests of money have prices of their own.
        margin: Margin::Any,
        ..RouteRow::default()
    };
    Arc::new(
        RouteTable::build(
            vec![carrier("north", 5000), carrier("south", 9000)],
            vec![route],
        )
        .unwrap(),
    )
}

pub(in crate::shard::tests) fn directory() -> Directory {
    directory_with(AccountEntry {
        number: ACCOUNT,
        name: "acme".to_owned(),
        waiting: Arc::default(),
        messages_max: 1000,
        share: 1,
        group: String::new(),
        currency: None,
        terms: Terms::default(),
        acknowledged_early: false,
        balance: Arc::default(),
    })
}

/// The same with this account in place of the first.
pub(in crate::shard::tests) fn directory_with(account: AccountEntry) -> Directory {
    let other = AccountEntry {
        number: OTHER_ACCOUNT,
        name: "other".to_owned(),
        waiting: Arc::default(),
        messages_max: 1000,
        share: 2,
        group: String::new(),
        currency: None,
        terms: Terms::default(),
        acknowledged_early: false,
        balance: Arc::default(),
    };
    let carriers = [(11, "north"), (12, "south")].map(|(number, name)| CarrierEntry {
        number,
        name: name.to_owned(),
    });
    Directory::new(vec![account, other], carriers.to_vec())
        .with_mo(crate::shard::tests::mo::rules())
}
