//! What `POST /v1/messages` takes, for the document; `request` reads it, and a test holds the two together.

use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ArrayBuilder, Object, ObjectBuilder, OneOfBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::http::messages::RECIPIENTS_MAX;

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
    /// Not to be sent before: a moment with its offset, at most 366 days ahead, or a time of the recipient's own clock
    /// like `2026-12-24T09:00 local`.
    #[schema(example = "2026-12-24T09:00:00+01:00")]
    send_at: Option<String>,
    /// The same key twice is one message; also in the header `Idempotency-Key`.
    #[schema(min_length = 1, max_length = 255)]
    idempotency_key: Option<String>,
    /// Where what becomes of it is posted instead of at the account's webhook: a host of its `callbacks`.
    #[schema(example = "https://example.com/sms")]
    callback_url: Option<String>,
}

/// One recipient, or a list of at most 1,000: texts, or numbers without +.
pub(crate) struct RecipientsCall;

/// How long it may wait and travel: seconds, or a number with s, m, h or d, like `2h`.
pub(crate) struct ValidityCall;

/// A text, or a natural number.
fn text_or_number(what: &str) -> OneOfBuilder {
    let number = ObjectBuilder::new()
        .schema_type(Type::Integer)
        .minimum(Some(0));
    OneOfBuilder::new()
        .description(Some(what))
        .item(Object::with_type(Type::String))
        .item(number)
}

impl PartialSchema for RecipientsCall {
    fn schema() -> RefOr<Schema> {
        let one = "An international number, or one of the account's country; with or without +, spaces and hyphens";
        let many = ArrayBuilder::new()
            .items(text_or_number("Each has a verdict of its own"))
            .min_items(Some(1))
            .max_items(Some(RECIPIENTS_MAX));
        text_or_number(one).item(many).into()
    }
}

impl PartialSchema for ValidityCall {
    fn schema() -> RefOr<Schema> {
        text_or_number("Seconds, or a number with s, m, h or d, like `2h`").into()
    }
}

impl ToSchema for RecipientsCall {}
impl ToSchema for ValidityCall {}
