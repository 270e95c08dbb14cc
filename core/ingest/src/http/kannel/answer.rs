//! Kannel's answers: one line of text and a status (user guide, "Using the HTTP interface to send SMS messages").

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use carrack_engine::Refusal;

use crate::http::legacy_detail::detail_header;
use crate::submission::SubmissionFault;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) text: String,
    /// Why, where Kannel's text does not say; for people.
    pub(crate) detail: String,
}

impl Answer {
    fn new(status: StatusCode, text: &str, detail: &str) -> Self {
        Self {
            status,
            text: text.to_owned(),
            detail: detail.to_owned(),
        }
    }

    /// Kannel's `0` and `3`. Denied recipients are named as Kannel does in its answers without delay.
    pub(crate) fn accepted(is_up: bool, denied: &[String]) -> Self {
        let text = match is_up {
            true => "0: Accepted for delivery",
            false => "3: Queued for later delivery",
        };
        let mut answer = Self::new(StatusCode::ACCEPTED, text, "");
        if !denied.is_empty() {
            answer.text.push_str(" Denied receivers are: ");
            let shown = |number: &String| number.replace(|sign| !is_shown(sign), "?");
            let shown: Vec<String> = denied.iter().map(shown).collect();
            answer.text.push_str(&shown.join(" "));
        }
        answer
    }

    pub(crate) fn unauthorized(detail: &str) -> Self {
        let text = "Authorization failed for sendsms";
        Self::new(StatusCode::FORBIDDEN, text, detail)
    }

    /// A fault of the request: 400 and Kannel's sentence.
    pub(crate) fn bad(text: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text, "")
    }

    pub(crate) fn bad_for(text: &str, detail: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text, detail)
    }

    pub(crate) fn denied(detail: &str) -> Self {
        let text = "Number(s) has/have been denied by white- and/or black-lists.";
        Self::new(StatusCode::BAD_REQUEST, text, detail)
    }

    /// A content type that it does not read.
    pub(crate) fn content_type(is_known: bool) -> Self {
        match is_known {
            true => Self::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "Unsupported content-type, rejected",
                "send text/plain or application/octet-stream with X-Kannel headers, or a form",
            ),
            false => Self::bad("Invalid content-type"),
        }
    }

    pub(crate) fn method() -> Self {
        let detail = "send GET or POST";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "Unknown request.", detail)
    }

    pub(crate) fn later(detail: &str) -> Self {
        let text = "Temporal failure, try again later.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, text, detail)
    }

    /// A fault that Kannel has no sentence for is said in ours.
    pub(crate) fn fault(fault: &SubmissionFault) -> Self {
        let text = match fault.field {
            "from" => "Sender not allowed, rejected",
            "text" => "Message too long, rejected",
            "validity" => "Validity field misformed, rejected",
            _ => "Request misformed, rejected",
        };
        Self::bad_for(text, &fault.to_string())
    }

    pub(crate) fn refused(refusal: &Refusal) -> Self {
        let detail = refusal.to_string();
        match refusal {
            Refusal::Suppressed { .. } => Self::denied(&detail),
            Refusal::NoCredit
            | Refusal::NoRoute(_)
            | Refusal::KeyUsed
            | Refusal::Duplicate(_)
            | Refusal::DuplicateRow(_) => Self::new(
                StatusCode::FORBIDDEN,
                "Not routable. Do not try again.",
                &detail,
            ),
            _ => Self::later(&detail),
        }
    }
}

/// What is said back is what its caller finds again and no HTML begins with: the answer is HTML by name.
const fn is_shown(sign: char) -> bool {
    matches!(sign, '0'..='9' | 'A'..='Z' | 'a'..='z' | '+' | '-' | '.' | '(' | ')' | '/' | '*' | '#')
}

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::from(self.text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html"));
        headers.insert(header::PRAGMA, HeaderValue::from_static("no-cache"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("GET, POST"));
        }
        detail_header(headers, &self.detail);
        response
    }
}
