//! Bodies in odd shapes (T17, T18, T39, T40, T46), seen as octets.

use super::support::Esme;
use super::{play, smsc};
use carrack_loadtest::smsc::Smsc;
use carrack_smpp::{
    Address, BindKind, BindResp, ClientSettings, CommandId, CommandStatus, Header, SubmitSm,
    SubmitSmResp, encode_bind, encode_submit_sm, split_frame, tag,
};

/// What an SMSC with these quirks answers to a bind and one submit: (header, body) of each PDU.
fn answers(quirks: &[&str]) -> Vec<(Header, Vec<u8>)> {
    let mut smsc = smsc(quirks);
    let key = smsc.connect(0).unwrap();
    let mut octets = Vec::new();
    let bind = carrack_smpp::Bind {
        system_id: b"acme",
        interface_version: 0x34,
        ..carrack_smpp::Bind::default()
    };
    encode_bind(&mut octets, 1, BindKind::Transceiver, &bind).unwrap();
    smsc.receive(0, key, &octets);
    octets.clear();
    let sm = SubmitSm {
        destination: Address::international(b"447700900001"),
        short_message: b"x",
        ..SubmitSm::default()
    };
    encode_submit_sm(&mut octets, 2, &sm).unwrap();
    smsc.receive(0, key, &octets);
    smsc.tick(10_000_000);
    pdus(&mut smsc, key)
}

fn pdus(smsc: &mut Smsc, key: carrack_loadtest::smsc::BindKey) -> Vec<(Header, Vec<u8>)> {
    let mut written = Vec::new();
    smsc.take_output(key, &mut written);
    let mut rest = written.as_slice();
    let mut found = Vec::new();
    while let Ok(Some((pdu, length))) = split_frame(rest, 65_536) {
        found.push((pdu.header, pdu.body.to_vec()));
        rest = &rest[length..];
    }
    assert!(rest.is_empty());
    found
}

#[test]
fn error_bodies_are_of_every_kind() {
    let body = |quirk| {
        let answers = answers(&[quirk, "submit-fail=100"]);
        assert_eq!(answers[1].0.command_status, CommandStatus::ESME_RSUBMITFAIL);
        answers[1].1.clone()
    };
    assert_eq!(answers(&["submit-fail=100"])[1].1, b"");
    assert_eq!(body("error-body-nul"), [0]);
    assert!(body("error-body-id").ends_with(b"0815\0"));
    let tlvs = body("error-body-tlvs");
    let decoded = SubmitSmResp::decode(&tlvs).value;
    assert!(decoded.message_id.is_empty());
    assert!(
        decoded
            .tlvs
            .find(tag::ADDITIONAL_STATUS_INFO_TEXT)
            .is_some()
    );
}

#[test]
fn bind_responses_are_bare_short_or_of_another_version() {
    let body = |quirk| answers(&[quirk])[0].1.clone();
    assert_eq!(body("bind-resp-bare"), b"");
    assert_eq!(body("bind-resp-short"), b"smscsim");
    let version = |quirk| BindResp::decode(&body(quirk)).value.interface_version();
    assert_eq!(version("version-33"), Some(0x33));
    assert_eq!(version("version-50"), Some(0x50));
    assert_eq!(version("version-none"), None);
    for quirk in ["bind-resp-bare", "bind-resp-short", "version-none"] {
        let mut smsc = smsc(&[quirk]);
        let esme = play(&mut smsc, 10);
        assert_eq!(
            (esme.responses().len(), esme.receipts().len()),
            (10, 10),
            "{quirk}"
        );
    }
}

#[test]
fn parameters_are_unknown_repeated_cut_and_the_rest_stands() {
    for quirk in ["tlv-unknown", "tlv-repeated", "tlv-cut", "stray-octets"] {
        let mut smsc = smsc(&[quirk]);
        let esme = play(&mut smsc, 10);
        let receipts = esme.raw_receipts();
        assert_eq!(
            (esme.responses().len(), receipts.len()),
            (10, 10),
            "{quirk}"
        );
        assert!(esme.responses().iter().all(|(_, _, id)| id.len() == 16));
        let seen = |tag| receipts.iter().all(|raw| raw.tlv(tag).is_some());
        match quirk {
            "tlv-unknown" => assert!(seen(0x1401) && seen(tag::SC_INTERFACE_VERSION)),
            "tlv-repeated" => {
                let repeats = |raw: &super::support::Raw| {
                    let tag = tag::USER_MESSAGE_REFERENCE;
                    raw.tlvs.iter().filter(|(found, _)| *found == tag).count()
                };
                assert!(receipts.iter().all(|raw| repeats(raw) == 3));
            }
            "tlv-cut" => assert!(receipts.iter().all(|raw| raw.oddities.contains(&"cut_tlv"))),
            _ => assert!(
                receipts
                    .iter()
                    .all(|raw| raw.oddities.contains(&"stray_octets"))
            ),
        }
    }
}

#[test]
fn an_id_without_its_nul_is_still_an_id() {
    let answers = answers(&["id-no-nul"]);
    assert_eq!(answers[1].1.len(), 16);
    let mut smsc = smsc(&["id-no-nul"]);
    let esme = play(&mut smsc, 10);
    assert!(
        esme.responses()
            .iter()
            .all(|(_, status, id)| status.is_ok() && id.len() == 16)
    );
}

#[test]
fn a_bare_response_is_a_success_without_id() {
    let answers = answers(&["response-bare=100"]);
    assert_eq!(answers[1].0.command_id, CommandId::SUBMIT_SM_RESP);
    assert_eq!(
        (answers[1].0.command_status, answers[1].1.len()),
        (CommandStatus::ESME_ROK, 0)
    );
}

#[test]
fn quirks_of_one_family_can_be_combined_with_others() {
    let mut smsc = smsc(&[
        "tlv-unknown",
        "sequence-high",
        "error-body-nul",
        "throttle=20",
        "ids-hex-decimal",
        "receipt-data-sm",
    ]);
    let settings = ClientSettings {
        system_id: "acme".into(),
        window: 1_000,
        ..ClientSettings::default()
    };
    let mut esme = Esme::connect_with(&mut smsc, 0, settings);
    super::submit(&mut smsc, &mut esme, 0, 200);
    super::support::pass(&mut smsc, &mut [&mut esme], 0, 300_000_000);
    let report = smsc.report();
    assert_eq!(esme.responses().len(), 200);
    assert_eq!(
        (report.receipts_answered, report.receipts_waiting),
        (report.accepted, 0)
    );
    assert!(report.throttled > 10);
}
