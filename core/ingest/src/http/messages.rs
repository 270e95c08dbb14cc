//! `/v1/messages`: one text to one recipient or many, its whole life, and its withdrawal.

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use carrack_engine::{Cancelled, Chunk, Story, Verdict};
use carrack_message::{Alphabet, MessageId, Micros};
use serde::Serialize;
use tokio::sync::oneshot;

use super::authentication::Customer;
use super::body::json_object;
use super::problem::{FieldFault, Problem, json};
use super::request::MessageRequest;
use super::state::State;
use crate::accounts::Account;
use crate::batch::rfc3339;

/// Most recipients of one call.
pub const RECIPIENTS_MAX: usize = 1_000;

#[derive(Serialize)]
struct Sent {
    messages: Vec<Item>,
}

#[derive(Serialize)]
struct Item {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    encoding: Option<&'static str>,
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<FieldFault>,
}

impl Item {
    fn refused(to: String, error: FieldFault) -> Self {
        Self {
            id: None,
            to,
            status: None,
            segments: None,
            encoding: None,
            price: None,
            currency: None,
            error: Some(error),
        }
    }
}

pub(crate) async fn post(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let object = json_object(&state, &headers, body).await?;
    let request = MessageRequest::read(object, RECIPIENTS_MAX, state.utc_ns())?;
    let mut items: Vec<Item> = Vec::with_capacity(request.to.len());
    let mut submissions = Vec::with_capacity(request.to.len());
    let mut places = Vec::with_capacity(request.to.len());
    let currency = account
        .deck
        .as_ref()
        .and_then(|deck| deck.currency())
        .map(|currency| currency.to_string());
    for to in &request.to {
        match request.screen(&account, to) {
            Err(fault) => items.push(Item::refused(to.clone(), fault.into())),
            Ok(recipient) => {
                places.push(items.len());
                let submission = &recipient.submission;
                items.push(Item {
                    id: None,
                    to: submission.to.to_string(),
                    status: Some("accepted"),
                    segments: Some(submission.segments),
                    encoding: Some(recipient.encoding),
                    price: submission.price.map(|price| price.to_string()),
                    currency: submission.price.and_then(|_| currency.clone()),
                    error: None,
                });
                submissions.push(recipient.submission);
            }
        }
    }
    let mut refusal = None;
    if !submissions.is_empty() {
        take_rate(&account, &submissions)?;
        let verdicts = submit(&state, submissions).await?;
        for (verdict, place) in verdicts.into_iter().zip(places) {
            let Some(item) = items.get_mut(place) else {
                continue;
            };
            match verdict {
                Verdict::Accepted(id) => item.id = Some(id.to_string()),
                Verdict::Refused(found) => {
                    let error = FieldFault {
                        field: "to".to_owned(),
                        detail: found.to_string(),
                    };
                    *item = Item::refused(std::mem::take(&mut item.to), error);
                    refusal.get_or_insert(found);
                }
            }
        }
    }
    if items.iter().any(|item| item.id.is_some()) {
        return Ok(json(StatusCode::ACCEPTED, &Sent { messages: items }));
    }
    // None was taken. What passes goes before what the customer has to mend, so that he tries again.
    match refusal.filter(carrack_engine::Refusal::is_temporary) {
        Some(refusal) => Err(Problem::from(&refusal)),
        None => Err(Problem::fields(
            items.into_iter().filter_map(|item| item.error).collect(),
        )),
    }
}

