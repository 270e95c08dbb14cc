//! The JSON of a message: every key is known or refused.

use axum::http::HeaderMap;
use carrack_engine::Submission;
use carrack_message::{Alphabet, Class};
use serde_json::{Map, Value};

use super::idempotency::{FIELD, RequestKey};
use super::problem::{FieldFault, Problem};
use crate::accounts::Account;
use crate::submission::{
    Fields, Screen, SendAt, SubmissionFault, nearest, own_callback, said_send_at,
};

pub(crate) const KEYS: [&str; 11] = [
    "to",
    "from",
    "text",
    "class",
    "client_ref",
    "tag",
    "validity",
    "encoding",
    "send_at",
    FIELD,
    "callback_url",
];
/// Class of a message where neither it nor its account names one.
const CLASS: Class = Class::Transactional;

/// What a message call asks for.
#[derive(Debug)]
pub(crate) struct MessageRequest {
    pub(crate) to: Vec<String>,
    from: Option<String>,
    text: String,
    class: Option<String>,
    client_ref: Option<String>,
    tag: Option<String>,
    validity: Option<String>,
    encoding: Option<String>,
    send_at: Option<String>,
    sent_at: SendAt,
    key: Option<RequestKey>,
    callback_url: Option<String>,
}

/// Keys of a call that are said to be unknown.
const UNKNOWN_SHOWN_MAX: usize = 20;

/// One recipient, screened.
pub(crate) struct Recipient {
    pub(crate) submission: Submission,
    pub(crate) encoding: &'static str,
}

impl MessageRequest {
    /// Reads the object; all its faults at once.
    pub(crate) fn read(
        mut object: Map<String, Value>,
        recipients_max: usize,
        utc_ns: u64,
    ) -> Result<Self, Problem> {
        let mut faults = Vec::new();
        let unknown = object.keys().filter(|key| !KEYS.contains(&key.as_str()));
        for key in unknown.take(UNKNOWN_SHOWN_MAX) {
            let detail = format!("is unknown; {}", nearest(key, KEYS.into_iter()));
            faults.push(FieldFault {
                field: key.clone(),
                detail,
            });
        }
        let to = recipients(object.remove("to"), recipients_max, &mut faults);
        let mut text = |key: &str| match object.remove(key) {
            None | Some(Value::Null) => None,
            Some(Value::String(text)) => Some(text),
            Some(Value::Number(number)) if key == "validity" && number.is_u64() => {
                Some(number.to_string())
            }
            Some(_) => {
                faults.push(FieldFault {
                    field: key.to_owned(),
                    detail: "has to be a text".to_owned(),
                });
                None
            }
        };
        let send_at = text("send_at");
        let key = text(FIELD);
        let request = Self {
            to,
            from: text("from"),
            class: text("class"),
            client_ref: text("client_ref"),
            tag: text("tag"),
            validity: text("validity"),
            encoding: text("encoding"),
            callback_url: text("callback_url").filter(|url| !url.is_empty()),
            text: text("text").unwrap_or_default(),
            send_at,
            sent_at: SendAt::NOW,
            key: None,
        };
        let key = key.map(|key| RequestKey::read(&key)).transpose();
        let key = key.unwrap_or_else(|fault| {
            faults.push(fault);
            None
        });
        let request = Self { key, ..request };
        let send_at = request.send_at.as_deref();
        let sent_at = send_at.map_or(Ok(SendAt::NOW), |text| SendAt::read(text, utc_ns));
        let request = match sent_at {
            Ok(sent_at) => Self { sent_at, ..request },
            Err(fault) => {
                faults.push(FieldFault {
                    field: "send_at".to_owned(),
                    detail: fault.to_string(),
                });
                request
            }
        };
        if faults.is_empty() {
            Ok(request)
        } else {
            Err(Problem::fields(faults))
        }
    }

    /// Takes the key of the header, where the body has none.
    pub(crate) fn take_key(&mut self, headers: &HeaderMap) -> Result<(), Problem> {
        let by_header = RequestKey::of_header(headers)?;
        self.key = RequestKey::one_of(self.key.take(), by_header)?;
        Ok(())
    }

