//! `POST /v1/messages:bulk`: a message a line in, a verdict a line out, both as streams.
//!
//! Promise: each line that is not blank gets one verdict, in the order of the lines, and one that says `accepted` is
//! durable. A bad line harms no other. What is slow waits for: the engine, the account's rate, the client that does not
//! read. Bound: [`lines`], [`gather`] and [`exchange`] say it; memory does not grow with the stream. Fails by a last verdict
//! that says why the stream ends before its time.

mod exchange;
mod gather;
mod lines;
mod verdict;

use axum::body::{Body, Bytes};
use axum::extract::State as Extract;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::Response;
use futures_util::StreamExt;

use super::authentication::Customer;
use super::body::{check_charset, media_type};
use super::idempotency::{FIELD, RequestKey};
use super::openapi::{ParameterFaults, Refusals};
use super::problem::Problem;
use super::state::State;
use super::unread::StillReads;
use exchange::Exchange;

const NDJSON: &str = "application/x-ndjson";

/// Sends a text a line
///
/// Each line is a JSON object as POST /v1/messages takes; each has one verdict, a line with its number, in their order:
/// what POST would have said of its recipient, `messages` where `to` is a list, or `error`. Streams both ways.
#[utoipa::path(
    post, path = "/v1/messages:bulk", operation_id = "send_lines", tag = "messages",
    request_body(content = Option<String>, content_type = "application/x-ndjson", description = "A JSON object a line"),
    responses(
        (status = 200, description = "A verdict a line", body = String, content_type = "application/x-ndjson"),
        (status = 415, description = "The media type or the encoding of the body is not taken", body = Problem, content_type = "application/problem+json"),
        ParameterFaults, Refusals
    )
)]
pub(crate) async fn post(
    Extract(state): Extract<State>,
    Customer(account): Customer,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let media = media_type(&headers);
    match media.as_str() {
        "" | NDJSON | "application/ndjson" | "application/jsonl" | "application/jsonlines" => {}
        _ => {
            let detail = format!(
                "{media} is not taken here; send {NDJSON}: a JSON object like that of POST /v1/messages on each line"
            );
            return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
        }
    }
    check_charset(&headers)?;
    if RequestKey::is_in(&headers) {
        let detail = "is of one message: leave the header `Idempotency-Key` out, and give each line a key of its own";
        return Err(Problem::field(FIELD, detail));
    }
    let place = state.stream_of(&account)?;
    let mut exchange = Exchange::new(state, account, body);
    if headers.contains_key(header::EXPECT) {
        // Such a client is asked for its body as long as nothing is said yet.
        exchange.begin().await;
    }
    let begun = (exchange, place);
    let blocks = futures_util::stream::unfold(begun, |(mut exchange, place)| async move {
        let block = exchange.next().await?;
        let rest = (exchange, place);
        Some((Ok::<Bytes, std::convert::Infallible>(block), rest))
    });
    // Who packs the answer asks once more after its end.
    let mut response = Response::new(Body::from_stream(blocks.fuse()));
    let kind = HeaderValue::from_static(NDJSON);
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response.extensions_mut().insert(StillReads);
    Ok(response)
}
