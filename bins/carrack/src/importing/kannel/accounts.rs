//! `sendsms-user` groups become accounts that are known by the same user name and password.

use super::Work;
use super::group::Group;
use crate::importing::CALLED_ANYWHERE;
use crate::importing::draft::{Draft, quoted};
use crate::importing::names::Names;

/// As it was there.
const ANY_HOST: &str =
    "Receipts are told at any host that a message names; name yours in callbacks to narrow it.";

/// A user as routes have to know him.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) account: String,
    pub(super) forced_smsc: Option<String>,
    pub(super) default_smsc: Option<String>,
    pub(super) file: String,
    pub(super) line: usize,
}

/// What they give.
pub(super) struct Accounts {
    pub(super) drafts: Vec<Draft>,
    pub(super) users: Vec<User>,
}

/// Reads them; `sender` is that of who names none.
pub(super) fn read(groups: &[Group], sender: Option<&str>, work: &mut Work) -> Accounts {
    let mut names = Names::default();
    let mut found = Accounts {
        drafts: Vec::new(),
        users: Vec::new(),
    };
    let mut known = std::collections::HashSet::new();
    for group in groups.iter().filter(|group| group.kind == "sendsms-user") {
        let username = group.get("username").unwrap_or_default().to_owned();
        let what = format!("sendsms-user {username}");
        if !known.insert(username.clone()) {
            work.leave_group(group, &what, "stands twice; Kannel knows the first alone");
            continue;
        }
        let own = group.get("name").unwrap_or(&username).to_owned();
        let name = names.give(&own);
        let draft = draft(group, &name, &username, sender, work);
        let user = User {
            account: name.clone(),
            forced_smsc: group.get("forced-smsc").map(str::to_owned),
            default_smsc: group.get("default-smsc").map(str::to_owned),
            file: group.file.clone(),
            line: group.line,
        };
        work.leave_rest(group);
        if !work.good(group, &what, &draft) {
            names.forget(&name);
            continue;
        }
        work.has_secrets = true;
        work.leave_group(
            group,
            &format!("callbacks of {name}: any host"),
            CALLED_ANYWHERE,
        );
        work.carry(group, what, format!("[[account]] {name}"));
        found.drafts.push(draft);
        found.users.push(user);
    }
    found
}

fn draft(
    group: &Group,
    name: &str,
    username: &str,
    sender: Option<&str>,
    work: &mut Work,
) -> Draft {
    let mut draft = Draft::new("[[account]]");
    draft.text("name", name);
    let password = quoted(group.get("password").unwrap_or_default());
    let mut legacy = format!("user = {}, password = {password}", quoted(username));
    if let Some(url) = group.get("dlr-url") {
        legacy.push_str(&format!(", dlr_url = {}", quoted(url)));
    }
    draft.raw("legacy", format!("{{ {legacy} }}"));
    draft.comment(ANY_HOST);
    draft.raw("callbacks", "{ hosts = [\"*\"], private = true }");
    let faked = group.get("faked-sender");
    let own = faked.or(group.get("default-sender")).or(sender);
    if let Some(own) = own {
        draft.text("sender", own);
        // A sender that ours is none is left out, and the account stays.
        if !draft.faults().is_empty() {
            let bare = draft.without("sender");
            if bare.faults().is_empty() {
                draft = bare;
                let why = format!(
                    "the sender {own:?} is none here: a name of up to 11 characters, a short code or a number"
                );
                work.leave_group(group, &format!("sender of {username}"), &why);
            }
        }
    }
    if let Some(faked) = faked.filter(|_| draft.has("sender")) {
        draft.texts("senders", [faked]);
        let why = "is the account's sender and the only one it may name; a call that names another is refused, where Kannel puts this one in its place";
        work.leave(group, "faked-sender", why);
    }
    allowed(group, &mut draft, work);
    draft
}

/// Addresses: `*.*.*.*` denied and some allowed is the usual way to say "these alone".
fn allowed(group: &Group, draft: &mut Draft, work: &mut Work) {
    let allow = group.list("user-allow-ip");
    let deny = group.list("user-deny-ip");
    let networks: Vec<Option<String>> = allow.iter().map(|address| network(address)).collect();
    if networks.iter().any(Option::is_none) {
        let why = "has an address that is none; write allowed_ips of the account";
        work.leave(group, "user-allow-ip", why);
        return;
    }
    let networks: Vec<String> = networks.into_iter().flatten().collect();
    let is_everywhere = networks.iter().any(|network| network == "0.0.0.0/0");
    if !networks.is_empty() && !is_everywhere {
        draft.texts("allowed_ips", networks.iter().map(String::as_str));
    }
    let denies_all = deny
        .iter()
        .any(|address| address == "*.*.*.*" || address == "*");
    // Where all are denied, those that are allowed say everything.
    let is_said = denies_all && !allow.is_empty();
    if !deny.is_empty() && !is_said {
        let why = "addresses that may not come are not listed here, only those that may: write allowed_ips of the account";
        work.leave(group, "user-deny-ip", why);
    }
}

/// `10.0.*.*` is `10.0.0.0/16`.
fn network(address: &str) -> Option<String> {
    if !address.contains('*') {
        return address
            .parse::<std::net::IpAddr>()
            .ok()
            .map(|address| address.to_string());
    }
    if address == "*" {
        return Some("0.0.0.0/0".to_owned());
    }
    let parts: Vec<&str> = address.split('.').collect();
    let kept = parts.iter().take_while(|part| **part != "*").count();
    let is_tail = parts.iter().skip(kept).all(|part| *part == "*");
    if parts.len() != 4 || !is_tail {
        return None;
    }
    let octet = |place: usize| match place < kept {
        true => parts.get(place)?.parse::<u8>().ok(),
        false => Some(0),
    };
    let [a, b, c, d] = [octet(0)?, octet(1)?, octet(2)?, octet(3)?];
    Some(format!("{a}.{b}.{c}.{d}/{}", kept * 8))
}
