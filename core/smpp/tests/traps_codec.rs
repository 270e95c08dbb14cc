//! Acceptance tests of the traps that the codec meets, each named after its trap.
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
use support::*;

const BOTH: [Strictness; 2] = [Strictness::Tolerant, Strictness::Strict];

fn tolerant(body: &[u8]) -> Decoded<ShortMessage<'_>> {
    ShortMessage::decode(body, Strictness::Tolerant).unwrap()
}

fn strict(body: &[u8]) -> Result<Decoded<ShortMessage<'_>>, BodyError> {
    ShortMessage::decode(body, Strictness::Strict)
}

fn encoded(sm: &ShortMessage<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    encode_submit_sm(&mut bytes, 1, sm).unwrap();
    bytes
}

#[test]
fn t03_an_id_of_any_length_up_to_255_octets_is_kept_whole() {
    for length in [0, 1, 8, 9, 36, 64, 65, 255] {
        let id = vec![b'a'; length];
        let mut body = id.clone();
        body.push(0);
        assert_eq!(MessageIdBody::decode(&body).value.message_id, id);
    }
    let decoded = MessageIdBody::decode(&[b'a'; 256]);
    assert_eq!(
        decoded.value.message_id, b"",
        "a cut id could match another"
    );
    assert!(decoded.oddities.contains(Oddities::MESSAGE_ID_DROPPED));
}

#[test]
fn t06_a_receipted_message_id_without_nul_or_of_any_length_is_read() {
    let long = [b'7'; 200];
    for id in [b"abc".as_slice(), b"", &long] {
        for end in [b"".as_slice(), b"\0"] {
            let mut tlvs = Vec::new();
            write_tlv(&mut tlvs, tag::RECEIPTED_MESSAGE_ID, &[id, end].concat()).unwrap();
            let body = submit_body(b"", 0, &tlvs);
            for strictness in BOTH {
                let decoded = ShortMessage::decode(&body, strictness).unwrap();
                let found = decoded.value.tlvs.find_cstring(tag::RECEIPTED_MESSAGE_ID);
                assert_eq!(found, Some(id));
            }
        }
    }
}

#[test]
fn t08_text_in_message_payload_is_the_text() {
    let text = b"id:1 stat:DELIVRD";
    let mut tlvs = Vec::new();
    write_tlv(&mut tlvs, tag::MESSAGE_PAYLOAD, text).unwrap();
    for strictness in BOTH {
        let body = submit_body(b"", 0, &tlvs);
        let decoded = ShortMessage::decode(&body, strictness).unwrap();
        assert_eq!(decoded.value.user_data(), text);
        assert_eq!(decoded.oddities, Oddities::default());
    }
}

#[test]
fn t09_a_receipt_by_data_sm_has_the_same_view() {
    let mut bytes = Vec::new();
    let sm = ShortMessage {
        esm_class: ESM_CLASS_DELIVERY_RECEIPT,
        ..message(b"id:1 stat:DELIVRD")
    };
    encode_data_sm(&mut bytes, 1, &sm).unwrap();
    let decoded = ShortMessage::decode_data_sm(&bytes[16..], Strictness::Strict).unwrap();
    assert!(decoded.value.is_receipt());
    assert_eq!(decoded.value.user_data(), b"id:1 stat:DELIVRD");
}

#[test]
fn t10_the_message_type_is_bits_5_to_2_whatever_the_others_are() {
    for esm_class in 0..=255u8 {
        let sm = ShortMessage {
            esm_class,
            ..ShortMessage::default()
        };
        let kind = esm_class >> 2 & 0xF;
        assert_eq!(sm.is_receipt(), kind == 1 || kind == 8, "{esm_class:#x}");
        assert_eq!(sm.is_intermediate(), kind == 8, "{esm_class:#x}");
    }
}

