//! Problem documents (RFC 9457).

use std::fmt;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use carrack_engine::Refusal;
use serde::Serialize;
use utoipa::ToSchema;

use super::idempotency;
use crate::submission::SubmissionFault;

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldFault {
    pub(crate) field: String,
    /// The fault and its cure.
    pub(crate) detail: String,
}

/// Why a request cannot be done (RFC 9457).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Problem {
    #[serde(rename = "type")]
    kind: &'static str,
    title: &'static str,
    status: u16,
    detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldFault>,
    #[serde(skip)]
    retry_after_seconds: Option<u32>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, detail: impl ToString) -> Self {
        Self {
            kind: "about:blank",
            title: status.canonical_reason().unwrap_or("Error"),
            status: status.as_u16(),
            detail: detail.to_string(),
            errors: Vec::new(),
            retry_after_seconds: None,
        }
    }

    pub(crate) fn bad_request(detail: impl ToString) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Fields at fault: 400.
    pub(crate) fn fields(errors: Vec<FieldFault>) -> Self {
        let detail = errors
            .first()
            .map_or_else(String::new, |first| match errors.len() {
                1 => format!("{}: {}", first.field, first.detail),
                count => format!("{}: {} (and {} more)", first.field, first.detail, count - 1),
            });
        Self {
            errors,
            ..Self::bad_request(detail)
        }
    }

    pub(crate) fn field(field: &str, detail: impl ToString) -> Self {
        Self::fields(vec![FieldFault {
            field: field.to_owned(),
            detail: detail.to_string(),
        }])
    }

    /// A key that has other content: 422.
    pub(crate) fn key_used(detail: impl ToString) -> Self {
        let fault = FieldFault {
            field: idempotency::FIELD.to_owned(),
            detail: detail.to_string(),
        };
        Self {
            errors: vec![fault.clone()],
            ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, fault)
        }
    }

    pub(crate) fn not_found(detail: impl ToString) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// Try again in so many seconds.
    pub(crate) fn later(status: StatusCode, seconds: u32, detail: impl ToString) -> Self {
        Self {
            retry_after_seconds: Some(seconds.max(1)),
            ..Self::new(status, detail)
        }
    }

    pub(crate) fn busy() -> Self {
        Self::later(
            StatusCode::TOO_MANY_REQUESTS,
            1,
            "the node has more work at hand than it can take; try again",
        )
    }

    pub(crate) fn no_answer() -> Self {
        let detail = "the engine gave no answer in time; whether it was done is not known; ask what became of it before you try again";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail)
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn detail(&self) -> &str {
        &self.detail
    }

    pub(crate) fn retry_after_seconds(&self) -> Option<u32> {
        self.retry_after_seconds
    }

    /// Its detail, and the fields at fault.
    pub(crate) fn into_faults(self) -> (String, Vec<FieldFault>) {
        (self.detail, self.errors)
    }

    pub(crate) fn broken(detail: impl ToString) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
    }
}

impl From<FieldFault> for Problem {
    fn from(fault: FieldFault) -> Self {
        Self::fields(vec![fault])
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.detail)
    }
}

impl From<&Refusal> for Problem {
    fn from(refusal: &Refusal) -> Self {
        match refusal {
            Refusal::NoRoute(_) | Refusal::Suppressed { .. } => Self::field("to", refusal),
            Refusal::QueueFull | Refusal::AccountQueueFull | Refusal::Together => {
                Self::later(StatusCode::TOO_MANY_REQUESTS, 5, refusal)
            }
            Refusal::RecipientLimit { wait_s, .. } => {
                let seconds = u32::try_from(*wait_s).unwrap_or(u32::MAX);
                Self::later(StatusCode::TOO_MANY_REQUESTS, seconds, refusal)
            }
            Refusal::NoCredit => Self::new(StatusCode::PAYMENT_REQUIRED, refusal),
            Refusal::Store(_) => Self::later(StatusCode::SERVICE_UNAVAILABLE, 10, refusal),
            Refusal::ShuttingDown => Self::later(StatusCode::SERVICE_UNAVAILABLE, 5, refusal),
            Refusal::KeyUsed => Self::key_used(refusal),
            Refusal::KeyUnderWay => Self::later(StatusCode::CONFLICT, 1, refusal),
            Refusal::Duplicate(_) | Refusal::DuplicateRow(_) => Self {
                errors: vec![refusal.into()],
                ..Self::new(StatusCode::CONFLICT, refusal)
            },
        }
    }
}

impl From<&Refusal> for FieldFault {
    fn from(refusal: &Refusal) -> Self {
        let field = match refusal {
            Refusal::KeyUsed => idempotency::FIELD,
            Refusal::Duplicate(_) | Refusal::DuplicateRow(_) => "text",
            _ => "to",
        };
        Self {
            field: field.to_owned(),
            detail: refusal.to_string(),
        }
    }
}

impl fmt::Display for FieldFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.field, self.detail)
    }
}

impl From<SubmissionFault> for FieldFault {
    fn from(fault: SubmissionFault) -> Self {
        Self {
            field: fault.field.to_owned(),
            detail: fault.detail,
        }
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = json(
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::BAD_REQUEST),
            &self,
        );
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if self.status == StatusCode::UNAUTHORIZED.as_u16() {
            let ways = HeaderValue::from_static(
                "Bearer realm=\"carrack\", Basic realm=\"carrack\", HMAC-SHA256 realm=\"carrack\"",
            );
            headers.insert(header::WWW_AUTHENTICATE, ways);
        }
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A JSON answer.
pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Response {
    match serde_json::to_vec(value) {
        Ok(octets) => {
            let mut response = Response::new(Body::from(octets));
            *response.status_mut() = status;
            response.headers_mut().insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
            response
        }
        Err(error) => {
            tracing::error!(%error, "an answer could not be written as JSON");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
