//! `/v1/webhooks`: how an account's webhook does, and its dead letters: what nobody took in its time.

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::authentication::{Customer, Operator};
use super::body::json_object;
use super::limit::Limit;
use super::openapi::{BodyFaults, Missing, ParameterFaults, Refusals};
use super::path::Path;
use super::problem::{Problem, json};
use super::state::State;
use crate::accounts::Account;
use crate::batch::rfc3339;
use crate::webhook::{Letter, Resent, WebhookDesk, Which};

/// Dead letters of one answer.
const LISTED_MAX: usize = 1_000;
const LISTED: usize = 100;
/// Events that one call names.
const IDS_MAX: usize = 1_000;

#[derive(Serialize, ToSchema)]
pub(crate) struct Webhooks {
    webhooks: Vec<Webhook>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Webhook {
    account: String,
    /// Null: it has only callbacks.
    url: Option<String>,
    callbacks: bool,
    /// `working`, `failing`, or `starting` before its first request.
    state: &'static str,
    /// Why the last request failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<String>,
    requests: usize,
    held: usize,
    resending: usize,
    dead: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_at: Option<String>,
}

fn desk(state: &State) -> Result<WebhookDesk, Problem> {
    let desk = state.webhooks.clone();
    desk.ok_or_else(|| Problem::not_found("this door has no webhooks"))
}

/// Runs what touches the disk.
async fn on_disk<T: Send + 'static>(
    act: impl FnOnce() -> std::io::Result<T> + Send + 'static,
) -> Result<T, Problem> {
    let done = tokio::task::spawn_blocking(act).await;
    done.map_err(Problem::broken)?.map_err(|error| {
        let detail = format!("the dead letters cannot be read or written: {error}");
        Problem::later(StatusCode::SERVICE_UNAVAILABLE, 5, detail)
    })
}

async fn shown(desk: &WebhookDesk, account: &Account) -> Result<Option<Webhook>, Problem> {
    if account.webhook.is_none() && account.callbacks.is_none() {
        return Ok(None);
    }
    let number = account.number;
    let reading = desk.clone();
    let (_, dead) = on_disk(move || reading.dead(number, 0, 0)).await?;
    let seen = desk.state(number).unwrap_or_default();
    Ok(Some(Webhook {
        account: account.name.clone(),
        url: account
            .webhook
            .as_ref()
            .map(|webhook| webhook.url.to_string()),
        callbacks: account.callbacks.is_some(),
        state: match (&seen.failing, seen.taken_utc_ns) {
            (Some(_), _) => "failing",
            (None, 0) => "starting",
            (None, _) => "working",
        },
        why: seen.failing,
        requests: seen.requests,
        held: seen.held,
        resending: seen.resending,
        dead,
        taken_at: (seen.taken_utc_ns > 0).then(|| rfc3339(seen.taken_utc_ns)),
    }))
}

/// How the account's webhook does
#[utoipa::path(
    get, path = "/v1/webhooks", operation_id = "webhooks", tag = "account",
    responses((status = 200, description = "One, or none", body = Webhooks), Missing, Refusals)
)]
pub(crate) async fn own(
    Extract(state): Extract<State>,
    Customer(account): Customer,
) -> Result<Response, Problem> {
    let desk = desk(&state)?;
    let webhooks = shown(&desk, &account).await?.into_iter().collect();
    Ok(json(StatusCode::OK, &Webhooks { webhooks }))
}

/// How all webhooks do
#[utoipa::path(
    get, path = "/v1/accounts/webhooks", operation_id = "webhooks_of_all", tag = "operators",
    responses((status = 200, description = "By account", body = Webhooks), Missing, Refusals)
)]
pub(crate) async fn all(Extract(state): Extract<State>, _: Operator) -> Result<Response, Problem> {
    let desk = desk(&state)?;
    let mut webhooks = Vec::new();
    let accounts = state.accounts.current();
    for account in accounts.iter() {
        webhooks.extend(shown(&desk, account).await?);
    }
    Ok(json(StatusCode::OK, &Webhooks { webhooks }))
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Those after this place in the list: `next` of the answer before.
    after: Option<u64>,
    /// At most so many; 100 by default.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 1000)]
    limit: Option<Limit<LISTED_MAX>>,
}

