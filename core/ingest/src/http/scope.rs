//! Which scope a call needs. Operators' calls need [`Scope::Operate`] and are told apart by who they ask for.

use axum::http::Method;

use crate::accounts::Scope;

/// Calls that ask by POST and change nothing.
const ASKS: [&str; 1] = ["/v1/messages:status"];

/// The scope of a customer's call.
pub(crate) fn scope_of(method: &Method, path: &str) -> Scope {
    match path {
        _ if path.starts_with("/v1/batches") => Scope::Batches,
        "/v1/balance" => Scope::Balance,
        _ if method == Method::GET || ASKS.contains(&path) => Scope::Read,
        _ => Scope::Send,
    }
}
