//! Receipts in every dress, order and place (T05 to T12).

use super::support::{Esme, Event, MS, Raw, pass};
use super::{play, smsc, submit};
use carrack_message::alphabet::ucs2;
use carrack_message::receipt;
use carrack_smpp::tag;
use std::collections::{HashMap, HashSet};

fn receipts(quirks: &[&str]) -> Vec<Raw> {
    let mut smsc = smsc(quirks);
    let esme = play(&mut smsc, 40);
    let receipts = esme.raw_receipts();
    assert_eq!(receipts.len(), 40, "{quirks:?}");
    let report = smsc.report();
    assert_eq!((report.receipts_answered, report.receipts_waiting), (40, 0));
    receipts
}

fn text(raw: &Raw) -> String {
    String::from_utf8(raw.user_data.clone()).unwrap()
}

fn tlv_id(raw: &Raw) -> Vec<u8> {
    raw.tlv(tag::RECEIPTED_MESSAGE_ID).unwrap().to_vec()
}

#[test]
fn text_and_parameters_disagree_as_asked() {
    for quirk in ["receipt-tlv-disagrees", "receipt-tlv-wrong"] {
        let mut smsc = smsc(&[quirk]);
        let esme = play(&mut smsc, 40);
        let answered: HashSet<_> = esme.responses().into_iter().map(|(_, _, id)| id).collect();
        for raw in esme.raw_receipts() {
            let parsed = receipt::parse(&raw.user_data);
            let in_text = String::from_utf8(parsed.id.unwrap().to_vec()).unwrap();
            let in_tlv = String::from_utf8(tlv_id(&raw)).unwrap();
            let in_tlv = in_tlv.trim_end_matches('\0').to_owned();
            let (right, wrong) = if quirk == "receipt-tlv-wrong" {
                (in_text, in_tlv)
            } else {
                (in_tlv, in_text)
            };
            assert!(
                answered.contains(&right) && !answered.contains(&wrong),
                "{quirk}"
            );
        }
    }
}

#[test]
fn the_id_parameter_lacks_its_nul_or_is_far_too_long() {
    assert!(
        receipts(&["receipt-tlv-no-nul"])
            .iter()
            .all(|raw| tlv_id(raw).len() == 16)
    );
    assert!(
        receipts(&["receipt-tlv-long"])
            .iter()
            .all(|raw| tlv_id(raw).len() == 96)
    );
    assert!(receipts(&[]).iter().all(|raw| tlv_id(raw).len() == 17));
}

#[test]
fn text_or_parameters_can_be_alone() {
    assert!(
        receipts(&["receipt-tlv-only"])
            .iter()
            .all(|raw| raw.user_data.is_empty())
    );
    let alone = receipts(&["receipt-no-tlv"]);
    assert!(
        alone
            .iter()
            .all(|raw| raw.tlvs.is_empty() && text(raw).contains("stat:DELIVRD"))
    );
}

#[test]
fn dialects_alternate_and_each_can_be_read() {
    let mut forms = HashSet::new();
    for raw in receipts(&["receipt-dialects"]) {
        let parsed = receipt::parse(&raw.user_data);
        assert_eq!(parsed.id.unwrap().len(), 16, "{}", text(&raw));
        assert_eq!(
            parsed.state,
            Some(receipt::ReceiptState::Delivered),
            "{}",
            text(&raw)
        );
        let form: String = text(&raw)
            .chars()
            .filter(|found| !found.is_ascii_digit())
            .take(12)
            .collect();
        forms.insert(form);
    }
    assert!(forms.len() >= 5, "{forms:?}");
}

#[test]
fn the_text_is_in_the_payload_or_in_data_sm() {
    for raw in receipts(&["receipt-in-payload"]) {
        assert!(raw.short_message.is_empty() && text(&raw).starts_with("id:"));
        assert!(raw.tlv(tag::MESSAGE_PAYLOAD).is_some());
    }
    assert!(
        receipts(&["receipt-data-sm"])
            .iter()
            .all(|raw| raw.by_data_sm)
    );
}

