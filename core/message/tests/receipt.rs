//! Receipts are written as Appendix B says and read as far as they go; reading never fails.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::receipt::{
    ReceiptFields, ReceiptState, date, looks_like_receipt, parse, write,
};
use proptest::prelude::*;

const LINE: &str = "id:123 sub:001 dlvrd:001 submit date:2105061200 done date:2105061201 stat:DELIVRD err:000 text:Hello";

fn text_of(field: Option<&[u8]>) -> &str {
    std::str::from_utf8(field.unwrap_or_default()).unwrap()
}

#[test]
fn a_text_that_looks_like_a_receipt_changes_nothing() {
    let line = b"id:1 stat:UNDELIV err:5 text:id:2 stat:DELIVRD err:000 done date:2105061201";
    let receipt = parse(line);
    assert_eq!(text_of(receipt.id), "1");
    assert_eq!(receipt.state, Some(ReceiptState::Undeliverable));
    assert_eq!(text_of(receipt.error), "5");
    assert_eq!(receipt.done_date, None);
    assert_eq!(
        text_of(receipt.text),
        "id:2 stat:DELIVRD err:000 done date:2105061201"
    );
}

#[test]
fn a_receipt_that_begins_with_its_text_is_read() {
    let receipt = parse(b"text:Hello id:1 stat:DELIVRD");
    assert_eq!((text_of(receipt.id), text_of(receipt.text)), ("1", "Hello"));
    assert_eq!(receipt.state, Some(ReceiptState::Delivered));
}

#[test]
fn a_message_of_a_person_is_no_receipt() {
    for text in [
        "Hello",
        "",
        "my id: 5",
        "The state: fine",
        "stat:DELIVRD",
        "text: me when done date:1",
        "paid:5 idea:9",
        "id:123 stat:all good",
    ] {
        assert!(!looks_like_receipt(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_word_that_is_not_delivered_is_never_read_as_delivered() {
    for word in [
        "DELIV",
        "DELIVERED_TO_NETWORK",
        "DELIVERED TO NOBODY",
        "DELIVERY_FAILED",
        "NOT_DELIVERED",
        "UNDELIVERED",
        "DELIVERYFAILED",
        "NONDELIVRD",
        "",
        "XDELIVRD",
    ] {
        assert_ne!(
            ReceiptState::from_word(word.as_bytes()),
            Some(ReceiptState::Delivered),
            "{word}"
        );
    }
}

#[test]
fn every_state_is_read_back_from_word_and_code_and_accepted_is_not_final() {
    for state in ReceiptState::ALL {
        assert_eq!(state.word().len(), 7);
        assert_eq!(
            ReceiptState::from_word(state.word().as_bytes()),
            Some(state)
        );
        assert_eq!(
            ReceiptState::from_word(state.word().to_lowercase().as_bytes()),
            Some(state)
        );
        assert_eq!(ReceiptState::from_code(state.code()), Some(state));
    }
    assert!((10..=u8::MAX).all(|code| ReceiptState::from_code(code).is_none()));
    let open: Vec<_> = ReceiptState::ALL
        .into_iter()
        .filter(|state| !state.is_final())
        .collect();
    assert_eq!(
        open,
        [
            ReceiptState::Scheduled,
            ReceiptState::Enroute,
            ReceiptState::Accepted
        ]
    );
}

#[test]
fn the_line_is_that_of_appendix_b() {
    let mut out = Vec::new();
    write(
        &mut out,
        &ReceiptFields {
            id: b"0123456789",
            sub: 1,
            dlvrd: 1,
            submit_utc_s: 1_620_302_400,
            done_utc_s: 1_620_302_461,
            state: ReceiptState::Delivered,
            error: b"000",
            text: "Grüße aus dem Hafen von Genua",
        },
    );
    assert_eq!(
        String::from_utf8(out).unwrap(),
        "id:0123456789 sub:001 dlvrd:001 submit date:2105061200 done date:2105061201 stat:DELIVRD err:000 text:Gr??e aus dem Hafen "
    );
}

proptest! {
    #[test]
    fn what_we_write_is_read(
        id in "[0-9a-zA-Z-]{1,64}", sub in 0_u16..1000, dlvrd in 0_u16..1000, submit in 946_684_800_i64..4_102_444_800, done in 946_684_800_i64..4_102_444_800,
        state in 0_u8..10, error in "[0-9a-zA-Z]{1,6}", text in any::<String>(),
    ) {
        let state = ReceiptState::from_code(state).unwrap();
        let mut out = Vec::new();
        write(&mut out, &ReceiptFields {
            id: id.as_bytes(), sub, dlvrd, submit_utc_s: submit, done_utc_s: done, state, error: error.as_bytes(), text: &text,
        });
        prop_assert!(out.iter().all(|octet| (b' '..=b'~').contains(octet)));
        let receipt = parse(&out);
        prop_assert_eq!(receipt.id, Some(id.as_bytes()));
        prop_assert_eq!(receipt.state, Some(state));
        prop_assert_eq!(receipt.error, Some(error.as_bytes()));
        prop_assert_eq!(receipt.submit_date.and_then(date::parse), Some(submit - submit % 60));
        prop_assert_eq!(receipt.done_date.and_then(date::parse), Some(done - done % 60));
        prop_assert_eq!(text_of(receipt.sub).parse(), Ok(sub));
        prop_assert_eq!(text_of(receipt.dlvrd).parse(), Ok(dlvrd));
        prop_assert!(receipt.text.is_some_and(|text| text.len() <= 20));
        prop_assert!(looks_like_receipt(&out));
    }

    #[test]
    fn order_and_case_do_not_matter(fields in Just(vec!["id:ab12", "sub:001", "dlvrd:001", "submit date:2105061200", "done date:2105061201", "stat:DELIVRD", "err:042"]).prop_shuffle(), upper in any::<bool>()) {
        let mut line = fields.join(" ");
        if upper {
            line.make_ascii_uppercase();
        }
        let receipt = parse(line.as_bytes());
        prop_assert!(receipt.id.is_some_and(|id| id.eq_ignore_ascii_case(b"ab12")));
        prop_assert_eq!(receipt.state, Some(ReceiptState::Delivered));
        prop_assert_eq!(receipt.error, Some(&b"042"[..]));
        prop_assert_eq!(receipt.submit_date, Some(&b"2105061200"[..]));
        prop_assert_eq!(receipt.done_date, Some(&b"2105061201"[..]));
    }

    #[test]
    fn no_octets_panic(
        octets in prop::collection::vec(any::<u8>(), 0..300),
        pieces in prop::collection::vec(prop::sample::select(vec!["id", ":", " ", "stat", "text:", "done date", "=", "submit", "_", "DELIVRD", "\"", "\0", "err:", "é", "1"]), 0..40),
    ) {
        for octets in [octets.as_slice(), pieces.concat().as_bytes()] {
            let _ = (parse(octets), looks_like_receipt(octets), date::parse(octets), ReceiptState::from_word(octets));
        }
    }

    #[test]
    fn a_line_cut_short_is_read_as_far_as_it_goes(cut in 0_usize..100) {
        let line = LINE.as_bytes();
        let word_end = LINE.find("DELIVRD").unwrap() + 7;
        let receipt = parse(&line[..cut.min(line.len())]);
        prop_assert_eq!(receipt.id.is_some(), cut > 3);
        prop_assert_eq!(receipt.state == Some(ReceiptState::Delivered), cut >= word_end);
    }
}
