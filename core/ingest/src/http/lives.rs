//! Many messages at once: `GET /v1/messages?ids=A,B` and `POST /v1/messages:status`.
//!
//! Promise: each id has its place in the answer, with the message's life or why there is none; an account sees its own.
//! The log is read once for all of them, on threads of its own. Bound: [`IDS_MAX`] ids a call; [`READERS_MAX`] readings of
//! the log at a time, one an account, for which a call waits no longer than the request timeout.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use carrack_engine::Story;
use carrack_message::MessageId;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::AcquireError;
use utoipa::{IntoParams, ToSchema};

use super::authentication::Customer;
use super::body::json_object;
use super::messages::Life;
use super::openapi::{BodyFaults, ParameterFaults, Refusals};
use super::problem::{FieldFault, Problem, json};
use super::state::State;
use crate::accounts::Account;

/// Most ids of one call.
pub(crate) const IDS_MAX: usize = 1_000;
/// Readings of the log at a time: each takes a thread, and what it reads from the disk others wait for.
pub(crate) const READERS_MAX: usize = 2;
/// What is said of an id that names nothing of this account.
pub(crate) const MISSING: &str = "there is no such message, or its time of retention is over";

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Asked {
    /// Ids with commas between them, at most 1,000.
    ids: String,
}

#[derive(Deserialize, ToSchema)]
#[schema(as = StatusCall)]
#[serde(deny_unknown_fields)]
pub(crate) struct AskedInBody {
    #[schema(min_items = 1, max_items = 1000)]
    ids: Vec<String>,
}

/// A life, or why there is none, for each id in its order.
#[derive(Serialize, ToSchema)]
pub(crate) struct Lives {
    messages: Vec<OneOfMany>,
}

#[derive(Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum OneOfMany {
    Known(Box<Life>),
    Unknown { id: String, error: FieldFault },
}

/// The lives of several messages
#[utoipa::path(
    get, path = "/v1/messages", operation_id = "messages", tag = "messages",
    params(Asked),
    responses((status = 200, description = "What became of them", body = Lives), ParameterFaults, Refusals)
)]
pub(crate) async fn get(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<Response, Problem> {
    let Query(asked) = asked.map_err(|fault| {
        Problem::field("ids", format!("{}; ask like ?ids=ID,ID", fault.body_text()))
    })?;
    let ids = asked.ids.split(',').map(|id| id.trim().to_owned());
    let ids = ids.filter(|_| !asked.ids.trim().is_empty());
    answer(&state, &account, ids.collect()).await
}

/// The lives of more messages than a path holds
#[utoipa::path(
    post, path = "/v1/messages:status", operation_id = "messages_by_body", tag = "messages",
    request_body = AskedInBody,
    responses((status = 200, description = "What became of them", body = Lives), BodyFaults, Refusals)
)]
pub(crate) async fn post(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let object = json_object(&state, &headers, body).await?;
    let asked: AskedInBody = serde_json::from_value(Value::Object(object))
        .map_err(|fault| Problem::field("ids", format!("{fault}; send {{\"ids\": [\"ID\"]}}")))?;
    answer(&state, &account, asked.ids).await
}

async fn answer(state: &State, account: &Account, ids: Vec<String>) -> Result<Response, Problem> {
    if ids.is_empty() || ids.len() > IDS_MAX {
        let detail = format!("has {} ids; ask for 1 to {IDS_MAX} in one call", ids.len());
        return Err(Problem::field("ids", detail));
    }
    let mut places: HashMap<MessageId, usize> = HashMap::new();
    let mut wanted: Vec<MessageId> = Vec::new();
    for id in ids.iter().filter_map(|id| id.parse().ok()) {
        places.entry(id).or_insert_with(|| {
            wanted.push(id);
            wanted.len() - 1
        });
    }
    let stories = stories_of(state, account, wanted).await?;
    let story = |id: &str| {
        let place = places.get(&id.parse().ok()?)?;
        stories.get(*place)?.clone()
    };
    let messages = ids.into_iter().map(|id| match story(&id) {
        Some(story) => OneOfMany::Known(Box::new(story.into())),
        None => OneOfMany::Unknown {
            id,
            error: FieldFault {
                field: "ids".to_owned(),
                detail: MISSING.to_owned(),
            },
        },
    });
    let messages = messages.collect();
    Ok(json(StatusCode::OK, &Lives { messages }))
}

/// The stories of messages of this account; somebody else's are not there. Ids are different.
pub(crate) async fn stories_of(
    state: &State,
    account: &Account,
    ids: Vec<MessageId>,
) -> Result<Vec<Option<Story>>, Problem> {
    let later = |detail: String| Problem::later(StatusCode::SERVICE_UNAVAILABLE, 5, detail);
    let turn = async {
        // One customer that asks without end leaves the other place to the others.
        let own = Arc::clone(&account.reading).acquire_owned().await?;
        let turn = Arc::clone(&state.log_readers).acquire_owned().await?;
        Ok::<_, AcquireError>((own, turn))
    };
    let turn = tokio::time::timeout(state.request_timeout, turn).await;
    let Ok(Ok(turn)) = turn else {
        return Err(later("too many ask for messages at this time".to_owned()));
    };
    let engine = state.engine.clone();
    let read = tokio::task::spawn_blocking(move || {
        let stories = engine.stories(&ids);
        // A client that has gone does not end the reading, so its turn ends here.
        drop(turn);
        stories
    });
    let mut stories = read
        .await
        .map_err(Problem::broken)?
        .map_err(|fault| later(format!("the log cannot be read: {fault}")))?;
    for story in &mut stories {
        story.take_if(|story| story.account != account.number);
    }
    Ok(stories)
}
