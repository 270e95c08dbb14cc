//! From `[[loop_probe]]` to what the engine, the routes and the door of loop probes are told.

use carrack_engine::{AccountQueue, Terms};
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

/// Their account, without price, limit of money, or credentials. It is there without probes too: one of an earlier start
/// that waits yet is the node's own still, has no route any more and expires, where without it customers' routes would
/// take it.
pub(crate) fn account() -> AccountQueue {
    AccountQueue {
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
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use carrack_message::{Class, Msisdn};
    use carrack_routing::{NoRoute, Query};

    use super::*;
    use crate::configuration::Configuration;
    use crate::node::specification;

    #[test]
    fn without_probes_what_waits_of_them_is_the_nodes_own_and_takes_no_customers_route() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("carrack.toml");
        let text = "[node]\ndata_dir = \"data\"\n[[account]]\nname = \"a\"\napi_key = \"k\"\n\
             [[carrier]]\nname = \"north\"\naddress = \"127.0.0.1:1\"\nsystem_id = \"c\"\npassword = \"p\"\nprice = \"1\"\n\
             [[route]]\nmatch = {}\ncarriers = [\"north\"]\n";
        std::fs::write(&file, text).unwrap();
        let configuration = Configuration::load(&file).unwrap_or_else(|faults| panic!("{faults}"));
        let accounts = specification(&configuration, Vec::new()).accounts;
        let names: Vec<&str> = accounts
            .iter()
            .map(|account| account.name.as_str())
            .collect();
        assert_eq!(names, ["a", ACCOUNT]);
        let to = Msisdn::from_u64(447_700_900_123).unwrap();
        let choose = |account| {
            let query = Query::of(account, to, "PROBE", Class::Alert);
            configuration
                .table
                .choose(&query)
                .map(|choice| choice.route)
        };
        assert_eq!(
            (choose(ACCOUNT), choose("a")),
            (Err(NoRoute::NoRouteMatches), Ok(0))
        );
    }
}
