//! `/v1/modems`: pools of modems and their SIMs for operators, and what can be asked of a modem.
//!
//! Promise: nothing here waits for a modem longer than the request timeout. Bound: the orders that a modem's panel holds.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State as Extract;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use carrack_carrier::modem::book::SimView;
use carrack_carrier::modem::{ModemView, Order, OrderAnswer, OrderFault, OrderReply, PortView};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json as document};
use tokio::sync::oneshot;
use utoipa::ToSchema;

use super::authentication::Operator;
use super::body::json_object;
use super::openapi::{BodyFaults, Missing, Refusals};
use super::path::Path;
use super::problem::{Problem, json};
use super::state::State;

/// Longest USSD code: more than any network takes.
const CODE_OCTETS_MAX: usize = 160;

/// Digits of a card that name it well enough.
const SIM_DIGITS_MIN: usize = 4;

/// All modems of a node.
pub trait ModemDesk: Send + Sync {
    /// How each modem stands.
    fn modems(&self) -> Vec<ModemView>;
    /// What each SIM has used.
    fn sims(&self) -> Vec<SimView>;
    /// Serial ports where a pool has looked for modems.
    fn ports(&self) -> Vec<PortView> {
        Vec::new()
    }
    /// Holds nothing against a SIM any more, by the end of its card's or subscriber's number.
    ///
    /// # Errors
    /// [`AcquitFault`].
    fn acquit(&self, sim: &str) -> Result<SimView, AcquitFault>;
    /// Asks something of a modem; none: there is none of that name.
    ///
    /// # Errors
    /// [`OrderFault`]; `reply` is not called then.
    fn order(&self, modem: &str, order: Order, reply: OrderReply)
    -> Option<Result<(), OrderFault>>;
}

/// Why no SIM was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AcquitFault {
    /// No number ends so.
    Unknown,
    /// So many do.
    Several(usize),
}

/// The modems of a node, where it has pools.
pub type Modems = Option<Arc<dyn ModemDesk>>;

#[derive(Serialize)]
struct Shown {
    modems: Vec<ModemView>,
    sims: Vec<SimView>,
    ports: Vec<PortView>,
}

/// Modems and their SIMs
#[utoipa::path(
    get, path = "/v1/modems", operation_id = "modems", tag = "operators",
    responses((status = 200, description = "All of them; none where there is no pool", body = serde_json::Value), Refusals)
)]
pub(crate) async fn list(Extract(state): Extract<State>, _: Operator) -> Response {
    let desk = state.modems.as_ref();
    let shown = Shown {
        modems: desk.map(|desk| desk.modems()).unwrap_or_default(),
        sims: desk.map(|desk| desk.sims()).unwrap_or_default(),
        ports: desk.map(|desk| desk.ports()).unwrap_or_default(),
    };
    json(StatusCode::OK, &shown)
}

/// Looks at a modem
#[utoipa::path(
    post, path = "/v1/modems/{name}/test", operation_id = "test_modem", tag = "operators",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, description = "What was found, each with its cure", body = serde_json::Value), (status = 409, description = "Modem, SIM or network would not", body = Problem, content_type = "application/problem+json"), Missing, Refusals)
)]
pub(crate) async fn test(
    Extract(state): Extract<State>,
    _: Operator,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    asked(&state, &name, Order::Test).await
}

/// Lets a modem begin anew
#[utoipa::path(
    post, path = "/v1/modems/{name}/reset", operation_id = "reset_modem", tag = "operators",
    params(("name" = String, Path, description = "Its name")),
    responses((status = 200, description = "It begins anew", body = serde_json::Value), (status = 409, description = "Modem, SIM or network would not", body = Problem, content_type = "application/problem+json"), Missing, Refusals)
)]
pub(crate) async fn reset(
    Extract(state): Extract<State>,
    _: Operator,
    Path(name): Path<String>,
) -> Result<Response, Problem> {
    asked(&state, &name, Order::Reset).await
}

#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UssdCall {
    /// What is dialled, `*100#`.
    #[schema(min_length = 1, max_length = 160, pattern = "^[0-9*#+]+$")]
    code: String,
}