fn take_rate(account: &Account, submissions: &[carrack_engine::Submission]) -> Result<(), Problem> {
    let segments = submissions
        .iter()
        .map(|submission| u32::from(submission.segments))
        .sum();
    account.take_segments(segments).map_err(|wait_ns| {
        if wait_ns == u64::MAX {
            let detail = "the call has more segments than the account may send in a second; divide it, or send a batch";
            return Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
        }
        let seconds = u32::try_from(wait_ns.div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
        Problem::later(StatusCode::TOO_MANY_REQUESTS, seconds, "the account's rate is used up; try again, or send a batch")
    })
}

async fn submit(
    state: &State,
    submissions: Vec<carrack_engine::Submission>,
) -> Result<Vec<Verdict>, Problem> {
    let (answer, reply) = oneshot::channel();
    let chunk = Chunk {
        submissions,
        progress: None,
        // The client may have gone; what was accepted stays accepted.
        reply: Box::new(move |verdicts| drop(answer.send(verdicts))),
    };
    state.engine.submit(chunk).map_err(|_| Problem::busy())?;
    match tokio::time::timeout(state.request_timeout, reply).await {
        Ok(Ok(verdicts)) => Ok(verdicts),
        Ok(Err(_)) | Err(_) => Err(Problem::no_answer()),
    }
}

#[derive(Serialize)]
struct Life {
    id: String,
    to: String,
    from: String,
    text: Option<String>,
    status: &'static str,
    segments: u8,
    encoding: Option<&'static str>,
    carrier: Option<String>,
    attempts: u32,
    client_ref: Option<String>,
    price: Option<String>,
    cost: String,
    /// Where it was to be sent later.
    #[serde(skip_serializing_if = "Option::is_none")]
    send_at: Option<String>,
    events: Vec<Event>,
}

#[derive(Serialize)]
struct Event {
    at: String,
    state: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    carrier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

impl From<Story> for Life {
    fn from(story: Story) -> Self {
        let event = |event: carrack_engine::StoryEvent| Event {
            at: rfc3339(event.at_utc_ns),
            state: event.state,
            carrier: event.carrier,
            detail: event.detail,
        };
        Self {
            id: story.id.to_string(),
            to: story.to.to_string(),
            from: story.from,
            text: story.text,
            status: story.status.name(),
            segments: story.segments,
            encoding: story.alphabet.map(Alphabet::name),
            carrier: story.carrier,
            attempts: story.attempts,
            client_ref: story.client_ref,
            price: story.price.map(|price: Micros| price.to_string()),
            cost: story.cost.to_string(),
            send_at: (story.send_at_utc_ns != 0).then(|| rfc3339(story.send_at_utc_ns)),
            events: story.events.into_iter().map(event).collect(),
        }
    }
}

pub(crate) async fn get(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let story = story_of(&state, &account, &id).await?;
    Ok(json(StatusCode::OK, &Life::from(story)))
}

/// The story of a message of this account; somebody else's is not there.
async fn story_of(state: &State, account: &Account, id: &str) -> Result<Story, Problem> {
    let missing =
        || Problem::not_found("there is no such message, or its time of retention is over");
    let id: MessageId = id.parse().map_err(|_| missing())?;
    let engine = state.engine.clone();
    let story = tokio::task::spawn_blocking(move || engine.story(id))
        .await
        .map_err(Problem::broken)?
        .map_err(|fault| {
            Problem::later(
                StatusCode::SERVICE_UNAVAILABLE,
                5,
                format!("the log cannot be read: {fault}"),
            )
        })?;
    story
        .filter(|story| story.account == account.number)
        .ok_or_else(missing)
}

#[derive(Serialize)]
struct Withdrawn {
    id: String,
    status: &'static str,
}

pub(crate) async fn delete(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let story = story_of(&state, &account, &id).await?;
    let (answer, reply) = oneshot::channel();
    // The client may have gone.
    let reply_to = move |cancelled| {
        let _ = answer.send(cancelled);
    };
    state.engine.cancel(story.id, Box::new(reply_to));
    let cancelled = tokio::time::timeout(state.request_timeout, reply).await;
    match cancelled
        .map_err(|_| Problem::no_answer())?
        .map_err(|_| Problem::no_answer())?
    {
        Cancelled::Done => Ok(json(
            StatusCode::OK,
            &Withdrawn {
                id: story.id.to_string(),
                status: "cancelled",
            },
        )),
        Cancelled::TooLate | Cancelled::NotFound => {
            let detail = format!(
                "the message has left already or is final ({})",
                story.status
            );
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}