    /// Puts the key of the request, where it has one, on what its recipients became.
    pub(crate) fn put_key(&self, submissions: &mut [Submission]) {
        if let Some(key) = &self.key {
            let said = said_send_at(self.send_at.as_deref());
            key.put_on(submissions, self.to.len() == 1, said);
        }
    }

    /// Screens one recipient.
    pub(crate) fn screen(&self, account: &Account, to: &str) -> Result<Recipient, SubmissionFault> {
        let (send_at_utc_ns, send_at_local) = self.sent_at.parts();
        let screened = Screen::new(account, CLASS).message(&Fields {
            to,
            from: self.from.as_deref(),
            text: &self.text,
            class: self.class.as_deref(),
            validity: self.validity.as_deref(),
            encoding: self.encoding.as_deref(),
            client_ref: self.client_ref.as_deref(),
            tag: self.tag.as_deref(),
            batch: None,
            send_at_utc_ns,
            send_at_local,
            callback: self
                .callback_url
                .as_deref()
                .map(|url| own_callback(account, url)),
            smart_characters: false,
        })?;
        let encoding = screened.alphabet.map_or("binary", Alphabet::name);
        Ok(Recipient {
            submission: screened.submission,
            encoding,
        })
    }
}

fn recipients(
    value: Option<Value>,
    recipients_max: usize,
    faults: &mut Vec<FieldFault>,
) -> Vec<String> {
    let mut fault = |detail: String| {
        faults.push(FieldFault {
            field: "to".to_owned(),
            detail,
        });
        Vec::new()
    };
    match value {
        None | Some(Value::Null) => {
            fault("is missing; name a recipient, like \"+447700900123\"".to_owned())
        }
        Some(Value::String(to)) => vec![to],
        Some(Value::Number(to)) if to.is_u64() => vec![to.to_string()],
        Some(Value::Array(list)) if list.is_empty() => {
            fault("is an empty list; name a recipient".to_owned())
        }
        Some(Value::Array(list)) if list.len() > recipients_max => fault(format!(
            "has {} recipients, at most {recipients_max} go in one call; send a batch",
            list.len()
        )),
        Some(Value::Array(list)) => {
            let text = |value: Value| match value {
                Value::String(to) => Some(to),
                Value::Number(to) if to.is_u64() => Some(to.to_string()),
                _ => None,
            };
            let texts: Option<Vec<String>> = list.into_iter().map(text).collect();
            texts.unwrap_or_else(|| fault("has to be a list of texts".to_owned()))
        }
        Some(_) => fault("has to be a text or a list of texts".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(text: &str) -> Result<MessageRequest, String> {
        let Value::Object(object) = serde_json::from_str(text).unwrap() else {
            return Err("no object".into());
        };
        MessageRequest::read(object, 2, 0)
            .map_err(|problem| serde_json::to_string(&problem).unwrap())
    }

    #[test]
    fn a_key_that_would_be_passed_over_is_refused() {
        for (text, part) in [
            (r#"{"to":"1","txet":"x"}"#, "did you mean `text`?"),
            (r#"{"to":"1","send_at":"x"}"#, "is no moment"),
            (r#"{"to":"1","text":5}"#, "has to be a text"),
            (r#"{"text":"x"}"#, "is missing"),
            (r#"{"to":[],"text":"x"}"#, "empty list"),
            (r#"{"to":["1","2","3"],"text":"x"}"#, "at most 2"),
            (r#"{"to":["1",{}],"text":"x"}"#, "list of texts"),
            (r#"{"to":-1,"text":"x"}"#, "a text or a list"),
            (r#"{"to":[1.5],"text":"x"}"#, "list of texts"),
            (r#"{"to":"1","text":"x","validity":-5}"#, "has to be a text"),
        ] {
            let fault = read(text).unwrap_err();
            assert!(fault.contains(part), "{text}: {fault}");
        }
        let request =
            read(r#"{"to":[491700000001,"2"],"text":"x","validity":60,"class":null}"#).unwrap();
        assert_eq!(
            (request.to, request.validity, request.class),
            (
                vec!["491700000001".into(), "2".into()],
                Some("60".into()),
                None
            )
        );
    }
}
