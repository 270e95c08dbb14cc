//! A file that is not whole is told with its cure and left as it is; another layout takes all over.

use std::path::Path;

use carrack_settings::SimTerms;
use proptest::prelude::*;

use super::{LAYOUT, MONDAY, card, rules, sends, sends_for};
use crate::modem::SimDesk;
use crate::modem::book::{BookFault, Layout, MappedPages, MemoryPages, SimBook, SimPages};

fn opened(pages: Box<dyn SimPages>) -> Result<SimBook, BookFault> {
    SimBook::open(pages, Path::new("data/sims"), rules(&SimTerms::default()))
}

/// What stands in a file with one SIM that sent five.
fn octets() -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sims");
    let book = opened(Box::new(MappedPages::open(&path, LAYOUT).unwrap())).unwrap();
    let sim = book.seat("rack", "m", &card(1), MONDAY);
    sends_for(&book, sim, 5, MONDAY);
    drop(book);
    std::fs::read(&path).unwrap()
}

fn fault(octets: Vec<u8>) -> String {
    match opened(Box::new(MemoryPages::of(octets))) {
        Ok(_) => panic!("opened"),
        Err(fault) => fault.to_string(),
    }
}

#[test]
fn what_is_not_whole_is_told_with_its_cure() {
    let whole = octets();
    assert!(opened(Box::new(MemoryPages::of(whole.clone()))).is_ok());
    let mut torn = whole.clone();
    torn[4_096 + 500] ^= 1;
    torn[4_096 + 1_024 + 500] ^= 1;
    let cut = whole[..whole.len() - 1].to_vec();
    for (octets, what) in [
        (torn, "SIM 0 cannot be read"),
        (cut, "it was cut"),
        (vec![0; whole.len()], "no book of SIMs"),
        (Vec::new(), "no book of SIMs"),
        (b"# notes\n".repeat(10_000), "no book of SIMs"),
    ] {
        let told = fault(octets);
        assert!(
            told.contains(what) && told.starts_with("data/sims: "),
            "{told}"
        );
        assert!(told.contains("move it away and start"), "{told}");
    }
}

#[test]
fn a_fault_leaves_the_file_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sims");
    std::fs::write(&path, b"not ours").unwrap();
    assert!(matches!(
        MappedPages::open(&path, LAYOUT),
        Err(BookFault::Foreign { .. })
    ));
    assert_eq!(std::fs::read(&path).unwrap(), b"not ours");
}

#[test]
fn another_layout_takes_all_over_and_one_that_is_too_small_says_how_large() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("modems/sims");
    let with = |sims_max, recipients_max| {
        let layout = Layout {
            sims_max,
            recipients_max,
        };
        MappedPages::open(&path, layout).map(|pages| opened(Box::new(pages)).unwrap())
    };
    let book = with(3, 40).unwrap();
    for number in 1..=3 {
        let sim = book.seat("rack", "m", &card(number), MONDAY);
        sends_for(&book, sim, 15, MONDAY);
    }
    let before = book.list(MONDAY);
    drop(book);
    for (sims_max, recipients_max) in [(20, 40), (5, 15), (3, 2_000)] {
        let book = with(sims_max, recipients_max).unwrap();
        let after = book.list(MONDAY);
        let used = |list: &[crate::modem::book::SimView]| -> Vec<_> {
            list.iter()
                .map(|view| (view.iccid.clone(), view.day, view.recipients))
                .collect()
        };
        assert_eq!(used(&after), used(&before));
    }
    for (sims_max, recipients_max, key, least) in
        [(2, 40, "sims_max", 3), (3, 14, "recipients_max", 15)]
    {
        let Err(fault) = with(sims_max, recipients_max) else {
            panic!("took what has no room");
        };
        let told = fault.to_string();
        assert!(
            told.contains(key) && told.contains(&format!("raise it to {least}")),
            "{told}"
        );
    }
    // Nothing was lost by those.
    assert_eq!(with(3, 40).unwrap().list(MONDAY).len(), 3);
}

#[test]
fn recipients_are_known_again_and_one_that_cannot_be_read_counts_as_new() {
    let mut octets = octets();
    octets[4_096 + 2_048 + 3] ^= 1;
    let book = opened(Box::new(MemoryPages::of(octets))).unwrap();
    let sim = book.seat("rack", "m", &card(1), MONDAY);
    let at = MONDAY + 3_600_000_000_000;
    assert!(sends(&book, sim, 4, at));
    assert_eq!(book.view(sim, at).unwrap().recipients.used, 5);
    assert!(sends(&book, sim, 0, at + 60_000_000_000));
    assert_eq!(book.view(sim, at).unwrap().recipients.used, 6);
}

proptest! {
    /// Whatever stands in a file: a book or a fault, never a panic, and no caps freed without a word.
    #[test]
    fn no_file_panics(at in 0..20_000_usize, noise in prop::collection::vec(any::<u8>(), 1..200)) {
        let mut octets = octets();
        for (place, octet) in octets.iter_mut().skip(at).zip(noise) {
            *place = octet;
        }
        if let Ok(book) = opened(Box::new(MemoryPages::of(octets))) {
            let list = book.list(MONDAY + 20_000_000_000);
            prop_assert_eq!(list.len(), 1);
            prop_assert!(list[0].day.used >= 4, "{:?}", list);
        }
    }
}
