//! Users (`router-users`) become accounts that are known by the same names and passwords, by HTTP and by SMPP.

use super::Work;
use super::seen::Seen;
use super::store::Store;
use crate::importing::CALLED_ANYWHERE;
use crate::importing::draft::{Draft, quoted};
use crate::importing::names::Names;

/// As it was there.
const ANY_HOST: &str =
    "Receipts are told at any host that a message names; name yours in callbacks to narrow it.";
/// What lets everybody in.
const EVERYWHERE: &str = "0.0.0.0/0";

/// Reads them.
pub(super) fn read(store: &Store, work: &mut Work) -> anyhow::Result<Vec<Draft>> {
    let mut drafts = Vec::new();
    let Some(persisted) = store.persisted("router-users")? else {
        return Ok(drafts);
    };
    let file = persisted.file.as_str();
    let (mut names, mut groups) = (Names::default(), Names::default());
    for user in Seen::of(&persisted.pickle).items() {
        let text = |key: &str| user.get(key).and_then(Seen::text).unwrap_or_default();
        let (uid, username) = (text("uid"), text("username"));
        let what = format!("user {uid} ({username})");
        let group = user.get("group");
        let gid = group
            .and_then(|group| group.get("gid")?.text())
            .unwrap_or_default();
        let is_enabled =
            |of: Option<Seen<'_>>| of.and_then(|of| of.get("enabled")?.flag()).unwrap_or(true);
        if !is_enabled(Some(user)) || !is_enabled(group) {
            work.leave(
                file,
                0,
                what,
                "is disabled; add the account when it is wanted again",
            );
            continue;
        }
        if !work.groups.contains_key(&gid) && !gid.is_empty() {
            let name = groups.give(&gid);
            work.groups.insert(gid.clone(), name);
        }
        let name = names.give(&uid);
        let draft = draft(user, &name, work.groups.get(&gid), &username);
        let faults = draft.faults();
        if !faults.is_empty() {
            names.forget(&name);
            for fault in faults {
                work.leave(file, 0, what.as_str(), fault);
            }
            continue;
        }
        leave_rest(user, &what, file, work);
        work.leave(
            file,
            0,
            format!("{what}: callbacks at any host"),
            CALLED_ANYWHERE,
        );
        work.has_secrets = true;
        work.carry(file, what, format!("[[account]] {name}"));
        work.accounts.insert(uid, name.clone());
        work.account_of_system_id.insert(username, name);
        drafts.push(draft);
    }
    Ok(drafts)
}

fn draft(user: Seen<'_>, name: &str, group: Option<&String>, username: &str) -> Draft {
    let mut draft = Draft::new("[[account]]");
    draft.text("name", name);
    if let Some(group) = group {
        draft.text("group", group);
    }
    let digest = user
        .get("password")
        .and_then(Seen::octets)
        .unwrap_or_default();
    let digits: String = digest.iter().map(|octet| format!("{octet:02x}")).collect();
    let password = format!("$md5${digits}");
    let smpps = user.get("smpps_credential");
    let mt = user.get("mt_credential");
    let of = |of: Option<Seen<'_>>, kind: &str, key: &str| -> Option<String> {
        let value = of?.get(kind)?.get(key)?;
        Some(value.shown()).filter(|text| !text.is_empty())
    };
    if of(smpps, "authorizations", "bind").as_deref() != Some("false") {
        draft.text("system_id", username);
        draft.text("password", &password);
    }
    let legacy = format!(
        "{{ user = {}, password = {} }}",
        quoted(username),
        quoted(&password)
    );
    draft.raw("legacy", legacy);
    draft.comment(ANY_HOST);
    draft.raw("callbacks", "{ hosts = [\"*\"], private = true }");
    if let Some(sender) = of(mt, "defaults", "source_address") {
        draft.text("sender", &sender);
    }
    let rate = |key: &str| {
        of(mt, "quotas", key)?
            .parse::<f64>()
            .ok()
            .filter(|rate| *rate > 0.0)
    };
    let rates = [rate("http_throughput"), rate("smpps_throughput")];
    if let Some(rate) = rates.into_iter().flatten().reduce(f64::max) {
        draft.raw("rate", rate.round().max(1.0));
    }
    let binds = of(smpps, "quotas", "max_bindings").and_then(|text| text.parse::<u32>().ok());
    if let Some(binds) = binds.filter(|binds| *binds > 0) {
        draft.raw("binds_max", binds);
    }
    let addresses = of(smpps, "authorizations", "ip").unwrap_or_default();
    let addresses: Vec<&str> = addresses
        .split(',')
        .map(str::trim)
        .filter(|it| !it.is_empty())
        .collect();
    if !addresses.is_empty() && !addresses.contains(&EVERYWHERE) {
        draft.texts("allowed_ips", addresses);
    }
    draft
}

/// Permissions, filters and quotas that are not as every user has them.
fn leave_rest(user: Seen<'_>, what: &str, file: &str, work: &mut Work) {
    let Some(mt) = user.get("mt_credential") else {
        return;
    };
    let usual = [".*", "^[0-3]$", "^\\d+$", ""];
    for (key, value) in mt.get("value_filters").into_iter().flat_map(Seen::pairs) {
        let (key, value) = (key.shown(), value.shown());
        if !usual.contains(&value.as_str()) {
            let why = match key.as_str() {
                "source_address" => "write the senders it may use: senders = [...] of the account",
                "destination_address" => {
                    "write where it may send by routes: match = { account, prefix }"
                }
                _ => "what it may give is not looked at",
            };
            work.leave(file, 0, format!("{what}: {key} {value}"), why);
        }
    }
    for (key, value) in mt.get("authorizations").into_iter().flat_map(Seen::pairs) {
        let key = key.shown();
        if value.flag() == Some(false) && key != "http_bulk" {
            let why = "an account may all that its doors can; leave `legacy` or `system_id` out to close one";
            work.leave(file, 0, format!("{what}: may not {key}"), why);
        }
    }
    let reasons = [
        (
            "balance",
            "give the account a deck of sell prices, and balance = this",
        ),
        (
            "submit_sm_count",
            "counts of messages are not kept; money is: deck and balance",
        ),
        (
            "early_decrement_balance_percent",
            "charge_on of the account says when it pays",
        ),
    ];
    for (key, why) in reasons {
        let shown = mt
            .get("quotas")
            .and_then(|quotas| quotas.get(key))
            .map(Seen::shown);
        if let Some(shown) = shown.filter(|shown| !shown.is_empty()) {
            work.leave(file, 0, format!("{what}: {key} {shown}"), why);
        }
    }
}
