//! Quotes for customers; carriers, queue and routes for operators.

use axum::body::Body;
use axum::extract::{Query as Parameters, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use carrack_engine::{CarrierSnapshot, LimitView, Snapshot};
use carrack_message::Class;
use carrack_routing::Query;
use carrack_routing::suppression::Whose;
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use utoipa::{IntoParams, ToSchema};

use super::authentication::{Customer, Operator};
use super::body::json_object;
use super::messages::RECIPIENTS_MAX;
use super::openapi::{BodyFaults, MessageCall, Missing, ParameterFaults, Refusals};
use super::path::Path;
use super::problem::{FieldFault, Problem, json};
use super::request::MessageRequest;
use super::state::State;
use crate::batch::rfc3339;
use crate::loop_probe::ProbesShown;
use crate::submission::{Screen, SubmissionFault};

#[derive(Serialize, ToSchema)]
pub(crate) struct Quotes {
    messages: Vec<Quote>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Quote {
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<u8>,
    price: Option<String>,
    carrier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FieldFault>,
}

/// What a text would cost
///
/// Takes what POST /v1/messages takes, and sends nothing. Where no recipient can be taken, the answer is a problem.
#[utoipa::path(
    post, path = "/v1/quote", operation_id = "quote", tag = "messages",
    request_body = MessageCall,
    responses((status = 200, description = "A quote or an error for each recipient", body = Quotes), BodyFaults, Refusals)
)]
pub(crate) async fn quote(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let object = json_object(&state, &headers, body).await?;
    let request = MessageRequest::read(object, RECIPIENTS_MAX, state.utc_ns())?;
    let table = state.engine.table();
    let (lists, utc_ns) = (state.engine.suppressions_now(), state.utc_ns());
    let screen = Screen::new(&account, Class::Transactional);
    let quote = |to: &String| {
        let found = request.screen(&account, to).and_then(|recipient| {
            let choice = screen.route(&table, &recipient.submission, utc_ns)?;
            match screen.suppression(&lists, &recipient.submission, &choice, utc_ns) {
                Some(refusal) => Err(SubmissionFault::new("to", refusal)),
                None => Ok((recipient, choice)),
            }
        });
        match found {
            Ok((recipient, choice)) => Quote {
                to: recipient.submission.to.to_string(),
                encoding: Some(recipient.encoding),
                segments: Some(recipient.submission.segments),
                price: recipient.submission.price.map(|price| price.to_string()),
                carrier: choice
                    .candidates
                    .first()
                    .and_then(|first| table.carrier(first.carrier))
                    .map(|carrier| carrier.name.clone()),
                error: None,
            },
            Err(fault) => Quote {
                to: to.clone(),
                encoding: None,
                segments: None,
                price: None,
                carrier: None,
                error: Some(fault.into()),
            },
        }
    };
    let messages: Vec<Quote> = request.to.iter().map(quote).collect();
    if messages.iter().all(|quote| quote.error.is_some()) {
        // As the message itself would be answered.
        let faults = messages.into_iter().filter_map(|quote| quote.error);
        return Err(Problem::fields(faults.collect()));
    }
    Ok(json(StatusCode::OK, &Quotes { messages }))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Limits {
    limits: Vec<LimitView>,
}

/// Limits of senders, networks and recipients
#[utoipa::path(
    get, path = "/v1/limits", operation_id = "limits", tag = "operators",
    responses((status = 200, description = "How they do", body = Limits), Refusals)
)]
pub(crate) async fn limits(
    Extract(state): Extract<State>,
    _: Operator,
) -> Result<Response, Problem> {
    let limits = asked(&state, |answer| state.engine.limits(answer)).await?;
    Ok(json(StatusCode::OK, &Limits { limits }))
}

async fn snapshot(state: &State) -> Result<Snapshot, Problem> {
    asked(state, |answer| state.engine.snapshot(answer)).await
}

/// What the engine answers, if it does so in time.
async fn asked<T: Send + 'static>(
    state: &State,
    ask: impl FnOnce(Box<dyn FnOnce(T) + Send>),
) -> Result<T, Problem> {
    let (answer, reply) = oneshot::channel();
    // The client may have gone.
    ask(Box::new(move |answered| drop(answer.send(answered))));
    match tokio::time::timeout(state.request_timeout, reply).await {
        Ok(Ok(answered)) => Ok(answered),
        Ok(Err(_)) | Err(_) => Err(Problem::later(
            StatusCode::SERVICE_UNAVAILABLE,
            1,
            "the engine gave no answer in time",
        )),
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Carriers {
    carriers: Vec<CarrierSnapshot>,
}

/// Carriers
#[utoipa::path(
    get, path = "/v1/carriers", operation_id = "carriers", tag = "operators",
    responses((status = 200, description = "How they do", body = Carriers), Refusals)
)]
pub(crate) async fn carriers(
    Extract(state): Extract<State>,
    _: Operator,
) -> Result<Response, Problem> {
    let snapshot = snapshot(&state).await?;
    Ok(json(
        StatusCode::OK,
        &Carriers {
            carriers: snapshot.carriers,
        },
    ))
}

/// Loop probes
#[utoipa::path(
    get, path = "/v1/loop_probes", operation_id = "loop_probes", tag = "operators",
    responses((status = 200, description = "How they do", body = ProbesShown), Refusals)
)]
pub(crate) async fn loop_probes(
    Extract(state): Extract<State>,
    _: Operator,
) -> Result<Response, Problem> {
    let shown = state.loop_probes.shown(state.utc_ns());
    Ok(json(StatusCode::OK, &shown))
}

