//! Requests that are signed instead of carrying a key:
//! `Authorization: HMAC-SHA256 key=ACCOUNT/KEY,t=UNIX,nonce=TEXT,signature=HEX`.
//!
//! Signed are, each on a line: method, path with query as sent, `t`, nonce (empty where there is none), and the SHA-256 of
//! the body in hex (`STREAM` for calls whose body is a stream); no other header is. Promise: a signature opens once, within
//! [`WINDOW_S`] of `t` and not before the door opened; nothing of the body is acted on before all of it is proven. Bound: the
//! body as any other; [`replays`] remember so many, of requests within the account's rate. Fails as 401, and as 503 where no
//! more signatures can be remembered.

mod claim;
mod replays;

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State as Extract};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use super::authentication::{peer, take_request, unauthorized};
use super::body::octets_of;
use super::problem::Problem;
use super::state::State;
use crate::accounts::{AccessFault, Account, Admitted};
use claim::Claim;
pub(crate) use replays::Replays;
use replays::Used;

/// The scheme.
pub(crate) const SCHEME: &str = "HMAC-SHA256";
/// How far `t` may lie from the node's clock, seconds.
const WINDOW_S: u64 = 300;
/// What is signed in place of a body that is a stream.
const STREAM: &str = "STREAM";

/// Who signed a request; it is proven.
#[derive(Clone)]
pub(crate) struct Signed(pub(crate) Admitted);

/// Whether a request says that it is signed.
pub(crate) fn is_signed(headers: &HeaderMap) -> bool {
    let given = headers.get(header::AUTHORIZATION);
    given.is_some_and(|given| {
        let scheme = given.as_bytes().get(..SCHEME.len());
        scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(SCHEME.as_bytes()))
    })
}

/// Proves a signed request before it goes on.
pub(crate) async fn prove(
    Extract(state): Extract<State>,
    request: Request,
    next: Next,
) -> Response {
    if !is_signed(request.headers()) {
        return next.run(request).await;
    }
    match proven(&state, request).await {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Whether the body comes as it likes, so that it is not signed.
fn is_stream(method: &Method, path: &str) -> bool {
    *method == Method::POST && matches!(path, "/v1/messages:bulk" | "/v1/batches")
}

async fn proven(state: &State, request: Request) -> Result<Request, Problem> {
    let (mut parts, body) = request.into_parts();
    let claim = Claim::of(&parts.headers)?;
    in_time(state, &claim)?;
    let accounts = state.accounts.current();
    let signer = accounts.signer(&claim.key);
    let (account, key) = signer.ok_or_else(wrong)?;
    let account: Arc<Account> = Arc::clone(account);
    let (body, digest) = match is_stream(&parts.method, parts.uri.path()) {
        true => (body, STREAM.to_owned()),
        false => {
            let octets: Bytes = octets_of(state, body).await?;
            let digest = claim::hex(&Sha256::digest(&octets));
            (Body::from(octets), digest)
        }
    };
    let target = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut mac = Hmac::<Sha256>::new_from_slice(key.text().as_bytes()).map_err(Problem::broken)?;
    mac.update(
        claim
            .text(parts.method.as_str(), target, &digest)
            .as_bytes(),
    );
    mac.verify_slice(&claim.signature).map_err(|_| wrong())?;
    if !account.allows(peer(&parts)?.0.ip()) {
        return Err(Problem::new(StatusCode::FORBIDDEN, AccessFault::Address));
    }
    // The body may have taken its time.
    let now_s = in_time(state, &claim)?;
    take_request(&account)?;
    let used = Used {
        account: account.number,
        signature: claim.signature,
        at_s: claim.at_s,
    };
    state.replays.note(&used, now_s)?;
    let scopes = key.scopes();
    parts
        .extensions
        .insert(Signed(Admitted { account, scopes }));
    Ok(Request::from_parts(parts, body))
}

/// The time here, seconds, where the signature is of about now.
fn in_time(state: &State, claim: &Claim) -> Result<u64, Problem> {
    let (at_s, now_s) = (claim.at_s, state.utc_ns() / 1_000_000_000);
    if at_s.abs_diff(now_s) <= WINDOW_S {
        return Ok(now_s);
    }
    Err(unauthorized(&format!(
        "t is {at_s} and the time here {now_s}; sign within {WINDOW_S} s, and set the clock"
    )))
}

fn wrong() -> Problem {
    unauthorized("unknown key or wrong signature; sign what docs/http.md says, with the key itself")
}
