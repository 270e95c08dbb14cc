//! Recordings played through a profile.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_carrier::replay::{Match, Replay, ReplayLine, Said};
use carrack_carrier::trace::Direction;
use carrack_message::ReceiptState;
use carrack_message::carrier_id::{IdBase, IdTransform};
use carrack_settings::{Profile, StatusClass};
use carrack_smpp::*;
use proptest::prelude::*;
use support::*;

const OUT: Direction = Direction::Out;
const IN: Direction = Direction::In;

fn submit(sequence: u32, to: &[u8], octets: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let sm = SubmitSm {
        source: Address::alphanumeric(b"Shop"),
        destination: Address::international(to),
        short_message: octets,
        ..SubmitSm::default()
    };
    encode_submit_sm(&mut out, sequence, &sm).unwrap();
    out
}

fn line(id: &str, state: &str) -> Vec<u8> {
    format!("id:{id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 stat:{state} err:000 text:").into_bytes()
}

fn said(replay: &mut Replay, direction: Direction, octets: &[u8]) -> Said {
    let lines = replay.feed(direction, octets);
    assert_eq!(lines.len(), 1, "{lines:?}");
    lines[0].said.clone()
}

fn matched(said: &Said) -> Option<Match> {
    match said {
        Said::Receipt { matched, .. } => *matched,
        other => panic!("{other:?}"),
    }
}

/// Submits, answers with `response`, and hears a receipt for `receipt`.
fn round(replay: &mut Replay, sequence: u32, response: &str, named: &str) -> Option<Match> {
    replay.feed(OUT, &submit(sequence, b"491701234567", b"hello"));
    replay.feed(IN, &accepted(sequence, response.as_bytes()));
    let octets = deliver(sequence, &receipt(&line(named, "DELIVRD"), b""));
    matched(&said(replay, IN, &octets))
}

#[test]
fn t01_ids_of_every_pair_of_bases_match_and_the_fixed_rule_is_proposed() {
    for (response, receipt, transform) in [
        (0, 0, IdTransform::Same),
        (16, 16, IdTransform::Same),
        (16, 10, IdTransform::HexToDecimal),
        (10, 16, IdTransform::DecimalToHex),
    ] {
        let mut replay = Replay::new(&Profile::default());
        let write = |base, number: u32| match base {
            16 => format!("{number:x}"),
            10 => number.to_string(),
            _ => format!("id-{number}"),
        };
        for round_number in 0..50_u32 {
            let number = 0xA_BCDE + round_number * 7919;
            let (given, named) = (write(response, number), write(receipt, number));
            let found = round(&mut replay, round_number + 1, &given, &named);
            assert!(found.is_some(), "{given} {named}");
        }
        let summary = replay.summary();
        assert_eq!(summary.receipts_unmatched, 0);
        assert_eq!(summary.receipts_matched.iter().sum::<u64>(), 50);
        let proposal = summary.proposal.expect("nothing is proposed");
        assert_eq!(proposal.transform, transform);
        assert!(summary.is_clean(), "{summary:?}");
    }
}

#[test]
fn t02_zeros_and_case_do_not_part_receipt_and_response() {
    let mut replay = Replay::new(&Profile::default());
    assert!(round(&mut replay, 1, "00ABCDEF", "abcdef").is_some());
    assert!(round(&mut replay, 2, "1234567", "0001234567").is_some());
}

#[test]
fn wrong_fixed_base_is_shown_by_receipts_that_match_nothing() {
    let mut replay = Replay::new(&profile(|p| {
        p.ids.submit = IdBase::Text;
        p.ids.receipt = IdBase::Text;
    }));
    for sequence in 1..30 {
        let number = 0xABCDE + sequence;
        let found = round(
            &mut replay,
            sequence,
            &format!("{number:x}"),
            &number.to_string(),
        );
        assert_eq!(found, None);
    }
    assert_eq!(replay.summary().receipts_unmatched, 29);
    assert!(!replay.summary().is_clean());
    let otherwise = replay.summary().otherwise;
    assert_eq!(otherwise, Some((IdTransform::HexToDecimal, 29)));
}

#[test]
fn t04_early_receipt_matches_when_its_response_comes() {
    let mut replay = Replay::new(&Profile::default());
    replay.feed(OUT, &submit(1, b"491701234567", b"hello"));
    let octets = deliver(9, &receipt(&line("703710", "DELIVRD"), b""));
    assert_eq!(matched(&said(&mut replay, IN, &octets)), None);
    assert_eq!(replay.summary().receipts_unmatched, 1);
    let lines = replay.feed(IN, &accepted(1, b"abcde"));
    let [
        ReplayLine {
            said: Said::Taken { id },
            ..
        },
        ReplayLine {
            said: Said::EarlyReceipt { matched, .. },
            ..
        },
    ] = lines.as_slice()
    else {
        panic!("{lines:?}");
    };
    assert_eq!(id, "abcde");
    assert!(matched.early && matched.number_agrees);
    assert_eq!(matched.transform, IdTransform::HexToDecimal);
    let summary = replay.summary();
    assert_eq!((summary.receipts_unmatched, summary.receipts_early), (0, 1));
}

