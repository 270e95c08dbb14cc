//! The OpenAPI 3.1 document of this door: `/openapi.json`, and `carrack openapi`.
//!
//! Promise: generated from the handlers and the types that they read and write; tests hold it to the router and to real
//! answers. Made once.

mod call;
mod refusals;
mod security;
#[cfg(test)]
mod tests;

use std::sync::OnceLock;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use utoipa::OpenApi;

pub(crate) use call::MessageCall;
pub(crate) use refusals::{BodyFaults, Missing, ParameterFaults, Refusals, Unavailable};
use security::Security;

use super::{
    balance, batches, bulk, consent, health, jobs, lives, messages, modems, operations, shadow,
    suppressions, trace, webhooks,
};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Carrack",
        description = "Sends text messages over many carriers and accounts for each of them. What cannot be done is said by a problem document (RFC 9457) that names the field, the fault and its cure. docs/http.md shows each call.",
    ),
    paths(
        messages::post,
        lives::get,
        lives::post,
        bulk::post,
        messages::get,
        messages::delete,
        messages::patch,
        operations::quote,
        batches::post,
        batches::get,
        batches::errors,
        batches::list,
        batches::change,
        balance::own,
        balance::all,
        balance::give,
        operations::carriers,
        operations::change_carrier,
        trace::trace,
        operations::limits,
        suppressions::lists,
        suppressions::entries,
        suppressions::add,
        suppressions::remove,
        suppressions::compact,
        consent::review,
        consent::done,
        modems::list,
        modems::test,
        modems::reset,
        modems::ussd,
        modems::acquit,
        operations::loop_probes,
        operations::queue,
        jobs::list,
        jobs::start,
        jobs::stop,
        operations::explain,
        shadow::report,
        shadow::begin_anew,
        webhooks::own,
        webhooks::dead,
        webhooks::resend,
        webhooks::drop_letters,
        webhooks::all,
        webhooks::dead_named,
        webhooks::resend_named,
        webhooks::drop_named,
        health::alive,
        health::ready,
        health::metrics,
        document
    ),
    tags(
        (name = "messages", description = "Texts: sent, asked for, taken back, priced"),
        (name = "batches", description = "Files of messages"),
        (name = "account", description = "What an account has"),
        (name = "operators", description = "For accounts with `operator = true`, on the node's own machine"),
        (name = "node", description = "For those who look after the node, without credentials")
    ),
    modifiers(&Security)
)]
pub(crate) struct Document;

/// The document as JSON.
#[must_use]
pub fn openapi() -> &'static str {
    static TEXT: OnceLock<String> = OnceLock::new();
    TEXT.get_or_init(|| {
        let text = Document::openapi().to_pretty_json();
        text.unwrap_or_else(|error| {
            tracing::error!(%error, "the OpenAPI document could not be written");
            "{}".to_owned()
        })
    })
}

/// This document
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi", tag = "node",
    responses((status = 200, description = "OpenAPI 3.1", body = serde_json::Value))
)]
pub(crate) async fn document() -> Response {
    let mut response = Response::new(Body::from(Bytes::from_static(openapi().as_bytes())));
    let kind = HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}
