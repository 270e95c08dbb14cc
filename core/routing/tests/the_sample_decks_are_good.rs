//! The price lists that ship with the project can be read and agree on their currency.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::fs::File;
use std::path::Path;

use carrack_message::{Currency, Msisdn};
use carrack_routing::Deck;

#[test]
fn every_sample_deck_prices_a_mobile_in_london() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config/decks");
    let mut count = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.display().to_string();
        let deck = Deck::from_csv(File::open(&path).unwrap(), &name)
            .unwrap_or_else(|faults| panic!("{faults}"));
        let hit = deck
            .price(Msisdn::from_u64(447_700_900_123).unwrap())
            .unwrap();
        assert_eq!(hit.destination.to_string(), "447");
        assert_eq!(deck.currency(), Some(Currency(*b"EUR")));
        assert!(deck.len() > 30);
        count += 1;
    }
    assert!(count >= 2);
}
