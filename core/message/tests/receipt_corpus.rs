//! Receipts are read in every dialect that carriers speak (T07); the lines lie in `receipts/corpus.tsv`.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::receipt::{
    ReceiptParts, ReceiptRules, ReceiptSign, ReceiptState, date, looks_like_receipt, parse, read,
};

struct Line {
    from: String,
    id: Option<String>,
    state: Option<ReceiptState>,
    word_known: bool,
    error: Option<String>,
    done_utc_s: Option<i64>,
    octets: Vec<u8>,
}

fn field(text: &str) -> Option<String> {
    (text != "-").then(|| text.to_owned())
}

fn unescape(text: &str) -> Vec<u8> {
    let mut octets = Vec::new();
    let mut rest = text.bytes();
    while let Some(octet) = rest.next() {
        if octet != b'\\' {
            octets.push(octet);
            continue;
        }
        octets.push(match rest.next().unwrap() {
            b'n' => b'\n',
            b'r' => b'\r',
            b'0' => 0,
            b'x' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => panic!("\\{}", char::from(other)),
        });
    }
    octets
}

fn state_of(word: &str) -> ReceiptState {
    let word = word.trim_end_matches('?');
    let found = ReceiptState::ALL
        .into_iter()
        .find(|state| state.word() == word);
    found.unwrap_or_else(|| panic!("{word}"))
}

/// What a receipt with this line says: nothing that ends, where its word is not known or missing.
fn told(line: &Line) -> ReceiptState {
    let known = line.state.filter(|_| line.word_known);
    known.unwrap_or(ReceiptState::Accepted)
}

fn corpus() -> Vec<Line> {
    let lines = include_str!("receipts/corpus.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let columns: Vec<_> = line.split('\t').collect();
            let [from, id, state, error, done, text] = columns[..] else {
                panic!("{line}");
            };
            Line {
                from: from.to_owned(),
                id: field(id),
                state: field(state).map(|word| state_of(&word)),
                word_known: state != "-" && !state.ends_with('?'),
                error: field(error),
                done_utc_s: field(done).map(|done| done.parse().unwrap()),
                octets: unescape(text),
            }
        })
        .collect()
}

fn text_of(field: Option<&[u8]>) -> Option<String> {
    field.map(|field| String::from_utf8(field.to_vec()).unwrap())
}

#[test]
fn t07_every_known_dialect_is_read() {
    let corpus = corpus();
    assert!(corpus.len() >= 80, "{}", corpus.len());
    for line in &corpus {
        let shown = format!("{}: {}", line.from, line.octets.escape_ascii());
        let receipt = parse(&line.octets);
        assert_eq!(text_of(receipt.id), line.id, "{shown}");
        assert_eq!(receipt.state, line.state, "{shown}");
        assert_eq!(receipt.state_known, line.word_known, "{shown}");
        assert_eq!(text_of(receipt.error), line.error, "{shown}");
        let done = receipt.done_date.and_then(date::parse);
        assert_eq!(done, line.done_utc_s, "{shown}");
    }
}

#[test]
fn t07_a_line_that_is_marked_is_a_receipt_whatever_it_says() {
    for line in corpus() {
        let shown = format!("{}: {}", line.from, line.octets.escape_ascii());
        let parts = ReceiptParts {
            esm_class: 0x04,
            text: &line.octets,
            ..ReceiptParts::default()
        };
        let found = read(&parts, &ReceiptRules::default()).expect(&shown);
        assert_eq!(text_of(found.id.as_deref()), line.id, "{shown}");
        assert_eq!(found.state, told(&line), "{shown}");
        assert_eq!(
            found.has_unknown_word(),
            line.state.is_some() && !line.word_known,
            "{shown}"
        );
        assert_eq!(found.done_utc_s, line.done_utc_s, "{shown}");
        let error = line.error.unwrap_or_default();
        assert_eq!(found.error_word.as_slice(), error.as_bytes(), "{shown}");
    }
}

#[test]
fn t07_every_line_is_read_the_same_as_utf_16_and_in_capitals() {
    for line in corpus() {
        // The text of a message may hold anything; only what stands before it is compared.
        let text = String::from_utf8_lossy(&line.octets).into_owned();
        for (data_coding, octets) in [
            (
                8,
                text.encode_utf16()
                    .flat_map(u16::to_be_bytes)
                    .collect::<Vec<_>>(),
            ),
            (8, text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            (0, text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            (8, line.octets.clone()),
            (0, line.octets.to_ascii_uppercase()),
        ] {
            let parts = ReceiptParts {
                esm_class: 0x04,
                data_coding,
                text: &octets,
                ..ReceiptParts::default()
            };
            let found = read(&parts, &ReceiptRules::default()).unwrap();
            let id = text_of(found.id.as_deref());
            let same = match (&id, &line.id) {
                (Some(id), Some(expected)) => id.eq_ignore_ascii_case(expected),
                (None, None) => true,
                _ => false,
            };
            assert!(same, "{id:?} {}", octets.escape_ascii());
            assert_eq!(found.state, told(&line), "{}", octets.escape_ascii());
        }
    }
}

#[test]
fn t07_a_line_that_nothing_marks_is_told_by_what_it_says() {
    let rules = ReceiptRules {
        sign: ReceiptSign::BitsTlvOrText,
        ..ReceiptRules::default()
    };
    for line in corpus() {
        let fields = [line.id.is_some(), line.word_known];
        let expected = match fields {
            [true, true] => Some(true),
            [false, false] => Some(false),
            // One of the two: it depends on how much stands beside it.
            _ => None,
        };
        let found = looks_like_receipt(&line.octets);
        assert!(
            expected.is_none_or(|expected| expected == found),
            "{}",
            line.octets.escape_ascii()
        );
        let parts = ReceiptParts {
            text: &line.octets,
            ..ReceiptParts::default()
        };
        assert_eq!(read(&parts, &rules).is_some(), found);
        assert_eq!(read(&parts, &ReceiptRules::default()), None);
    }
}

#[test]
fn a_message_of_a_person_is_none() {
    for text in [
        "id: sub:001 dlvrd:001 are words that I like",
        "My id:123, state:Texas",
        "id:5 please, stat!",
        "The status: all is well",
    ] {
        assert!(!looks_like_receipt(text.as_bytes()), "{text}");
    }
}
