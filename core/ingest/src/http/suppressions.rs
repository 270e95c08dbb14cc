//! `/v1/suppressions`: numbers that must not be sent to, for customers (entries of their own) and operators (all).
//!
//! Promise: an entry that was answered with 200 is durable and in force. Bound: [`NUMBERS_MAX`] in one call,
//! [`PAGE_MAX`] entries on a page.

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as Parameters, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use carrack_engine::{
    SuppressedBy, SuppressionAct, SuppressionChange, SuppressionEntry, SuppressionFault,
    SuppressionFound, SuppressionListView,
};
use carrack_message::number;
use carrack_routing::read_instant;
use carrack_routing::suppression::{Reason, Scope, Whose};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;
use utoipa::IntoParams;

use super::authentication::{Caller, Operator};
use super::body::json_object;
use super::limit::Limit;
use super::openapi::{BodyFaults, Missing, ParameterFaults, Refusals};
use super::path::Path;
use super::problem::{FieldFault, Problem, json};
use super::state::State;
use super::suppression_call::Wanted;
use crate::batch::rfc3339;

/// Most numbers of one call.
const NUMBERS_MAX: usize = 10_000;
const PAGE_MAX: usize = 1_000;
const PAGE: usize = 100;

#[derive(Serialize)]
struct List {
    name: String,
    scope: &'static str,
    hash: &'static str,
    /// For operators: how many entries.
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compacted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    added: Option<u64>,
}

#[derive(Serialize)]
struct Found {
    list: String,
    scope: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    of: String,
    reason: &'static str,
    expires: Option<String>,
    /// Whether it forbids messages now.
    holds: bool,
    layer: carrack_engine::SuppressionLayer,
}

impl From<SuppressionFound> for Found {
    fn from(found: SuppressionFound) -> Self {
        Self {
            list: found.list,
            scope: found.scope.name(),
            of: found.name,
            reason: found.reason.name(),
            expires: found.ends_utc_ns.map(rfc3339),
            holds: found.holds,
            layer: found.layer,
        }
    }
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// A number, or its SHA-256: what the lists say of it.
    to: Option<String>,
    /// The sender, for entries by sender.
    from: Option<String>,
    /// The account, for entries by account; operators alone may name another.
    account: Option<String>,
}

/// The suppression lists; with `to` what they say of a number
#[utoipa::path(
    get, path = "/v1/suppressions", operation_id = "suppressions", tag = "account",
    params(Asked),
    responses((status = 200, description = "The lists, or what was found", body = serde_json::Value), ParameterFaults, Refusals)
)]
pub(crate) async fn lists(
    Extract(state): Extract<State>,
    caller: Caller,
    asked: Result<Parameters<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let asked = parameters(asked)?;
    if let Some(to) = &asked.to {
        let whose = caller.whose(to)?;
        let account = caller.account_named(asked.account.as_deref())?;
        let sender = asked.from.as_deref().unwrap_or("");
        let found = state
            .engine
            .suppressed(whose, account, sender, state.utc_ns());
        let found: Vec<Found> = found.into_iter().map(Found::from).collect();
        let document = serde_json::json!({ "to": to, "suppressed": found.iter().any(|found| found.holds), "found": found });
        return Ok(json(StatusCode::OK, &document));
    }
    let shown = |view: SuppressionListView| {
        let count = |count| caller.is_operator.then_some(count);
        List {
            name: view.name,
            scope: view.scope.name(),
            hash: view.hash,
            base: count(view.base),
            compacted: count(view.compacted),
            added: count(view.added),
        }
    };
    let lists = state.engine.suppression_lists().into_iter();
    let lists: Vec<List> = lists.map(shown).collect();
    Ok(json(StatusCode::OK, &serde_json::json!({ "lists": lists })))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Entries of one account.
    account: Option<String>,
    /// Entries of one sender.
    from: Option<String>,
    /// What the page before gave as `next`.
    after: Option<String>,
    /// Most entries; 100 unless given, 1,000 at most.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 1000)]
    limit: Option<Limit<PAGE_MAX>>,
}

#[derive(Serialize)]
struct Entry {
    #[serde(skip_serializing_if = "Option::is_none")]
    number: Option<String>,
    /// In lists of hashes: what is kept of it, the first digits of the hash where entries hold for all.
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    of: String,
    reason: &'static str,
    expires: Option<String>,
    /// It was taken back: what the base says of the number does not hold.
    removed: bool,
    since: String,
    by: SuppressedBy,
}

