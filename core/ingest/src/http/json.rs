//! JSON that clients send, where a key that stands twice is no JSON of ours.
//!
//! Promise: no value is passed over in silence: readers differ in which of two they take, so neither is. A byte order mark
//! before it is none of it. Bound: the octets at hand, and the depth of `serde_json`.

use std::cell::RefCell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// What is said of such a key.
pub(crate) const TWICE: &str = "stands twice; take one of them out";

/// Why octets are no JSON of ours.
#[derive(Debug)]
pub(crate) enum JsonFault {
    NoJson(serde_json::Error),
    /// The key.
    Twice(String),
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoJson(error) => error.fmt(f),
            Self::Twice(key) => write!(f, "`{key}` {TWICE}"),
        }
    }
}

/// Reads one value.
///
/// # Errors
/// [`JsonFault`].
pub(crate) fn read(octets: &[u8]) -> Result<Value, JsonFault> {
    let octets = octets.strip_prefix(BYTE_ORDER_MARK).unwrap_or(octets);
    let twice = RefCell::new(None);
    let mut reading = serde_json::Deserializer::from_slice(octets);
    let read = Reading(&twice).deserialize(&mut reading);
    let read = read.and_then(|value| reading.end().map(|()| value));
    match (read, twice.into_inner()) {
        (_, Some(key)) => Err(JsonFault::Twice(key)),
        (Ok(value), None) => Ok(value),
        (Err(error), None) => Err(JsonFault::NoJson(error)),
    }
}

/// Where the first key that stood twice is written down.
#[derive(Clone, Copy)]
struct Reading<'a>(&'a RefCell<Option<String>>);

impl<'de> DeserializeSeed<'de> for Reading<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reading<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = list.next_element_seed(self)? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = map.next_key::<String>()? {
            if object.contains_key(&key) {
                self.0.borrow_mut().get_or_insert(key);
                return Err(A::Error::custom(TWICE));
            }
            let value = map.next_value_seed(self)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn what_has_no_key_twice_is_read_as_everybody_reads_it() {
        for text in [
            "null",
            "-5",
            "1.5e300",
            "18446744073709551615",
            r#""a\u00e9\n""#,
            r#"{"to":["1",2,{"a":null}],"text":"x","deep":{"to":true,"text":[]}}"#,
            "{",
            "{}x",
            r#"{"a":}"#,
            "",
        ] {
            let expected: Option<Value> = serde_json::from_str(text).ok();
            assert_eq!(read(text.as_bytes()).ok(), expected, "{text}");
            let marked = format!("\u{feff}{text}");
            assert_eq!(read(marked.as_bytes()).ok(), expected, "{text}");
        }
    }

    #[test]
    fn a_key_that_stands_twice_is_named_wherever_it_stands() {
        for text in [
            r#"{"to":"1","to":"2"}"#,
            r#"{"to":"1","text":"x","\u0074o":null}"#,
            r#"[{"a":{"to":1,"b":2,"to":1}}]"#,
        ] {
            let Err(JsonFault::Twice(key)) = read(text.as_bytes()) else {
                unreachable!("{text}");
            };
            assert_eq!(key, "to", "{text}");
        }
    }
}
