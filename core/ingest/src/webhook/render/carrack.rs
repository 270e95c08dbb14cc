//! Events in our own words: the JSON of webhooks and callbacks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use carrack_carrier::WireAddress;
use carrack_engine::{Incoming, IncomingBody};
use carrack_message::alphabet::latin1;
use carrack_message::{Micros, Status};
use carrack_routing::consent::Meaning;
use serde::Serialize;

use super::super::change::StateChange;
use super::super::event::Event;
use crate::batch::{BatchNumber, rfc3339};

pub(crate) const TON_INTERNATIONAL: u8 = 1;

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
    /// What it means, where that was looked at: opt_out, opt_in, help or unclear.
    #[serde(skip_serializing_if = "Option::is_none")]
    meaning: Option<&'static str>,
}

#[derive(Serialize)]
struct MessageState<'a> {
    r#type: &'static str,
    id: String,
    account: &'a str,
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_ref: Option<&'a str>,
    to: String,
    from: &'a str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<u32>,
    segments: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    currency: Option<&'a str>,
    accepted_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    submitted_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    batch: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
}

/// Who is told, and what his prices are in.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Customer<'a> {
    pub(crate) account: &'a str,
    pub(crate) currency: Option<&'a str>,
}

/// One event as JSON.
pub(crate) fn json(event: &Event, customer: Customer<'_>) -> Vec<u8> {
    let json = match event {
        Event::MessageReceived(incoming) => received(incoming, customer.account),
        Event::State(change) => state(change, customer),
        Event::Nothing => return Vec::new(),
    };
    // Texts and numbers always become JSON.
    json.unwrap_or_default()
}

/// Several events as JSON.
pub(crate) fn json_of_many(events: &[Event], customer: Customer<'_>) -> Vec<u8> {
    let mut body = br#"{"events":["#.to_vec();
    for (place, event) in events.iter().enumerate() {
        if place > 0 {
            body.push(b',');
        }
        body.extend(json(event, customer));
    }
    body.extend_from_slice(b"]}");
    body
}

fn received(incoming: &Incoming, account: &str) -> serde_json::Result<Vec<u8>> {
    let (text, octets) = match &incoming.body {
        IncomingBody::Text(text) => (Some(text.as_str()), None),
        IncomingBody::Octets(octets) => (None, Some(STANDARD.encode(octets))),
    };
    serde_json::to_vec(&MessageReceived {
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
        meaning: incoming.meaning.map(Meaning::name),
    })
}

fn state(change: &StateChange, customer: Customer<'_>) -> serde_json::Result<Vec<u8>> {
    let priced = change.price_micros >= 0;
    let moment = |utc_ns: u64| (utc_ns > 0).then(|| rfc3339(utc_ns));
    let row = change.telling.batch;
    serde_json::to_vec(&MessageState {
        r#type: type_of(change.state),
        id: change.event_id(),
        account: customer.account,
        message_id: change.id.to_string(),
        client_ref: change.telling.client_ref.as_deref(),
        to: change.to.to_string(),
        from: &change.from,
        state: change.state.name(),
        reason: reason(change.state),
        error: (change.error != 0).then_some(change.error),
        segments: change.segments,
        price: priced.then(|| Micros(change.price_micros).to_string()),
        currency: customer.currency.filter(|_| priced),
        accepted_at: rfc3339(change.accepted_utc_ns),
        submitted_at: moment(change.submitted_utc_ns),
        at: moment(change.at_utc_ns),
        batch: row.map(|row| BatchNumber(row.batch).to_string()),
        row: row.map(|row| row.row),
    })
}

const fn type_of(state: Status) -> &'static str {
    match state {
        Status::Delivered => "message.delivered",
        Status::Undelivered => "message.undelivered",
        Status::Expired => "message.expired",
        Status::Rejected => "message.rejected",
        Status::Cancelled => "message.cancelled",
        Status::Unknown => "message.unknown",
        Status::Accepted | Status::Scheduled | Status::Sending | Status::Submitted => {
            "message.submitted"
        }
    }
}