type AskedFor = Result<Query<Asked>, QueryRejection>;

/// The number of an account that an operator names.
fn named(state: &State, name: &str) -> Result<u32, Problem> {
    let found = state
        .accounts
        .current()
        .by_name(name)
        .map(|other| other.number);
    found.ok_or_else(|| Problem::not_found("there is no account of that name"))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Dead {
    total: u64,
    letters: Vec<DeadLetter>,
    /// To be given as `after` for the next ones; null: these were the last.
    next: Option<u64>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct DeadLetter {
    id: String,
    serial: u64,
    why: String,
    at: String,
    given_up_at: String,
    /// Null: the account's webhook.
    url: Option<String>,
    /// What was posted: the event where it is JSON, else a text; null where it was asked by GET.
    body: Value,
}

impl From<Letter> for DeadLetter {
    fn from(letter: Letter) -> Self {
        let body = match letter.body.is_empty() {
            true => Value::Null,
            false => serde_json::from_str(&letter.body).unwrap_or(Value::String(letter.body)),
        };
        Self {
            id: letter.id,
            serial: letter.serial,
            why: letter.why,
            at: rfc3339(letter.at_utc_ns),
            given_up_at: rfc3339(letter.given_up_utc_ns),
            url: (!letter.url.is_empty()).then_some(letter.url),
            body,
        }
    }
}

/// Events that nobody took
#[utoipa::path(
    get, path = "/v1/webhooks/dead", operation_id = "dead_letters", tag = "account",
    params(Asked),
    responses((status = 200, description = "The oldest first", body = Dead), ParameterFaults, Missing, Refusals)
)]
pub(crate) async fn dead(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    asked: AskedFor,
) -> Result<Response, Problem> {
    dead_of(&state, account.number, asked).await
}

/// Events of an account that nobody took
#[utoipa::path(
    get, path = "/v1/accounts/{account}/webhooks/dead", operation_id = "dead_letters_of", tag = "operators",
    params(("account" = String, Path, description = "Name of the account"), Asked),
    responses((status = 200, description = "The oldest first", body = Dead), ParameterFaults, Missing, Refusals)
)]
pub(crate) async fn dead_named(
    Extract(state): Extract<State>,
    _: Operator,
    Path(name): Path<String>,
    asked: AskedFor,
) -> Result<Response, Problem> {
    dead_of(&state, named(&state, &name)?, asked).await
}

async fn dead_of(state: &State, account: u32, asked: AskedFor) -> Result<Response, Problem> {
    let Query(asked) = asked?;
    let desk = desk(state)?;
    let most = asked.limit.map_or(LISTED, |limit| limit.0);
    let after = asked.after.unwrap_or(0);
    if i64::try_from(after).is_err() {
        return Err(Problem::field(
            "after",
            "is no place in the list; give `next` of the answer before",
        ));
    }
    let (letters, total) = on_disk(move || desk.dead(account, after, most)).await?;
    let last = letters.last().map(|letter| letter.serial);
    let next = last.filter(|_| letters.len() == most);
    let letters = letters.into_iter().map(DeadLetter::from).collect();
    Ok(json(
        StatusCode::OK,
        &Dead {
            total,
            letters,
            next,
        },
    ))
}

#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = DeadLettersCall)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// Ids of events.
    #[serde(default)]
    #[schema(max_items = 1000)]
    ids: Vec<String>,
    /// All that are listed, instead of `ids`.
    #[serde(default)]
    all: bool,
}