#[test]
fn t17_an_error_response_of_every_shape_decodes() {
    let tlvs = b"\0\x1d\0\x02no";
    let shapes: [(&[u8], &[u8], &[u8]); 5] = [
        (b"", b"", b""),
        (b"\0", b"", b""),
        (b"5f3a\0", b"5f3a", b""),
        (b"5f3a\0\0\x1d\0\x02no", b"5f3a", tlvs),
        // Without the NUL of the id it does not have.
        (tlvs, b"", tlvs),
    ];
    for (body, id, tlvs) in shapes {
        let decoded = SubmitSmResp::decode(body).value;
        assert_eq!(decoded.message_id, id);
        assert_eq!(decoded.tlvs.as_octets(), tlvs);
    }
    for body in [b"".as_slice(), b"\0", b"1", b"1\0", b"1\0\0", b"1\0\0\x02"] {
        let multi = SubmitMultiResp::decode(body).value;
        assert_eq!(multi.unsuccess_smes.count(), 0);
        let query = QuerySmResp::decode(body).value;
        assert_eq!(query.message_id.is_empty(), body.len() < 2 && body != b"1");
    }
}

#[test]
fn t17_our_errors_are_a_header_alone_unless_asked() {
    let mut bytes = Vec::new();
    let status = CommandStatus::ESME_RTHROTTLED;
    encode_submit_sm_resp(&mut bytes, 1, status, b"").unwrap();
    assert_eq!(bytes.len(), HEADER_OCTETS);
}

#[test]
fn t18_a_bind_response_without_version_name_or_nul_is_one() {
    let shapes: [(&[u8], &[u8], Option<u8>); 6] = [
        (b"", b"", None),
        (b"\0", b"", None),
        (b"smsc", b"smsc", None),
        (b"smsc\0", b"smsc", None),
        (b"smsc\0\x02\x10\0\x01\x34", b"smsc", Some(0x34)),
        // The parameter cut short.
        (b"smsc\0\x02\x10\0\x01", b"smsc", None),
    ];
    for (body, name, version) in shapes {
        let decoded = BindResp::decode(body).value;
        assert_eq!(decoded.system_id, name);
        assert_eq!(decoded.interface_version(), version);
    }
}

#[test]
fn t32_odd_octets_of_ucs_2_pass_as_they_are() {
    for text in [b"\xff\xfeA\0".as_slice(), b"\xd8\x3d", b"\0A\0"] {
        let bytes = encoded(&ShortMessage {
            data_coding: 8,
            ..message(text)
        });
        assert_eq!(strict(&bytes[16..]).unwrap().value.user_data(), text);
    }
}

#[test]
fn t34_text_above_254_octets_goes_to_message_payload() {
    for length in [0, 1, 253, 254, 255, 256, 1000, 65_535] {
        let text = vec![b'x'; length];
        let bytes = encoded(&message(&text));
        let decoded = strict(&bytes[16..]).unwrap();
        assert_eq!(decoded.oddities, Oddities::default());
        let sm = decoded.value;
        assert_eq!(sm.user_data(), text);
        let by_payload = length > SHORT_MESSAGE_OCTETS_MAX;
        assert_eq!(sm.short_message.is_empty(), by_payload || length == 0);
        assert_eq!(sm.payload().is_some(), by_payload);
    }
    let text = vec![b'x'; 65_536];
    let refused = encode_submit_sm(&mut Vec::new(), 1, &message(&text));
    assert_eq!(refused, Err(EncodeError::ValueTooLong));
}

#[test]
fn t34_an_inbound_length_of_255_is_taken_if_the_octets_are_there() {
    let text = [b'x'; 255];
    let body = submit_body(&text, 255, b"");
    let decoded = tolerant(&body);
    assert_eq!(decoded.value.user_data(), text);
    assert!(decoded.oddities.contains(Oddities::SM_LENGTH_255));
    assert!(strict(&body).is_err());
}

#[test]
fn t34_payload_wins_over_short_message_and_both_or_neither_are_legal() {
    let both = submit_body(b"short", 5, b"\x04\x24\0\x04long");
    let decoded = tolerant(&both);
    assert_eq!(decoded.value.user_data(), b"long");
    assert_eq!(decoded.value.short_message, b"short");
    assert!(decoded.oddities.contains(Oddities::BOTH_PAYLOADS));
    let neither = submit_body(b"", 0, b"");
    let decoded = strict(&neither).unwrap();
    assert_eq!(decoded.value.user_data(), b"");
    assert_eq!(decoded.oddities, Oddities::default());
}

#[test]
fn t36_a_header_that_does_not_fit_is_relayed_raw() {
    for text in [b"".as_slice(), b"\x05\0\x03", b"\xff"] {
        let mut body = submit_body(text, text.len() as u8, b"");
        body[23] = ESM_CLASS_UDHI;
        let decoded = tolerant(&body);
        assert!(decoded.value.has_udh());
        assert_eq!(decoded.value.split_udh(), None);
        assert_eq!(decoded.value.user_data(), text);
        assert!(decoded.oddities.contains(Oddities::BROKEN_UDH));
    }
}