/// Why it did not arrive, in a word that is the same whoever carried it.
const fn reason(state: Status) -> Option<&'static str> {
    match state {
        Status::Undelivered => Some("not_delivered"),
        Status::Expired => Some("validity_ended"),
        Status::Rejected => Some("refused"),
        Status::Cancelled => Some("withdrawn"),
        Status::Unknown => Some("no_receipt"),
        _ => None,
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
    use std::sync::Arc;

    use carrack_engine::Telling;
    use carrack_message::record::BatchRow;
    use carrack_message::segment::udh::Ports;
    use carrack_message::{CallbackKind, MessageId, Msisdn, StateEvents};
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
            meaning: None,
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
        told(&Event::MessageReceived(Arc::new(incoming)))
    }

    const SHOP: Customer<'_> = Customer {
        account: "shop",
        currency: Some("EUR"),
    };

    fn told(event: &Event) -> Value {
        serde_json::from_slice(&json(event, SHOP)).unwrap()
    }

    pub(crate) fn change(state: Status) -> StateChange {
        StateChange {
            state,
            id: MessageId(0x0123_4567_89ab_cdef),
            to: Msisdn::from_u64(447_700_900_123).unwrap(),
            from: "ACME".to_owned(),
            error: 0,
            segments: 2,
            price_micros: 60_000,
            accepted_utc_ns: 1_700_000_000_000_000_000,
            submitted_utc_ns: 1_700_000_001_000_000_000,
            at_utc_ns: 1_700_000_002_500_000_000,
            telling: Telling {
                kind: CallbackKind::Webhook,
                events: StateEvents::ALL,
                level: 0,
                get: false,
                url: "".into(),
                client_ref: Some("order 7".into()),
                batch: Some(BatchRow {
                    batch: 0x2a,
                    row: 9,
                }),
            },
        }
    }

    #[test]
    fn state_is_told_with_all_that_its_customer_knows_it_by() {
        let delivered = told(&Event::State(Arc::new(change(Status::Delivered))));
        let id = MessageId(0x0123_4567_89ab_cdef).to_string();
        let expected = json!({
            "type": "message.delivered",
            "id": format!("{id}-delivered"),
            "account": "shop",
            "message_id": id,
            "client_ref": "order 7",
            "to": change(Status::Delivered).to.to_string(),
            "from": "ACME",
            "state": "delivered",
            "segments": 2,
            "price": Micros(60_000).to_string(),
            "currency": "EUR",
            "accepted_at": "2023-11-14T22:13:20Z",
            "submitted_at": "2023-11-14T22:13:21Z",
            "at": "2023-11-14T22:13:22.5Z",
            "batch": "000000000000002a",
            "row": 9,
        });
        assert_eq!(delivered, expected);
    }

    #[test]
    fn state_without_a_price_a_reference_or_a_known_time_leaves_them_out() {
        let mut bare = change(Status::Undelivered);
        (
            bare.price_micros,
            bare.submitted_utc_ns,
            bare.at_utc_ns,
            bare.error,
        ) = (-1, 0, 0, 8);
        (bare.telling.client_ref, bare.telling.batch) = (None, None);
        let told = told(&Event::State(Arc::new(bare)));
        for key in [
            "price",
            "currency",
            "submitted_at",
            "at",
            "client_ref",
            "batch",
            "row",
        ] {
            assert_eq!(told.get(key), None, "{key}");
        }
        assert_eq!(
            (&told["error"], &told["reason"]),
            (&json!(8), &json!("not_delivered"))
        );
    }

    #[test]
    fn several_are_one_list_in_their_order() {
        let events: Vec<Event> = [Status::Submitted, Status::Expired]
            .map(|state| Event::State(Arc::new(change(state))))
            .into();
        let told: Value = serde_json::from_slice(&json_of_many(&events, SHOP)).unwrap();
        let types: Vec<_> = told["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|e| &e["type"])
            .collect();
        assert_eq!(types, ["message.submitted", "message.expired"]);
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
