//! Shipped profiles against what the reports they are drawn from have seen.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_message::ReceiptState;
use carrack_message::carrier_id::{Candidates, fold};
use carrack_message::receipt::{ReceiptParts, ReceiptRead, ReceiptRules, read};
use carrack_message::wire::WireAlphabet;
use carrack_settings::Profile;

fn profile(name: &str) -> Profile {
    Profile::built_in(name).unwrap_or_else(|| panic!("no profile {name}"))
}

/// Whether a receipt with this id finds the response with that one.
fn finds(name: &str, response: &str, receipt: &str) -> bool {
    let rule = profile(name).ids;
    let indexed = fold(&rule, response.as_bytes());
    Candidates::of_receipt(&rule, receipt.as_bytes())
        .into_iter()
        .any(|(_, form)| form == indexed)
}

fn receipt(name: &str, parts: &ReceiptParts<'_>) -> Option<ReceiptRead> {
    let profile = profile(name);
    let rules = ReceiptRules {
        source: profile.receipt_source,
        sign: profile.receipt_sign,
        grammar: profile.receipt_grammar,
    };
    read(parts, &rules)
}

const TEXT: &[u8] = b"id:7 sub:001 dlvrd:001 submit date:2601010000 done date:2601010001 stat:DELIVRD err:000 text:";

#[test]
fn ids_match_as_the_threads_report_them() {
    // jSMPP 56: 33e95179 in the response came back as 870928761; 178: in ten digits.
    assert!(finds("jsmpp-simulator", "33e95179", "870928761"));
    assert!(finds("jsmpp-simulator", "33e95179", "0870928761"));
    assert!(finds(
        "hex-response-decimal-receipt",
        "04000000086ECD50",
        "288230376293190992"
    ));
    assert!(finds(
        "decimal-response-hex-receipt",
        "288230376293190992",
        "4000000086ecd50"
    ));
    assert!(finds("cloudhopper-smscsim", "000000000000001f", "1F"));
    // A UUID that begins with a zero, or is all digits but one, stays as it is.
    for name in ["uuid-ids", "jasmin-as-smsc", "kannel-as-smsc"] {
        let id = "0f56e828-0000-4718-9f10-135a4e8eb8d0";
        assert!(finds(name, id, id) && !finds(name, id, &id[1..]), "{name}");
    }
    assert!(finds(
        "ukarim-smscsim",
        "8674665223082153551",
        "8674665223082153551"
    ));
    // And the wrong one of the two settings does not match by chance.
    assert!(!finds(
        "decimal-response-hex-receipt",
        "33e95179",
        "870928761"
    ));
    assert!(!finds("specification-3.4", "33e95179", "33E95179"));
}

#[test]
fn a_learning_profile_matches_both_bases() {
    assert!(finds("vonage-like", "0000000012345678", "12345678"));
    assert!(
        finds("vonage-like", "0BC614E", "12345678") && finds("legacy-3.3", "12345678", "BC614E")
    );
}

#[test]
fn receipts_with_esm_class_0_are_receipts_where_the_profile_says_so() {
    let parts = ReceiptParts {
        text: TEXT,
        ..ReceiptParts::default()
    };
    for name in [
        "ukarim-smscsim",
        "node-smpp-server",
        "receipts-without-esm-class",
        "legacy-3.3",
    ] {
        let found = receipt(name, &parts).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(
            (found.id.as_deref(), found.state),
            (Some(b"7".as_slice()), ReceiptState::Delivered),
            "{name}"
        );
    }
    for name in [
        "specification-3.4",
        "specification-5.0",
        "carrack-smscsim",
        "strict-throttle",
    ] {
        assert!(receipt(name, &parts).is_none(), "{name}");
        assert!(
            receipt(
                name,
                &ReceiptParts {
                    esm_class: 4,
                    ..parts
                }
            )
            .is_some(),
            "{name}"
        );
    }
}

