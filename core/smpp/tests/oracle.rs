//! Against an independent codec: what it encodes we decode, what we encode it decodes, both to the octet.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_smpp::*;
use proptest::prelude::*;
use rusmpp::decode::DecodeWithLength;
use rusmpp::encode::{Encode, Length};
use rusmpp::types::{COctetString, OctetString};
use rusmpp::{Command, Pdu as Theirs};

/// Their view of one PDU of ours.
fn theirs(bytes: &[u8]) -> Command {
    let length = bytes.len() - 4;
    let (command, taken) = Command::decode(&mut bytes[4..].into(), length).unwrap();
    assert_eq!(taken, length);
    command
}

/// Their octets of one PDU.
fn written(command: &Command) -> Vec<u8> {
    let length = 4 + command.length();
    let mut bytes = (length as u32).to_be_bytes().to_vec();
    let mut body = vec![0; command.length()];
    assert_eq!(command.encode(&mut body), body.len());
    bytes.extend(body);
    bytes
}

fn text(max: usize) -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(0x20u8..0x7f, 0..=max)
}

fn time() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        Just(Vec::new()),
        (0u64..100_000_000).prop_map(|s| time::relative(s).to_vec())
    ]
}

fn tlvs() -> impl Strategy<Value = Vec<u8>> {
    let id = text(64).prop_map(|mut id| {
        id.push(0);
        (tag::RECEIPTED_MESSAGE_ID, id)
    });
    let one = prop_oneof![
        id,
        (0u8..10).prop_map(|state| (tag::MESSAGE_STATE, vec![state])),
        any::<[u8; 2]>().prop_map(|r| (tag::USER_MESSAGE_REFERENCE, r.to_vec())),
        any::<[u8; 2]>().prop_map(|r| (tag::SAR_MSG_REF_NUM, r.to_vec())),
        (0x1400u16..0x3fff, text(30)),
    ];
    prop::collection::vec(one, 0..4).prop_map(|list| {
        let mut bytes = Vec::new();
        for (tag, value) in list {
            write_tlv(&mut bytes, tag, &value).unwrap();
        }
        bytes
    })
}

prop_compose! {
    fn parts()(
        strings in (text(5), text(20), text(20), time(), time()),
        numbers in any::<[u8; 7]>(),
        flags in (0u8..4, 0u8..2, 0u8..3),
        user_data in prop::collection::vec(any::<u8>(), 0..=600),
        tlvs in tlvs(),
    ) -> Parts {
        Parts { strings, numbers, flags, user_data, tlvs }
    }
}

/// service_type, source, destination, schedule_delivery_time, validity_period
type Strings = (Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>, Vec<u8>);

#[derive(Clone, Debug)]
struct Parts {
    strings: Strings,
    numbers: [u8; 7],
    flags: (u8, u8, u8),
    user_data: Vec<u8>,
    tlvs: Vec<u8>,
}

impl Parts {
    fn message(&self) -> ShortMessage<'_> {
        let (service_type, source, destination, schedule, validity) = &self.strings;
        let [
            source_ton,
            source_npi,
            ton,
            npi,
            esm_class,
            protocol_id,
            data_coding,
        ] = self.numbers;
        ShortMessage {
            service_type,
            source: Address::new(source_ton, source_npi, source),
            destination: Address::new(ton, npi, destination),
            esm_class,
            protocol_id,
            priority_flag: self.flags.0,
            schedule_delivery_time: schedule,
            validity_period: validity,
            registered_delivery: self.flags.2,
            replace_if_present_flag: self.flags.1,
            data_coding,
            sm_default_msg_id: 0,
            short_message: &self.user_data,
            tlvs: Tlvs::new(&self.tlvs),
        }
    }
}

