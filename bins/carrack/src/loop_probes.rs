//! From `[[loop_probe]]` to what the engine, the routes and the door of loop probes are told.

use std::sync::Arc;

use carrack_engine::{AccountEntry, AccountQueue, Terms};
use carrack_ingest::loop_probe::{ACCOUNT, ProbeSpec};
use carrack_routing::{Margin, Matcher, OnNoResponse, Policy, RouteRow};
use carrack_settings::Settings;

/// Probes that are accepted and not closed: each is until its receipt came, which some carriers never send.
const MESSAGES_MAX: u64 = 100_000;

/// The probes of a configuration.
pub(crate) fn specifications(settings: &Settings) -> Vec<ProbeSpec> {
    let probes = settings.loop_probes.iter();
    probes.filter_map(ProbeSpec::from_settings).collect()
}

/// Routes by which each probe goes to its carrier and to no other, once.
pub(crate) fn routes(settings: &Settings) -> Vec<RouteRow> {
    let route = |spec: ProbeSpec| {
        let mut carriers = settings.carriers.iter();
        let carrier = carriers.position(|carrier| carrier.name == spec.carrier)?;
        Some(RouteRow {
            name: spec.tag(),
            matcher: Matcher {
                tags: vec![spec.tag()],
                ..Matcher::default()
            },
            carriers: vec![carrier],
            policy: Policy::Ordered,
            attempts_max: Some(1),
            on_no_response: Some(OnNoResponse::Wait),
            margin: Margin::Any,
            ..RouteRow::default()
        })
    };
    let probes = specifications(settings).into_iter();
    probes.filter_map(route).collect()
}

/// Their account, where there are any: without price, limit of money, or credentials.
pub(crate) fn account(settings: &Settings) -> Option<AccountQueue> {
    (!settings.loop_probes.is_empty()).then(|| AccountQueue {
        name: ACCOUNT.to_owned(),
        messages_max: MESSAGES_MAX,
        share: 1,
        group: String::new(),
        currency: None,
        terms: Terms {
            limit_micros: None,
            low_micros: None,
            ..Terms::default()
        },
        acknowledged_early: false,
    })
}

/// The same, with its number, for a directory.
pub(crate) fn entry(settings: &Settings, number: u32) -> Option<AccountEntry> {
    account(settings).map(|account| AccountEntry {
        number,
        name: account.name,
        waiting: Arc::default(),
        messages_max: account.messages_max,
        share: account.share,
        group: account.group,
        currency: account.currency,
        terms: account.terms,
        acknowledged_early: account.acknowledged_early,
        balance: Arc::default(),
    })
}
