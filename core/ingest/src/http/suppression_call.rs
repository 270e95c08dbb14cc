//! What puts numbers on a suppression list.
//!
//! Promise: each field that is unknown or of another kind is named with its cure, all at once. Pure.

use serde::Deserialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use super::problem::FieldFault;
use crate::submission::nearest;

const KEYS: [&str; 6] = ["to", "sha256", "reason", "expires", "account", "from"];

#[derive(Debug, Default, PartialEq, Deserialize, ToSchema)]
#[schema(as = SuppressionCall)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// A number, or a list of at most 10,000.
    #[serde(default)]
    pub(crate) to: Value,
    /// SHA-256 of numbers, for lists of them.
    #[serde(default)]
    pub(crate) sha256: Vec<String>,
    /// `opt_out`, `complaint`, `do_not_call`, `invalid`, `operator`, `legal`, `fraud` or `other`.
    pub(crate) reason: Option<String>,
    /// A date, or a moment with its offset; rounded up to a day.
    pub(crate) expires: Option<String>,
    /// Whose entry it is, in lists by account.
    pub(crate) account: Option<String>,
    /// Whose entry it is, in lists by sender.
    pub(crate) from: Option<String>,
}

impl Wanted {
    /// Of a body.
    ///
    /// # Errors
    /// Every field at fault.
    pub(crate) fn read(object: Map<String, Value>) -> Result<Self, Vec<FieldFault>> {
        let (mut wanted, mut faults) = (Self::default(), Vec::new());
        for (key, value) in object {
            let read = match key.as_str() {
                "to" => {
                    wanted.to = value;
                    Ok(())
                }
                "sha256" => hashes(value).map(|read| wanted.sha256 = read),
                "reason" => text(value).map(|read| wanted.reason = read),
                "expires" => text(value).map(|read| wanted.expires = read),
                "account" => text(value).map(|read| wanted.account = read),
                "from" => text(value).map(|read| wanted.from = read),
                _ => Err(format!("is unknown; {}", nearest(&key, KEYS.into_iter()))),
            };
            if let Err(detail) = read {
                faults.push(FieldFault { field: key, detail });
            }
        }
        match faults.is_empty() {
            true => Ok(wanted),
            false => Err(faults),
        }
    }
}

fn text(value: Value) -> Result<Option<String>, String> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        _ => Err("has to be a text; write it in quotation marks".to_owned()),
    }
}

fn hashes(value: Value) -> Result<Vec<String>, String> {
    let cure = || "has to be a list of texts, each of 64 hexadecimal digits".to_owned();
    let Value::Array(values) = value else {
        return Err(cure());
    };
    let one = |value| match value {
        Value::String(text) => Ok(text),
        _ => Err(cure()),
    };
    values.into_iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn read(body: Value) -> Result<Wanted, Vec<FieldFault>> {
        Wanted::read(body.as_object().unwrap().clone())
    }

    #[test]
    fn every_field_of_another_kind_is_named_with_its_cure() {
        for (body, field, cure) in [
            (json!({"expires": 5}), "expires", "has to be a text"),
            (json!({"reason": ["x"]}), "reason", "has to be a text"),
            (json!({"sha256": "ab"}), "sha256", "has to be a list"),
            (json!({"sha256": [5]}), "sha256", "has to be a list"),
            (json!({"reson": "x"}), "reson", "did you mean `reason`?"),
            (json!({"x": 1}), "x", "is unknown; "),
        ] {
            let faults = read(body).unwrap_err();
            assert_eq!(faults.len(), 1);
            let fault = faults.first().unwrap();
            assert!(
                fault.field == field && fault.detail.contains(cure),
                "{fault}"
            );
        }
        assert_eq!(read(json!({"expires": 5, "from": 5})).unwrap_err().len(), 2);
    }

    #[test]
    fn what_is_right_is_read_and_null_is_not_given() {
        let body = json!({"to": ["1"], "sha256": ["ab"], "reason": "legal", "from": null});
        let expected: Wanted = serde_json::from_value(body.clone()).unwrap();
        assert_eq!(read(body).unwrap(), expected);
    }
}