#[test]
fn t37_longer_strings_than_the_specification_allows_are_taken_where_tolerant() {
    let password = [b'p'; 64];
    let bind = Bind {
        system_id: b"an-account-name-of-33-characters-",
        password: &password,
        system_type: b"seventeen letters",
        interface_version: 0x34,
        ..Bind::default()
    };
    let mut bytes = Vec::new();
    encode_bind(&mut bytes, 1, BindKind::Transceiver, &bind).unwrap();
    let decoded = Bind::decode(&bytes[16..], Strictness::Tolerant).unwrap();
    assert_eq!(decoded.value, bind);
    assert!(decoded.oddities.contains(Oddities::OVERLONG_STRING));
    let refused = Bind::decode(&bytes[16..], Strictness::Strict).unwrap_err();
    assert_eq!(refused.answer, CommandStatus::ESME_RINVSYSID);
}

#[test]
fn t39_a_nul_behind_the_text_counted_or_not() {
    let not_counted = submit_body(b"hi", 2, b"\0");
    let decoded = tolerant(&not_counted);
    assert_eq!(decoded.value.short_message, b"hi");
    assert!(decoded.oddities.contains(Oddities::EXTRA_NUL));
    let counted = submit_body(b"hi\0", 3, b"");
    assert_eq!(tolerant(&counted).value.short_message, b"hi\0");
    // Counted, but not there.
    let promised = submit_body(b"hi", 3, b"");
    let decoded = tolerant(&promised);
    assert_eq!(decoded.value.short_message, b"hi");
    assert!(decoded.oddities.contains(Oddities::SM_LENGTH_REPAIRED));
    for body in [not_counted, promised] {
        assert!(strict(&body).is_err());
    }
}

#[test]
fn t39_only_the_last_string_of_a_body_may_miss_its_nul() {
    let whole: [(CommandId, &[u8]); 6] = [
        (CommandId::BIND_TRANSMITTER, b"a\0b\0c\0\x34\0\0range\0"),
        (CommandId::OUTBIND, b"a\0b\0"),
        (CommandId::QUERY_SM, b"id\0\x05\0ACME\0"),
        (CommandId::CANCEL_SM, b"\0id\0\x05\0ACME\0\x01\x0144\0"),
        (CommandId::ALERT_NOTIFICATION, b"\x01\x0144\0\x05\0ACME\0"),
        (CommandId::CANCEL_BROADCAST_SM, b"\0id\0\x05\0ACME\0"),
    ];
    for (command, body) in whole {
        let expected = Body::decode(command, body, Strictness::Strict).unwrap();
        let cut = &body[..body.len() - 1];
        let found = Body::decode(command, cut, Strictness::Tolerant).unwrap();
        assert_eq!(found.value, expected.value, "{command}");
        assert!(found.oddities.contains(Oddities::MISSING_NUL), "{command}");
        let refused = Body::decode(command, cut, Strictness::Strict).unwrap_err();
        assert_eq!(refused.answer, CommandStatus::ESME_RINVCMDLEN, "{command}");
    }
}

#[test]
fn t40_unknown_repeated_empty_and_misplaced_parameters_pass_as_they_came() {
    let mut tlvs = Vec::new();
    for (tag, value) in [
        (0x1400, b"vendor".as_slice()),
        (tag::SC_INTERFACE_VERSION, b"\x34"),
        (tag::CALLBACK_NUM, b"1"),
        (tag::CALLBACK_NUM, b"2"),
        (tag::MESSAGE_STATE, b""),
        (tag::DEST_ADDR_SUBUNIT, b"\xee"),
        (0xFFFF, b""),
    ] {
        write_tlv(&mut tlvs, tag, value).unwrap();
    }
    let body = submit_body(b"hi", 2, &tlvs);
    let sm = strict(&body).unwrap().value;
    assert_eq!(sm.tlvs.iter().count(), 7);
    assert_eq!(sm.tlvs.find(0x1400), Some(b"vendor".as_slice()));
    assert_eq!(sm.tlvs.find(tag::CALLBACK_NUM), Some(b"1".as_slice()));
    assert_eq!(sm.tlvs.find_number(tag::MESSAGE_STATE), None);
    assert_eq!(sm.tlvs.find_number(tag::DEST_ADDR_SUBUNIT), Some(0xEE));
    // And on to the next hop as they came.
    assert_eq!(encoded(&sm)[16..], body);
}