#[test]
fn esm_class_and_data_coding_lie() {
    assert!(
        receipts(&["receipt-esm-zero"])
            .iter()
            .all(|raw| raw.esm_class == 0)
    );
    let bits = receipts(&["receipt-esm-bits"]);
    assert!(
        bits.iter()
            .all(|raw| raw.esm_class & 0x3C == 0x04 && raw.esm_class != 0x04)
    );
    let lying = receipts(&["receipt-ucs2"]);
    assert!(
        lying
            .iter()
            .all(|raw| raw.data_coding == 8 && text(raw).starts_with("id:"))
    );
    for raw in receipts(&["receipt-ucs2-real"]) {
        let mut read = String::new();
        assert_eq!(ucs2::decode(&raw.user_data, &mut read), 0);
        assert!(raw.data_coding == 8 && read.starts_with("id:"), "{read}");
    }
}

/// The states of each message, in the order they came.
fn states(quirks: &[&str]) -> (HashMap<String, Vec<u32>>, super::Smsc) {
    let mut smsc = smsc(quirks);
    let esme = play(&mut smsc, 200);
    let mut states: HashMap<_, Vec<_>> = HashMap::new();
    for event in &esme.events {
        if let Event::Receipt { id, state, raw, .. } = event {
            states.entry(id.clone()).or_default().push(*state);
            let is_intermediate = raw.esm_class == 0x20;
            assert_eq!(is_intermediate, *state == 1);
        }
    }
    assert_eq!(states.len(), 200);
    (states, smsc)
}

#[test]
fn intermediate_states_come_before_after_and_finals_contradict() {
    for (quirk, expected) in [
        ("receipt-intermediate=50", [1, 2]),
        ("receipt-intermediate-late=50", [2, 1]),
        ("receipt-contradicts=50", [2, 5]),
    ] {
        let (states, smsc) = states(&[quirk]);
        let played = states
            .values()
            .filter(|states| states[..] == expected)
            .count() as u64;
        let plain = states.values().filter(|states| states[..] == [2]).count() as u64;
        assert_eq!(played + plain, 200, "{quirk}");
        assert!((60..=140).contains(&played), "{quirk} {played}");
        assert_eq!(
            smsc.report().quirks[quirk.split('=').next().unwrap()],
            played
        );
    }
}

#[test]
fn shuffled_receipts_come_in_another_order_and_a_contradiction_still_last() {
    let mut smsc = smsc(&["receipts-shuffled"]);
    let esme = play(&mut smsc, 200);
    let order: Vec<_> = esme.responses().into_iter().map(|(_, _, id)| id).collect();
    let receipts = esme.receipts();
    assert_eq!(receipts.len(), 200);
    let displaced = order.iter().zip(&receipts).filter(|(a, b)| a != b).count();
    assert!(displaced > 150, "{displaced}");
    let (states, _) = states(&["receipts-shuffled", "receipt-contradicts=100"]);
    assert!(states.values().all(|states| states[..] == [2, 5]));
}

#[test]
fn receipts_come_on_another_bind_where_there_is_one() {
    let mut smsc = smsc(&["receipt-other-bind"]);
    let mut first = Esme::bound(&mut smsc, 0);
    let mut second = Esme::bound(&mut smsc, 0);
    submit(&mut smsc, &mut first, 0, 50);
    pass(&mut smsc, &mut [&mut first, &mut second], 0, 100 * MS);
    assert_eq!((first.receipts().len(), second.receipts().len()), (0, 50));
    assert_eq!(smsc.report().quirks["receipt-other-bind"], 50);
    second.drop_connection(&mut smsc, 100 * MS);
    submit(&mut smsc, &mut first, 100 * MS, 20);
    pass(&mut smsc, &mut [&mut first], 100 * MS, 100 * MS);
    assert_eq!(first.receipts().len(), 20);
}

#[test]
fn the_report_tells_how_fast_receipts_are_answered() {
    let mut smsc = smsc(&[]);
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.answers = false;
    submit(&mut smsc, &mut esme, 0, 100);
    pass(&mut smsc, &mut [&mut esme], 0, 30 * MS);
    let key = esme.key.unwrap();
    let mut answers = Vec::new();
    for raw in esme.raw_receipts() {
        let status = carrack_smpp::CommandStatus::ESME_ROK;
        carrack_smpp::encode_deliver_sm_resp(&mut answers, raw.sequence_number, status);
    }
    // Sent at 22 ms.
    smsc.receive(72 * MS, key, &answers);
    let times = smsc.report().receipt_answer_us;
    assert!((49_000..=51_000).contains(&times.p50), "{times:?}");
    assert!(times.p50 <= times.p99 && times.p99 <= times.max);
}
