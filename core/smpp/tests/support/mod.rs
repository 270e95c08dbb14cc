//! Sessions in the states the tests start from, and events as text.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_smpp::*;

pub(crate) const SECOND: u64 = 1_000_000_000;

/// A PDU of any shape; `length` overrides the true one.
pub(crate) fn pdu(command: CommandId, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let header = Header {
        command_length: 16 + body.len() as u32,
        command_id: command,
        command_status: CommandStatus(status),
        sequence_number: sequence,
    };
    let mut bytes = header.encode().to_vec();
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn with_length(mut bytes: Vec<u8>, length: u32) -> Vec<u8> {
    bytes[..4].copy_from_slice(&length.to_be_bytes());
    bytes
}

/// Every PDU in the output as (command, status, sequence, body).
pub(crate) fn sent(output: &mut Vec<u8>) -> Vec<(CommandId, u32, u32, Vec<u8>)> {
    let mut found = Vec::new();
    let mut rest = output.as_slice();
    while let Some((pdu, length)) = split_frame(rest, 1 << 20).unwrap() {
        let header = pdu.header;
        found.push((
            header.command_id,
            header.command_status.0,
            header.sequence_number,
            pdu.body.to_vec(),
        ));
        rest = &rest[length..];
    }
    assert!(rest.is_empty(), "half a PDU in the output");
    output.clear();
    found
}

/// The same without bodies.
pub(crate) fn sent_headers(output: &mut Vec<u8>) -> Vec<(CommandId, u32, u32)> {
    sent(output).into_iter().map(|s| (s.0, s.1, s.2)).collect()
}

pub(crate) fn client_settings() -> ClientSettings {
    ClientSettings {
        system_id: b"carrack".to_vec(),
        password: b"secret".to_vec(),
        window: 10,
        response_timeout_ns: 10 * SECOND,
        bind_timeout_ns: 5 * SECOND,
        enquire_link_idle_ns: 30 * SECOND,
        ..ClientSettings::default()
    }
}

pub(crate) fn server_settings() -> ServerSettings {
    ServerSettings {
        system_id: b"smsc".to_vec(),
        window: 10,
        response_timeout_ns: 10 * SECOND,
        bind_timeout_ns: 5 * SECOND,
        partial_pdu_timeout_ns: 3 * SECOND,
        enquire_link_idle_ns: 30 * SECOND,
        ..ServerSettings::default()
    }
}

/// A client bound at time 0 by its request 1; the next request is 2.
pub(crate) fn bound_client(settings: ClientSettings) -> ClientSession {
    let kind = settings.bind;
    let mut session = ClientSession::new(settings, 1);
    session.connected(0);
    session.output().clear();
    let answer = pdu(kind.command_id().response(), 0, 1, b"smsc\0");
    let events = client_events(&mut session, 0, &answer);
    assert_eq!(events.len(), 1, "{events:?}");
    assert!(session.is_bound());
    session
}

/// A server bound at time 0.
pub(crate) fn bound_server(settings: ServerSettings, kind: BindKind) -> ServerSession {
    let mut session = ServerSession::new(settings, 1);
    session.connected(0);
    let mut bytes = Vec::new();
    let bind = Bind {
        system_id: b"acme",
        password: b"pw",
        interface_version: 0x34,
        ..Bind::default()
    };
    encode_bind(&mut bytes, 1, kind, &bind).unwrap();
    server_events(&mut session, 0, &bytes);
    session.accept_bind(1);
    assert_eq!(session.bound(), Some(kind));
    session.output().clear();
    session
}

pub(crate) fn client_events(session: &mut ClientSession, now_ns: u64, bytes: &[u8]) -> Vec<String> {
    let mut events = Vec::new();
    session.receive(now_ns, bytes, &mut |event| {
        events.push(format!("{event:?}"))
    });
    events
}

pub(crate) fn client_tick(session: &mut ClientSession, now_ns: u64) -> Vec<String> {
    let mut events = Vec::new();
    session.tick(now_ns, &mut |event| events.push(format!("{event:?}")));
    events
}

pub(crate) fn server_events(session: &mut ServerSession, now_ns: u64, bytes: &[u8]) -> Vec<String> {
    let mut events = Vec::new();
    session.receive(now_ns, bytes, &mut |event| {
        events.push(format!("{event:?}"))
    });
    events
}

pub(crate) fn server_tick(session: &mut ServerSession, now_ns: u64) -> Vec<String> {
    let mut events = Vec::new();
    session.tick(now_ns, &mut |event| events.push(format!("{event:?}")));
    events
}

/// Tickets of the submits that were answered, in order.
pub(crate) fn answered(
    session: &mut ClientSession,
    now_ns: u64,
    bytes: &[u8],
) -> Vec<(u64, Vec<u8>)> {
    let mut found = Vec::new();
    session.receive(now_ns, bytes, &mut |event| {
        if let ClientEvent::Response {
            ticket, message_id, ..
        } = event
        {
            found.push((ticket, message_id.to_vec()));
        }
    });
    found
}

pub(crate) fn message(text: &[u8]) -> ShortMessage<'_> {
    ShortMessage {
        source: Address::alphanumeric(b"ACME"),
        destination: Address::international(b"447946000001"),
        registered_delivery: 1,
        short_message: text,
        ..ShortMessage::default()
    }
}

pub(crate) fn response(sequence: u32, message_id: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_submit_sm_resp(&mut bytes, sequence, CommandStatus::ESME_ROK, message_id).unwrap();
    bytes
}

/// The body of a submit_sm with any `sm_length` and any end.
pub(crate) fn submit_body(text: &[u8], sm_length: u8, end: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x05\0ACME\0\x01\x01447946000001\0\0\0\0\0\0\0\0\0\0".to_vec();
    body.push(sm_length);
    body.extend_from_slice(text);
    body.extend_from_slice(end);
    body
}