#[test]
fn t40_numbers_outside_the_specification_pass_as_they_came() {
    let sm = ShortMessage {
        priority_flag: 200,
        registered_delivery: 0xE7,
        replace_if_present_flag: 9,
        data_coding: 0xF7,
        protocol_id: 0x7F,
        esm_class: 0x83,
        source: Address::new(9, 77, b"?"),
        ..message(b"hi")
    };
    assert_eq!(strict(&encoded(&sm)[16..]).unwrap().value, sm);
}

#[test]
fn t40_a_parameter_cut_short_is_dropped_alone() {
    let end = b"\x02\x04\0\x02ab\x04\x24\0\xffx";
    let body = submit_body(b"hi", 2, end);
    let decoded = tolerant(&body);
    assert!(decoded.oddities.contains(Oddities::CUT_TLV));
    let found: Vec<_> = decoded.value.tlvs.iter().map(|tlv| tlv.tag).collect();
    assert_eq!(found, [tag::USER_MESSAGE_REFERENCE]);
    assert_eq!(
        strict(&body).unwrap_err().answer,
        CommandStatus::ESME_RINVPARLEN
    );
}

#[test]
fn t41_what_scanners_send_is_refused_before_a_fifth_octet() {
    for hello in [
        b"GET / HTTP/1.1\r\n".as_slice(),
        b"HTTP",
        b"AMQP\0\0\x09\x01",
        b"\x03\0\0\x2f\x2a\xe0",
        b"\x16\x03\x01\x02\0",
        b"SSH-2.0-x",
        b"\xff\xff\xff\xff",
        b"\0\0\0\x0f",
        b"\0\0\0\0",
    ] {
        let fault = split_frame(&hello[..4], PDU_OCTETS_MAX_DEFAULT);
        assert!(fault.is_err(), "{hello:?}");
    }
    let largest = PDU_OCTETS_MAX_DEFAULT.to_be_bytes();
    assert_eq!(split_frame(&largest, PDU_OCTETS_MAX_DEFAULT), Ok(None));
}

#[test]
fn t44_times_are_written_with_sixteen_characters_or_none() {
    for seconds in [0, 1, 59, 86_400, 2_678_400, 31_536_000, u64::MAX] {
        let text = time::relative(seconds);
        let sm = ShortMessage {
            validity_period: &text,
            ..message(b"hi")
        };
        let bytes = encoded(&sm);
        let back = strict(&bytes[16..]).unwrap().value.validity_period;
        assert_eq!(back, text);
        assert_eq!(back.len(), 16);
    }
    for odd in [b"1".as_slice(), b"260701120000", b"00000001000000000R"] {
        let sm = ShortMessage {
            schedule_delivery_time: odd,
            ..message(b"hi")
        };
        let mut out = b"before".to_vec();
        let refused = encode_submit_sm(&mut out, 1, &sm);
        assert_eq!(refused, Err(EncodeError::NotATime));
        assert_eq!(out, b"before");
    }
}

#[test]
fn t44_times_are_read_leniently_and_the_offset_counts() {
    let absolute = |utc_seconds| Ok(Some(time::SmppTime::Absolute { utc_seconds }));
    // Noon of 2026-07-01 in UTC.
    let noon = 1_782_907_200;
    assert_eq!(time::parse(b"260701120000000+"), absolute(noon));
    assert_eq!(time::parse(b"260701120000904+"), absolute(noon - 3600));
    assert_eq!(time::parse(b"260701120000022-"), absolute(noon + 22 * 900));
    assert_eq!(time::parse(b"260701120000"), absolute(noon));
    assert_eq!(time::parse(b""), Ok(None));
    let relative = time::SmppTime::Relative { seconds: 90 };
    assert_eq!(time::parse(b"000000000130000R"), Ok(Some(relative)));
    // A leap second is the second after it; a thirteenth month is nothing.
    assert_eq!(
        time::parse(b"261231235960000+"),
        time::parse(b"270101000000000+")
    );
    assert!(time::parse(b"261331000000000+").is_err());
}

