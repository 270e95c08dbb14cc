//! Kannel routes by lists at each `smsc`: which ids of messages and which beginnings of numbers it takes. Ours are one
//! table: for each id and each beginning the carriers that Kannel would choose from, the longest beginning first.
//!
//! Among several Kannel takes the one with the least to do, or the next in turn; ours share by weight. Where some are
//! preferred they come first, in the order of the file. Bound: [`ROUTES_MAX`].

use std::collections::BTreeSet;

use super::Work;
use super::accounts::User;
use super::carriers::Carrier;
use crate::importing::Left;
use crate::importing::draft::{Draft, list, quoted};

const ROUTES_MAX: usize = 5_000;

/// A message as Kannel's lists see it.
#[derive(Clone, Copy)]
struct Kind<'a> {
    smsc: Option<&'a str>,
    /// The beginning of its number; none: one that no list names.
    prefix: Option<&'a str>,
}

/// Routes for these carriers and users.
pub(super) fn drafts(carriers: &[Carrier], users: &[User], work: &mut Work) -> Vec<Draft> {
    let mut drafts = Vec::new();
    let prefixes = prefixes(carriers);
    let nobody = User {
        account: String::new(),
        forced_smsc: None,
        default_smsc: None,
        file: carriers
            .first()
            .map_or_else(String::new, |first| first.file.clone()),
        line: carriers.first().map_or(0, |first| first.line),
    };
    // In the order in which Kannel asks: what a user must, what a message says, what a user has otherwise, everybody.
    let of_account = |user: &User| format!("account = {}", quoted(&user.account));
    let forced = users.iter().filter_map(|user| {
        let smsc = user.forced_smsc.as_deref()?;
        Some((Some(smsc), of_account(user), user))
    });
    let told = ids(carriers).into_iter();
    let told = told.map(|smsc| (Some(smsc), format!("tag = {}", quoted(smsc)), &nobody));
    let free = users.iter().filter(|user| user.forced_smsc.is_none());
    let usual = free.filter_map(|user| {
        let smsc = user.default_smsc.as_deref()?;
        Some((Some(smsc), of_account(user), user))
    });
    let all = std::iter::once((None, String::new(), &nobody));
    for (smsc, of, user) in forced.chain(told).chain(usual).chain(all) {
        add(&mut drafts, carriers, &prefixes, smsc, &of, user, work);
    }
    if drafts.len() > ROUTES_MAX {
        work.left.push(Left {
            file: nobody.file,
            line: nobody.line,
            what: format!("{} routes", drafts.len()),
            why: format!("more than {ROUTES_MAX} are not written; give the carriers decks of prefixes and one route instead"),
        });
        drafts.clear();
    }
    drafts
}

/// Every beginning that a list names, the longest first.
fn prefixes(carriers: &[Carrier]) -> Vec<String> {
    let lists = |carrier: &Carrier| {
        [
            carrier.allowed_prefix.clone(),
            carrier.denied_prefix.clone(),
            carrier.preferred_prefix.clone(),
        ]
        .concat()
    };
    let all: BTreeSet<String> = carriers.iter().flat_map(lists).collect();
    let mut all: Vec<String> = all.into_iter().collect();
    all.sort_by(|one, other| (other.len(), one).cmp(&(one.len(), other)));
    all
}

/// Every id that a list names.
fn ids(carriers: &[Carrier]) -> BTreeSet<&str> {
    let lists = carriers.iter().flat_map(|carrier| {
        let all = carrier.allowed_smsc.iter().chain(&carrier.denied_smsc);
        all.chain(&carrier.preferred_smsc)
    });
    lists.map(String::as_str).collect()
}

/// Carriers that Kannel prefers, and all others.
type Chosen<'a> = (Vec<&'a str>, Vec<&'a str>);

