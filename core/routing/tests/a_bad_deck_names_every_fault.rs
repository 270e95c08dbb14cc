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

#[test]
fn every_bad_column_is_named_with_its_line() {
    let text = "prefix,network,price,currency,from,until,increment,minimum\n\
        44,,0.01,EUR,2026-01-01,,,\n\
        44,234-15,0.01,EUR,,,,\n\
        ,234-1,0.01,EUR,,,,\n\
        45,,0.01,EUX,,,,\n\
        46,,0.01,EUR,soon,,,\n\
        47,,0.01,EUR,2026-02-01,2026-02-01,,\n\
        48,,0.01,EUR,,,0,\n\
        49,,0.01,EUR,,,1,256\n\
        ,23415,0.01,EUR,,,,\n\
        ,234-15,0.01,EUR,,,,\n\
        44,,0.01,EUR,2026-01-01,2027-01-01,,\n\
        44,,0.01,EUR,2026-12-31,,,\n\
        44,,0.01,EUR,2027-01-01,,,\n";
    let shown = faults(text.as_bytes());
    let expected = [
        ("decks/x.csv:3: ", "write two rows"),
        ("decks/x.csv:4: ", "network \"234-1\""),
        ("decks/x.csv:5: ", "\"EUX\" is unknown"),
        ("decks/x.csv:6: ", "from \"soon\" is no date"),
        ("decks/x.csv:7: ", "which is never"),
        ("decks/x.csv:8: ", "increment \"0\""),
        ("decks/x.csv:9: ", "minimum \"256\""),
        (
            "decks/x.csv:11: ",
            "network 234-15 stands already in line 10",
        ),
        ("decks/x.csv:12: ", "prefix 44 stands already in line 2"),
        ("decks/x.csv:13: ", "before line 12 ends at 2027-01-01"),
    ];
    assert_eq!(shown.lines().count(), expected.len(), "{shown}");
    for (line, (begin, part)) in shown.lines().zip(expected) {
        assert!(
            line.starts_with(begin) && line.contains(part),
            "{line} / {begin} {part}"
        );
    }
}

#[test]
fn a_broken_line_hides_none_of_those_after_it() {
    let long = "9".repeat(70_000);
    let many = "1,".repeat(80);
    let text = format!(
        "prefix,price,name\n44,0.01,\"London\n45,0.01,a\rb\n{long}\n{many}\n46,x,\"a, \"\"b\"\"\"\n47,0.01,good\n"
    );
    let shown = faults(text.as_bytes());
    let expected = [
        "x.csv:2: a quote is opened and not closed",
        "x.csv:3: a carriage return",
        "x.csv:4: the line is longer than 65536 octets",
        "x.csv:5: more than 64 fields",
        "x.csv:6: price \"x\"",
    ];
    assert_eq!(shown.lines().count(), expected.len(), "{shown}");
    for (line, part) in shown.lines().zip(expected) {
        assert!(line.contains(part), "{line} / {part}");
    }
    assert!(faults(b"prefix;price\n44;0,01\n").contains("set columns apart by commas"));
}

/// A reader that breaks after what it holds.
struct Breaking<'a>(&'a [u8]);

impl std::io::Read for Breaking<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match self.0.read(buffer)? {
            0 => Err(std::io::Error::other("the disk is gone")),
            octets => Ok(octets),
        }
    }
}

#[test]
fn a_file_that_breaks_off_is_no_deck() {
    let shown = Deck::from_csv(Breaking(b"prefix,price\n44,0.01\n"), "x.csv").unwrap_err();
    assert_eq!(
        shown.to_string(),
        "x.csv:3: cannot be read: the disk is gone"
    );
}

#[test]
fn faults_among_nine_hundred_thousand_rows_are_all_named() {
    const ROWS: u64 = 900_001;
    let bad = [
        (3, "4x4,0.01,EUR,,,"),
        (450_000, "1450000,-0.01,EUR,,,"),
        (600_000, "1000007,0.01,EUR,,,"),
        (700_000, "1700000,0.01,EUX,,,"),
        (800_000, "1800000,0.01,EUR,2026-13-01,,"),
        (ROWS, "1900001,0.01,EUR,,,\"broken"),
    ];
    let mut text = String::from("prefix,price,currency,from,until,name\n");
    for row in 1..=ROWS {
        match bad.iter().find(|(place, _)| *place == row) {
            Some((_, line)) => text.push_str(line),
            None => text.push_str(&format!("{},0.01,EUR,,,somewhere", 1_000_000 + row)),
        }
        text.push('\n');
    }
    let found = Deck::from_csv(text.as_bytes(), "big.csv").unwrap_err();
    let lines: Vec<u64> = found.faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, bad.map(|(row, _)| row + 1));
    let parts = ["'x'", "below zero", "line 8", "EUX", "2026-13-01", "quote"];
    for (fault, part) in found.faults.iter().zip(parts) {
        assert!(fault.what.contains(part), "{fault}");
    }
}