impl Wanted {
    fn which(self) -> Result<Which, Problem> {
        match (self.ids.len(), self.all) {
            (0, true) => Ok(Which::All),
            (0, false) => Err(Problem::field(
                "ids",
                "names none; give ids of events, or \"all\": true",
            )),
            (_, true) => Err(Problem::field(
                "all",
                "goes without `ids`; leave one of them out",
            )),
            (1..=IDS_MAX, false) => Ok(Which::Ids(self.ids)),
            _ => Err(Problem::field(
                "ids",
                format!("names more than {IDS_MAX}; make several calls, or say \"all\": true"),
            )),
        }
    }
}

async fn wanted(state: &State, headers: &HeaderMap, body: Body) -> Result<Which, Problem> {
    let object = json_object(state, headers, body).await?;
    let wanted: Wanted = serde_json::from_value(Value::Object(object)).map_err(|fault| {
        let detail = format!("it has to be {{\"ids\": [...]}} or {{\"all\": true}}: {fault}");
        Problem::bad_request(detail)
    })?;
    wanted.which()
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Again {
    resent: u64,
    left: u64,
}

/// Tells them again
#[utoipa::path(
    post, path = "/v1/webhooks/dead/resend", operation_id = "resend", tag = "account",
    request_body = Wanted,
    responses((status = 200, description = "How many are on their way", body = Again), (status = 409, description = "The account has neither webhook nor callbacks", body = Problem, content_type = "application/problem+json"), BodyFaults, Missing, Refusals)
)]
pub(crate) async fn resend(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let which = wanted(&state, &headers, body).await?;
    resend_of(&state, account.number, which).await
}

/// Tells those of an account again
#[utoipa::path(
    post, path = "/v1/accounts/{account}/webhooks/dead/resend", operation_id = "resend_of", tag = "operators",
    params(("account" = String, Path, description = "Name of the account")),
    request_body = Wanted,
    responses((status = 200, description = "How many are on their way", body = Again), (status = 409, description = "The account has neither webhook nor callbacks", body = Problem, content_type = "application/problem+json"), BodyFaults, Missing, Refusals)
)]
pub(crate) async fn resend_named(
    Extract(state): Extract<State>,
    _: Operator,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let which = wanted(&state, &headers, body).await?;
    resend_of(&state, named(&state, &name)?, which).await
}

async fn resend_of(state: &State, account: u32, which: Which) -> Result<Response, Problem> {
    let desk = desk(state)?;
    let answer = tokio::time::timeout(state.request_timeout, desk.resend(account, which)).await;
    let Ok(answer) = answer else {
        return Err(Problem::no_answer());
    };
    let Some(Resent { resent, left }) = answer else {
        let detail = "the account has neither a `webhook` nor `callbacks`; give it one first";
        return Err(Problem::new(StatusCode::CONFLICT, detail));
    };
    Ok(json(StatusCode::OK, &Again { resent, left }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Dropped {
    dropped: u64,
}

/// Takes them away for good
#[utoipa::path(
    post, path = "/v1/webhooks/dead/drop", operation_id = "drop_dead_letters", tag = "account",
    request_body = Wanted,
    responses((status = 200, description = "How many there were", body = Dropped), BodyFaults, Missing, Refusals)
)]
pub(crate) async fn drop_letters(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let which = wanted(&state, &headers, body).await?;
    drop_of(&state, account.number, which).await
}

/// Takes those of an account away for good
#[utoipa::path(
    post, path = "/v1/accounts/{account}/webhooks/dead/drop", operation_id = "drop_dead_letters_of", tag = "operators",
    params(("account" = String, Path, description = "Name of the account")),
    request_body = Wanted,
    responses((status = 200, description = "How many there were", body = Dropped), BodyFaults, Missing, Refusals)
)]
pub(crate) async fn drop_named(
    Extract(state): Extract<State>,
    _: Operator,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let which = wanted(&state, &headers, body).await?;
    drop_of(&state, named(&state, &name)?, which).await
}

async fn drop_of(state: &State, account: u32, which: Which) -> Result<Response, Problem> {
    let desk = desk(state)?;
    let dropped = on_disk(move || desk.drop_letters(account, &which)).await?;
    Ok(json(StatusCode::OK, &Dropped { dropped }))
}
