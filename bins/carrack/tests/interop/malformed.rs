//! Malformed input to the customers' door: each case is answered as `docs/smpp_server.md` says, takes nothing, and leaves
//! the door open to others.

use std::io::Read;
use std::time::Duration;

use carrack_smpp::{CommandId, CommandStatus};

use super::customers::{Client, House, is_accepted};

const SUBMIT: u32 = CommandId::SUBMIT_SM.0;

/// A PDU whose header may claim another length than it has.
fn pdu(command: u32, body: &[u8], sequence: u32, length: Option<u32>) -> Vec<u8> {
    let length = length.unwrap_or(16 + body.len() as u32);
    let header = [length, command, 0, sequence];
    let mut octets = header.map(u32::to_be_bytes).concat();
    octets.extend_from_slice(body);
    octets
}

/// The body of a `submit_sm` of a text, with what may lie about it.
fn body(text: &[u8], sm_length: u8, esm_class: u8, tlvs: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x05\0ACME\0\x01\x01447946000001\0".to_vec();
    body.extend_from_slice(&[esm_class, 0, 0, 0, 0, 0, 0, 0, 0, sm_length]);
    body.extend_from_slice(text);
    body.extend_from_slice(tlvs);
    body
}

fn good() -> Vec<u8> {
    body(b"hi", 2, 0, b"")
}

/// A bound client has sent these octets.
fn after(house: &House, octets: &[u8]) -> Client {
    let mut client = Client::bound(house.door(), 0x34);
    client.send(octets);
    client
}

/// Nothing was taken of it, and the door takes another bind and its message.
fn unharmed(house: House) {
    let mut other = Client::bound(house.door(), 0x34);
    other.send(&pdu(SUBMIT, &good(), 2, None));
    is_accepted(&other.answer());
    assert_eq!(house.close()["accepted"], 1);
}

fn is_closed(client: &mut Client) {
    let mut rest = [0; 64];
    // A reset is an end too: the door had not read all that came.
    assert_eq!(client.stream.read(&mut rest).unwrap_or(0), 0);
}

fn refused(client: &mut Client, command: CommandId, status: CommandStatus, sequence: u32) {
    let answer = client.answer();
    assert_eq!((answer.0, answer.1, answer.2), (command, status, sequence));
}

#[test]
fn malformed_is_not_what_is_good() {
    let house = House::open();
    let mut client = after(&house, &pdu(SUBMIT, &good(), 2, None));
    is_accepted(&client.answer());
    assert_eq!(house.close()["accepted"], 1);
}

#[test]
fn malformed_length_below_16_is_nacked_and_closed() {
    let house = House::open();
    let mut client = after(&house, &pdu(SUBMIT, b"", 2, Some(8)));
    let status = CommandStatus::ESME_RINVCMDLEN;
    refused(&mut client, CommandId::GENERIC_NACK, status, 0);
    is_closed(&mut client);
    unharmed(house);
}

#[test]
fn malformed_length_that_is_huge_is_nacked_and_closed() {
    let house = House::open();
    let mut client = after(&house, &pdu(SUBMIT, &good(), 2, Some(0x7FFF_FFFF)));
    let status = CommandStatus::ESME_RINVCMDLEN;
    refused(&mut client, CommandId::GENERIC_NACK, status, 0);
    is_closed(&mut client);
    unharmed(house);
}

#[test]
fn malformed_length_longer_than_the_body_waits_for_its_octets_and_closes_in_time() {
    let house = House::with("response_timeout = \"1s\"");
    let mut client = after(&house, &pdu(SUBMIT, &good(), 2, Some(200)));
    let patience = Some(Duration::from_millis(300));
    client.stream.set_read_timeout(patience).unwrap();
    assert!(
        client.stream.read(&mut [0; 64]).is_err(),
        "nothing at first"
    );
    let patience = Some(Duration::from_secs(20));
    client.stream.set_read_timeout(patience).unwrap();
    is_closed(&mut client);
    // Its octets may come later than its head.
    let mut slow = after(&house, &pdu(SUBMIT, &good(), 2, None)[..20]);
    slow.send(&pdu(SUBMIT, &good(), 2, None)[20..]);
    is_accepted(&slow.answer());
    assert_eq!(house.close()["accepted"], 1);
}

