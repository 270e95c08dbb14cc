//! An event as the request that tells it: in our own words, or in those that callers of another gateway know.
//!
//! Pure. A rendering that gives none was not asked for, and counts as told.

pub(crate) mod carrack;
mod escapes;
pub(crate) mod jasmin;
pub(crate) mod kannel;
pub(crate) mod url;

use carrack_message::CallbackKind;

use super::event::Event;
pub(crate) use carrack::Customer;

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rendered {
    /// By `GET` and without a body, else by `POST`.
    pub(crate) get: bool,
    /// Where, whole.
    pub(crate) url: String,
    /// Of the body; empty: none.
    pub(crate) content_type: &'static str,
    pub(crate) body: Vec<u8>,
}

const JSON: &str = "application/json";
/// Of Jasmin's callbacks.
const FORM: &str = "application/x-www-form-urlencoded";

/// The request that tells these events, all of one kind and place; `webhook` is the account's.
///
/// # Errors
/// Why it cannot be told, for people.
pub(crate) fn request(
    events: &[Event],
    customer: Customer<'_>,
    webhook: Option<&str>,
) -> Result<Option<Rendered>, String> {
    let Some(first) = events.first() else {
        return Ok(None);
    };
    let url = match first {
        Event::State(change) if change.telling.kind == CallbackKind::Kannel => {
            return kannel::render(change);
        }
        Event::State(change) if change.telling.kind == CallbackKind::Jasmin => {
            return jasmin::render(change);
        }
        Event::State(change) if change.telling.kind == CallbackKind::Carrack => {
            change.telling.url.to_string()
        }
        Event::Nothing => return Ok(None),
        _ => webhook.ok_or("the account has no `webhook`")?.to_owned(),
    };
    let body = match events {
        [one] => carrack::json(one, customer),
        many => carrack::json_of_many(many, customer),
    };
    Ok(Some(Rendered {
        get: false,
        url,
        content_type: JSON,
        body,
    }))
}

/// The type of a body as it stands in a letter.
pub(crate) fn content_type(text: &str) -> &'static str {
    let known = [JSON, FORM, "text/plain"];
    known.into_iter().find(|known| *known == text).unwrap_or("")
}

/// Whether an answer says that the event was taken.
pub(crate) fn is_taken(kind: CallbackKind, status: u16, body: &[u8]) -> bool {
    match kind {
        CallbackKind::Webhook | CallbackKind::Carrack => (200..300).contains(&status),
        CallbackKind::Kannel => kannel::is_taken(status, body),
        CallbackKind::Jasmin => jasmin::is_taken(status, body),
    }
}
