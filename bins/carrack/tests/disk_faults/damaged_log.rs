//! The write-ahead log of the database, cut, spoiled, torn or gone, after kill -9.
//!
//! What was never acknowledged may be torn off: a clean start that adds up. What was acknowledged and is gone is named:
//! the node starts with what there is, and the audit counts as many missing frames, from the right one on, as customers
//! miss messages. It goes on saying so after further runs, until somebody has looked.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::carrier::{Carrier, settings};
use super::node::Place;
use super::scene::{
    acknowledged, all_final, cut, data, frame, octets, offer, place, place_with, spoil,
    store_files, submit, text, unknown,
};

const MESSAGES: usize = 20;

/// The file that the last run wrote its frames to.
fn log(place: &Place) -> PathBuf {
    store_files(place, "log").pop().unwrap()
}

struct Killed {
    north: Carrier,
    place: Place,
    /// Acknowledged in the first run, which stand in a table.
    safe: Vec<String>,
    /// Acknowledged in the second run, which stand in the log only.
    ids: Vec<String>,
}

/// A node that was killed twice, its carrier away all the time.
fn killed() -> Killed {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    north.toggle();
    let place = place(&north);
    let node = place.serve();
    let safe = submit(&node, "first", MESSAGES);
    node.kill();
    let node = place.serve();
    let ids = submit(&node, "second", MESSAGES);
    node.kill();
    Killed {
        north,
        place,
        safe,
        ids,
    }
}

/// Frames that the audit says are missing, in all.
fn frames_missing(audit: &Value) -> u64 {
    let sentences = audit["contradictions"].as_array().unwrap().iter();
    sentences
        .filter_map(|sentence| sentence.as_str()?.split_once(" frames are missing from "))
        .map(|(count, _)| count.parse::<u64>().unwrap())
        .sum()
}

fn loss_is_named(damage: impl FnOnce(&Path)) -> usize {
    let Killed {
        north,
        place,
        safe,
        ids,
    } = killed();
    damage(&log(&place));

    // Before any start, and after one: the same is missing.
    let before = place.audit();
    let node = place.serve();
    assert!(unknown(&node, &safe).is_empty(), "the damage is local");
    let lost = unknown(&node, &ids);
    assert!(!lost.is_empty(), "the damage took nothing");
    for audit in [before, place.audit()] {
        assert_eq!(audit["adds_up"], false, "{audit}");
        assert_eq!(frames_missing(&audit), lost.len() as u64, "{audit}");
        let said = audit["contradictions"].to_string();
        for shard in [0, 1] {
            let frames = lost.iter().map(|id| frame(id));
            let first = frames.filter(|(_, of, _)| *of == shard).min();
            if let Some((epoch, _, number)) = first {
                let named = format!("epoch: {epoch}, shard: {shard}, number: {number} ");
                assert!(said.contains(&named), "{named}: {said}");
            }
        }
    }
    assert!(
        place.said().contains("parts of the log are missing"),
        "the start says it too: {}",
        place.said()
    );

    // What is left goes on, new work is taken, and further runs do not forget what is missing.
    submit(&node, "third", MESSAGES);
    node.kill();
    let _node = place.serve();
    north.toggle();
    let audit = all_final(&place);
    let left = 3 * MESSAGES - lost.len();
    assert_eq!(audit["delivered"], left, "{audit}");
    assert_eq!(frames_missing(&audit), lost.len() as u64, "{audit}");
    assert_eq!(north.report().messages_distinct, left as u64);
    lost.len()
}

fn nothing_is_lost(damage: impl FnOnce(&Path)) {
    let Killed {
        north,
        place,
        safe,
        ids,
    } = killed();
    damage(&log(&place));
    assert_eq!(place.audit()["adds_up"], true);
    let node = place.serve();
    assert!(unknown(&node, &safe).is_empty() && unknown(&node, &ids).is_empty());
    north.toggle();
    let audit = all_final(&place);
    assert_eq!(
        (audit["adds_up"].as_bool(), audit["delivered"].as_u64()),
        (Some(true), Some(2 * MESSAGES as u64)),
        "{audit}"
    );
    assert_eq!(north.report().messages_distinct, 2 * MESSAGES as u64);
}

