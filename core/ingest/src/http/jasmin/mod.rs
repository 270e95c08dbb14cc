//! `/send`, `/rate`, `/balance` and `/ping` as Jasmin 0.12 answers them: its parameters, its texts, its statuses.
//!
//! Promise: a caller that was written for Jasmin is answered in Jasmin's words, and `Success` means durable. What Jasmin
//! takes and we cannot do is refused, never passed over; why is in the header `x-carrack-detail` beside Jasmin's text.
//! Bound: the door's bodies and the segments of the account. What it does otherwise than Jasmin is listed in
//! docs/switching.md.

mod answer;
mod arguments;
mod balance;
mod check;
mod content;
mod custom_tlvs;
mod rate;
mod receipt;
mod send;

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::http::Method;
use axum::routing::any;

use self::answer::Fault;
use self::arguments::Arguments;
use super::state::{Peer, State};
use crate::accounts::{Account, Scope};

/// Its calls.
pub(crate) fn router() -> Router<State> {
    Router::new()
        .route("/send", any(send::send))
        .route("/rate", any(rate::rate))
        .route("/balance", any(balance::balance))
        .route("/ping", any(|| async { "Jasmin/PONG" }))
}

/// The arguments of a call, checked, and the account that calls; its key has the scope.
async fn called(
    state: &State,
    request: Request,
    scope: Scope,
    known: &[check::Field],
    prepare: impl FnOnce(&mut Arguments),
) -> Result<(Arguments, Arc<Account>), Fault> {
    // A HEAD would send, and its caller would not see what.
    if !matches!(*request.method(), Method::GET | Method::POST) {
        return Err(Fault::method());
    }
    let peer = request.extensions().get::<Peer>().copied();
    let Some(Peer(peer)) = peer else {
        return Err(Fault::later("the connection has no address"));
    };
    let mut arguments = Arguments::read(state, request).await?;
    prepare(&mut arguments);
    check::check(&arguments, known)?;
    let (user, password) = (arguments.text("username"), arguments.text("password"));
    let accounts = state.accounts.current();
    let account = accounts
        .by_legacy(&user, &password, peer.ip(), scope)
        .map_err(|fault| Fault::unauthorized(&user, &fault.to_string()))?;
    if arguments.is_password_in_url && !account.legacy_in_url {
        return Err(Fault::unauthorized(
            &user,
            "this account takes no password from a URL (legacy.in_url); send it in the body",
        ));
    }
    (account.take_request())
        .map_err(|_| Fault::throughput("the account makes more requests a second than it may"))?;
    Ok((arguments, account))
}