/// Dials a USSD code
#[utoipa::path(
    post, path = "/v1/modems/{name}/ussd", operation_id = "ussd", tag = "operators",
    params(("name" = String, Path, description = "Its name")),
    request_body = UssdCall,
    responses((status = 200, description = "What the network says", body = serde_json::Value), BodyFaults, (status = 409, description = "Modem, SIM or network would not", body = Problem, content_type = "application/problem+json"), Missing, Refusals)
)]
pub(crate) async fn ussd(
    Extract(state): Extract<State>,
    _: Operator,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let object = json_object(&state, &headers, body).await?;
    let call: UssdCall = serde_json::from_value(Value::Object(object)).map_err(|fault| {
        Problem::field("code", format!("{fault}; send {{\"code\": \"*100#\"}}"))
    })?;
    let is_code = |octet: u8| octet.is_ascii_digit() || b"*#+".contains(&octet);
    if !(1..=CODE_OCTETS_MAX).contains(&call.code.len()) || !call.code.bytes().all(is_code) {
        let detail = "is no USSD code; write digits, * and # such as *100#";
        return Err(Problem::field("code", detail));
    }
    asked(&state, &name, Order::Ussd(call.code)).await
}

/// Holds nothing against a SIM any more
#[utoipa::path(
    post, path = "/v1/sims/{sim}/acquit", operation_id = "acquit_sim", tag = "operators",
    params(("sim" = String, Path, description = "The end of its card's or subscriber's number, four digits or more")),
    responses((status = 200, description = "The SIM, as it stands now", body = serde_json::Value), (status = 409, description = "Several SIMs have numbers that end so", body = Problem, content_type = "application/problem+json"), Missing, Refusals)
)]
pub(crate) async fn acquit(
    Extract(state): Extract<State>,
    _: Operator,
    Path(sim): Path<String>,
) -> Result<Response, Problem> {
    let unknown = || {
        let known = "GET /v1/modems shows the ends of those that are known";
        Problem::not_found(format!(
            "there is no SIM whose number ends in {sim:?}; {known}"
        ))
    };
    let is_number = sim.len() >= SIM_DIGITS_MIN && sim.bytes().all(|octet| octet.is_ascii_digit());
    let desk = state.modems.as_ref().filter(|_| is_number);
    match desk.ok_or_else(unknown)?.acquit(&sim) {
        Ok(view) => Ok(json(StatusCode::OK, &view)),
        Err(AcquitFault::Unknown) => Err(unknown()),
        Err(AcquitFault::Several(count)) => {
            let detail = format!("{count} SIMs have numbers that end in {sim:?}; give more digits");
            Err(Problem::new(StatusCode::CONFLICT, detail))
        }
    }
}

async fn asked(state: &State, name: &str, order: Order) -> Result<Response, Problem> {
    let missing = || Problem::not_found(format!("there is no modem {name:?} that is enabled"));
    let desk = state.modems.as_ref().ok_or_else(missing)?;
    let (answer, reply) = oneshot::channel();
    // The client may have gone.
    let reply_to = move |found| drop(answer.send(found));
    let given = desk.order(name, order, Box::new(reply_to));
    given.ok_or_else(missing)?.map_err(refused)?;
    let found = tokio::time::timeout(state.request_timeout, reply).await;
    let Ok(Ok(found)) = found else {
        return Err(Problem::no_answer());
    };
    let found = match found.map_err(refused)? {
        OrderAnswer::Ussd(text) => document!({ "modem": name, "answer": text }),
        OrderAnswer::Reset => document!({ "modem": name, "reset": true }),
        OrderAnswer::Test(findings) => {
            let ok = findings.iter().all(|finding| finding.ok);
            document!({ "modem": name, "ok": ok, "findings": findings })
        }
    };
    Ok(json(StatusCode::OK, &found))
}

fn refused(fault: OrderFault) -> Problem {
    match fault {
        OrderFault::Busy => Problem::later(StatusCode::SERVICE_UNAVAILABLE, 5, fault),
        OrderFault::NotServed | OrderFault::Failed(_) => Problem::new(StatusCode::CONFLICT, fault),
    }
}
