//! `/v1/consent/review`: texts that may mean stop, for operators to read.

use axum::extract::{Path, Query as Parameters, State as Extract};
use axum::http::StatusCode;
use axum::response::Response;
use serde::Deserialize;

use super::authentication::Operator;
use super::problem::{Problem, json};
use super::state::State;

const PAGE_MAX: usize = 1_000;
const PAGE: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Page {
    limit: Option<usize>,
}

pub(crate) async fn review(
    Extract(state): Extract<State>,
    _: Operator,
    Parameters(page): Parameters<Page>,
) -> Result<Response, Problem> {
    let limit = page.limit.unwrap_or(PAGE).clamp(1, PAGE_MAX);
    let (items, waiting, dropped) = state.review.page(limit);
    let document = serde_json::json!({ "waiting": waiting, "dropped": dropped, "messages": items });
    Ok(json(StatusCode::OK, &document))
}

pub(crate) async fn done(
    Extract(state): Extract<State>,
    _: Operator,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let (review, of) = (state.review.clone(), id.clone());
    // The file is written anew.
    let done = tokio::task::spawn_blocking(move || review.done(&of));
    match done.await.map_err(Problem::broken)? {
        true => Ok(json(
            StatusCode::OK,
            &serde_json::json!({ "id": id, "done": true }),
        )),
        false => Err(Problem::not_found(format!(
            "no text with the id {id:?} waits to be read"
        ))),
    }
}