proptest! {
    #[test]
    fn messages_agree_to_the_octet(parts in parts(), sequence in 1u32..0x7fff_ffff, deliver in any::<bool>()) {
        let sm = parts.message();
        let mut bytes = Vec::new();
        if deliver {
            encode_deliver_sm(&mut bytes, sequence, &sm).unwrap();
        } else {
            encode_submit_sm(&mut bytes, sequence, &sm).unwrap();
        }
        let command = theirs(&bytes);
        prop_assert_eq!(command.sequence_number(), sequence);
        prop_assert_eq!(&written(&command), &bytes);
        match command.pdu() {
            Some(Theirs::SubmitSm(their)) => {
                prop_assert!(!deliver);
                prop_assert_eq!(their.source_addr.as_str().as_bytes(), sm.source.addr);
                prop_assert_eq!(their.destination_addr.as_str().as_bytes(), sm.destination.addr);
                prop_assert_eq!(u8::from(their.data_coding), sm.data_coding);
                prop_assert!(their.sm_length() <= 254);
            }
            Some(Theirs::DeliverSm(their)) => {
                prop_assert!(deliver);
                prop_assert_eq!(their.source_addr.as_str().as_bytes(), sm.source.addr);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        let back = ShortMessage::decode(&bytes[16..], Strictness::Strict).unwrap().value;
        prop_assert_eq!(back.user_data(), sm.user_data());
        if sm.short_message.len() <= 254 {
            prop_assert_eq!(back, sm);
        }
    }

    #[test]
    fn what_they_encode_we_decode(
        source in text(20),
        destination in text(20),
        body in prop::collection::vec(any::<u8>(), 0..=254),
        protocol_id in any::<u8>(),
        sequence in any::<u32>(),
    ) {
        let nul = |s: &[u8]| [s, b"\0"].concat();
        let their = rusmpp::pdus::SubmitSm::builder()
            .source_addr_ton(5.into())
            .source_addr(COctetString::from_vec(nul(&source)).unwrap())
            .dest_addr_ton(1.into())
            .dest_addr_npi(1.into())
            .destination_addr(COctetString::from_vec(nul(&destination)).unwrap())
            .protocol_id(protocol_id)
            .short_message(OctetString::from_slice(&body).unwrap())
            .build();
        let bytes = written(&Command::new(rusmpp::CommandStatus::EsmeRok, sequence, their));
        let (pdu, length) = split_frame(&bytes, 1 << 16).unwrap().unwrap();
        prop_assert_eq!(length, bytes.len());
        prop_assert_eq!(pdu.header.command_id, CommandId::SUBMIT_SM);
        prop_assert_eq!(pdu.header.sequence_number, sequence);
        let decoded = ShortMessage::decode(pdu.body, Strictness::Strict).unwrap();
        prop_assert!(decoded.oddities.is_empty());
        let expected = ShortMessage {
            source: Address::alphanumeric(&source),
            destination: Address::international(&destination),
            // Their default message type, the ANSI-41 one.
            esm_class: 8,
            protocol_id,
            short_message: &body,
            ..ShortMessage::default()
        };
        prop_assert_eq!(decoded.value, expected);
    }

    #[test]
    fn data_sm_agrees_to_the_octet(parts in parts()) {
        let sm = parts.message();
        let mut bytes = Vec::new();
        encode_data_sm(&mut bytes, 3, &sm).unwrap();
        let command = theirs(&bytes);
        prop_assert!(matches!(command.pdu(), Some(Theirs::DataSm(_))));
        prop_assert_eq!(&written(&command), &bytes);
        let back = ShortMessage::decode_data_sm(&bytes[16..], Strictness::Strict).unwrap().value;
        prop_assert_eq!(back.user_data(), sm.user_data());
        prop_assert_eq!(back.source, sm.source);
        prop_assert_eq!(back.destination, sm.destination);
    }

    #[test]
    fn responses_agree_to_the_octet(id in text(64), sequence in any::<u32>()) {
        let mut bytes = Vec::new();
        encode_submit_sm_resp(&mut bytes, sequence, CommandStatus::ESME_ROK, &id).unwrap();
        let command = theirs(&bytes);
        prop_assert_eq!(&written(&command), &bytes);
        match command.pdu() {
            Some(Theirs::SubmitSmResp(their)) => {
                prop_assert_eq!(their.message_id().as_str().as_bytes(), &id);
            }
            other => prop_assert!(false, "{:?}", other),
        }
        prop_assert_eq!(MessageIdBody::decode(&bytes[16..]).value.message_id, &id);
        let mut bytes = Vec::new();
        encode_deliver_sm_resp(&mut bytes, sequence, CommandStatus::ESME_ROK);
        prop_assert_eq!(&written(&theirs(&bytes)), &bytes);
    }

    #[test]
    fn binds_agree_to_the_octet(
        system_id in text(15),
        password in text(8),
        system_type in text(12),
        range in text(40),
        kind in prop::sample::select(vec![BindKind::Transceiver, BindKind::Transmitter, BindKind::Receiver]),
        version in prop::option::of(any::<u8>()),
    ) {
        let bind = Bind {
            system_id: &system_id,
            password: &password,
            system_type: &system_type,
            interface_version: 0x34,
            addr_ton: 1,
            addr_npi: 1,
            address_range: &range,
            tlvs: Tlvs::default(),
        };
        let mut bytes = Vec::new();
        encode_bind(&mut bytes, 1, kind, &bind).unwrap();
        prop_assert_eq!(&written(&theirs(&bytes)), &bytes);
        prop_assert_eq!(Bind::decode(&bytes[16..], Strictness::Strict).unwrap().value, bind);
        let mut bytes = Vec::new();
        let ok = CommandStatus::ESME_ROK;
        encode_bind_resp(&mut bytes, 1, kind, ok, &system_id, version).unwrap();
        prop_assert_eq!(&written(&theirs(&bytes)), &bytes);
        let back = BindResp::decode(&bytes[16..]).value;
        prop_assert_eq!(back.system_id, &system_id);
        prop_assert_eq!(back.interface_version(), version);
    }
}

#[test]
fn headers_alone_agree() {
    for command in [
        CommandId::ENQUIRE_LINK,
        CommandId::ENQUIRE_LINK_RESP,
        CommandId::UNBIND,
        CommandId::UNBIND_RESP,
        CommandId::GENERIC_NACK,
    ] {
        let mut bytes = Vec::new();
        encode_header_only(&mut bytes, command, CommandStatus::ESME_RINVCMDID, 9);
        let their = theirs(&bytes);
        assert_eq!(u32::from(their.id()), command.0);
        assert_eq!(u32::from(their.status()), 3);
        assert_eq!(written(&their), bytes);
    }
}

fn address() -> impl Strategy<Value = (u8, u8, Vec<u8>)> {
    (0u8..7, 0u8..19, text(20))
}

fn view(address: &(u8, u8, Vec<u8>)) -> Address<'_> {
    Address::new(address.0, address.1, &address.2)
}

/// Our octets, read by them and written again; and read by us as what we wrote.
fn agree(command_id: CommandId, body: &Body<'_>) {
    let mut bytes = Vec::new();
    body.encode(&mut bytes, command_id, CommandStatus::ESME_ROK, 7)
        .unwrap();
    assert_eq!(written(&theirs(&bytes)), bytes);
    let (pdu, _) = split_frame(&bytes, PDU_OCTETS_MAX_DEFAULT)
        .unwrap()
        .unwrap();
    let decoded = Body::decode(command_id, pdu.body, Strictness::Strict).unwrap();
    assert_eq!(decoded.value, *body);
    assert_eq!(decoded.oddities, Oddities::default());
}

proptest! {
    #[test]
    fn ancillary_requests_agree_to_the_octet(
        message_id in text(64),
        service_type in text(5),
        (source, destination) in (address(), address()),
        times in (time(), time()),
        numbers in (0u8..3, any::<u8>()),
        short_message in prop::collection::vec(any::<u8>(), 0..=254),
    ) {
        let tlvs = Tlvs::default();
        let (source, destination) = (view(&source), view(&destination));
        agree(CommandId::QUERY_SM, &Body::QuerySm(QuerySm {
            message_id: &message_id,
            source,
            tlvs,
        }));
        agree(CommandId::CANCEL_SM, &Body::CancelSm(CancelSm {
            service_type: &service_type,
            message_id: &message_id,
            source,
            destination,
            tlvs,
        }));
        agree(CommandId::REPLACE_SM, &Body::ReplaceSm(ReplaceSm {
            message_id: &message_id,
            source,
            schedule_delivery_time: &times.0,
            validity_period: &times.1,
            registered_delivery: numbers.0,
            sm_default_msg_id: numbers.1,
            short_message: &short_message,
            tlvs,
        }));
        agree(CommandId::QUERY_BROADCAST_SM, &Body::QueryBroadcastSm(QueryBroadcastSm {
            message_id: &message_id,
            source,
            tlvs,
        }));
        agree(CommandId::CANCEL_BROADCAST_SM, &Body::CancelBroadcastSm(CancelBroadcastSm {
            service_type: &service_type,
            message_id: &message_id,
            source,
            tlvs,
        }));
    }

    #[test]
    fn query_sm_resp_agrees_to_the_octet(
        message_id in text(64),
        final_date in time(),
        message_state in 0u8..10,
        error_code in any::<u8>(),
    ) {
        agree(CommandId::QUERY_SM_RESP, &Body::QuerySmResp(QuerySmResp {
            message_id: &message_id,
            final_date: &final_date,
            message_state: Some(message_state),
            error_code: Some(error_code),
            tlvs: Tlvs::default(),
        }));
    }

    #[test]
    fn what_an_smsc_asks_agrees_to_the_octet(
        system_id in text(15),
        password in text(8),
        (source, esme) in (address(), address()),
        availability in prop::option::of(0u8..3),
    ) {
        agree(CommandId::OUTBIND, &Body::Outbind(Outbind {
            system_id: &system_id,
            password: &password,
        }));
        let mut tlvs = Vec::new();
        if let Some(availability) = availability {
            write_tlv(&mut tlvs, tag::MS_AVAILABILITY_STATUS, &[availability]).unwrap();
        }
        agree(CommandId::ALERT_NOTIFICATION, &Body::AlertNotification(AlertNotification {
            source: view(&source),
            esme: view(&esme),
            tlvs: Tlvs::new(&tlvs),
        }));
    }

    #[test]
    fn submit_multi_and_its_response_agree_to_the_octet(
        parts in parts(),
        destinations in prop::collection::vec(prop::result::maybe_err(address(), text(20)), 1..=255),
        failures in prop::collection::vec((address(), any::<u32>()), 0..=255),
        message_id in text(64),
    ) {
        let mut list = Vec::new();
        for one in &destinations {
            let one = match one {
                Ok(address) => Destination::Address(view(address)),
                Err(name) => Destination::DistributionList(name),
            };
            write_destination(&mut list, &one).unwrap();
        }
        let message = ShortMessage {
            destination: Address::default(),
            short_message: &parts.user_data[..parts.user_data.len().min(254)],
            ..parts.message()
        };
        let multi = SubmitMulti { message, destinations: Destinations::new(&list) };
        // A header that does not fit its text is an oddity of the text.
        if !message.has_udh() || message.split_udh().is_some() {
            agree(CommandId::SUBMIT_MULTI, &Body::SubmitMulti(multi));
        }
        prop_assert_eq!(multi.destinations.count(), destinations.len());

        let mut list = Vec::new();
        for (address, status) in &failures {
            let one = UnsuccessSme {
                destination: view(address),
                error_status_code: CommandStatus(*status),
            };
            write_unsuccess_sme(&mut list, &one).unwrap();
        }
        agree(CommandId::SUBMIT_MULTI_RESP, &Body::SubmitMultiResp(SubmitMultiResp {
            message_id: &message_id,
            unsuccess_smes: UnsuccessSmes::new(&list),
            tlvs: Tlvs::default(),
        }));
    }
}
