//! `/v1/balance` for a customer, `/v1/balances` for operators: what accounts have, and money given to them.
//!
//! Promise: money is given when the answer is 200 and `booked` is true; the same reference is booked once while the log
//! remembers it. Bound: [`AMOUNT_MAX`] in one call.

use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use carrack_engine::{AccountEntry, BalanceView, CreditRefused, Credited};
use carrack_message::Micros;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::authentication::{Customer, Operator};
use super::body::json_object;
use super::openapi::{BodyFaults, Missing, Refusals};
use super::path::Path;
use super::problem::{Problem, json};
use super::state::State;
use crate::loop_probe;

/// Most that is given or taken back at once: what is more is a slip of the pen.
const AMOUNT_MAX: Micros = Micros(1_000_000_000_000_000);
const REFERENCE_OCTETS_MAX: usize = 128;

/// What an account has; amounts are decimal numbers.
#[derive(Serialize, ToSchema)]
pub(crate) struct Balance {
    account: String,
    currency: Option<String>,
    credited: String,
    charged: String,
    reserved: String,
    /// Null: without limit.
    available: Option<String>,
    low: bool,
    charge_on: &'static str,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Balances {
    balances: Vec<Balance>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Given {
    /// False: it was before, under the same reference.
    booked: bool,
    #[serde(flatten)]
    balance: Balance,
}

impl Balance {
    fn of(state: &State, entry: &AccountEntry, view: BalanceView) -> Self {
        let amount = |micros| Micros(micros).to_string();
        let accounts = state.accounts.current();
        let account = accounts.by_name(&entry.name);
        let deck = account.and_then(|account| account.deck.as_ref());
        let currency = deck.and_then(|deck| deck.currency());
        Self {
            account: entry.name.clone(),
            currency: currency.map(|currency| currency.to_string()),
            credited: amount(view.credited),
            charged: amount(view.charged),
            reserved: amount(view.reserved),
            available: view.available.map(amount),
            low: view.is_low,
            charge_on: entry.terms.charge_on.name(),
        }
    }
}

/// What the account has
#[utoipa::path(
    get, path = "/v1/balance", operation_id = "balance", tag = "account",
    responses((status = 200, description = "Its balance", body = Balance), Missing, Refusals)
)]
pub(crate) async fn own(
    Extract(state): Extract<State>,
    Customer(account): Customer,
) -> Result<Response, Problem> {
    let directory = state.engine.directory();
    let entry = directory.account(account.number);
    let entry = entry.ok_or_else(|| Problem::not_found("the account has no balance yet"))?;
    let view = entry.balance.view();
    Ok(json(StatusCode::OK, &Balance::of(&state, entry, view)))
}

/// What all accounts have
#[utoipa::path(
    get, path = "/v1/balances", operation_id = "balances", tag = "operators",
    responses((status = 200, description = "By name", body = Balances), Refusals)
)]
pub(crate) async fn all(Extract(state): Extract<State>, _: Operator) -> Result<Response, Problem> {
    let directory = state.engine.directory();
    let mut balances: Vec<Balance> = directory
        .accounts()
        .filter(|entry| entry.name != loop_probe::ACCOUNT)
        .map(|entry| Balance::of(&state, entry, entry.balance.view()))
        .collect();
    balances.sort_by(|one, other| one.account.cmp(&other.account));
    Ok(json(StatusCode::OK, &Balances { balances }))
}

#[derive(Deserialize, ToSchema)]
#[schema(as = CreditCall)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// A decimal number; negative takes back.
    #[schema(example = "50.00")]
    amount: String,
    /// What it is for: the same is booked once.
    #[schema(min_length = 1, max_length = 128)]
    reference: String,
}

impl Wanted {
    fn read(&self) -> Result<Micros, Problem> {
        let amount: Micros = self
            .amount
            .parse()
            .map_err(|fault| Problem::field("amount", fault))?;
        if amount == Micros::ZERO || amount > AMOUNT_MAX || amount < Micros(-AMOUNT_MAX.0) {
            let detail = format!("has to be within {AMOUNT_MAX} and not zero; negative takes back");
            return Err(Problem::field("amount", detail));
        }
        let reference = self.reference.trim();
        if reference.is_empty() || reference.len() > REFERENCE_OCTETS_MAX {
            let detail = format!(
                "has to say what it is for, in 1 to {REFERENCE_OCTETS_MAX} octets: the same is booked once"
            );
            return Err(Problem::field("reference", detail));
        }
        Ok(amount)
    }
}

/// Gives an account money, or takes it back
#[utoipa::path(
    post, path = "/v1/balances/{account}", operation_id = "credit", tag = "operators",
    params(("account" = String, Path, description = "Its name")),
    request_body = Wanted,
    responses(
        (status = 200, description = "It is booked, durably, now or before", body = Given),
        (status = 409, description = "The reference was booked with another amount", body = Problem, content_type = "application/problem+json"),
        Missing, BodyFaults, Refusals
    )
)]
pub(crate) async fn give(
    Extract(state): Extract<State>,
    Operator(operator): Operator,
    Path(account): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    if account == loop_probe::ACCOUNT {
        // It has no balance that anybody could see, so it is given none.
        return Err(unknown(&account));
    }
    let object = json_object(&state, &headers, body).await?;
    let wanted: Wanted = serde_json::from_value(Value::Object(object)).map_err(|fault| {
        Problem::bad_request(format!(
            "{fault}; send {{\"amount\": \"50.00\", \"reference\": \"invoice 7\"}}"
        ))
    })?;
    let amount = wanted.read()?;
    let reference = wanted.reference.trim().to_owned();
    let (answer, reply) = oneshot::channel();
    let reply_to = Box::new(move |given| drop(answer.send(given)));
    state
        .engine
        .credit(&account, amount.0, reference.clone(), reply_to);
    let given = tokio::time::timeout(state.request_timeout, reply).await;
    let given: Credited = match given {
        Ok(Ok(given)) => given?,
        Ok(Err(_)) | Err(_) => {
            let detail = "the engine gave no answer in time; ask again with the same reference";
            return Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, detail));
        }
    };
    let directory = state.engine.directory();
    let number = directory.account_number(&account);
    let entry = number.and_then(|number| directory.account(number));
    let entry = entry.ok_or_else(|| unknown(&account))?;
    tracing::info!(account, %amount, reference, booked = given.is_new, by = operator.name, "money was given to an account");
    let given = Given {
        booked: given.is_new,
        balance: Balance::of(&state, entry, given.balance),
    };
    Ok(json(StatusCode::OK, &given))
}

fn unknown(account: &str) -> Problem {
    Problem::not_found(format!("there is no account {account:?}"))
}

impl From<CreditRefused> for Problem {
    fn from(refused: CreditRefused) -> Self {
        match &refused {
            CreditRefused::UnknownAccount(account) => unknown(account),
            CreditRefused::OtherAmount { .. } => Self::new(StatusCode::CONFLICT, refused),
            CreditRefused::Store => Self::later(StatusCode::SERVICE_UNAVAILABLE, 10, refused),
            CreditRefused::Busy => Self::later(StatusCode::SERVICE_UNAVAILABLE, 1, refused),
        }
    }
}
