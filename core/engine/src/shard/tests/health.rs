//! How carriers stand, as people are shown it.

use carrack_carrier::Disposition;
use carrack_message::ReceiptState;
use serde_json::Value;

use super::rig::{MS, NORTH, Rig, settings};

const SECOND: u64 = 1000 * MS;

/// What is shown of a carrier.
fn shown(rig: &mut Rig, carrier: usize) -> Value {
    rig.after(2 * SECOND);
    let carriers = rig.shard.view().carriers;
    let found = carriers
        .into_iter()
        .find(|(place, _)| usize::from(*place) == carrier);
    serde_json::to_value(found.unwrap().1).unwrap()
}

/// A message whose receipt comes so long after its response.
fn delivered(rig: &mut Rig, number: u32, after_ns: u64) {
    rig.accept(&["text"]);
    rig.answer(NORTH, &format!("n{number}"));
    rig.settle();
    rig.after(after_ns);
    rig.receipt(NORTH, &format!("n{number}"), ReceiptState::Delivered);
    rig.settle();
}

#[test]
fn receipts_too_quick_for_handsets_are_suspected_once() {
    let mut rig = Rig::with(settings());
    for number in 0..250 {
        delivered(&mut rig, number, 0);
    }
    let north = shown(&mut rig, NORTH);
    let network = &north["networks"][0];
    assert_eq!(network["network"], "unknown");
    assert_eq!(
        (&network["ended"], &network["suspected"]),
        (&250.into(), &true.into())
    );
    assert_eq!(network["classes"].as_array().unwrap().len(), 1);
    for number in 250..260 {
        delivered(&mut rig, number, 0);
        rig.after(2 * SECOND);
    }
    let found = &rig.shard.carriers[&(NORTH as u16)];
    assert_eq!(found.stats.suspicions, 1, "not again while it lasts");
}

#[test]
fn receipts_of_handsets_are_not_suspected() {
    let mut rig = Rig::with(settings());
    for number in 0..250 {
        delivered(&mut rig, number, SECOND);
    }
    let north = shown(&mut rig, NORTH);
    assert_eq!(north["networks"][0]["suspected"], false);
    assert_eq!(north["quality"]["ended"], 250);
    let p95 = north["quality"]["receipt_ms_p95"].as_u64().unwrap();
    assert!((1000..1300).contains(&p95), "{p95}");
}

#[test]
fn codes_of_refusals_and_of_failed_receipts_are_counted() {
    let mut rig = Rig::with(settings());
    rig.accept(&["one", "two", "three"]);
    rig.refuse(NORTH, 0x0B, Disposition::MessageFault);
    rig.settle();
    rig.refuse(NORTH, 0x58, Disposition::Throttled);
    rig.settle();
    rig.answer(NORTH, "n1");
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
    rig.settle();
    rig.receipt(NORTH, "n1", ReceiptState::Undeliverable);
    rig.settle();
    let north = shown(&mut rig, NORTH);
    let codes = north["errors"].as_array().unwrap();
    let mut codes: Vec<_> = codes
        .iter()
        .map(|one| {
            let text = |key: &str| one[key].as_str().unwrap().to_owned();
            (text("on"), text("code"), one["count"].as_u64().unwrap())
        })
        .collect();
    codes.sort();
    let expected = [
        ("receipt", "0", 1),
        ("submit", "0x0000000b", 1),
        ("submit", "0x00000058", 1),
    ];
    let expected = expected.map(|(on, code, count)| (on.to_owned(), code.to_owned(), count));
    assert_eq!(
        codes, expected,
        "a receipt that comes again is no other failure"
    );
}

#[test]
fn state_and_cap_are_shown() {
    let mut rig = Rig::with(settings());
    rig.cap(NORTH, 2, (0, 0));
    rig.accept(&["one"]);
    let north = shown(&mut rig, NORTH);
    let of = |carrier: &Value| {
        let text = |key: &str| carrier[key].to_string();
        [text("health"), text("day_cap"), text("day_used")]
    };
    assert_eq!(of(&north), ["\"up\"", "2", "1"]);
    rig.accept(&["two"]);
    let north = shown(&mut rig, NORTH);
    assert_eq!(of(&north), ["\"capped\"", "2", "2"]);
    rig.down(NORTH);
    let north = shown(&mut rig, NORTH);
    assert_eq!(of(&north)[0], "\"down\"");
}
