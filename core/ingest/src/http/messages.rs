//! `/v1/messages`: one text to one recipient or many, its whole life, and its withdrawal.

use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use carrack_engine::{Cancelled, Chunk, Engine, Rescheduled, Story, Verdict};
use carrack_message::{Alphabet, MessageId, Micros};
use serde::Serialize;
use serde_json::{Map, Value};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::authentication::Customer;
use super::body::json_object;
use super::idempotency::replayed;
use super::lives::{MISSING, stories_of};
use super::openapi::{BodyFaults, MessageCall, Missing, Refusals};
use super::path::Path;
use super::problem::{FieldFault, Problem, json};
use super::recipients::{Item, Recipients, segments};
use super::request::MessageRequest;
use super::state::State;
use super::wishes;
use crate::accounts::Account;
use crate::batch::rfc3339;
use crate::submission::SendAt;

/// Most recipients of one call.
pub const RECIPIENTS_MAX: usize = 1_000;

#[derive(Serialize, ToSchema)]
pub(crate) struct Sent {
    messages: Vec<Item>,
}

/// Sends a text
///
/// 202 says that what has an `id` is durable. Recipients that cannot be taken have an `error` instead; where none can be
/// taken, the answer is a problem.
#[utoipa::path(
    post, path = "/v1/messages", operation_id = "send", tag = "messages",
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key twice is one message")),
    request_body = MessageCall,
    responses(
        (status = 202, description = "At least one recipient is taken, durably", body = Sent),
        (status = 402, description = "The account has not enough credit", body = Problem, content_type = "application/problem+json"),
        (status = 409, description = "The same key or message is under way, or was sent", body = Problem, content_type = "application/problem+json"),
        (status = 422, description = "The key has other content", body = Problem, content_type = "application/problem+json"),
        BodyFaults, Refusals
    )
)]
pub(crate) async fn post(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let object = json_object(&state, &headers, body).await?;
    let mut request = MessageRequest::read(object, RECIPIENTS_MAX, state.utc_ns())?;
    request.take_key(&headers)?;
    let mut submissions = Vec::with_capacity(request.to.len());
    let mut recipients = Recipients::screen(&request, &account, &mut submissions);
    let mut refusal = None;
    if !submissions.is_empty() {
        take_rate(&account, &submissions)?;
        let verdicts = submit(&state, submissions).await?;
        refusal = recipients.decide(verdicts.into_iter());
    }
    if recipients.is_any_taken() {
        let is_replayed = recipients.are_repeated();
        let messages = recipients.items;
        let mut response = json(StatusCode::ACCEPTED, &Sent { messages });
        if is_replayed {
            replayed(&mut response);
        }
        return Ok(response);
    }
    // None was taken. What passes goes before what the customer has to mend, so that he tries again.
    match refusal.filter(|refusal| refusal.is_temporary() || refusal.is_met_before()) {
        Some(refusal) => Err(Problem::from(&refusal)),
        None => Err(Problem::fields(recipients.into_faults())),
    }
}

pub(crate) fn take_rate(
    account: &Account,
    submissions: &[carrack_engine::Submission],
) -> Result<(), Problem> {
    (account.take_segments(segments(submissions))).map_err(rate_problem)
}

/// What is said where the account's rate has no room for so long.
pub(crate) fn rate_problem(wait_ns: u64) -> Problem {
    if wait_ns == u64::MAX {
        let detail = "the call has more segments than the account may send in a second; divide it, or send a batch";
        return Problem::new(StatusCode::TOO_MANY_REQUESTS, detail);
    }
    let seconds = u32::try_from(wait_ns.div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
    let detail = "the account's rate is used up; try again, or send a batch";
    Problem::later(StatusCode::TOO_MANY_REQUESTS, seconds, detail)
}

pub(crate) async fn submit(
    state: &State,
    submissions: Vec<carrack_engine::Submission>,
) -> Result<Vec<Verdict>, Problem> {
    submit_parts(state, submissions, 1).await
}

/// The same of messages that have so many parts each.
pub(crate) async fn submit_parts(
    state: &State,
    submissions: Vec<carrack_engine::Submission>,
    parts: u8,
) -> Result<Vec<Verdict>, Problem> {
    let (answer, reply) = oneshot::channel();
    let chunk = Chunk {
        submissions,
        progress: None,
        parts,
        // The client may have gone; what was accepted stays accepted.
        reply: Box::new(move |verdicts| drop(answer.send(verdicts))),
    };
    state.engine.submit(chunk).map_err(|_| Problem::busy())?;
    match tokio::time::timeout(state.request_timeout, reply).await {
        Ok(Ok(verdicts)) => Ok(verdicts),
        Ok(Err(_)) | Err(_) => Err(Problem::no_answer()),
    }
}

/// A message and what happened to it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Life {
    id: String,
    to: String,
    from: String,
    text: Option<String>,
    /// `accepted`, `scheduled`, `sending`, `submitted`, `delivered`, `undelivered`, `expired`, `rejected`, `cancelled` or
    /// `unknown`.
    status: &'static str,
    segments: u8,
    encoding: Option<&'static str>,
    carrier: Option<String>,
    attempts: u32,
    client_ref: Option<String>,
    /// What it was accepted at, all its segments; null where the account has no price list. How much of it is charged follows
    /// from how it ends and the account's `charge_on`.
    price: Option<String>,
    /// What carriers charge for what they took.
    cost: String,
    /// Where it was to be sent later.
    #[serde(skip_serializing_if = "Option::is_none")]
    send_at: Option<String>,
    events: Vec<Event>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Event {
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

/// The life of a message
#[utoipa::path(
    get, path = "/v1/messages/{id}", operation_id = "message", tag = "messages",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "Its life so far", body = Life), Missing, Refusals)
)]
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
    let missing = || Problem::not_found(MISSING);
    let id: MessageId = id.parse().map_err(|_| missing())?;
    story_by(state, account, id).await
}

