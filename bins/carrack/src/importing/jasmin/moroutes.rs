//! MO routes (`router-moroutes`): those to a customer's binds become rules for messages from handsets. Those to a URL are
//! told of: it is asked in Jasmin's form, and ours posts JSON.

use super::Work;
use super::filters::{literal, prefixes};
use super::routes::{connectors, ordered};
use super::seen::Seen;
use super::store::Store;
use crate::importing::draft::{Draft, list, quoted};

/// Reads them.
pub(super) fn read(store: &Store, work: &mut Work) -> anyhow::Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    let Some(persisted) = store.persisted("router-moroutes")? else {
        return Ok(drafts);
    };
    let file = persisted.file.as_str();
    let root = Seen::of(&persisted.pickle);
    for (order, route) in ordered(root.get("table").unwrap_or(root)) {
        let what = format!("moroute {order} ({})", route.class());
        match draft(route, order, work) {
            Ok(draft) => {
                work.carry(file, what, format!("[[mo_route]] moroute-{order}"));
                drafts.push(draft);
            }
            Err(why) => work.leave(file, 0, what, why),
        }
    }
    Ok(drafts)
}

fn draft(route: Seen<'_>, order: i64, work: &Work) -> Result<Draft, String> {
    let matched = matched(route, work)?;
    let connectors = connectors(route);
    let [connector] = connectors.as_slice() else {
        return Err(
            "goes to several; a message from a handset goes to one account here".to_owned(),
        );
    };
    if let Some(url) = connector.get("baseurl").and_then(Seen::text) {
        return Err(format!(
            "asks {url} in Jasmin's form; here an account is posted JSON (docs/webhooks.md): \
             [[mo_route]] match = {matched}, account = \"...\", deliver = \"webhook\""
        ));
    }
    let id = connector
        .get("system_id")
        .or(connector.get("cid"))
        .and_then(Seen::text)
        .unwrap_or_default();
    let account = work.account_of_system_id.get(&id);
    let account = account.ok_or_else(|| format!("its user {id} was not carried over"))?;
    let mut draft = Draft::new("[[mo_route]]");
    draft.text("name", &format!("moroute-{order}"));
    draft.raw("match", matched);
    draft.text("account", account);
    draft.text("deliver", "bind");
    Ok(draft)
}

fn matched(route: Seen<'_>, work: &Work) -> Result<String, String> {
    let mut found = Vec::new();
    for filter in route.get("filters").into_iter().flat_map(Seen::items) {
        let text = |key: &str| filter.get(key).and_then(Seen::text).unwrap_or_default();
        let address = |pattern: String| match (literal(&pattern), prefixes(&pattern)) {
            (Some(one), _) if pattern.ends_with('$') => Ok(quoted(&one)),
            (_, Some(beginnings)) => {
                let starred: Vec<String> = beginnings.iter().map(|it| format!("{it}*")).collect();
                Ok(list(starred.iter().map(String::as_str)))
            }
            _ => Err(format!(
                "{pattern:?} is neither an address nor beginnings of such; write the rule yourself"
            )),
        };
        found.push(match filter.class() {
            "TransparentFilter" => continue,
            "ConnectorFilter" => {
                let cid = filter
                    .get("connector")
                    .and_then(|it| it.get("cid")?.text())
                    .unwrap_or_default();
                let name = work.carriers.get(&cid);
                let name =
                    name.ok_or_else(|| format!("its connector {cid} was not carried over"))?;
                format!("carrier = {}", quoted(name))
            }
            "DestinationAddrFilter" => format!("to = {}", address(text("destination_addr"))?),
            "SourceAddrFilter" => format!("from = {}", address(text("source_addr"))?),
            "ShortMessageFilter" => format!(
                "pattern = {}",
                quoted(&format!("^(?:{})", text("short_message")))
            ),
            other => return Err(format!("{other} has no counterpart")),
        });
    }
    Ok(format!("{{ {} }}", found.join(", ")).replace("{  }", "{}"))
}