#[test]
fn t45_id_that_was_given_twice_is_ambiguous_and_another_number_is_seen() {
    let mut replay = Replay::new(&Profile::default());
    for (sequence, to) in [(1, &b"491701234567"[..]), (2, b"447700900123")] {
        replay.feed(OUT, &submit(sequence, to, b"hello"));
        replay.feed(IN, &accepted(sequence, b"same"));
    }
    let octets = deliver(9, &receipt(&line("same", "DELIVRD"), b""));
    let found = matched(&said(&mut replay, IN, &octets)).unwrap();
    assert_eq!((found.candidates, found.number_agrees), (2, true));
    let sm = DeliverSm {
        source: Address::international(b"15550001111"),
        destination: Address::alphanumeric(b"Shop"),
        ..receipt(b"id:same stat:DELIVRD", b"")
    };
    let found = matched(&said(&mut replay, IN, &deliver(10, &sm))).unwrap();
    assert!(!found.number_agrees);
    let summary = replay.summary();
    assert_eq!(summary.receipts_ambiguous, 2);
    assert_eq!(summary.receipts_of_another_number, 1);
}

#[test]
fn t16_refusals_are_counted_with_their_class() {
    let mut replay = Replay::new(&profile(|p| {
        p.status_map.insert(0x55F, StatusClass::AccountFault);
    }));
    for (sequence, status) in [(1, 0x58), (2, 0x55F), (3, 0x55F)] {
        replay.feed(OUT, &submit(sequence, b"491701234567", b"hello"));
        let octets = pdu(CommandId::SUBMIT_SM_RESP, status, sequence, b"");
        assert!(matches!(
            said(&mut replay, IN, &octets),
            Said::Refused { .. }
        ));
    }
    let refused: Vec<_> = replay.summary().refused.into_iter().collect();
    assert_eq!(
        refused,
        [
            (0x58, (StatusClass::Throttled, 1)),
            (0x55F, (StatusClass::AccountFault, 2))
        ]
    );
}

#[test]
fn t07_words_that_nobody_knows_are_named() {
    let mut replay = Replay::new(&Profile::default());
    replay.feed(IN, &deliver(1, &receipt(b"id:a stat:WONTGO err:5", b"")));
    let summary = replay.summary();
    assert_eq!(summary.words_unknown["WONTGO"], 1);
    assert_eq!(summary.states[ReceiptState::Accepted.word()], 1);
}

#[test]
fn responses_without_requests_are_told_apart_from_those_before_the_recording() {
    let mut replay = Replay::new(&Profile::default());
    assert_eq!(
        said(&mut replay, IN, &accepted(7, b"a")),
        Said::ResponseBefore
    );
    replay.feed(OUT, &submit(10, b"491701234567", b"hello"));
    assert_eq!(
        said(&mut replay, IN, &accepted(9, b"a")),
        Said::ResponseBefore
    );
    assert_eq!(
        said(&mut replay, IN, &accepted(11, b"a")),
        Said::ResponseUnmatched
    );
    // The number fits, the command does not.
    let other = pdu(CommandId::QUERY_SM_RESP, 0, 10, b"");
    assert_eq!(said(&mut replay, IN, &other), Said::ResponseUnmatched);
    let summary = replay.summary();
    assert_eq!(
        (
            summary.responses_before,
            summary.responses_unmatched,
            summary.requests_unanswered
        ),
        (2, 2, 1)
    );
}

#[test]
fn sequence_numbers_of_two_connections_do_not_mix() {
    let mut replay = Replay::new(&Profile::default());
    replay.feed_on(1, OUT, &submit(1, b"491701234567", b"hello"));
    replay.feed_on(2, OUT, &submit(1, b"447700900123", b"hello"));
    replay.feed_on(2, IN, &accepted(1, b"b"));
    let summary = replay.summary();
    assert_eq!((summary.taken, summary.requests_unanswered), (1, 1));
    // Nor do those of the two sides of one connection.
    replay.feed_on(1, IN, &pdu(CommandId::ENQUIRE_LINK, 0, 1, b""));
    replay.feed_on(1, OUT, &pdu(CommandId::ENQUIRE_LINK_RESP, 0, 1, b""));
    replay.feed_on(1, IN, &accepted(1, b"a"));
    assert_eq!(replay.summary().requests_unanswered, 0);
}

#[test]
fn texts_are_read_in_the_carriers_alphabet_and_numbers_are_masked() {
    let mut replay = Replay::new(&Profile::default());
    let Said::Submit { from, to, text } = said(
        &mut replay,
        OUT,
        &submit(1, b"491701234567", b"\x00 is 5 \x1b\x65"),
    ) else {
        panic!("no submit");
    };
    assert_eq!((from.as_str(), to.as_str()), ("Shop", "49170123xxxx"));
    assert_eq!(text.text, "@ is 5 \u{20ac}");
    let mut whole = Replay::new(&Profile::default()).with_numbers();
    let Said::Submit { to, .. } = said(&mut whole, OUT, &submit(1, b"491701234567", b"x")) else {
        panic!("no submit");
    };
    assert_eq!(to, "491701234567");
}