pub(crate) async fn story_by(
    state: &State,
    account: &Account,
    id: MessageId,
) -> Result<Story, Problem> {
    let found = stories_of(state, account, vec![id]).await?.pop();
    found.flatten().ok_or_else(|| Problem::not_found(MISSING))
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Withdrawn {
    id: String,
    status: &'static str,
}

/// Takes a message back that has not left
#[utoipa::path(
    delete, path = "/v1/messages/{id}", operation_id = "cancel", tag = "messages",
    params(("id" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "It is taken back, durably", body = Withdrawn),
        (status = 409, description = "It has left already, or is final", body = Problem, content_type = "application/problem+json"),
        Missing, Refusals
    )
)]
pub(crate) async fn delete(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let story = story_of(&state, &account, &id).await?;
    let id = story.id;
    let wish = |engine: &Engine, reply: Box<dyn FnOnce(Cancelled) + Send>| {
        engine.cancel(id, reply);
    };
    let (answer, story) = wishes::put(&state, &account, story, wish).await?;
    match answer {
        Cancelled::Done => Ok(json(
            StatusCode::OK,
            &Withdrawn {
                id: story.id.to_string(),
                status: "cancelled",
            },
        )),
        Cancelled::TooLate | Cancelled::Busy | Cancelled::NotFound => {
            let detail = format!(
                "the message has left already or is final ({})",
                story.status
            );
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}

#[derive(serde::Deserialize, ToSchema)]
#[schema(as = MoveCall)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    /// A moment with its offset, or a time of the recipient's own clock (`2026-12-24T09:00 local`).
    send_at: String,
}

impl Change {
    /// Every key is known or named.
    fn read(mut object: Map<String, Value>) -> Result<Self, Problem> {
        const EXAMPLE: &str = "2026-12-24T09:00:00Z";
        let given = object.remove("send_at");
        let unknown = object.into_iter().map(|(field, _)| FieldFault {
            field,
            detail: "cannot be changed; only `send_at` can. Withdraw the message and send another"
                .to_owned(),
        });
        let mut faults: Vec<FieldFault> = unknown.collect();
        let fault = match given {
            Some(Value::String(send_at)) if faults.is_empty() => return Ok(Self { send_at }),
            Some(Value::String(_)) => None,
            Some(_) => Some(format!("has to be a text, like \"{EXAMPLE}\"")),
            None => Some(format!("is missing; send {{\"send_at\": \"{EXAMPLE}\"}}")),
        };
        faults.extend(fault.map(|detail| FieldFault {
            field: "send_at".to_owned(),
            detail,
        }));
        Err(Problem::fields(faults))
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Moved {
    id: String,
    /// `scheduled`, or `accepted` where the moment has passed and it goes at once.
    status: &'static str,
    send_at: String,
}

/// Gives a message of which nothing has left another moment
#[utoipa::path(
    patch, path = "/v1/messages/{id}", operation_id = "move", tag = "messages",
    params(("id" = String, Path, description = "Its id")),
    request_body = Change,
    responses(
        (status = 200, description = "It is sent then, durably", body = Moved),
        (status = 409, description = "It has left, is final, is about to be sent, or could only expire then", body = Problem, content_type = "application/problem+json"),
        BodyFaults, Missing, Refusals
    )
)]
pub(crate) async fn patch(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let object = json_object(&state, &headers, body).await?;
    let change = Change::read(object)?;
    let fault = |fault: String| Problem::field("send_at", fault);
    let now_utc_ns = state.utc_ns();
    let send_at = SendAt::read(&change.send_at, now_utc_ns);
    let send_at = send_at.map_err(|found| fault(found.to_string()))?;
    let story = story_of(&state, &account, &id).await?;
    let at_utc_ns = match send_at {
        SendAt::Moment(utc_ns) => utc_ns,
        SendAt::Local(local) => local
            .utc_ns(story.to)
            .map_err(|found| fault(found.to_string()))?,
    };
    let id = story.id;
    let wish = |engine: &Engine, reply: Box<dyn FnOnce(Rescheduled) + Send>| {
        engine.reschedule(id, at_utc_ns, reply);
    };
    let (answer, story) = wishes::put(&state, &account, story, wish).await?;
    match answer {
        Rescheduled::To(at_utc_ns) => Ok(json(
            StatusCode::OK,
            &Moved {
                id: story.id.to_string(),
                // A moment that has passed is now.
                status: if at_utc_ns > state.utc_ns() {
                    "scheduled"
                } else {
                    "accepted"
                },
                send_at: rfc3339(at_utc_ns),
            },
        )),
        Rescheduled::WouldExpire => {
            let detail = "quiet hours hold it there for longer than its validity, so that it could only expire; choose a moment outside of them, or withdraw it and send another with a longer `validity`";
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
        Rescheduled::TooLate | Rescheduled::Busy | Rescheduled::NotFound => {
            let detail = format!(
                "the message has left, is final, or is about to be sent ({})",
                story.status
            );
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}
