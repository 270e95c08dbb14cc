//! What an account is told by its webhook, and the JSON that says so.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carrack_carrier::WireAddress;
use carrack_engine::{Incoming, IncomingBody};
use carrack_message::MessageId;
use carrack_message::alphabet::latin1;
use serde::Serialize;

use crate::batch::rfc3339;

pub(crate) const TON_INTERNATIONAL: u8 = 1;

/// An event of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// A handset sent it a message.
    MessageReceived(Arc<Incoming>),
}

/// An event, and what ends it.
#[derive(Debug, Clone)]
pub struct Posting<K> {
    /// To be given back when the customer has it.
    pub key: K,
    /// What he is told.
    pub event: Event,
}

#[derive(Serialize)]
struct MessageReceived<'a> {
    r#type: &'static str,
    id: String,
    account: &'a str,
    from: String,
    to: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    octets: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data_coding: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    parts: u8,
    missing: u8,
    received_at: String,
    rule: &'a str,
}

impl Event {
    /// Its id: the same however often it is told.
    pub(crate) fn id(&self) -> MessageId {
        match self {
            Self::MessageReceived(incoming) => incoming.id,
        }
    }

    /// It happened at, UTC nanoseconds.
    pub(crate) fn at_utc_ns(&self) -> u64 {
        match self {
            Self::MessageReceived(incoming) => incoming.received_utc_ns,
        }
    }

    /// The body of a request that tells it. It names no carrier: whom we buy from is not the customer's.
    pub(crate) fn json(&self, account: &str) -> Vec<u8> {
        let Self::MessageReceived(incoming) = self;
        let (text, octets) = match &incoming.body {
            IncomingBody::Text(text) => (Some(text.as_str()), None),
            IncomingBody::Octets(octets) => (None, Some(STANDARD.encode(octets))),
        };
        let told = MessageReceived {
            r#type: "message.received",
            id: incoming.id.to_string(),
            account,
            from: shown(&incoming.from),
            to: shown(&incoming.to),
            text,
            data_coding: octets.is_some().then_some(incoming.data_coding),
            octets,
            port: incoming.ports.map(|ports| ports.destination),
            parts: incoming.parts,
            missing: incoming.missing,
            received_at: rfc3339(incoming.received_utc_ns),
            rule: &incoming.rule,
        };
        // Texts and numbers always become JSON.
        serde_json::to_vec(&told).unwrap_or_default()
    }
}

/// An address as customers see addresses: an international number is its digits without plus sign.
pub(crate) fn shown(address: &WireAddress) -> String {
    let text = match std::str::from_utf8(&address.addr) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let mut text = String::new();
            latin1::decode(&address.addr, &mut text);
            text
        }
    };
    match text.strip_prefix('+') {
        Some(digits) if address.ton == TON_INTERNATIONAL => digits.to_owned(),
        _ => text,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use carrack_message::segment::udh::Ports;
    use serde_json::{Value, json};

    use super::*;

    pub(crate) fn address(ton: u8, addr: &str) -> WireAddress {
        WireAddress {
            ton,
            npi: 1,
            addr: addr.as_bytes().into(),
        }
    }

    pub(crate) fn incoming(from: WireAddress, to: WireAddress, body: IncomingBody) -> Incoming {
        Incoming {
            id: MessageId(0x0123_4567_89ab_cdef),
            from,
            to,
            carrier: "north-secret".into(),
            rule: "replies".into(),
            body,
            data_coding: 4,
            class: None,
            ports: None,
            parts: 2,
            missing: 1,
            received_utc_ns: 1_700_000_000_250_000_000,
        }
    }

    fn said(incoming: Incoming) -> Value {
        let octets = Event::MessageReceived(Arc::new(incoming)).json("shop");
        serde_json::from_slice(&octets).unwrap()
    }

    #[test]
    fn text_is_told_whole_and_without_its_carrier() {
        let body = IncomingBody::Text("Grüße \"😀\"\n".into());
        let told = said(incoming(
            address(1, "+447700900123"),
            address(3, "80808"),
            body,
        ));
        let expected = json!({
            "type": "message.received",
            "id": MessageId(0x0123_4567_89ab_cdef).to_string(),
            "account": "shop",
            "from": "447700900123",
            "to": "80808",
            "text": "Grüße \"😀\"\n",
            "parts": 2,
            "missing": 1,
            "received_at": "2023-11-14T22:13:20.25Z",
            "rule": "replies",
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn octets_are_told_with_what_they_are() {
        let body = IncomingBody::Octets(vec![0, 255, 7]);
        let mut binary = incoming(address(5, "Bank"), address(0, "+49"), body);
        binary.ports = Some(Ports {
            destination: 2948,
            source: 1,
        });
        let told = said(binary);
        assert_eq!(told["octets"], "AP8H");
        assert_eq!(
            (&told["data_coding"], &told["port"]),
            (&json!(4), &json!(2948))
        );
        assert_eq!(told.get("text"), None);
        assert_eq!(
            (&told["from"], &told["to"]),
            (&json!("Bank"), &json!("+49"))
        );
    }

    #[test]
    fn address_that_is_no_utf8_is_told_all_the_same() {
        let address = WireAddress {
            ton: 5,
            npi: 0,
            addr: b"Caf\xe9"[..].into(),
        };
        assert_eq!(shown(&address), "Café");
    }
}
