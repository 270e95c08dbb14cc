//! What `POST /v1/messages` takes, for the document; `request` reads it, and a test holds the two together.

use utoipa::ToSchema;

/// A text to one recipient, or the same to several.
#[derive(ToSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
pub(crate) struct MessageCall {
    to: RecipientsCall,
    /// Sender; without it that of the account.
    #[schema(example = "ACME")]
    from: Option<String>,
    /// What the message says.
    #[schema(example = "Hello", min_length = 1)]
    text: String,
    /// `otp`, `alert`, `transactional` or `bulk`; without it that of the account.
    #[schema(pattern = "^(otp|alert|transactional|bulk)?$")]
    class: Option<String>,
    /// The customer's own reference, at most 128 octets.
    #[schema(max_length = 128)]
    client_ref: Option<String>,
    /// What the customer calls this kind of message, for routes.
    #[schema(max_length = 64, pattern = "^[!-~]*$")]
    tag: Option<String>,
    validity: Option<ValidityCall>,
    /// `auto`, `gsm7` or `ucs2`.
    #[schema(pattern = "^(auto|gsm7|ucs2)$")]
    encoding: Option<String>,
    /// Not to be sent before: a moment with its offset, at most 366 days ahead.
    #[schema(format = DateTime, example = "2026-12-24T09:00:00+01:00")]
    send_at: Option<String>,
}

/// One recipient, or a list of at most 1,000.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
pub(crate) enum RecipientsCall {
    /// An international number, or one of the account's country.
    One(RecipientCall),
    /// Each has a verdict of its own.
    Many(Vec<RecipientCall>),
}

/// A number.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
pub(crate) enum RecipientCall {
    /// With or without +, spaces and hyphens.
    Text(String),
    /// Without +.
    Number(u64),
}

/// How long it may wait and travel.
#[derive(ToSchema)]
#[serde(untagged)]
#[allow(dead_code)]
pub(crate) enum ValidityCall {
    /// Seconds, or a number with s, m, h or d, like `2h`.
    Text(String),
    /// Seconds.
    Seconds(u64),
}