#[test]
fn log_cut_in_the_middle_is_missing_frames_by_name() {
    let lost = loss_is_named(|log| cut(log, octets(log) / 2));
    assert!((5..=15).contains(&lost), "{lost}");
}

#[test]
fn last_acknowledged_frame_cut_short_is_one_missing_frame() {
    assert_eq!(loss_is_named(|log| cut(log, octets(log) - 30)), 1);
}

#[test]
fn last_acknowledged_frame_spoiled_is_one_missing_frame() {
    assert_eq!(loss_is_named(|log| spoil(log, octets(log) - 40, 40)), 1);
}

#[test]
fn log_spoiled_in_the_middle_is_missing_frames_by_name() {
    let lost = loss_is_named(|log| spoil(log, octets(log) / 2, 64));
    assert!((5..=15).contains(&lost), "{lost}");
}

#[test]
fn missing_log_is_every_frame_of_it_missing_by_name() {
    let lost = loss_is_named(|log| std::fs::remove_file(log).unwrap());
    assert_eq!(lost, MESSAGES);
}

#[test]
fn every_epoch_that_was_lost_with_the_log_is_named_and_none_is_used_again() {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    north.toggle();
    let place = place_with(&north, "[queue]\nepoch_size = \"1MiB\"");
    let node = place.serve();
    let ids: Vec<String> = (0..80)
        .flat_map(|number| acknowledged(&offer(&node, &text(number), 30)))
        .collect();
    node.kill();
    let lost: BTreeSet<_> = ids.iter().map(|id| frame(id)).collect();
    let epochs: BTreeSet<u32> = lost.iter().map(|(epoch, _, _)| *epoch).collect();
    assert!(epochs.len() > 2, "{epochs:?}");
    std::fs::remove_file(log(&place)).unwrap();

    for _ in 0..2 {
        let audit = place.audit();
        assert_eq!(frames_missing(&audit), lost.len() as u64, "{audit}");
        let said = audit["contradictions"].to_string();
        for epoch in &epochs {
            assert!(
                said.contains(&format!("epoch: {epoch},")),
                "{epoch}: {said}"
            );
        }
        let node = place.serve();
        let fresh = submit(&node, "after", 1);
        assert!(Some(&frame(&fresh[0]).0) > epochs.last());
        node.kill();
    }
}

#[test]
fn notes_beside_the_log_that_are_spoiled_or_gone_stop_nothing() {
    let Killed {
        place, safe, ids, ..
    } = killed();
    spoil(&data(&place).join("in-flight-0"), 0, 4096);
    std::fs::remove_file(data(&place).join("in-flight-1")).ok();
    let reach = data(&place).join("store").join("REACH");
    spoil(&reach, 0, 50);
    assert_eq!(place.audit()["adds_up"], true);
    let node = place.serve();
    assert!(unknown(&node, &safe).is_empty() && unknown(&node, &ids).is_empty());
    node.kill();
    std::fs::remove_file(reach).unwrap();
    assert_eq!(place.audit()["adds_up"], true);
    let node = place.serve();
    submit(&node, "third", 1);
    let audit = place.audit();
    assert_eq!(
        (audit["adds_up"].as_bool(), audit["accepted"].as_u64()),
        (Some(true), Some(2 * MESSAGES as u64 + 1)),
        "{audit}"
    );
}

#[test]
fn torn_frame_that_nobody_was_told_of_is_no_loss() {
    // The head of a record and half of what it announces: what a write that was cut off leaves.
    nothing_is_lost(|log| {
        let whole = std::fs::read(log).unwrap();
        let end = whole.len() as u64;
        std::fs::write(log, [&whole[..], &whole[..100]].concat()).unwrap();
        assert_eq!(octets(log), end + 100);
    });
}

#[test]
fn garbage_behind_the_last_frame_is_no_loss() {
    nothing_is_lost(|log| spoil(log, octets(log), 300));
}

#[test]
fn zeros_behind_the_last_frame_are_no_loss() {
    // The file had grown when the power went, and its blocks were never written.
    nothing_is_lost(|log| cut(log, octets(log) + 10_000));
}
