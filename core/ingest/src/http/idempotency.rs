//! The key of a request over HTTP: the field `idempotency_key`, or the header `Idempotency-Key`.

use std::collections::HashMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::Response;
use carrack_engine::{IdempotencyKey, PartOf, Submission};
use carrack_message::Msisdn;

use super::problem::FieldFault;

/// As faults name it.
pub(crate) const FIELD: &str = "idempotency_key";
const KEY: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// A customer's key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RequestKey(String);

impl RequestKey {
    /// Reads a key.
    pub(crate) fn read(text: &str) -> Result<Self, FieldFault> {
        IdempotencyKey::check(text.as_bytes()).map_err(|fault| FieldFault {
            field: FIELD.to_owned(),
            detail: fault.to_string(),
        })?;
        Ok(Self(text.to_owned()))
    }

    /// Whether the header is given, for calls that take no key.
    pub(crate) fn is_in(headers: &HeaderMap) -> bool {
        headers.contains_key(KEY)
    }

    /// The key of the header; with the quotes of a structured field or without.
    pub(crate) fn of_header(headers: &HeaderMap) -> Result<Option<Self>, FieldFault> {
        let mut values = headers.get_all(KEY).iter();
        let Some(value) = values.next() else {
            return Ok(None);
        };
        if values.any(|other| other != value) {
            return Err(FieldFault {
                field: FIELD.to_owned(),
                detail: "is given by two different headers `Idempotency-Key`; send one of them"
                    .to_owned(),
            });
        }
        let text = value.to_str().unwrap_or_default().trim();
        let bare = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'));
        Self::read(bare.unwrap_or(text)).map(Some)
    }

    /// The key of a call that names it in one place, or twice the same.
    pub(crate) fn one_of(
        given: Option<Self>,
        by_header: Option<Self>,
    ) -> Result<Option<Self>, FieldFault> {
        match given.is_some() && by_header.is_some() && given != by_header {
            true => Err(FieldFault {
                field: FIELD.to_owned(),
                detail: "is another than in the header `Idempotency-Key`; give one of the two"
                    .to_owned(),
            }),
            false => Ok(given.or(by_header)),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    fn octets(&self) -> &[u8] {
        self.0.as_bytes()
    }

    /// Puts the key on the submissions of one call. `alone`: the call named one recipient; `said`: what else may not differ.
    pub(crate) fn put_on(&self, submissions: &mut [Submission], alone: bool, said: &[u8]) {
        let mut seen: HashMap<Msisdn, u32> = HashMap::new();
        for submission in submissions {
            let key = match alone {
                true => IdempotencyKey::of_call(self.octets(), submission, said),
                false => {
                    let nth = seen.entry(submission.to).or_default();
                    let key = IdempotencyKey::of_recipient(self.octets(), submission, said, *nth);
                    *nth += 1;
                    key
                }
            };
            submission.key = Some(Box::new(key));
        }
    }

    /// Puts the key on the submissions of one call whose messages have so many parts each, and which `said` one thing to all.
    pub(crate) fn put_on_parts(&self, submissions: &mut [Submission], parts: usize, said: &[u8]) {
        let mut seen: HashMap<Msisdn, u32> = HashMap::new();
        for message in submissions.chunks_mut(parts.max(1)) {
            let Some(first) = message.first() else {
                continue;
            };
            let nth = seen.entry(first.to).or_default();
            for (place, submission) in (0..).zip(message) {
                let part = PartOf {
                    said,
                    nth: *nth,
                    place,
                };
                let key = IdempotencyKey::of_part(self.octets(), submission, part);
                submission.key = Some(Box::new(key));
            }
            *nth += 1;
        }
    }
}

/// Says that an answer is that of an earlier request.
pub(crate) fn replayed(response: &mut Response) {
    let yes = HeaderValue::from_static("true");
    response.headers_mut().insert(REPLAYED, yes);
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of_header(text: &str) -> Result<Option<String>, FieldFault> {
        let mut headers = HeaderMap::new();
        headers.insert(KEY, HeaderValue::from_bytes(text.as_bytes()).unwrap());
        RequestKey::of_header(&headers).map(|key| key.map(|key| key.0))
    }

    #[test]
    fn header_with_quotes_and_without_is_the_same_key() {
        assert_eq!(of_header("order-7").unwrap().unwrap(), "order-7");
        assert_eq!(of_header("\"order-7\"").unwrap().unwrap(), "order-7");
        assert_eq!(RequestKey::of_header(&HeaderMap::new()), Ok(None));
    }

    #[test]
    fn two_different_headers_are_a_fault_and_the_same_twice_is_one() {
        let mut headers = HeaderMap::new();
        headers.append(KEY, HeaderValue::from_static("order-7"));
        headers.append(KEY, HeaderValue::from_static("order-7"));
        let key = RequestKey::of_header(&headers).unwrap().unwrap();
        assert_eq!(key.text(), "order-7");
        headers.append(KEY, HeaderValue::from_static("order-8"));
        let fault = RequestKey::of_header(&headers).unwrap_err();
        assert!(fault.detail.contains("two different"), "{fault}");
    }

    #[test]
    fn what_is_no_key_is_a_fault_of_the_field() {
        let long = "x".repeat(256);
        for text in ["", "\"\"", "é", long.as_str()] {
            assert_eq!(of_header(text).unwrap_err().field, FIELD, "{text}");
        }
        assert!(RequestKey::read("two words").is_ok());
        assert!(RequestKey::read("line\nbreak").is_err());
    }
}