#[test]
fn parts_are_numbered_by_header_and_by_parameters() {
    let mut replay = Replay::new(&Profile::default());
    let parameters = tlvs(&[
        (tag::SAR_MSG_REF_NUM, &[0, 1]),
        (tag::SAR_TOTAL_SEGMENTS, &[3]),
        (tag::SAR_SEGMENT_SEQNUM, &[2]),
    ]);
    for (esm_class, octets, parameters) in [
        (
            ESM_CLASS_UDHI,
            &b"\x05\x00\x03\x01\x03\x02part"[..],
            &b""[..],
        ),
        (0, b"part", &parameters),
    ] {
        let mut out = Vec::new();
        let sm = SubmitSm {
            destination: Address::international(b"491701234567"),
            esm_class,
            short_message: octets,
            tlvs: Tlvs::new(parameters),
            ..SubmitSm::default()
        };
        encode_submit_sm(&mut out, 1, &sm).unwrap();
        let Said::Submit { text, .. } = said(&mut replay, OUT, &out) else {
            panic!("no submit");
        };
        assert_eq!((text.text.as_str(), text.part), ("part", Some((2, 3))));
    }
}

#[test]
fn mo_and_receipt_are_told_apart_by_the_profile() {
    let sm = DeliverSm {
        esm_class: 0,
        ..receipt(b"id:a sub:001 dlvrd:001 stat:DELIVRD err:000", b"")
    };
    let octets = deliver(1, &sm);
    let mut usual = Replay::new(&Profile::default());
    assert!(matches!(said(&mut usual, IN, &octets), Said::Mo { .. }));
    let mut by_text = Replay::new(&profile(|p| {
        p.receipt_sign = carrack_message::receipt::ReceiptSign::BitsTlvOrText;
    }));
    assert!(matches!(
        said(&mut by_text, IN, &octets),
        Said::Receipt { .. }
    ));
}

#[test]
fn strict_profile_refuses_what_a_tolerant_one_counts() {
    // sm_length says one octet more than there is.
    let mut octets = deliver(1, &receipt(b"id:a stat:DELIVRD", b""));
    let place = octets.len() - 18;
    octets[place] += 1;
    let mut tolerant = Replay::new(&Profile::default());
    assert!(matches!(
        said(&mut tolerant, IN, &octets),
        Said::Receipt { .. }
    ));
    assert_eq!(tolerant.summary().oddities["sm_length_repaired"], 1);
    let mut strict = Replay::new(&profile(|p| p.strict = true));
    assert!(matches!(
        said(&mut strict, IN, &octets),
        Said::Malformed {
            answer: Some(CommandStatus::ESME_RINVPARLEN),
            ..
        }
    ));
}

#[test]
fn binds_and_questions_are_read() {
    let mut replay = Replay::new(&Profile::default());
    let mut bind = Vec::new();
    let of = Bind {
        system_id: b"carrack",
        password: b"secret",
        interface_version: 0x34,
        ..Bind::default()
    };
    encode_bind(&mut bind, 1, BindKind::Transceiver, &of).unwrap();
    let asked = said(&mut replay, OUT, &bind);
    assert!(!format!("{asked:?}").contains("secret"));
    for (sequence, body, version) in [
        (1, &b""[..], None),
        (2, b"smsc\0\x02\x10\x00\x01\x33", Some(0x33)),
    ] {
        let mut bind = Vec::new();
        encode_bind(&mut bind, sequence, BindKind::Transceiver, &of).unwrap();
        replay.feed(OUT, &bind);
        let answer = pdu(CommandId::BIND_TRANSCEIVER_RESP, 0, sequence, body);
        let expected = Said::Bound {
            interface_version: version,
        };
        assert_eq!(said(&mut replay, IN, &answer), expected);
    }
    let mut query = Vec::new();
    let of = QuerySm {
        message_id: b"a",
        ..QuerySm::default()
    };
    encode_query_sm(&mut query, 3, &of).unwrap();
    replay.feed(OUT, &query);
    let answer = pdu(CommandId::QUERY_SM_RESP, 0, 3, b"a\0\0\x02\0");
    let expected = Said::Queried {
        state: Some(ReceiptState::Delivered),
    };
    assert_eq!(said(&mut replay, IN, &answer), expected);
}

proptest! {
    #[test]
    fn no_octets_disturb_a_replay(
        pdus in proptest::collection::vec((any::<bool>(), any::<u32>(), 0..0x12_u32, 0..5_u32, any::<Vec<u8>>()), 0..40),
        raw in any::<Vec<u8>>(),
    ) {
        let mut replay = Replay::new(&Profile::default());
        let count = pdus.len() as u64;
        for (out, response, command, sequence, body) in pdus {
            let command = CommandId(command | (response & 0x8000_0000));
            let direction = if out { OUT } else { IN };
            prop_assert!(!replay.feed(direction, &pdu(command, response & 1, sequence, &body)).is_empty());
        }
        let summary = replay.summary();
        prop_assert_eq!(summary.pdus, count);
        prop_assert!(summary.responses_unmatched + summary.responses_before <= summary.responses);
        replay.feed(IN, &raw);
    }
}