/// The carriers that Kannel would choose from.
fn choice<'a>(carriers: &'a [Carrier], kind: Kind<'_>) -> Chosen<'a> {
    let (mut preferred, mut others) = (Vec::new(), Vec::new());
    let has = |list: &[String]| {
        kind.smsc
            .is_some_and(|id| list.iter().any(|known| known == id))
    };
    let begins = |list: &[String]| {
        let prefix = kind.prefix.unwrap_or_default();
        list.iter().any(|known| prefix.starts_with(known.as_str()))
    };
    for carrier in carriers.iter().filter(|carrier| carrier.sends) {
        // With a list of allowed ids the denied ones do not count, and so for numbers unless both say something.
        let is_denied = match carrier.allowed_smsc.is_empty() {
            true => has(&carrier.denied_smsc),
            false => !has(&carrier.allowed_smsc),
        };
        let is_far = match (
            carrier.allowed_prefix.is_empty(),
            carrier.denied_prefix.is_empty(),
        ) {
            (true, _) => begins(&carrier.denied_prefix),
            (false, true) => !begins(&carrier.allowed_prefix),
            (false, false) => !begins(&carrier.allowed_prefix) && begins(&carrier.denied_prefix),
        };
        if is_denied || is_far {
            continue;
        }
        if has(&carrier.preferred_smsc) || begins(&carrier.preferred_prefix) {
            preferred.push(carrier.name.as_str());
        } else {
            others.push(carrier.name.as_str());
        }
    }
    (preferred, others)
}

/// Routes of one kind of message: for each beginning, and for all others. Neighbours that say the same are one.
fn add(
    drafts: &mut Vec<Draft>,
    carriers: &[Carrier],
    prefixes: &[String],
    smsc: Option<&str>,
    of: &str,
    user: &User,
    work: &mut Work,
) {
    let mut pending: Option<(Vec<&str>, Chosen<'_>)> = None;
    let rest = choice(carriers, Kind { smsc, prefix: None });
    for prefix in prefixes {
        let own = choice(
            carriers,
            Kind {
                smsc,
                prefix: Some(prefix),
            },
        );
        match &mut pending {
            Some((names, chosen)) if *chosen == own => names.push(prefix),
            _ => {
                if let Some((names, chosen)) = pending.replace((vec![prefix], own)) {
                    push(drafts, of, &names, &chosen, user, work);
                }
            }
        }
    }
    if let Some((names, chosen)) = pending {
        // What the rest is given needs no route before it.
        if chosen != rest {
            push(drafts, of, &names, &chosen, user, work);
        }
    }
    push(drafts, of, &[], &rest, user, work);
}

fn push(
    drafts: &mut Vec<Draft>,
    of: &str,
    prefixes: &[&str],
    (preferred, others): &(Vec<&str>, Vec<&str>),
    user: &User,
    work: &mut Work,
) {
    let mut parts = Vec::new();
    if !of.is_empty() {
        parts.push(of.to_owned());
    }
    if !prefixes.is_empty() {
        parts.push(format!("prefix = {}", list(prefixes.iter().copied())));
    }
    let matched = format!("{{ {} }}", parts.join(", ")).replace("{  }", "{}");
    let all: Vec<&str> = preferred.iter().chain(others).copied().collect();
    if all.is_empty() {
        work.left.push(Left {
            file: user.file.clone(),
            line: user.line,
            what: match matched.as_str() {
                "{}" => "messages to any number".to_owned(),
                _ => format!("messages that match {matched}"),
            },
            why: "no smsc that was carried over takes them: Kannel refuses them, here the next route that matches takes them, if one does; \
                  to have them refused, give that route a `match` that leaves them out".to_owned(),
        });
        return;
    }
    let mut draft = Draft::new("[[route]]");
    draft.raw("match", matched);
    draft.texts("carriers", all.iter().copied());
    if preferred.is_empty() && all.len() > 1 {
        draft.text("policy", "weighted");
        draft.raw("weights", format!("{:?}", vec![1; all.len()]));
    } else {
        draft.text("policy", "ordered");
    }
    drafts.push(draft);
}
