//! `/v1/consent/review`: texts that may mean stop, for operators to read.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query as Parameters, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::authentication::Operator;
use super::limit::Limit;
use super::openapi::{Missing, ParameterFaults, Refusals};
use super::path::Path;
use super::problem::{Problem, json};
use super::state::State;

const PAGE_MAX: usize = 1_000;
const PAGE: usize = 100;

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    /// Most texts; 100 unless given, 1,000 at most.
    #[param(value_type = Option<usize>, minimum = 1, maximum = 1000)]
    limit: Option<Limit<PAGE_MAX>>,
}

/// Texts of handsets that may mean stop
#[utoipa::path(
    get, path = "/v1/consent/review", operation_id = "consent_review", tag = "operators",
    params(Page),
    responses((status = 200, description = "The oldest of them", body = serde_json::Value), ParameterFaults, Refusals)
)]
pub(crate) async fn review(
    Extract(state): Extract<State>,
    _: Operator,
    page: Result<Parameters<Page>, QueryRejection>,
) -> Result<Response, Problem> {
    let Parameters(page) = page?;
    let limit = page.limit.map_or(PAGE, |limit| limit.0);
    let review = state.review.clone();
    // Who writes the list has it while the disk takes its time.
    let page = tokio::task::spawn_blocking(move || review.page(limit));
    let (items, waiting, dropped) = page.await.map_err(Problem::broken)?;
    let document = serde_json::json!({ "waiting": waiting, "dropped": dropped, "messages": items });
    Ok(json(StatusCode::OK, &document))
}

/// Says that a text was read
#[utoipa::path(
    delete, path = "/v1/consent/review/{id}", operation_id = "consent_reviewed", tag = "operators",
    params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "It is not shown any more", body = serde_json::Value), Missing, Refusals)
)]
pub(crate) async fn done(
    Extract(state): Extract<State>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (review, of) = (state.review.clone(), id.clone());
    // The file is written anew.
    let done = tokio::task::spawn_blocking(move || review.done(&of));
    let done = done.await.map_err(Problem::broken)?.map_err(|error| {
        let detail = format!("the list of texts cannot be written: {error}; try again later");
        Problem::later(StatusCode::SERVICE_UNAVAILABLE, 10, detail)
    })?;
    match done {
        true => Ok(json(
            StatusCode::OK,
            &serde_json::json!({ "id": id, "done": true }),
        )),
        false => Err(Problem::not_found(format!(
            "no text with the id {id:?} waits to be read"
        ))),
    }
}