impl From<SuppressionEntry> for Entry {
    fn from(entry: SuppressionEntry) -> Self {
        Self {
            number: entry.number.map(|number| number.to_string()),
            hash: (entry.number.is_none()).then(|| format!("{:014x}", entry.key)),
            of: entry.name,
            reason: entry.reason.name(),
            expires: entry.ends_utc_ns.map(rfc3339),
            removed: entry.is_removed,
            since: rfc3339(entry.at_utc_ns),
            by: entry.by,
        }
    }
}

/// What was added to a suppression list since its last compaction
#[utoipa::path(
    get, path = "/v1/suppressions/{list}", operation_id = "suppression_entries", tag = "account",
    params(("list" = String, Path, description = "Its name"), Page),
    responses((status = 200, description = "A page of entries", body = serde_json::Value), ParameterFaults, Missing, Refusals)
)]
pub(crate) async fn entries(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(list): Path<String>,
    page: Result<Parameters<Page>, QueryRejection>,
) -> Result<Response, Problem> {
    let page = parameters(page)?;
    let scope = scope_of(&state, &list)?;
    caller.may_touch(scope, &list)?;
    let name = match scope {
        Scope::Global => None,
        Scope::Account if !caller.is_operator => Some(caller.account.name.as_str()),
        Scope::Account => page.account.as_deref(),
        Scope::Sender => page.from.as_deref(),
    };
    let after = page.after.as_deref().map(str::parse);
    let after = after
        .transpose()
        .map_err(|_| Problem::field("after", "is none that a page gave; leave it out"))?;
    let limit = page.limit.map_or(PAGE, |limit| limit.0);
    let engine = state.engine.clone();
    let (list_name, name) = (list.clone(), name.map(str::to_owned));
    // All that was added is looked at.
    let found = tokio::task::spawn_blocking(move || {
        engine.suppression_entries(&list_name, name.as_deref(), after, limit)
    });
    let found = found.await.map_err(Problem::broken)?;
    let found = found.ok_or_else(|| unknown(&list))?;
    let next = found.last().filter(|_| found.len() == limit);
    let next = next.map(|entry| entry.key.to_string());
    let entries: Vec<Entry> = found.into_iter().map(Entry::from).collect();
    let document = serde_json::json!({ "list": list, "entries": entries, "next": next });
    Ok(json(StatusCode::OK, &document))
}

