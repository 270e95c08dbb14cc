//! `/v1/routes/shadow`: what another table would have done with the messages of now. Operators only.

use std::sync::Arc;

use axum::extract::State as Extract;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::Value;

use super::authentication::Operator;
use super::openapi::{Missing, Refusals};
use super::problem::{Problem, json};
use super::state::State;

/// Who knows what the shadow saw.
pub trait ShadowDesk: Send + Sync {
    /// The report; none: nothing is tried beside live traffic.
    fn report(&self) -> Option<Value>;
    /// Begins anew; gives the report after it.
    fn begin_anew(&self) -> Option<Value>;
}

/// The desk of a node; none: it has none.
pub type Shadow = Option<Arc<dyn ShadowDesk>>;

fn answer(report: Option<Value>) -> Result<Response, Problem> {
    let report = report.ok_or_else(|| {
        Problem::not_found(
            "nothing is tried beside live traffic; name a configuration in [shadow] and reload",
        )
    })?;
    Ok(json(StatusCode::OK, &report))
}

/// What the table of [shadow] would have done
#[utoipa::path(
    get, path = "/v1/routes/shadow", operation_id = "shadow", tag = "operators",
    responses((status = 200, description = "The report", body = Value), Missing, Refusals)
)]
pub(crate) async fn report(
    Extract(state): Extract<State>,
    _: Operator,
) -> Result<Response, Problem> {
    answer(state.shadow.as_ref().and_then(|desk| desk.report()))
}

/// Lets the shadow begin anew
#[utoipa::path(
    post, path = "/v1/routes/shadow", operation_id = "begin_shadow_anew", tag = "operators",
    responses((status = 200, description = "The report, from now on", body = Value), Missing, Refusals)
)]
pub(crate) async fn begin_anew(
    Extract(state): Extract<State>,
    Operator(account): Operator,
) -> Result<Response, Problem> {
    let begun = state.shadow.as_ref().and_then(|desk| desk.begin_anew());
    if begun.is_some() {
        tracing::info!(by = account.name, "the shadow was told to begin anew");
    }
    answer(begun)
}
