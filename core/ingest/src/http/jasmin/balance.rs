//! `/balance`: what an account may still spend.

use axum::extract::{Request, State as Extract};
use axum::response::Response;
use carrack_message::Micros;
use serde_json::{Value, json};

use super::answer::{Fault, object};
use super::{called, check};
use crate::accounts::Scope;
use crate::http::state::State;

/// What Jasmin says where there is no limit.
const UNLIMITED: &str = "ND";

pub(crate) async fn balance(Extract(state): Extract<State>, request: Request) -> Response {
    match available(&state, request).await {
        Ok(balance) => object(&json!({ "balance": balance, "sms_count": UNLIMITED })),
        Err(fault) => fault.as_json(),
    }
}

async fn available(state: &State, request: Request) -> Result<Value, Fault> {
    let (_, account) = called(state, request, Scope::Balance, check::BALANCE, |_| {}).await?;
    let directory = state.engine.directory();
    let entry = directory.account(account.number);
    let available = entry.and_then(|entry| entry.balance.view().available);
    // Digits with a point are a number.
    let available: Option<f64> =
        available.and_then(|micros| Micros(micros).to_string().parse().ok());
    Ok(available.map_or_else(|| UNLIMITED.into(), Value::from))
}
