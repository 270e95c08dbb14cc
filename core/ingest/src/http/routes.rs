//! Which call goes where. Bodies are bounded where they are read: a batch may be larger than a message.

use axum::Router;
use axum::http::StatusCode;
use axum::routing::{any, delete, get, post};

use super::problem::Problem;
use super::state::State;
use super::{
    balance, batches, bulk, consent, health, jasmin, jobs, kannel, lives, messages, modems,
    openapi, operations, shadow, suppressions, trace, unknown, webhooks,
};

pub(crate) fn router(state: State) -> Router {
    Router::new()
        .route("/v1/messages", post(messages::post).get(lives::get))
        .route("/v1/messages:status", post(lives::post))
        .route("/v1/messages:bulk", post(bulk::post))
        .route(
            "/v1/messages/{id}",
            get(messages::get)
                .delete(messages::delete)
                .patch(messages::patch),
        )
        .route("/v1/batches", post(batches::post).get(batches::list))
        .route("/v1/batches/{id}", get(batches::get))
        .route("/v1/batches/{id}/errors", get(batches::errors))
        .route("/v1/batches/{id}/{change}", post(batches::change))
        .route("/v1/quote", post(operations::quote))
        .route("/v1/balance", get(balance::own))
        .route("/v1/balances", get(balance::all))
        .route("/v1/balances/{account}", post(balance::give))
        .route("/v1/carriers", get(operations::carriers))
        .route(
            "/v1/carriers/{name}/{change}",
            post(operations::change_carrier),
        )
        .route("/v1/carriers/{name}/trace", get(trace::trace))
        .route("/v1/limits", get(operations::limits))
        .route("/v1/consent/review", get(consent::review))
        .route("/v1/consent/review/{id}", delete(consent::done))
        .route("/v1/suppressions", get(suppressions::lists))
        .route(
            "/v1/suppressions/{list}",
            get(suppressions::entries).post(suppressions::add),
        )
        .route(
            "/v1/suppressions/{list}/compact",
            post(suppressions::compact),
        )
        .route(
            "/v1/suppressions/{list}/{number}",
            delete(suppressions::remove),
        )
        .route("/v1/modems", get(modems::list))
        .route("/v1/modems/{name}/test", post(modems::test))
        .route("/v1/modems/{name}/reset", post(modems::reset))
        .route("/v1/modems/{name}/ussd", post(modems::ussd))
        .route("/v1/sims/{sim}/acquit", post(modems::acquit))
        .route("/v1/loop_probes", get(operations::loop_probes))
        .route("/v1/queue", get(operations::queue))
        .route("/v1/queue/jobs", get(jobs::list).post(jobs::start))
        .route("/v1/queue/jobs/stop", post(jobs::stop))
        .route("/v1/routes/explain", get(operations::explain))
        .route(
            "/v1/routes/shadow",
            get(shadow::report).post(shadow::begin_anew),
        )
        .route("/v1/webhooks", get(webhooks::own))
        .route("/v1/webhooks/dead", get(webhooks::dead))
        .route("/v1/webhooks/dead/resend", post(webhooks::resend))
        .route("/v1/webhooks/dead/drop", post(webhooks::drop_letters))
        .route("/v1/accounts/webhooks", get(webhooks::all))
        .route(
            "/v1/accounts/{account}/webhooks/dead",
            get(webhooks::dead_named),
        )
        .route(
            "/v1/accounts/{account}/webhooks/dead/resend",
            post(webhooks::resend_named),
        )
        .route(
            "/v1/accounts/{account}/webhooks/dead/drop",
            post(webhooks::drop_named),
        )
        .route("/openapi.json", get(openapi::document))
        .merge(legacy(&state))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(unknown::unknown)
        .method_not_allowed_fallback(|| async {
            Problem::new(
                StatusCode::METHOD_NOT_ALLOWED,
                "this call takes another method",
            )
        })
        .with_state(state)
}

/// Calls of other gateways' callers, where they are answered.
fn legacy(state: &State) -> Router<State> {
    let mut router = Router::new();
    if state.kannel {
        router = router.route("/cgi-bin/sendsms", any(kannel::sendsms));
    }
    if state.jasmin {
        router = router.merge(jasmin::router());
    }
    router
}
