//! Parameters of a URL that a call does not know: refused, never passed over. Who knows `dry_run` from batches and puts it
//! on a message must not send.
//!
//! Promise: each such parameter is named, with the nearest that is known. Which call knows what is read from the OpenAPI
//! document, once. A request without parameters pays a look.

use std::sync::OnceLock;

use axum::extract::rejection::QueryRejection;
use axum::http::Method;
use axum::http::request::Parts;
use serde_json::Value;

use super::form::Form;
use super::openapi::openapi;
use super::problem::{FieldFault, Problem};
use crate::submission::nearest;

/// Reads its own, with columns in their names.
const BATCHES: &str = "/v1/batches";

/// One that cannot be read, by its name where the reader gives it.
impl From<QueryRejection> for Problem {
    fn from(rejection: QueryRejection) -> Self {
        let said = rejection.body_text();
        let found = said.split_once(": ").map_or(&*said, |(_, found)| found);
        let is_name = |name: &str| {
            let mut signs = name.bytes();
            !name.is_empty() && signs.all(|sign| sign.is_ascii_alphanumeric() || sign == b'_')
        };
        match found.split_once(": ").filter(|(name, _)| is_name(name)) {
            Some((name, detail)) => Self::field(name, detail),
            None => Self::bad_request(said),
        }
    }
}

/// A call and the parameters that it knows.
#[derive(Debug)]
struct Call {
    method: String,
    path: String,
    known: Vec<String>,
}

/// Refuses what a call does not know.
pub(crate) fn check(parts: &Parts) -> Result<(), Problem> {
    let query = parts.uri.query().unwrap_or_default();
    let path = parts.uri.path();
    let is_batch = parts.method == Method::POST && path == BATCHES;
    if query.is_empty() || is_batch {
        return Ok(());
    }
    let Some(call) = called(&parts.method, path) else {
        return Ok(());
    };
    let form = Form::read(query.as_bytes());
    let names = form.names().map(String::from_utf8_lossy);
    let unknown = names.filter(|name| !call.known.iter().any(|known| known == name));
    let faults: Vec<FieldFault> = unknown
        .map(|name| FieldFault {
            detail: call.said_of(&name),
            field: name.into_owned(),
        })
        .collect();
    match faults.is_empty() {
        true => Ok(()),
        false => Err(Problem::fields(faults)),
    }
}

impl Call {
    fn said_of(&self, name: &str) -> String {
        let is_message = self.method == "post" && self.path.starts_with("/v1/messages");
        match (name, self.known.is_empty()) {
            ("dry_run", _) if is_message => {
                "is unknown here; POST /v1/quote says what a message would cost and sends nothing"
                    .to_owned()
            }
            (_, false) => {
                let known = self.known.iter().map(String::as_str);
                format!("is unknown; {}", nearest(name, known))
            }
            (_, true) if self.method == "get" || self.method == "delete" => {
                "is unknown: this call has no parameters; leave it out".to_owned()
            }
            (_, true) => {
                "is unknown: this call has no parameters in its URL; what it takes stands in its body"
                    .to_owned()
            }
        }
    }

    fn is(&self, method: &str, path: &str) -> bool {
        let (mut own, mut asked) = (self.path.split('/'), path.split('/'));
        let is_path = own.by_ref().all(|own| {
            let part = asked.next();
            part.is_some_and(|part| own.starts_with('{') || own == part)
        });
        self.method == method && is_path && asked.next().is_none()
    }

    fn names(&self) -> usize {
        self.path.matches('{').count()
    }
}

/// The call as the document has it; of two that fit the one that names more.
fn called(method: &Method, path: &str) -> Option<&'static Call> {
    static CALLS: OnceLock<Vec<Call>> = OnceLock::new();
    let calls = CALLS.get_or_init(calls);
    let method = match *method {
        Method::HEAD => "get".to_owned(),
        _ => method.as_str().to_ascii_lowercase(),
    };
    let fitting = calls.iter().filter(|call| call.is(&method, path));
    fitting.min_by_key(|call| call.names())
}

fn calls() -> Vec<Call> {
    let document: Value = serde_json::from_str(openapi()).unwrap_or_default();
    let paths = document.get("paths").and_then(Value::as_object);
    let mut calls = Vec::new();
    for (path, methods) in paths.into_iter().flatten() {
        let methods = methods.as_object().into_iter().flatten();
        // Others need no credentials, and probes of others add what they like.
        for (method, call) in methods.filter(|_| path.starts_with("/v1/")) {
            let listed = call.get("parameters").and_then(Value::as_array);
            let listed = listed.into_iter().flatten();
            let in_url = listed.filter(|parameter| parameter["in"] == "query");
            let known = in_url.filter_map(|parameter| parameter["name"].as_str());
            calls.push(Call {
                method: method.clone(),
                path: path.clone(),
                known: known.map(str::to_owned).collect(),
            });
        }
    }
    calls
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_call_is_found_by_its_path_and_knows_what_the_document_lists() {
        let known = |method: Method, path: &str| called(&method, path).unwrap().known.clone();
        assert_eq!(known(Method::GET, "/v1/messages"), ["ids"]);
        assert!(known(Method::POST, "/v1/messages").is_empty());
        assert!(known(Method::GET, "/v1/messages/0123").is_empty());
        assert!(known(Method::HEAD, "/v1/balance").is_empty());
        assert!(known(Method::GET, "/v1/suppressions/own").contains(&"limit".to_owned()));
        assert!(known(Method::POST, "/v1/suppressions/own/compact").is_empty());
        assert_eq!(
            known(Method::DELETE, "/v1/suppressions/own/4477"),
            ["account", "from"]
        );
        assert!(called(&Method::GET, "/healthz").is_none());
        assert!(called(&Method::GET, "/v1/messages/1/2").is_none());
    }
}
