//! `/cgi-bin/sendsms` as Kannel 1.4 answers it: its parameters, its texts, its statuses.
//!
//! Promise: a caller that was written for Kannel is answered in Kannel's words, and 202 means durable. What Kannel takes
//! and we cannot do is refused, never passed over; why is in the header `x-carrack-detail` beside Kannel's text. Bound:
//! the door's bodies, [`RECIPIENTS_MAX`] recipients, the segments of the account. What it does otherwise than Kannel is
//! listed in docs/switching.md.

mod answer;
mod body;
mod data_coding;
mod fields;
mod recipients;
mod request;
mod screened;

use std::net::IpAddr;

use axum::extract::{Request, State as Extract};
use axum::http::Method;
use axum::response::{IntoResponse, Response};
use carrack_engine::{Refusal, Submission};
use carrack_message::Class;
use carrack_routing::CarrierHealth;

pub(crate) use self::fields::hex;

use self::answer::Answer;
use self::screened::{ScreenedCall, screened};
use super::idempotency::RequestKey;
use super::messages::{RECIPIENTS_MAX, take_rate};
use super::state::{Peer, State};
use crate::accounts::{Account, Scope};
use crate::submission::Screen;

/// `GET` and `POST`.
pub(crate) async fn sendsms(Extract(state): Extract<State>, request: Request) -> Response {
    // A HEAD would send, and its caller would not see what.
    if !matches!(*request.method(), Method::GET | Method::POST) {
        return Answer::method().into_response();
    }
    let peer = request.extensions().get::<Peer>().copied();
    let Some(Peer(peer)) = peer else {
        return Answer::later("the connection has no address").into_response();
    };
    match answered(&state, request, peer.ip()).await {
        Ok(answer) | Err(answer) => answer.into_response(),
    }
}

async fn answered(state: &State, request: Request, from: IpAddr) -> Result<Answer, Answer> {
    let key = RequestKey::of_header(request.headers())
        .map_err(|fault| Answer::bad_for("Idempotency-Key misformed, rejected", &fault.detail))?;
    let (given, credentials) = request::read(state, request).await?;
    let (user, password) = credentials.of()?;
    let accounts = state.accounts.current();
    let account = accounts
        .by_legacy(user, password, from, Scope::Send)
        .map_err(|fault| Answer::unauthorized(&fault.to_string()))?;
    if credentials.is_in_url && !account.legacy_in_url {
        return Err(Answer::unauthorized(
            "this account takes no password from a URL (legacy.in_url); send it in a header or a form",
        ));
    }
    (account.take_request())
        .map_err(|_| Answer::later("the account makes more requests a second than it may"))?;
    let numbers = recipients::of(&given)?;
    let utc_ns = state.utc_ns();
    let call = screened(&account, &given, &numbers, key.as_ref(), utc_ns)?;
    send(state, &account, call, utc_ns).await
}

async fn send(
    state: &State,
    account: &Account,
    call: ScreenedCall,
    utc_ns: u64,
) -> Result<Answer, Answer> {
    if call.messages.is_too_large() {
        let detail = "text, to: all parts to all recipients are too much for one call; divide it";
        return Err(Answer::bad_for("Message too long, rejected", detail));
    }
    let submissions = &call.messages.submissions;
    take_rate(account, submissions).map_err(|_| Answer::later("the account's rate is used up"))?;
    let is_up = is_any_up(state, account, submissions.first(), utc_ns);
    let ends = (call.messages.submit(state).await)
        .map_err(|_| Answer::later("the node is busy, or gave no answer in time"))?;
    let mut denied = call.denied;
    let mut accepted = 0_usize;
    let mut refusal = None;
    for (end, number) in ends.into_iter().zip(call.numbers) {
        match end {
            Ok(_) => accepted += 1,
            Err(found) => {
                denied.push(number);
                if (refusal.as_ref()).is_none_or(|old: &Refusal| !old.is_temporary()) {
                    refusal = Some(found);
                }
            }
        }
    }
    match refusal {
        Some(refusal) if accepted == 0 => Err(Answer::refused(&refusal)),
        _ => Ok(Answer::accepted(is_up, &denied)),
    }
}

/// Whether a carrier of its way can be used now; Kannel tells its caller.
fn is_any_up(state: &State, account: &Account, first: Option<&Submission>, utc_ns: u64) -> bool {
    let table = state.engine.table();
    let choice = first.and_then(|submission| {
        let screen = Screen::new(account, Class::Transactional);
        screen.route(&table, submission, utc_ns).ok()
    });
    choice.is_none_or(|choice| {
        let mut ways = choice.candidates.iter();
        ways.any(|way| {
            let health = state.engine.health(way.carrier);
            matches!(
                health,
                CarrierHealth::Up | CarrierHealth::Throttled | CarrierHealth::Unknown
            )
        })
    })
}
