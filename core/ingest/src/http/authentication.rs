//! Who asks: `Authorization: Bearer KEY`, or Basic with name and key. The password of SMPP binds opens nothing here.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::problem::Problem;
use super::state::{Peer, State};
use crate::accounts::{AccessFault, Account};

/// The account that asks.
pub(crate) struct Customer(pub(crate) Arc<Account>);

/// An account with `operator = true` that asks from this machine.
pub(crate) struct Operator(pub(crate) Arc<Account>);

fn peer(parts: &Parts) -> Result<Peer, Problem> {
    let peer = parts.extensions.get::<Peer>().copied();
    peer.ok_or_else(|| Problem::broken("the connection has no address"))
}

fn customer(parts: &Parts, state: &State) -> Result<Arc<Account>, Problem> {
    let unauthorized = |detail: &str| Problem::new(StatusCode::UNAUTHORIZED, detail);
    let from = peer(parts)?.0.ip();
    let header = parts
        .headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let (scheme, given) = header
        .and_then(|header| header.split_once(' '))
        .ok_or_else(|| {
            unauthorized(
                "send `Authorization: Bearer KEY`, or Basic with the account's name and key",
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
        accounts.by_basic(user, secret, from)
    } else {
        return Err(unauthorized("the scheme is unknown; use Bearer or Basic"));
    };
    found.map_err(|fault| match fault {
        AccessFault::Unknown | AccessFault::Secret => {
            unauthorized("unknown key; check the credentials of the account")
        }
        AccessFault::Address => Problem::new(StatusCode::FORBIDDEN, fault),
    })
}

impl FromRequestParts<State> for Customer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        customer(parts, state).map(Self)
    }
}

impl FromRequestParts<State> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let account = customer(parts, state)?;
        if !account.operator {
            return Err(Problem::new(
                StatusCode::FORBIDDEN,
                "this call is for operators; set `operator = true` in the [[account]] whose key you use",
            ));
        }
        if peer(parts)?.0.ip().to_canonical().is_loopback() {
            Ok(Self(account))
        } else {
            Err(Problem::new(
                StatusCode::FORBIDDEN,
                "this call is answered only on the node's own machine",
            ))
        }
    }
}
