//! An SST file or the manifest that is missing, cut or spoiled: the node does not start on less than it acknowledged.
//!
//! It ends at once, names the file, says that only the file itself helps, and changes nothing: with the file back in its
//! place the same folder serves again and every acknowledged message ends.

use std::path::{Path, PathBuf};

use super::carrier::{Carrier, settings};
use super::node::Place;
use super::scene::{
    all_final, cut, name, octets, place, refusal_to_start, refused, spoil, store_files, submit,
    unknown,
};

const MESSAGES: usize = 20;

/// A start brings the log into tables: of two runs, the first one's messages stand in an SST file.
fn killed_with_tables(place: &Place) -> Vec<String> {
    let node = place.serve();
    let mut ids = submit(&node, "first", MESSAGES);
    node.kill();
    let node = place.serve();
    ids.extend(submit(&node, "second", MESSAGES));
    node.kill();
    ids
}

/// The table that holds the messages.
fn table(place: &Place) -> PathBuf {
    let files = store_files(place, "sst");
    files.into_iter().max_by_key(|path| octets(path)).unwrap()
}

fn refuses_by_name_and_serves_once_it_is_back(
    file: impl FnOnce(&Place) -> PathBuf,
    damage: impl FnOnce(&Path),
) {
    let north = Carrier::start(settings("north", 1, 1, &[]));
    north.toggle();
    let place = place(&north);
    let ids = killed_with_tables(&place);
    let file = file(&place);
    let whole = std::fs::read(&file).unwrap();
    damage(&file);

    let mut audit = std::process::Command::new(super::node::PROGRAM);
    let audit = audit
        .arg("audit")
        .arg("--config")
        .arg(place.configuration());
    for said in [refusal_to_start(&place), refused(&place, audit)] {
        assert!(said.contains(&name(&file)), "names the file: {said}");
        assert!(said.contains("put it back"), "says the cure: {said}");
    }

    std::fs::write(&file, whole).unwrap();
    let node = place.serve();
    assert!(unknown(&node, &ids).is_empty());
    north.toggle();
    let audit = all_final(&place);
    assert_eq!(
        (audit["adds_up"].as_bool(), audit["delivered"].as_u64()),
        (Some(true), Some(ids.len() as u64)),
        "{audit}"
    );
    assert_eq!(north.report().messages_distinct, ids.len() as u64);
}

#[test]
fn missing_table_is_named_and_nothing_is_started_without_it() {
    refuses_by_name_and_serves_once_it_is_back(table, |file| std::fs::remove_file(file).unwrap());
}

#[test]
fn cut_table_is_named_and_nothing_is_started_on_the_rest() {
    refuses_by_name_and_serves_once_it_is_back(table, |file| cut(file, octets(file) / 2));
}

#[test]
fn spoiled_block_of_a_table_is_named_and_nothing_is_started_around_it() {
    refuses_by_name_and_serves_once_it_is_back(table, |file| spoil(file, 100, 64));
}

#[test]
fn missing_manifest_is_named_and_no_new_store_is_made_in_its_place() {
    let manifest = |place: &Place| {
        let folder = super::scene::data(place).join("store");
        let current = std::fs::read_to_string(folder.join("CURRENT")).unwrap();
        folder.join(current.trim_end())
    };
    refuses_by_name_and_serves_once_it_is_back(manifest, |file| {
        std::fs::remove_file(file).unwrap();
    });
}
