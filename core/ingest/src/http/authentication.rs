//! Who asks: `Authorization: Bearer KEY`, Basic with name and key, or a signature (`signature`). The password of SMPP binds
//! opens nothing here.
//!
//! Promise: a key makes the calls of its scopes and no others; an account makes no more requests than it may. Whoever is
//! refused is told what is missing, and nothing that helps to guess. Parameters that a call does not know are refused with
//! it ([`parameters`]).

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, Version, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use carrack_telemetry::names;

use super::parameters;
use super::problem::Problem;
use super::scope::scope_of;
use super::signature::{SCHEME, Signed};
use super::state::{Peer, State};
use crate::accounts::{AccessFault, Account, Admitted, Scope};

/// The account that asks.
pub(crate) struct Customer(pub(crate) Arc<Account>);

/// An account with `operator = true` that asks from this machine.
pub(crate) struct Operator(pub(crate) Arc<Account>);

/// Somebody on this machine, or an operator from wherever: who looks after the node.
pub(crate) struct Watcher;

/// An account that asks, and whether it does so as an operator, from this machine.
pub(crate) struct Caller {
    pub(crate) account: Arc<Account>,
    pub(crate) is_operator: bool,
}

pub(crate) fn unauthorized(detail: &str) -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

pub(crate) fn peer(parts: &Parts) -> Result<Peer, Problem> {
    let peer = parts.extensions.get::<Peer>().copied();
    peer.ok_or_else(|| Problem::broken("the connection has no address"))
}

/// Who asks, by its credentials alone.
fn by_credentials(parts: &Parts, state: &State) -> Result<Admitted, Problem> {
    let from = peer(parts)?.0.ip();
    let mut given = parts.headers.get_all(header::AUTHORIZATION).iter();
    let first = given.next();
    if given.any(|other| Some(other) != first) {
        let detail = "stands twice with different credentials; send one of them";
        return Err(Problem::field("Authorization", detail));
    }
    let header = first.and_then(|value| value.to_str().ok());
    let (scheme, given) = header
        .and_then(|header| header.split_once(' '))
        .ok_or_else(|| {
            unauthorized(
                "send `Authorization: Bearer KEY`, Basic with the account's name and key, or a signature",
            )
        })?;
    let given = given.trim();
    let accounts = state.accounts.current();
    let found = if scheme.eq_ignore_ascii_case("bearer") {
        accounts.by_key(given, from)
    } else if scheme.eq_ignore_ascii_case("basic") {
        let plain = BASE64_STANDARD
            .decode(given)
            .ok()
            .and_then(|octets| String::from_utf8(octets).ok());
        let (user, secret) = plain
            .as_deref()
            .and_then(|plain| plain.split_once(':'))
            .ok_or_else(|| unauthorized("the Basic credentials are not base64 of name:key"))?;
        accounts.by_name_and_key(user, secret, from)
    } else if let Some(Signed(admitted)) = parts.extensions.get().cloned() {
        return Ok(admitted);
    } else {
        let detail = format!("the scheme is unknown; use Bearer, Basic or {SCHEME}");
        return Err(unauthorized(&detail));
    };
    found.map_err(|fault| match fault {
        AccessFault::Unknown | AccessFault::Secret => {
            unauthorized("unknown key; check the credentials of the account")
        }
        AccessFault::Address => Problem::new(StatusCode::FORBIDDEN, fault),
    })
}

/// Takes one out of the requests a second that an account may make.
pub(super) fn take_request(account: &Account) -> Result<(), Problem> {
    account.take_request().map_err(|wait_ns| {
        metrics::counter!(names::HTTP_REQUESTS_LIMITED, "account" => account.name.clone())
            .increment(1);
        let seconds = u32::try_from(wait_ns.div_ceil(1_000_000_000)).unwrap_or(u32::MAX);
        let detail = "the account makes more requests a second than it may; try again, or put more into a request";
        Problem::later(StatusCode::TOO_MANY_REQUESTS, seconds, detail)
    })
}

/// HTTP/1.1 has one `Host` (RFC 9112, 3.2): two readers of a request with none or several may take it for different ones.
fn one_host(parts: &Parts) -> Result<(), Problem> {
    let mut hosts = parts.headers.get_all(header::HOST).iter();
    let (first, second) = (hosts.next(), hosts.next());
    match (first, second) {
        (None, _) if parts.version == Version::HTTP_11 => {
            let detail =
                "is missing; HTTP/1.1 names the host that is asked, as in `Host: sms.example.com`";
            Err(Problem::field("Host", detail))
        }
        (_, Some(_)) => Err(Problem::field("Host", "stands twice; take one of them out")),
        _ => Ok(()),
    }
}

/// Who asks, if he may ask for this and not too often.
fn admitted(parts: &Parts, state: &State, scope: Scope) -> Result<Admitted, Problem> {
    one_host(parts)?;
    let admitted = by_credentials(parts, state)?;
    // One that is signed was counted before its signature was remembered.
    if parts.extensions.get::<Signed>().is_none() {
        take_request(&admitted.account)?;
    }
    if !admitted.may(scope) {
        let detail = format!(
            "this key has not the scope {scope:?}, which the call needs; use another key, or have it added",
            scope = scope.name()
        );
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    parameters::check(parts)?;
    Ok(admitted)
}

impl FromRequestParts<State> for Customer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let scope = scope_of(&parts.method, parts.uri.path());
        admitted(parts, state, scope).map(|admitted| Self(admitted.account))
    }
}

impl FromRequestParts<State> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let scope = scope_of(&parts.method, parts.uri.path());
        let admitted = admitted(parts, state, scope)?;
        let is_here = is_here(parts)?;
        Ok(Self {
            is_operator: admitted.account.operator && admitted.may(Scope::Operate) && is_here,
            account: admitted.account,
        })
    }
}

/// An account with `operator = true` that asks, from wherever.
fn operator(parts: &Parts, state: &State) -> Result<Arc<Account>, Problem> {
    let account = admitted(parts, state, Scope::Operate)?.account;
    if account.operator {
        return Ok(account);
    }
    Err(Problem::new(
        StatusCode::FORBIDDEN,
        "this call is for operators; set `operator = true` in the [[account]] whose key you use",
    ))
}

fn is_here(parts: &Parts) -> Result<bool, Problem> {
    Ok(peer(parts)?.0.ip().to_canonical().is_loopback())
}

impl FromRequestParts<State> for Watcher {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        if !is_here(parts)? {
            operator(parts, state)?;
        }
        Ok(Self)
    }
}

impl FromRequestParts<State> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let account = operator(parts, state)?;
        if is_here(parts)? {
            Ok(Self(account))
        } else {
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                "this call is answered only on the node's own machine",
            ))
        }
    }
}