/// Puts numbers on a suppression list
#[utoipa::path(
    post, path = "/v1/suppressions/{list}", operation_id = "suppress", tag = "account",
    params(("list" = String, Path, description = "Its name")),
    request_body = Wanted,
    responses(
        (status = 200, description = "They are on it, durably and in force", body = serde_json::Value),
        (status = 409, description = "As much was added as may be before a compaction", body = Problem, content_type = "application/problem+json"),
        BodyFaults, Missing, Refusals
    )
)]
pub(crate) async fn add(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(list): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let object = json_object(&state, &headers, body).await?;
    let wanted = Wanted::read(object).map_err(Problem::fields)?;
    let scope = scope_of(&state, &list)?;
    caller.may_touch(scope, &list)?;
    let name = caller.name_of(scope, wanted.account.as_deref(), wanted.from.as_deref())?;
    let reason = match &wanted.reason {
        Some(reason) => reason
            .parse()
            .map_err(|fault: String| Problem::field("reason", fault))?,
        None => Reason::Operator,
    };
    let ends_utc_ns = match &wanted.expires {
        Some(text) => read_instant(text).map_err(|fault| Problem::field("expires", fault))?,
        None => u64::MAX,
    };
    let at_utc_ns = state.utc_ns();
    if ends_utc_ns <= at_utc_ns {
        // It would lift what another entry forbids.
        let detail = "is past, so that the entry would hold for no message; give a date to come, or leave it out";
        return Err(Problem::field("expires", detail));
    }
    let whose = caller.all_of(&wanted)?;
    let act = SuppressionAct::Add {
        reason,
        ends_utc_ns,
    };
    let change = |whose| SuppressionChange {
        list: list.clone(),
        whose,
        name: name.clone(),
        act,
        by: caller.by(),
        at_utc_ns,
    };
    let changed = change_all(&state, whose.into_iter().map(change).collect()).await?;
    tracing::info!(
        list,
        count = changed.len(),
        by = caller.account.name,
        "numbers were put on a suppression list"
    );
    let added = changed.iter().filter(|changed| **changed).count();
    let document =
        serde_json::json!({ "list": list, "added": added, "there_before": changed.len() - added });
    Ok(json(StatusCode::OK, &document))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Of {
    /// Whose entry it is, in lists by account.
    account: Option<String>,
    /// Whose entry it is, in lists by sender.
    from: Option<String>,
}

/// Takes a number from a suppression list
#[utoipa::path(
    delete, path = "/v1/suppressions/{list}/{number}", operation_id = "unsuppress", tag = "account",
    params(("list" = String, Path, description = "Its name"), ("number" = String, Path, description = "The number, or its SHA-256"), Of),
    responses(
        (status = 200, description = "It is off it, durably and in force", body = serde_json::Value),
        (status = 409, description = "As much was added as may be before a compaction", body = Problem, content_type = "application/problem+json"),
        ParameterFaults, Missing, Refusals
    )
)]
pub(crate) async fn remove(
    Extract(state): Extract<State>,
    caller: Caller,
    Path((list, number)): Path<(String, String)>,
    of: Result<Parameters<Of>, QueryRejection>,
) -> Result<Response, Problem> {
    let of = parameters(of)?;
    let scope = scope_of(&state, &list)?;
    caller.may_touch(scope, &list)?;
    let change = SuppressionChange {
        list: list.clone(),
        whose: caller.whose(&number)?,
        name: caller.name_of(scope, of.account.as_deref(), of.from.as_deref())?,
        act: SuppressionAct::Remove,
        by: caller.by(),
        at_utc_ns: state.utc_ns(),
    };
    let changed = change_all(&state, vec![change]).await?;
    let removed = changed.first().copied().unwrap_or(false);
    tracing::info!(
        list,
        removed,
        by = caller.account.name,
        "a number was taken from a suppression list"
    );
    let document = serde_json::json!({ "list": list, "removed": removed });
    Ok(json(StatusCode::OK, &document))
}

/// Moves what was added to a suppression list into an index
#[utoipa::path(
    post, path = "/v1/suppressions/{list}/compact", operation_id = "compact_suppression", tag = "operators",
    params(("list" = String, Path, description = "Its name")),
    responses(
        (status = 200, description = "How many entries the index has", body = serde_json::Value),
        (status = 409, description = "A compaction is at work", body = Problem, content_type = "application/problem+json"),
        Missing, Refusals
    )
)]
pub(crate) async fn compact(
    Extract(state): Extract<State>,
    _: Operator,
    Path(list): Path<String>,
) -> Result<Response, Problem> {
    scope_of(&state, &list)?;
    let (answer, reply) = oneshot::channel();
    let reply_to = Box::new(move |done| drop(answer.send(done)));
    state.engine.compact_suppression(&list, reply_to)?;
    let entries = reply.await.map_err(|_| Problem::no_answer())??;
    let document = serde_json::json!({ "list": list, "entries": entries });
    Ok(json(StatusCode::OK, &document))
}

fn parameters<T>(read: Result<Parameters<T>, QueryRejection>) -> Result<T, Problem> {
    let Parameters(read) = read?;
    Ok(read)
}

async fn change_all(state: &State, changes: Vec<SuppressionChange>) -> Result<Vec<bool>, Problem> {
    let (answer, reply) = oneshot::channel();
    let reply_to = Box::new(move |done| drop(answer.send(done)));
    state.engine.suppress(changes, reply_to)?;
    let done = tokio::time::timeout(state.request_timeout, reply).await;
    match done {
        Ok(Ok(done)) => Ok(done?),
        Ok(Err(_)) | Err(_) => {
            let detail = "the disk gave no answer in time; ask again, the same is done once";
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail))
        }
    }
}

fn scope_of(state: &State, list: &str) -> Result<Scope, Problem> {
    let lists = state.engine.suppression_lists();
    let found = lists.iter().find(|view| view.name == list);
    found.map(|view| view.scope).ok_or_else(|| unknown(list))
}

fn unknown(list: &str) -> Problem {
    Problem::not_found(format!("there is no suppression list {list:?}"))
}

impl Caller {
    const fn by(&self) -> SuppressedBy {
        match self.is_operator {
            true => SuppressedBy::Operator,
            false => SuppressedBy::Customer,
        }
    }