#[test]
fn malformed_length_shorter_than_the_body_is_refused() {
    let house = House::open();
    let mut client = after(&house, &pdu(SUBMIT, &good(), 2, Some(40)));
    let status = CommandStatus::ESME_RINVCMDLEN;
    refused(&mut client, CommandId::SUBMIT_SM_RESP, status, 2);
    // What follows is no PDU.
    refused(&mut client, CommandId::GENERIC_NACK, status, 0);
    is_closed(&mut client);
    unharmed(house);
}

#[test]
fn malformed_unknown_command_is_nacked_with_its_sequence_and_the_session_stays() {
    let house = House::open();
    let mut client = after(&house, &pdu(0x77, b"", 2, None));
    let status = CommandStatus::ESME_RINVCMDID;
    refused(&mut client, CommandId::GENERIC_NACK, status, 2);
    client.send(&pdu(SUBMIT, &good(), 3, None));
    is_accepted(&client.answer());
    assert_eq!(house.close()["accepted"], 1);
}

#[test]
fn malformed_response_nobody_asked_for_is_ignored_and_takes_no_place_of_the_window() {
    let house = House::open();
    let mut client = Client::bound(house.door(), 0x34);
    for sequence in 0..2000 {
        client.send(&pdu(0x8000_0004, b"abc\0", sequence, None));
        client.send(&pdu(0x8000_0005, b"\0", sequence, None));
    }
    client.send(&pdu(SUBMIT, &good(), 3, None));
    is_accepted(&client.answer());
    assert_eq!(house.close()["accepted"], 1);
}

#[test]
fn malformed_sm_length_that_overruns_is_refused() {
    let house = House::open();
    let mut client = after(&house, &pdu(SUBMIT, &body(b"hi", 200, 0, b""), 2, None));
    let status = CommandStatus::ESME_RINVPARLEN;
    refused(&mut client, CommandId::SUBMIT_SM_RESP, status, 2);
    unharmed(house);
}

#[test]
fn malformed_address_without_end_is_refused() {
    let house = House::open();
    let unterminated = [&b"\0\x05\0"[..], &[b'A'; 60]].concat();
    let mut client = after(&house, &pdu(SUBMIT, &unterminated, 2, None));
    let status = CommandStatus::ESME_RINVCMDLEN;
    refused(&mut client, CommandId::SUBMIT_SM_RESP, status, 2);
    unharmed(house);
}

#[test]
fn malformed_tlv_that_overruns_is_dropped_and_its_message_taken() {
    let house = House::open();
    let cut = body(b"hi", 2, 0, b"\x04\x24\x00\xffx");
    let mut client = after(&house, &pdu(SUBMIT, &cut, 2, None));
    is_accepted(&client.answer());
    house.texts_at_the_carrier(1);
    assert_eq!(house.close()["accepted"], 1);
}

#[test]
fn malformed_header_beyond_the_data_is_refused() {
    let house = House::open();
    let broken = body(b"\xff\x00\x03hi", 5, 0x40, b"");
    let mut client = after(&house, &pdu(SUBMIT, &broken, 2, None));
    let status = CommandStatus::ESME_RINVPARLEN;
    refused(&mut client, CommandId::SUBMIT_SM_RESP, status, 2);
    unharmed(house);
}

#[test]
fn malformed_sequence_number_zero_is_taken_and_echoed() {
    let house = House::open();
    let mut client = after(&house, &pdu(SUBMIT, &good(), 0, None));
    let answer = client.answer();
    is_accepted(&answer);
    assert_eq!(answer.2, 0);
    assert_eq!(house.close()["accepted"], 1);
}

#[test]
fn malformed_submit_before_bind_is_refused() {
    let house = House::open();
    let mut client = Client::connect(house.door());
    client.send(&pdu(SUBMIT, &good(), 2, None));
    let status = CommandStatus::ESME_RINVBNDSTS;
    refused(&mut client, CommandId::SUBMIT_SM_RESP, status, 2);
    unharmed(house);
}