/// The queue and all carriers
#[utoipa::path(
    get, path = "/v1/queue", operation_id = "queue", tag = "operators",
    responses((status = 200, description = "What waits, and where", body = Snapshot), Refusals)
)]
pub(crate) async fn queue(
    Extract(state): Extract<State>,
    _: Operator,
) -> Result<Response, Problem> {
    Ok(json(StatusCode::OK, &snapshot(&state).await?))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Changed {
    carrier: String,
    paused: bool,
}

/// Stops a carrier taking messages, or lets it again
#[utoipa::path(
    post, path = "/v1/carriers/{name}/{change}", operation_id = "change_carrier", tag = "operators",
    params(("name" = String, Path, description = "Its name"), ("change" = String, Path, description = "`pause` or `resume`")),
    responses((status = 200, description = "It is told", body = Changed), Missing, Refusals)
)]
pub(crate) async fn change_carrier(
    Extract(state): Extract<State>,
    Operator(account): Operator,
    Path((name, change)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let paused = match change.as_str() {
        "pause" => true,
        "resume" => false,
        _ => {
            return Err(Problem::not_found(
                "a carrier can be told to pause or resume",
            ));
        }
    };
    if !state.engine.pause_carrier(&name, paused) {
        return Err(Problem::not_found(format!("there is no carrier {name:?}")));
    }
    tracing::info!(
        carrier = name,
        paused,
        by = account.name,
        "a carrier was told to pause or resume"
    );
    Ok(json(
        StatusCode::OK,
        &Changed {
            carrier: name,
            paused,
        },
    ))
}

/// The message whose way is asked for.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Explained {
    to: String,
    from: Option<String>,
    account: Option<String>,
    class: Option<String>,
    /// Looked at for its segments, and by routes that ask for a text.
    text: Option<String>,
    tag: Option<String>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct ExplainedWay {
    #[serde(flatten)]
    explanation: carrack_routing::Explanation,
    /// Suppression lists that the number stands on, with the reason; which messages they are for is not looked at.
    suppressed_by: Vec<String>,
    /// Until when quiet hours hold it, and which.
    #[serde(skip_serializing_if = "Option::is_none")]
    held_until: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    held_by: Option<String>,
    segments: Option<u8>,
    encoding: Option<&'static str>,
}

/// Why a message goes where it goes
#[utoipa::path(
    get, path = "/v1/routes/explain", operation_id = "explain", tag = "operators",
    params(Explained),
    responses((status = 200, description = "Every route and carrier that was looked at", body = ExplainedWay), ParameterFaults, Refusals)
)]
pub(crate) async fn explain(
    Extract(state): Extract<State>,
    Operator(operator): Operator,
    parameters: Result<Parameters<Explained>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Parameters(asked) = parameters?;
    let accounts = state.accounts.current();
    let account = match &asked.account {
        None => operator,
        Some(name) => {
            let found = accounts.by_name(name).cloned();
            found.ok_or_else(|| Problem::field("account", format!("{name:?} is unknown")))?
        }
    };
    let screen = Screen::new(&account, Class::Transactional);
    let to = screen
        .recipient(&asked.to)
        .map_err(|fault| Problem::fields(vec![fault.into()]))?;
    let class = asked.class.as_deref().map(str::parse::<Class>).transpose();
    let class = class.map_err(|fault| Problem::field("class", fault))?;
    let from = asked
        .from
        .as_deref()
        .or_else(|| account.sender.as_ref().map(|sender| sender.as_str()));
    let text = asked
        .text
        .as_deref()
        .map(|text| carrack_message::Segmentation::of(text, account.segments_max));
    let text = text
        .transpose()
        .map_err(|fault| Problem::field("text", fault))?;
    let class = class.or(account.class).unwrap_or(Class::Transactional);
    let (deck, quality) = (account.deck.as_ref(), state.engine.quality());
    let query = Query {
        group: &account.group,
        tag: asked.tag.as_deref().unwrap_or_default(),
        text: asked.text.as_deref(),
        segments: text.as_ref().map_or(1, |text| text.segments),
        at_utc_ns: state.utc_ns(),
        sell: account.price(to).map(|hit| hit.price),
        sell_currency: deck.and_then(|deck| deck.currency()),
        quality: Some(&quality),
        ..Query::of(&account.name, to, from.unwrap_or_default(), class)
    };
    let explanation = state
        .engine
        .table()
        .explain(&query, &|carrier| state.engine.health(carrier));
    let from = from.unwrap_or_default();
    let found = (state.engine).suppressed(Whose::Number(to), &account.name, from, query.at_utc_ns);
    let found = found.into_iter().filter(|found| found.holds);
    let directory = state.engine.directory();
    let quiet = directory.quiet();
    let held = quiet.and_then(|quiet| {
        let network = state.engine.table().network(&query);
        quiet.held_until(&query, network, query.at_utc_ns)
    });
    let way = ExplainedWay {
        explanation,
        suppressed_by: found
            .map(|found| format!("{} ({})", found.list, found.reason))
            .collect(),
        held_until: held.map(|(until_ns, _)| rfc3339(until_ns)),
        held_by: held.map(|(_, rule)| rule.to_owned()),
        segments: text.map(|text| text.segments),
        encoding: text.map(|text| text.alphabet.name()),
    };
    Ok(json(StatusCode::OK, &way))
}