    /// A customer has entries of his own in lists by account, and no others.
    fn may_touch(&self, scope: Scope, list: &str) -> Result<(), Problem> {
        if self.is_operator || scope == Scope::Account {
            return Ok(());
        }
        let detail = format!(
            "the list {list} holds for others too, so that an operator has to change it; lists with scope \"account\" are yours"
        );
        Err(Problem::new(StatusCode::FORBIDDEN, detail))
    }

    fn account_named<'a>(&'a self, name: Option<&'a str>) -> Result<&'a str, Problem> {
        match name {
            Some(name) if self.is_operator || name == self.account.name => Ok(name),
            Some(_) => Err(Problem::field("account", "is not yours; leave it out")),
            None => Ok(&self.account.name),
        }
    }

    /// The account or sender of an entry.
    fn name_of(
        &self,
        scope: Scope,
        account: Option<&str>,
        from: Option<&str>,
    ) -> Result<String, Problem> {
        match scope {
            Scope::Global => Ok(String::new()),
            Scope::Account => self.account_named(account).map(str::to_owned),
            Scope::Sender => from.map(str::to_owned).ok_or_else(|| {
                Problem::field("from", "is missing; entries of this list are by sender")
            }),
        }
    }

    /// A number, or the hash of one: 64 digits are no number.
    fn whose(&self, to: &str) -> Result<Whose, Problem> {
        if let Some(hash) = Whose::of_sha256(to.as_bytes()) {
            return Ok(hash);
        }
        let region = self.account.region.as_deref();
        let number = number::tidy(to, region).map_err(|fault| Problem::field("to", fault))?;
        Ok(Whose::Number(number))
    }

    fn all_of(&self, wanted: &Wanted) -> Result<Vec<Whose>, Problem> {
        let region = self.account.region.as_deref();
        let to: Vec<&str> = match &wanted.to {
            Value::Null => Vec::new(),
            Value::String(one) => vec![one],
            Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
            _ => return Err(Problem::field("to", "has to be a number or a list of them")),
        };
        if let Value::Array(all) = &wanted.to
            && all.len() != to.len()
        {
            return Err(Problem::field(
                "to",
                "has to hold texts; write numbers as \"+447700900123\"",
            ));
        }
        let count = to.len() + wanted.sha256.len();
        if !(1..=NUMBERS_MAX).contains(&count) {
            let detail =
                format!("has {count} numbers; give 1 to {NUMBERS_MAX}, or build a base for more");
            return Err(Problem::field("to", detail));
        }
        let (mut whose, mut faults) = (Vec::with_capacity(count), Vec::new());
        for text in to {
            match number::tidy(text, region) {
                Ok(number) => whose.push(Whose::Number(number)),
                Err(fault) => faults.push(FieldFault {
                    field: "to".to_owned(),
                    detail: format!("{text:?}: {fault}"),
                }),
            }
        }
        for text in &wanted.sha256 {
            match Whose::of_sha256(text.as_bytes()) {
                Some(hash) => whose.push(hash),
                None => faults.push(FieldFault {
                    field: "sha256".to_owned(),
                    detail: format!("{text:?} is no SHA-256; write 64 hexadecimal digits"),
                }),
            }
        }
        match faults.is_empty() {
            true => Ok(whose),
            false => Err(Problem::fields(faults)),
        }
    }
}

impl From<SuppressionFault> for Problem {
    fn from(fault: SuppressionFault) -> Self {
        match &fault {
            SuppressionFault::UnknownList(list) => unknown(list),
            SuppressionFault::Form(_) => Self::field("to", fault),
            SuppressionFault::Full(_) | SuppressionFault::AtWork(_) => {
                Self::new(StatusCode::CONFLICT, fault)
            }
            SuppressionFault::Share(_) => Self::later(StatusCode::CONFLICT, 10, fault),
            SuppressionFault::ReadOnly => Self::new(StatusCode::FORBIDDEN, fault),
            SuppressionFault::Disk(_) => Self::later(StatusCode::SERVICE_UNAVAILABLE, 10, fault),
            SuppressionFault::Busy => Self::later(StatusCode::TOO_MANY_REQUESTS, 1, fault),
            SuppressionFault::Stopped => Self::later(StatusCode::SERVICE_UNAVAILABLE, 5, fault),
        }
    }
}
