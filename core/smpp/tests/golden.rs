//! Golden PDUs: octets written by hand from the specification, read strictly, field by field, written
//! again to the same octets, and read by an independent codec to the same octets.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_smpp::*;
use rusmpp::Command as Theirs;
use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::{Encode, Length};
use std::path::Path;

fn folder() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn octets(name: &str) -> Vec<u8> {
    let path = folder().join(name).with_extension("hex");
    let text = std::fs::read_to_string(&path).expect(name);
    text.lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .map(|hex| u8::from_str_radix(hex, 16).unwrap())
        .collect()
}

fn names() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

/// Header and body of one golden PDU.
fn pdu(bytes: &[u8]) -> (Header, Body<'_>) {
    let (pdu, length) = split_frame(bytes, PDU_OCTETS_MAX_DEFAULT).unwrap().unwrap();
    assert_eq!(length, bytes.len());
    let command_id = pdu.header.command_id;
    let decoded = Body::decode(command_id, pdu.body, Strictness::Strict).unwrap();
    assert_eq!(decoded.oddities, Oddities::default());
    (pdu.header, decoded.value)
}

#[test]
fn every_golden_pdu_is_read_strictly_and_written_to_the_same_octets() {
    let names = names();
    assert!(names.len() >= 41, "{} files", names.len());
    for name in names {
        let bytes = octets(&name);
        let (header, body) = pdu(&bytes);
        let mut again = Vec::new();
        body.encode(
            &mut again,
            header.command_id,
            header.command_status,
            header.sequence_number,
        )
        .unwrap();
        assert_eq!(again, bytes, "{name}");
    }
}

/// The independent codec takes `broadcast_rep_num` for one octet; 5.0 4.8.4.13 gives it two.
const THEY_DIFFER: &str = "broadcast_sm";

#[test]
fn an_independent_codec_reads_and_writes_them_alike() {
    for name in names().into_iter().filter(|name| name != THEY_DIFFER) {
        let bytes = octets(&name);
        let length = bytes.len() - 4;
        let (command, taken) = Theirs::decode(&mut bytes[4..].into(), length).expect(&name);
        assert_eq!(taken, length, "{name}");
        assert_eq!(command.length(), length, "{name}");
        let mut again = vec![0; length];
        command.encode(&mut again);
        assert_eq!(again, bytes[4..], "{name}");
    }
}

#[test]
fn every_command_of_the_specification_has_a_golden_pdu() {
    let seen: Vec<u32> = names()
        .iter()
        .map(|name| pdu(&octets(name)).0.command_id.0)
        .collect();
    let missing: Vec<CommandId> = (0..=0x113u32)
        .flat_map(|id| [CommandId(id), CommandId(id).response()])
        .filter(|id| id.name().is_some() && !seen.contains(&id.0))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

fn sender() -> Address<'static> {
    Address::alphanumeric(b"ACME")
}

fn number() -> Address<'static> {
    Address::international(b"447946000001")
}

macro_rules! golden {
    ($test:ident, $name:literal, $sequence:literal, $body:expr) => {
        #[test]
        fn $test() {
            let bytes = octets($name);
            let (header, body) = pdu(&bytes);
            assert_eq!(header.sequence_number, $sequence);
            assert_eq!(body, $body);
        }
    };
}

