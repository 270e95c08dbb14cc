//! Jasmin's answers: `/send` in text, `/rate` and `/balance` in JSON.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use carrack_engine::Refusal;
use serde_json::Value;

use crate::accounts::Account;
use crate::http::legacy_detail::detail_header;
use crate::submission::SubmissionFault;

/// Why a call was not done, in Jasmin's words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    /// Why, where Jasmin's text does not say; for people.
    pub(crate) detail: String,
}

impl Fault {
    fn new(status: StatusCode, text: impl Into<String>, detail: &str) -> Self {
        Self {
            status,
            text: text.into(),
            detail: detail.to_owned(),
        }
    }

    /// A fault of an argument that has a sentence of its own.
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text, "")
    }

    pub(crate) fn unknown(name: &[u8]) -> Self {
        let name = String::from_utf8_lossy(name);
        Self::bad(format!("Argument [{name}] is unknown."))
    }

    pub(crate) fn missing(name: &str, detail: &str) -> Self {
        let text = format!("Mandatory argument [{name}] is not found.");
        Self::new(StatusCode::BAD_REQUEST, text, detail)
    }

    pub(crate) fn invalid(name: &str, value: &[u8], detail: &str) -> Self {
        let value = String::from_utf8_lossy(value);
        let text = format!("Argument [{name}] has an invalid value: [{value}].");
        Self::new(StatusCode::BAD_REQUEST, text, detail)
    }

    pub(crate) fn unauthorized(user: &str, detail: &str) -> Self {
        let text = format!("Authentication failure for username:{user}");
        Self::new(StatusCode::FORBIDDEN, text, detail)
    }

    pub(crate) fn method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "Method not allowed",
            "send GET or POST",
        )
    }

    pub(crate) fn throughput(detail: &str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "User throughput exceeded", detail)
    }

    pub(crate) fn no_route(detail: &str) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "No route found", detail)
    }

    /// Nothing that the caller could mend.
    pub(crate) fn later(detail: &str) -> Self {
        let text = "Cannot send submit_sm, check SMPPClientManagerPB log file for details";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text, detail)
    }

    /// What this account may not send.
    pub(crate) fn screened(account: &Account, fault: &SubmissionFault) -> Self {
        let filter = match fault.field {
            "from" => "source_address",
            "to" => "destination_address",
            "validity" => "validity_period",
            _ => "content",
        };
        let user = &account.name;
        let text = format!("Value filter failed for user [{user}] ({filter} filter mismatch).");
        Self::new(StatusCode::BAD_REQUEST, text, &fault.to_string())
    }

    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::NoRoute(_) => Self::no_route(&detail),
            Refusal::Suppressed { .. } => Self::new(
                StatusCode::BAD_REQUEST,
                "Value filter failed for the destination (destination_address filter mismatch).",
                &detail,
            ),
            Refusal::NoCredit => Self::new(
                StatusCode::FORBIDDEN,
                "Cannot charge submit_sm, check RouterPB log file for details",
                &detail,
            ),
            Refusal::KeyUsed | Refusal::Duplicate(_) | Refusal::DuplicateRow(_) => {
                Self::new(StatusCode::BAD_REQUEST, "Message was sent before", &detail)
            }
            Refusal::RecipientLimit { .. } => Self::throughput(&detail),
            _ => Self::later(&detail),
        }
    }

    /// As `/send` answers.
    pub(crate) fn as_text(&self) -> Response {
        let body = format!("Error \"{}\"", self.text);
        self.answer(body, "text/plain")
    }

    /// As `/rate` and `/balance` answer.
    pub(crate) fn as_json(&self) -> Response {
        let body = Value::from(self.text.as_str()).to_string();
        self.answer(body, "application/json")
    }

    fn answer(&self, body: String, media: &'static str) -> Response {
        let mut response = answer(self.status, body, media);
        let headers = response.headers_mut();
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
        }
        detail_header(headers, &self.detail);
        response
    }
}

/// `Success "..."`.
pub(crate) fn success(id: &str) -> Response {
    let body = format!("Success \"{id}\"");
    answer(StatusCode::OK, body, "text/plain")
}

/// An object.
pub(crate) fn object(value: &Value) -> Response {
    answer(StatusCode::OK, value.to_string(), "application/json")
}

fn answer(status: StatusCode, body: String, media: &'static str) -> Response {
    let media = HeaderValue::from_static(media);
    (status, [(header::CONTENT_TYPE, media)], Body::from(body)).into_response()
}
