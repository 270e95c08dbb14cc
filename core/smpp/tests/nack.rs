//! generic_nack in both directions.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_smpp::*;
use support::*;

#[test]
fn a_nack_with_a_known_sequence_settles_that_submit_as_an_error() {
    for (given, told) in [
        (0x03, CommandStatus(3)),
        (0, CommandStatus::ESME_RUNKNOWNERR),
    ] {
        let mut session = bound_client(client_settings());
        let sequence = session.submit(0, 42, &message(b"x")).unwrap();
        let bytes = pdu(CommandId::GENERIC_NACK, given, sequence, b"");
        let event = ClientEvent::Response {
            ticket: 42,
            status: told,
            message_id: b"",
            tlvs: Tlvs::default(),
        };
        assert_eq!(
            client_events(&mut session, 0, &bytes),
            [format!("{event:?}")]
        );
        assert_eq!(session.in_flight(), 0);
    }
}

#[test]
fn nacks_without_a_request_are_counted_and_too_many_close() {
    let mut session = bound_client(ClientSettings {
        nacks_unmatched_max: 3,
        ..client_settings()
    });
    session.submit(0, 42, &message(b"x")).unwrap();
    let nack = pdu(CommandId::GENERIC_NACK, 3, 0, b"");
    for _ in 0..3 {
        assert!(client_events(&mut session, 0, &nack).is_empty());
    }
    assert_eq!(session.in_flight(), 1);
    assert_eq!(
        client_events(&mut session, 0, &nack),
        ["Close { reason: TooManyNacks }"]
    );
    assert_eq!(session.counters().nacks_unmatched, 4);
}

#[test]
fn a_response_that_fits_ends_the_count_of_stray_nacks() {
    let mut session = bound_client(ClientSettings {
        nacks_unmatched_max: 3,
        ..client_settings()
    });
    let nack = pdu(CommandId::GENERIC_NACK, 3, 0, b"");
    for round in 0..10 {
        for _ in 0..3 {
            assert!(client_events(&mut session, 0, &nack).is_empty(), "{round}");
        }
        // One that fits nothing does not count.
        let stray = response(0x7000_0000, b"x");
        assert!(client_events(&mut session, 0, &stray).is_empty());
        let sequence = session.submit(0, round, &message(b"x")).unwrap();
        let answer = response(sequence, b"id");
        assert_eq!(client_events(&mut session, 0, &answer).len(), 1);
    }
    assert_eq!(session.counters().nacks_unmatched, 30, "all are counted");
    for _ in 0..3 {
        client_events(&mut session, 0, &nack);
        client_events(&mut session, 0, &response(0x7000_0000, b"x"));
    }
    assert_eq!(
        client_events(&mut session, 0, &nack),
        ["Close { reason: TooManyNacks }"]
    );
}

#[test]
fn a_nack_settles_a_deliver_of_a_server() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let sequence = session.deliver(0, 42, &message(b"mo")).unwrap();
    let bytes = pdu(CommandId::GENERIC_NACK, 3, sequence, b"");
    let status = CommandStatus::ESME_RINVCMDID;
    let event = ServerEvent::DeliverResponse { ticket: 42, status };
    assert_eq!(
        server_events(&mut session, 0, &bytes),
        [format!("{event:?}")]
    );
}

#[test]
fn an_outbind_once_bound_is_ignored_and_an_alert_is_reported() {
    let mut session = bound_client(client_settings());
    let outbind = pdu(CommandId::OUTBIND, 0, 2, b"a\0b\0");
    assert!(client_events(&mut session, 0, &outbind).is_empty());
    assert_eq!(session.counters().ignored, 1);
    let body = b"\x01\x0144\0\x05\0ACME\0\x04\x22\0\x01\0";
    let alert = pdu(CommandId::ALERT_NOTIFICATION, 0, 1, body);
    let event = ClientEvent::Alert {
        source: Address::international(b"44"),
        esme: Address::alphanumeric(b"ACME"),
        tlvs: Tlvs::new(b"\x04\x22\0\x01\0"),
    };
    assert_eq!(
        client_events(&mut session, 0, &alert),
        [format!("{event:?}")]
    );
    let cut = pdu(CommandId::ALERT_NOTIFICATION, 0, 1, b"\x01\x0144");
    assert!(client_events(&mut session, 0, &cut).is_empty());
    assert_eq!(session.counters().malformed_bodies, 1);
    assert!(session.output().is_empty(), "neither has a response");
}

#[test]
fn a_server_ignores_what_only_an_smsc_sends() {
    let mut session = bound_server(server_settings(), BindKind::Transceiver);
    let mut bytes = pdu(CommandId::ALERT_NOTIFICATION, 0, 1, b"");
    bytes.extend(pdu(CommandId::OUTBIND, 0, 2, b"a\0b\0"));
    assert!(server_events(&mut session, 0, &bytes).is_empty());
    assert!(session.output().is_empty());
    assert_eq!(session.counters().ignored, 2);
}
