//! MT routes (`router-mtroutes`) become routes, the highest order first as Jasmin looks at them.

use super::Work;
use super::filters::conditions;
use super::seen::Seen;
use super::store::Store;
use crate::importing::draft::Draft;

/// Reads them.
pub(super) fn read(store: &Store, work: &mut Work) -> anyhow::Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    let Some(persisted) = store.persisted("router-mtroutes")? else {
        return Ok(drafts);
    };
    let file = persisted.file.as_str();
    let root = Seen::of(&persisted.pickle);
    for (order, route) in ordered(root.get("table").unwrap_or(root)) {
        let what = format!("mtroute {order} ({})", route.class());
        match draft(route, order, work) {
            Ok(draft) => {
                leave_rate(route, &what, file, work);
                work.carry(file, what, format!("[[route]] mtroute-{order}"));
                drafts.push(draft);
            }
            Err(why) => work.leave(file, 0, what, why),
        }
    }
    Ok(drafts)
}

/// Orders and routes, the highest first.
pub(super) fn ordered(table: Seen<'_>) -> Vec<(i64, Seen<'_>)> {
    let pairs = table.items().flat_map(Seen::pairs);
    let mut routes: Vec<(i64, Seen<'_>)> = pairs
        .map(|(order, route)| (order.integer().unwrap_or(0), route))
        .collect();
    routes.sort_by_key(|(order, _)| std::cmp::Reverse(*order));
    routes
}

/// Ids of the connectors of a route.
pub(super) fn connectors(route: Seen<'_>) -> Vec<Seen<'_>> {
    let Some(connector) = route.get("connector") else {
        return Vec::new();
    };
    let many: Vec<Seen<'_>> = connector.items().collect();
    match many.is_empty() {
        true => vec![connector],
        false => many,
    }
}

fn draft(route: Seen<'_>, order: i64, work: &Work) -> Result<Draft, String> {
    let conditions = conditions(route, work)?;
    let mut carriers = Vec::new();
    for connector in connectors(route) {
        let cid = connector
            .get("cid")
            .and_then(Seen::text)
            .unwrap_or_default();
        let name = work.carriers.get(&cid);
        carriers.push(
            name.ok_or_else(|| format!("its connector {cid} was not carried over"))?
                .as_str(),
        );
    }
    let mut draft = Draft::new("[[route]]");
    draft.text("name", &format!("mtroute-{order}"));
    draft.raw(
        "match",
        format!("{{ {} }}", conditions.join(", ")).replace("{  }", "{}"),
    );
    draft.texts("carriers", carriers.iter().copied());
    if route.class().starts_with("RandomRoundrobin") && carriers.len() > 1 {
        draft.text("policy", "weighted");
        draft.raw("weights", format!("{:?}", vec![1; carriers.len()]));
    } else {
        draft.text("policy", "ordered");
    }
    Ok(draft)
}

fn leave_rate(route: Seen<'_>, what: &str, file: &str, work: &mut Work) {
    let rate = route.get("rate").and_then(Seen::number).unwrap_or(0.0);
    if rate > 0.0 {
        let why =
            "what customers pay is a deck of theirs here, by prefix: deck = \"...\" of [[account]]";
        work.leave(file, 0, format!("{what}: rate {rate}"), why);
    }
}
