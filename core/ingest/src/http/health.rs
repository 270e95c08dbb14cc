//! Liveness, readiness, metrics: for those who look after the node, on its machine without credentials. Metrics name accounts and
//! carriers, so from elsewhere they need the key of an operator.

use axum::extract::State as Extract;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use carrack_engine::Readiness;
use serde::Serialize;
use utoipa::ToSchema;

use super::authentication::Watcher;
use super::openapi::{Missing, Refusals, Unavailable};
use super::problem::{Problem, json};
use super::state::State;

#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// Whether the node lives
#[utoipa::path(
    get, path = "/healthz", operation_id = "alive", tag = "node",
    responses((status = 200, description = "It does", body = Health))
)]
pub(crate) async fn alive() -> Response {
    json(StatusCode::OK, &Health { status: "alive" })
}

/// Whether the node takes messages
#[utoipa::path(
    get, path = "/readyz", operation_id = "ready", tag = "node",
    responses((status = 200, description = "It does", body = Health), Unavailable)
)]
pub(crate) async fn ready(Extract(state): Extract<State>) -> Result<Response, Problem> {
    let unready = |why: String| Err(Problem::later(StatusCode::SERVICE_UNAVAILABLE, 1, why));
    match state.engine.readiness() {
        Readiness::Ready => Ok(json(StatusCode::OK, &Health { status: "ready" })),
        Readiness::Starting => unready("the node is starting".to_owned()),
        Readiness::Draining => unready("the node is draining before its end".to_owned()),
        Readiness::StoreRefuses(why) => unready(format!("the store refuses new work: {why}")),
    }
}

/// Figures for Prometheus
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "operators",
    responses((status = 200, description = "The page", body = String, content_type = "text/plain"), Missing, Refusals)
)]
pub(crate) async fn metrics(
    Extract(state): Extract<State>,
    _: Watcher,
) -> Result<Response, Problem> {
    let page = state
        .metrics
        .as_ref()
        .ok_or_else(|| Problem::not_found("this node collects no metrics"))?;
    let mut response = page().into_response();
    let kind = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}
