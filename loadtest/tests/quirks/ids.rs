//! Ids in other clothes (T01, T02, T03, T45).

use super::support::Event;
use super::{play, smsc};
use std::collections::{HashMap, HashSet};

/// (id of the response, id of the receipt) of each message, paired by its recipient.
fn pairs(quirks: &[&str], count: u64) -> Vec<(String, String)> {
    let mut smsc = smsc(quirks);
    let esme = play(&mut smsc, count);
    let mut receipts = HashMap::new();
    for event in &esme.events {
        if let Event::Receipt { id, to, .. } = event {
            receipts.insert(to.clone(), id.clone());
        }
    }
    let paired = esme.responses().into_iter().map(|(ticket, _, id)| {
        let to = format!("447700900{ticket:03}");
        (id, receipts[&to].clone())
    });
    paired.collect()
}

#[test]
fn bases_differ_between_response_and_receipt() {
    for (response, receipt) in pairs(&["ids-hex-decimal"], 50) {
        assert_eq!(
            u64::from_str_radix(&response, 16).unwrap(),
            receipt.parse::<u64>().unwrap()
        );
    }
    for (response, receipt) in pairs(&["ids-decimal-hex"], 50) {
        assert_eq!(
            response.parse::<u64>().unwrap(),
            u64::from_str_radix(&receipt, 16).unwrap()
        );
    }
}

#[test]
fn zeros_and_case_differ_and_nothing_else_does() {
    for quirk in ["id-zeros-dropped", "id-zeros-added", "id-case-swapped"] {
        for (response, receipt) in pairs(&[quirk], 50) {
            assert_ne!(response, receipt, "{quirk}");
            let fold = |id: &str| id.trim_start_matches('0').to_lowercase();
            assert_eq!(fold(&response), fold(&receipt), "{quirk}");
        }
    }
}

#[test]
fn long_short_and_uuid_ids_come_back_as_they_went() {
    for (quirk, length) in [
        ("id-uuid", 36),
        ("id-long", 65),
        ("id-long=255", 255),
        ("id-short", 8),
    ] {
        let pairs = pairs(&[quirk], 50);
        assert!(
            pairs
                .iter()
                .all(|(response, receipt)| response == receipt && response.len() == length),
            "{quirk}"
        );
        let distinct: HashSet<_> = pairs.into_iter().collect();
        assert_eq!(distinct.len(), 50);
    }
}

#[test]
fn an_empty_id_is_counted_and_its_receipt_still_comes() {
    let mut smsc = smsc(&["id-empty=40"]);
    let esme = play(&mut smsc, 200);
    let empty = esme
        .responses()
        .iter()
        .filter(|(_, _, id)| id.is_empty())
        .count() as u64;
    assert!((50..=110).contains(&empty), "{empty}");
    assert_eq!(smsc.report().quirks["id-empty"], empty);
    assert_eq!(esme.receipts().len(), 200);
}

#[test]
fn ids_come_again() {
    let mut smsc = smsc(&["id-reuse=40"]);
    let esme = play(&mut smsc, 100);
    let ids: Vec<_> = esme.responses().into_iter().map(|(_, _, id)| id).collect();
    assert_eq!(ids[0], ids[40]);
    assert_eq!(ids.iter().collect::<HashSet<_>>().len(), 40);
}
