//! A segment as the carrier wants it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use carrack_carrier::{Link, Outgoing, SarPart, SubmitRefused};
use carrack_message::Sender;
use carrack_settings::{AddressKind, PlusSign, Profile, TonNpiRule};
use carrack_smpp::*;
use support::*;

/// TON, NPI and address of both ends.
fn ends(profile: Profile, from: &str) -> [(u8, u8, String); 2] {
    let mut rig = Rig::bound(profile);
    rig.sent();
    let from = Sender::parse(from).unwrap();
    let body = rig.body_of(&text(&from, b"hello"));
    let sm = decoded(&body);
    [sm.source, sm.destination].map(|end| {
        let addr = end.addr.iter().map(|octet| char::from(*octet)).collect();
        (end.ton, end.npi, addr)
    })
}

fn end(ton: u8, npi: u8, addr: &str) -> (u8, u8, String) {
    (ton, npi, addr.to_owned())
}

#[test]
fn t38_kinds_of_sender_have_their_usual_ton_and_npi() {
    let to = end(1, 1, "491701234567");
    for (from, expected) in [
        ("My Shop-1.2", end(5, 0, "My Shop-1.2")),
        ("+447700900123", end(1, 1, "447700900123")),
        ("72345", end(3, 0, "72345")),
    ] {
        assert_eq!(ends(Profile::default(), from), [expected, to.clone()]);
    }
}

#[test]
fn t38_rules_of_the_profile_go_before_the_usual() {
    let rule = |kind, ton, npi| TonNpiRule { kind, ton, npi };
    let with = || {
        profile(|p| {
            p.ton_npi_rules = vec![
                rule(AddressKind::Alphanumeric, 5, 1),
                rule(AddressKind::International, 0, 1),
                rule(AddressKind::Short, 6, 0),
            ];
        })
    };
    assert_eq!(ends(with(), "Shop")[0], end(5, 1, "Shop"));
    assert_eq!(ends(with(), "72345")[0], end(6, 0, "72345"));
    assert_eq!(
        ends(with(), "+447700900123"),
        [end(0, 1, "447700900123"), end(0, 1, "491701234567")]
    );
}

#[test]
fn t38_plus_sign_stands_before_international_numbers_only() {
    let with = || profile(|p| p.plus_sign = PlusSign::Always);
    assert_eq!(
        ends(with(), "+447700900123"),
        [end(1, 1, "+447700900123"), end(1, 1, "+491701234567")]
    );
    assert_eq!(ends(with(), "72345")[0], end(3, 0, "72345"));
    assert_eq!(ends(with(), "Shop")[0], end(5, 0, "Shop"));
}

#[test]
fn t38_letters_beyond_ascii_take_one_octet_each() {
    assert_eq!(
        ends(Profile::default(), "Bäckerei")[0],
        end(5, 0, "B\u{e4}ckerei")
    );
}

/// The parameters of a segment's `submit_sm`, and its `short_message`.
fn written(profile: Profile, segment: &Outgoing<'_>) -> (Vec<(u16, Vec<u8>)>, Vec<u8>) {
    let mut rig = Rig::bound(profile);
    rig.sent();
    let body = rig.body_of(segment);
    let sm = decoded(&body);
    let tlvs = sm.tlvs.iter().map(|tlv| (tlv.tag, tlv.value.to_vec()));
    (tlvs.collect(), sm.short_message.to_vec())
}

#[test]
fn t33_flash_by_subunit_is_a_parameter() {
    let from = sender();
    let segment = Outgoing {
        flash_subunit: true,
        ..text(&from, b"hello")
    };
    let (tlvs, _) = written(Profile::default(), &segment);
    assert_eq!(tlvs, [(tag::DEST_ADDR_SUBUNIT, vec![1])]);
}

#[test]
fn t34_payload_leaves_the_short_message_empty() {
    let from = sender();
    for octets in [&b"hello"[..], &[b'x'; 1000]] {
        let segment = Outgoing {
            payload: true,
            ..text(&from, octets)
        };
        let (tlvs, short) = written(Profile::default(), &segment);
        assert_eq!(tlvs, [(tag::MESSAGE_PAYLOAD, octets.to_vec())]);
        assert_eq!(short, b"");
    }
}

#[test]
fn t34_text_that_no_parameter_holds_is_refused_and_takes_no_slot() {
    let mut rig = Rig::bound(Profile::default());
    let from = sender();
    let long = vec![b'x'; 65_536];
    let segment = Outgoing {
        payload: true,
        ..text(&from, &long)
    };
    let refused = rig.link.submit(rig.now, 1, &segment);
    assert_eq!(refused, Err(SubmitRefused::Unwritable));
    assert_eq!(rig.link.free_slots(), 100);
}

#[test]
fn t35_part_by_sar_has_three_parameters() {
    let from = sender();
    let segment = Outgoing {
        sar: Some(SarPart {
            reference: 0xBEEF,
            total: 3,
            part: 2,
        }),
        ..text(&from, b"part two")
    };
    let (tlvs, short) = written(Profile::default(), &segment);
    assert_eq!(
        tlvs,
        [
            (tag::SAR_MSG_REF_NUM, vec![0xBE, 0xEF]),
            (tag::SAR_TOTAL_SEGMENTS, vec![3]),
            (tag::SAR_SEGMENT_SEQNUM, vec![2]),
        ]
    );
    assert_eq!(short, b"part two");
}

#[test]
fn parameters_of_the_profile_and_of_the_customer_go_out_each_once() {
    let with = || {
        profile(|p| {
            p.tlv_out = vec![(tag::PRIVACY_INDICATOR, vec![1]), (0x1400, b"abc".to_vec())];
        })
    };
    let own = [(tag::PRIVACY_INDICATOR, vec![1]), (0x1400, b"abc".to_vec())];
    let from = sender();
    assert_eq!(written(with(), &text(&from, b"hello")).0, own);
    // The carrier's own wins.
    let given = tlvs(&[(0x1400, b"xyz"), (tag::USER_MESSAGE_REFERENCE, &[0, 7])]);
    let segment = Outgoing {
        tlvs: &given,
        ..text(&from, b"hello")
    };
    let mut expected = own.to_vec();
    expected.push((tag::USER_MESSAGE_REFERENCE, vec![0, 7]));
    assert_eq!(written(with(), &segment).0, expected);
}

#[test]
fn parameters_of_one_segment_are_not_those_of_the_next() {
    let mut rig = Rig::bound(Profile::default());
    rig.sent();
    let from = sender();
    let flash = Outgoing {
        flash_subunit: true,
        ..text(&from, b"hello")
    };
    let body = rig.body_of(&flash);
    assert_eq!(decoded(&body).tlvs.iter().count(), 1);
    let body = rig.body_of(&text(&from, b"hello"));
    assert!(decoded(&body).tlvs.is_empty());
}

#[test]
fn receipt_is_always_asked_for() {
    let mut rig = Rig::bound(Profile::default());
    rig.sent();
    let from = sender();
    let body = rig.body_of(&text(&from, b"hello"));
    assert_eq!(decoded(&body).registered_delivery, 1);
}
