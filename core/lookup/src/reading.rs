//! What an answer says, by the pointers (RFC 6901) and words of the settings.
//!
//! Promise: whatever the document holds, there is an answer or a [`Failure`]. A value of another type than it should be is
//! as good as absent.

use carrack_message::Network;
use carrack_settings::Hlr;
use serde_json::Value;

use crate::{Failure, Known, Presence};

/// Reads a document.
pub(crate) fn read(settings: &Hlr, body: &[u8]) -> Result<Known, Failure> {
    let document: Value = serde_json::from_slice(body).map_err(|_| Failure::Unreadable)?;
    let at = |pointer: &Option<String>| document.pointer(pointer.as_deref()?);
    let named: Vec<&Value> = settings
        .network
        .iter()
        .filter_map(|pointer| document.pointer(pointer))
        .collect();
    let status = at(&settings.status);
    if named.is_empty() && status.is_none() {
        return Err(Failure::Empty);
    }
    Ok(Known {
        network: network(&named),
        ported: at(&settings.ported).and_then(truth),
        presence: status.map_or(Presence::Unknown, |status| presence(settings, status)),
    })
}

/// MCC-MNC in one value, or country and network code in two.
fn network(values: &[&Value]) -> Network {
    let text: String = values.iter().filter_map(|value| word(value)).collect();
    text.trim().parse().unwrap_or(Network::UNKNOWN)
}

fn word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.as_u64()?.to_string()),
        _ => None,
    }
}

fn truth(value: &Value) -> Option<bool> {
    if let Some(truth) = value.as_bool() {
        return Some(truth);
    }
    match word(value)?.to_ascii_lowercase().as_str() {
        "true" | "yes" | "y" | "1" | "ported" => Some(true),
        "false" | "no" | "n" | "0" | "not_ported" | "not ported" => Some(false),
        _ => None,
    }
}

fn presence(settings: &Hlr, value: &Value) -> Presence {
    if let Some(is_there) = value.as_bool() {
        return if is_there {
            Presence::Reachable
        } else {
            Presence::Absent
        };
    }
    let Some(word) = word(value) else {
        return Presence::Unknown;
    };
    let among = |words: &[String]| words.iter().any(|known| known.eq_ignore_ascii_case(&word));
    if among(&settings.reachable) {
        Presence::Reachable
    } else if among(&settings.absent) {
        Presence::Absent
    } else {
        Presence::Unknown
    }
}
