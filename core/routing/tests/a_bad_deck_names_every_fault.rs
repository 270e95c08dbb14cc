//! All faults of a price list at once, each with its line and cure.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_routing::Deck;

fn faults(text: &[u8]) -> String {
    Deck::from_csv(text, "decks/x.csv").unwrap_err().to_string()
}

#[test]
fn every_bad_row_is_named_with_its_line() {
    let text = "prefix,price,currency,name\n\
        44,0.01,EUR,UK\n\
        4a,0.01,EUR,letters\n\
        ,0.01,EUR,nothing\n\
        0044,0.01,EUR,zeros\n\
        49,free,EUR,no price\n\
        33,-1,EUR,negative\n\
        39,0.00000001,EUR,too fine\n\
        34,0.01,USD,other currency\n\
        34,0.01,euro\n\
        44,0.02,EUR,UK again\n\
        +351,0.01,euro,a plus sign is fine\n";
    let shown = faults(text.as_bytes());
    let lines: Vec<&str> = shown.lines().collect();
    let expected = [
        ("decks/x.csv:3: ", "'a'"),
        ("decks/x.csv:4: ", "empty"),
        ("decks/x.csv:5: ", "begins with 0"),
        ("decks/x.csv:6: ", "\"free\""),
        ("decks/x.csv:7: ", "below zero"),
        ("decks/x.csv:8: ", "at most 6"),
        ("decks/x.csv:9: ", "line 2 has EUR"),
        ("decks/x.csv:10: ", "3 fields where the header has 4"),
        ("decks/x.csv:11: ", "already in line 2"),
        ("decks/x.csv:12: ", "three capital letters"),
    ];
    assert_eq!(lines.len(), expected.len(), "{shown}");
    for (line, (begin, part)) in lines.iter().zip(expected) {
        assert!(
            line.starts_with(begin) && line.contains(part),
            "{line} / {begin} {part}"
        );
    }
}

#[test]
fn a_file_that_is_no_deck_is_named() {
    assert!(faults(b"").contains("x.csv:1: the deck is empty"));
    assert!(faults(b"prefix,price\n").contains("no rows"));
    assert!(faults(b"44,0.01\n45,0.02\n").contains("unknown column \"44\""));
    assert!(faults(b"prefix,cost\n44,1\n").contains("has to name prefix and price"));
    assert!(faults(b"prefix,price,prefix\n44,1,45\n").contains("stands twice"));
    assert!(faults(b"prefix,price\n\xff\xfe,1\n").starts_with("decks/x.csv:2: "));
}

#[test]
fn order_case_and_byte_order_mark_of_the_header_do_not_matter() {
    let deck = Deck::from_csv(
        "\u{feff}Name, PRICE ,prefix\r\n\"London, mobile\", 0.0075 ,447\r\n".as_bytes(),
        "x",
    )
    .unwrap();
    let hit = deck
        .price(carrack_message::Msisdn::from_u64(447_700_900_123).unwrap())
        .unwrap();
    assert_eq!(hit.price.0, 7_500);
    assert_eq!(deck.name(&hit), Some("London, mobile"));
    assert_eq!(deck.currency(), None);
}

#[test]
fn faults_beyond_a_thousand_are_counted() {
    let text = format!("prefix,price\n{}", "x,1\n".repeat(1_500));
    let faults = Deck::from_csv(text.as_bytes(), "x").unwrap_err();
    assert_eq!((faults.faults.len(), faults.more), (1_000, 500));
}