#[test]
fn t48_submit_multi_is_expanded_to_single_messages() {
    let mut list = Vec::new();
    for n in 0..255u8 {
        let number = format!("4479460{n:05}");
        let one = Destination::Address(Address::international(number.as_bytes()));
        write_destination(&mut list, &one).unwrap();
    }
    let multi = SubmitMulti {
        message: ShortMessage {
            destination: Address::default(),
            ..message(b"to all")
        },
        destinations: Destinations::new(&list),
    };
    let mut bytes = Vec::new();
    encode_submit_multi(&mut bytes, 1, &multi).unwrap();
    let read = SubmitMulti::decode(&bytes[16..], Strictness::Strict).unwrap();
    assert_eq!(read.value.destinations.count(), 255);
    for (destination, n) in read.value.destinations.iter().zip(0u8..) {
        let Destination::Address(to) = destination else {
            panic!("a list?")
        };
        let single = read.value.single(to);
        assert_eq!(single.user_data(), b"to all");
        assert!(
            single
                .destination
                .addr
                .ends_with(format!("{n:05}").as_bytes())
        );
    }
    let more = [list.as_slice(), b"\x02one more\0"].concat();
    let too_many = SubmitMulti {
        destinations: Destinations::new(&more),
        ..multi
    };
    let refused = encode_submit_multi(&mut bytes, 1, &too_many);
    assert_eq!(refused, Err(EncodeError::DestinationCount));
}

#[test]
fn t48_a_submit_multi_that_lies_about_its_destinations_is_refused() {
    let refused = |list: &[u8], count: u8| {
        let mut body = b"\0\x05\0ACME\0".to_vec();
        body.push(count);
        body.extend_from_slice(list);
        body.extend_from_slice(b"\0\0\0\0\0\0\0\0\0\x02hi");
        SubmitMulti::decode(&body, Strictness::Tolerant).map(|d| d.value.destinations.count())
    };
    let one = b"\x01\x01\x0144\0".as_slice();
    assert_eq!(refused(one, 1), Ok(1));
    let no_destination = refused(b"", 0).unwrap_err().answer;
    assert_eq!(no_destination, CommandStatus::ESME_RINVNUMDESTS);
    let bad_flag = refused(b"\x03\x01\x0144\0", 1).unwrap_err().answer;
    assert_eq!(bad_flag, CommandStatus::ESME_RINVDESTFLAG);
    assert!(refused(one, 200).is_err());
}

#[test]
fn t48_a_response_names_those_that_failed() {
    let mut list = Vec::new();
    for status in [CommandStatus::ESME_RINVDSTADR, CommandStatus(0x400)] {
        let one = UnsuccessSme {
            destination: Address::international(b"44"),
            error_status_code: status,
        };
        write_unsuccess_sme(&mut list, &one).unwrap();
    }
    let response = SubmitMultiResp {
        message_id: b"77",
        unsuccess_smes: UnsuccessSmes::new(&list),
        tlvs: Tlvs::default(),
    };
    let mut bytes = Vec::new();
    encode_submit_multi_resp(&mut bytes, 1, &response).unwrap();
    assert_eq!(SubmitMultiResp::decode(&bytes[16..]).value, response);
    // Cut in the second failure: the id and the first stand.
    let cut = SubmitMultiResp::decode(&bytes[16..bytes.len() - 1]);
    assert_eq!(cut.value.message_id, b"77");
    assert_eq!(cut.value.unsuccess_smes.count(), 1);
    assert!(cut.oddities.contains(Oddities::SHORT_BODY));
}

proptest! {
    #[test]
    fn t39_no_body_of_any_command_panics_and_strict_is_never_kinder(
        command in prop::sample::select((0u32..0x114).flat_map(|id| [id, id | 0x8000_0000]).collect::<Vec<_>>()),
        body in prop::collection::vec(any::<u8>(), 0..200),
        nuls in prop::collection::vec(0usize..200, 0..30),
    ) {
        let mut body = body;
        for nul in nuls {
            if let Some(octet) = body.get_mut(nul) {
                *octet = 0;
            }
        }
        let command = CommandId(command);
        let tolerant = Body::decode(command, &body, Strictness::Tolerant);
        let strict = Body::decode(command, &body, Strictness::Strict);
        if let Ok(strict) = strict {
            prop_assert_eq!(tolerant.unwrap().value, strict.value);
        } else if command.is_response() {
            prop_assert!(false, "a response always decodes");
        }
    }
}
