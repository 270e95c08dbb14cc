//! Why a recipient is refused.

use thiserror::Error;

/// One fault of one message. Nothing to retry: the message has to be mended.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{field}: {detail}")]
pub struct SubmissionFault {
    /// The field: `to`, `from`, `text`, `class`, `validity`, `encoding` or `client_ref`.
    pub field: &'static str,
    /// What is wrong and how to mend it.
    pub detail: String,
}

impl SubmissionFault {
    /// A fault of a field.
    pub fn new(field: &'static str, detail: impl ToString) -> Self {
        Self {
            field,
            detail: detail.to_string(),
        }
    }
}
