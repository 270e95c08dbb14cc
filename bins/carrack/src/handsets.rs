//! From `[[mo_route]]` to the rules by which the engine gives away messages from handsets.

use carrack_routing::{MoNumber, MoRule, MoTable};
use carrack_settings::{MoRoute, Settings};

/// The rules of a configuration, in the order of the file.
pub(crate) fn rules(settings: &Settings) -> MoTable {
    MoTable::new(settings.mo_routes.iter().map(rule).collect())
}

fn rule(route: &MoRoute) -> MoRule {
    let numbers = |texts: &[String]| texts.iter().map(|text| MoNumber::parse(text)).collect();
    let matches = &route.matches;
    MoRule {
        name: route.name.clone(),
        to: numbers(&matches.to),
        from: numbers(&matches.from),
        carriers: matches.carriers.clone(),
        keywords: matches.keywords.clone(),
        patterns: matches
            .patterns
            .iter()
            .map(|pattern| pattern.regex().clone())
            .collect(),
        account: route.account.clone(),
        ways: route.deliver,
    }
}