golden!(
    the_specifications_own_example,
    "bind_transmitter",
    1,
    Body::Bind(Bind {
        system_id: b"SMPP3TEST",
        password: b"secret08",
        system_type: b"SUBMIT1",
        interface_version: 0x50,
        addr_ton: 1,
        addr_npi: 1,
        address_range: b"",
        tlvs: Tlvs::default(),
    })
);
golden!(
    bind_resp,
    "bind_transmitter_resp",
    1,
    Body::BindResp(BindResp {
        system_id: b"SMSC",
        tlvs: Tlvs::new(b"\x02\x10\0\x01\x34"),
    })
);
golden!(
    bind_resp_of_3_3,
    "bind_receiver_resp_33",
    1,
    Body::BindResp(BindResp {
        system_id: b"SMSC",
        tlvs: Tlvs::default(),
    })
);
golden!(
    outbind,
    "outbind",
    1,
    Body::Outbind(Outbind {
        system_id: b"SMSC",
        password: b"secret",
    })
);
golden!(
    submit_sm,
    "submit_sm",
    2,
    Body::Message(ShortMessage {
        source: sender(),
        destination: number(),
        registered_delivery: 1,
        short_message: b"Hello, world",
        ..ShortMessage::default()
    })
);
golden!(
    submit_sm_with_both_times,
    "submit_sm_timed",
    3,
    Body::Message(ShortMessage {
        service_type: b"CMT",
        source: sender(),
        destination: number(),
        esm_class: 0x40,
        protocol_id: 0x41,
        priority_flag: 3,
        schedule_delivery_time: b"260701120000004+",
        validity_period: b"000000010000000R",
        registered_delivery: 1,
        replace_if_present_flag: 1,
        data_coding: 8,
        sm_default_msg_id: 7,
        short_message: b"\x05\0\x03\x2a\x02\x01\0G\0r\0\xfc\0\xdf\0e",
        ..ShortMessage::default()
    })
);
golden!(
    submit_sm_resp,
    "submit_sm_resp",
    2,
    Body::MessageId(MessageIdBody {
        message_id: b"5f3a9c01",
        tlvs: Tlvs::default(),
    })
);
golden!(
    an_error_response_has_no_body,
    "submit_sm_resp_throttled",
    2,
    Body::Empty
);
golden!(
    data_sm,
    "data_sm",
    6,
    Body::DataSm(ShortMessage {
        source: sender(),
        destination: number(),
        registered_delivery: 1,
        tlvs: Tlvs::new(b"\x04\x24\0\x05Hello"),
        ..ShortMessage::default()
    })
);
golden!(
    query_sm,
    "query_sm",
    7,
    Body::QuerySm(QuerySm {
        message_id: b"5f3a9c01",
        source: sender(),
        tlvs: Tlvs::default(),
    })
);
golden!(
    query_sm_resp,
    "query_sm_resp",
    7,
    Body::QuerySmResp(QuerySmResp {
        message_id: b"5f3a9c01",
        final_date: b"260701120100000+",
        message_state: Some(2),
        error_code: Some(0),
        tlvs: Tlvs::default(),
    })
);
golden!(
    query_sm_resp_of_a_message_under_way,
    "query_sm_resp_enroute",
    7,
    Body::QuerySmResp(QuerySmResp {
        message_id: b"5f3a9c01",
        final_date: b"",
        message_state: Some(1),
        error_code: Some(0),
        tlvs: Tlvs::default(),
    })
);
golden!(
    cancel_sm,
    "cancel_sm",
    8,
    Body::CancelSm(CancelSm {
        service_type: b"",
        message_id: b"5f3a9c01",
        source: sender(),
        destination: number(),
        tlvs: Tlvs::default(),
    })
);
golden!(
    replace_sm,
    "replace_sm",
    9,
    Body::ReplaceSm(ReplaceSm {
        message_id: b"5f3a9c01",
        source: sender(),
        schedule_delivery_time: b"",
        validity_period: b"000001000000000R",
        registered_delivery: 1,
        sm_default_msg_id: 0,
        short_message: b"new",
        tlvs: Tlvs::default(),
    })
);
golden!(
    alert_notification,
    "alert_notification",
    10,
    Body::AlertNotification(AlertNotification {
        source: number(),
        esme: sender(),
        tlvs: Tlvs::new(b"\x04\x22\0\x01\0"),
    })
);
golden!(
    query_broadcast_sm,
    "query_broadcast_sm",
    13,
    Body::QueryBroadcastSm(QueryBroadcastSm {
        message_id: b"b-1",
        source: sender(),
        tlvs: Tlvs::default(),
    })
);
golden!(
    cancel_broadcast_sm,
    "cancel_broadcast_sm",
    14,
    Body::CancelBroadcastSm(CancelBroadcastSm {
        service_type: b"",
        message_id: b"b-1",
        source: sender(),
        tlvs: Tlvs::default(),
    })
);
golden!(
    a_vendors_command_is_carried,
    "unknown_command",
    15,
    Body::Opaque(b"anything")
);

#[test]
fn submit_multi_and_its_response() {
    let bytes = octets("submit_multi");
    let Body::SubmitMulti(multi) = pdu(&bytes).1 else {
        panic!()
    };
    let destinations: Vec<_> = multi.destinations.iter().collect();
    assert_eq!(
        destinations,
        [
            Destination::Address(number()),
            Destination::DistributionList(b"friends"),
            Destination::Address(Address::international(b"447946000002")),
        ]
    );
    assert_eq!(multi.message.source, sender());
    assert_eq!(multi.message.short_message, b"hi");
    let reference = multi.message.tlvs.find_number(tag::USER_MESSAGE_REFERENCE);
    assert_eq!(reference, Some(7));

    let bytes = octets("submit_multi_resp");
    let Body::SubmitMultiResp(response) = pdu(&bytes).1 else {
        panic!()
    };
    assert_eq!(response.message_id, b"77");
    let failed: Vec<_> = response
        .unsuccess_smes
        .iter()
        .map(|one| (one.destination.addr, one.error_status_code))
        .collect();
    assert_eq!(
        failed,
        [
            (b"447946000001".as_slice(), CommandStatus::ESME_RINVDSTADR),
            (b"447946000002".as_slice(), CommandStatus::ESME_RMSGQFUL),
        ]
    );
}

#[test]
fn broadcast_sm_and_its_answers_carry_their_parameters() {
    let bytes = octets("broadcast_sm");
    let Body::BroadcastSm(broadcast) = pdu(&bytes).1 else {
        panic!()
    };
    assert_eq!(broadcast.priority_flag, 1);
    let tlvs = broadcast.tlvs;
    assert_eq!(tlvs.find_number(tag::BROADCAST_REP_NUM), Some(3));
    let area = tlvs.find(tag::BROADCAST_AREA_IDENTIFIER).unwrap();
    assert_eq!(area, b"\0London");
    let text = tlvs.find(tag::MESSAGE_PAYLOAD).unwrap();
    assert_eq!(text, b"Flood warning");

    let bytes = octets("query_broadcast_sm_resp");
    let Body::MessageId(response) = pdu(&bytes).1 else {
        panic!()
    };
    let success = response.tlvs.find_number(tag::BROADCAST_AREA_SUCCESS);
    assert_eq!(success, Some(100));
}

#[test]
fn a_receipt_carries_text_and_parameters() {
    let bytes = octets("deliver_sm_receipt");
    let Body::Message(sm) = pdu(&bytes).1 else {
        panic!()
    };
    assert!(sm.is_receipt());
    assert!(sm.short_message.starts_with(b"id:5f3a9c01 "));
    let id = sm.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID);
    assert_eq!(id, Some(b"5f3a9c01".as_slice()));
    assert_eq!(sm.tlvs.find_number(tag::MESSAGE_STATE), Some(2));
}