#[test]
fn the_source_that_is_right_wins() {
    // Jasmin 953: the parameter lost its hyphens.
    let text = b"id:9f56e828-aaaa-4718-9f10-135a4e8eb8d0 submit date:202601010000 done date:202601010001 stat:DELIVRD err:000".as_slice();
    let parts = ReceiptParts {
        esm_class: 4,
        text,
        tlv_id: Some(b"9f56e828aaaa47189f10135a4e8eb8d0\0"),
        tlv_state: Some(2),
        ..ReceiptParts::default()
    };
    let id = |name| receipt(name, &parts).unwrap().id.unwrap().to_vec();
    assert_eq!(
        id("jasmin-as-smsc"),
        b"9f56e828-aaaa-4718-9f10-135a4e8eb8d0"
    );
    assert_eq!(
        id("text-receipt-wins"),
        b"9f56e828-aaaa-4718-9f10-135a4e8eb8d0"
    );
    // MavoCz 4: the text is in decimal, the parameter as the response.
    let parts = ReceiptParts {
        esm_class: 4,
        text: b"id:31 stat:DELIVRD err:000",
        tlv_id: Some(b"000000000000001f\0"),
        ..ReceiptParts::default()
    };
    let found = receipt("cloudhopper-smscsim", &parts).unwrap().id.unwrap();
    assert_eq!(found.as_slice(), b"000000000000001f");
    // jSMPP and 3.3 have the text alone.
    let parts = ReceiptParts {
        esm_class: 4,
        text: TEXT,
        tlv_id: Some(b"9\0"),
        ..ReceiptParts::default()
    };
    for name in ["jsmpp-simulator", "legacy-3.3"] {
        assert_eq!(
            receipt(name, &parts).unwrap().id.unwrap().as_slice(),
            b"7",
            "{name}"
        );
    }
}

/// Alphabet, `data_coding`, octets and whether parameters tie it, of the first part.
fn sent(name: &str, text: &str) -> (WireAlphabet, u8, Vec<u8>, bool) {
    let form = profile(name).text;
    let plan = form.plan(text).unwrap();
    let mut octets = Vec::new();
    let encoded = form.encode(&plan, text, 0, 7, &mut octets).unwrap();
    (
        plan.alphabet,
        encoded.data_coding,
        octets,
        encoded.sar.is_some(),
    )
}

#[test]
fn texts_travel_as_the_profile_says() {
    assert_eq!(
        sent("latin1-default", "caf\u{e9}"),
        (WireAlphabet::Latin1, 0, b"caf\xe9".to_vec(), false)
    );
    // What a handset's alphabet lacks would be lost behind the carrier.
    assert_eq!(
        sent("latin1-default", "\u{fb}"),
        (WireAlphabet::Ucs2, 8, vec![0, 0xFB], false)
    );
    assert_eq!(
        sent("windows1252-default", "5 \u{20ac}"),
        (WireAlphabet::Windows1252, 0, b"5 \x80".to_vec(), false)
    );
    assert_eq!(
        sent("default-alphabet-241", "a@"),
        (WireAlphabet::Gsm7, 0xF1, vec![b'a', 0], false)
    );
    // TS 23.038, 6.1.2.1: "hello" in five octets with the bits of the next septet pulled in.
    assert_eq!(
        sent("packed-septets", "hello"),
        (
            WireAlphabet::Gsm7Packed,
            0,
            vec![0xE8, 0x32, 0x9B, 0xFD, 0x06],
            false
        )
    );
    let long = "a".repeat(200);
    let (alphabet, data_coding, octets, sar) = sent("cdma-without-udh", &long);
    assert_eq!((alphabet, data_coding, sar), (WireAlphabet::Ascii, 0, true));
    assert!(
        octets.iter().all(|octet| *octet == b'a'),
        "no header before the text"
    );
    assert_eq!(
        profile("payload-cut-by-carrier")
            .text
            .plan(&long)
            .unwrap()
            .parts,
        1
    );
    assert_eq!(Profile::default().text.plan(&long).unwrap().parts, 2);
}

#[test]
fn what_is_not_named_is_as_usual() {
    let (strict, usual) = (profile("strict-throttle"), Profile::default());
    assert_eq!(
        (&strict.text, strict.ids, &strict.status_map),
        (&usual.text, usual.ids, &usual.status_map)
    );
}
