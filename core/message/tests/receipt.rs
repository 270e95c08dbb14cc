//! Receipts are read in every dialect that carriers speak (T07), and reading never fails.
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

/// (line, id, state, error, done date)
type Line = (
    &'static str,
    &'static str,
    Option<ReceiptState>,
    &'static str,
    &'static str,
);

const LINES: [Line; 28] = {
    use ReceiptState::{
        Accepted, Deleted, Delivered, Enroute, Expired, Rejected, Undeliverable, Unknown,
    };
    [
        (
            "id:123 sub:001 dlvrd:001 submit date:2105061200 done date:2105061201 stat:DELIVRD err:000 text:Hello",
            "123",
            Some(Delivered),
            "000",
            "2105061201",
        ),
        (
            "id:123 sub:001 dlvrd:001 submit date:210506120000 done date:210506120101 stat:DELIVRD err:000 Text:Hello",
            "123",
            Some(Delivered),
            "000",
            "210506120101",
        ),
        (
            "id:0a1B2c3D sub:1 dlvrd:0 submit date:20210506120000 done date:20210506120101 stat:EXPIRED err:0027 text:",
            "0a1B2c3D",
            Some(Expired),
            "0027",
            "20210506120101",
        ),
        (
            "ID:55 SUB:001 DLVRD:000 SUBMIT DATE:2105061200 DONE DATE:2105061201 STAT:UNDELIV ERR:21B TEXT:X",
            "55",
            Some(Undeliverable),
            "21B",
            "2105061201",
        ),
        (
            "id: 123 sub: 001 dlvrd: 001 submit date: 2105061200 done date: 2105061201 stat: DELIVRD err: 000 text: Hi",
            "123",
            Some(Delivered),
            "000",
            "2105061201",
        ),
        (
            "id:c449ab9744f47b6af1879e49e75e4f40 sub:001 dlvrd:0 submit date:0610191018 done date:0610191018 stat:ACCEPTD err:0 text:This is an Acti",
            "c449ab9744f47b6af1879e49e75e4f40",
            Some(Accepted),
            "0",
            "0610191018",
        ),
        (
            "id:7220bb6bd0be98fa628de66590f80070 submit date:1305290857 done date:1305290858 stat:REJECTD err:1",
            "7220bb6bd0be98fa628de66590f80070",
            Some(Rejected),
            "1",
            "1305290858",
        ),
        ("id:1 stat:FAILED err:8", "1", Some(Undeliverable), "8", ""),
        ("stat:DELIVRD id:1", "1", Some(Delivered), "", ""),
        (
            "id:1 submit_date:2105061200 done_date:2105061201 status:DELIVERED error:0",
            "1",
            Some(Delivered),
            "0",
            "2105061201",
        ),
        (
            "id:1 submitdate:2105061200 donedate:2105061201 stat:DELETED err:000",
            "1",
            Some(Deleted),
            "000",
            "2105061201",
        ),
        (
            "id:1,sub:001,dlvrd:001,done date:2105061201,stat:UNKNOWN,err:999,text:a",
            "1",
            Some(Unknown),
            "999",
            "2105061201",
        ),
        ("id:1;stat:enroute;err:000", "1", Some(Enroute), "000", ""),
        ("id:1 stat:BUFFRED err:000", "1", Some(Enroute), "000", ""),
        (
            "id:1 sub:001 dlvrd:001 submit date:21-05-06 12:00:00 done date:21-05-06 12:01:00 stat:DELIVRD err:000",
            "1",
            Some(Delivered),
            "000",
            "21-05-06 12:01:00",
        ),
        (
            "id:1 done date:210506120101000+ stat:DELIVRD",
            "1",
            Some(Delivered),
            "",
            "210506120101000+",
        ),
        (
            "id:1 sub:001 dlvrd:001 submit date:2105061200 done date:2105061201 DELIVRD err:000 text:x",
            "1",
            Some(Delivered),
            "000",
            "2105061201",
        ),
        ("id:1 stat:WEIRD err:000", "1", Some(Unknown), "000", ""),
        ("id:1 stat:2 err:000", "1", Some(Delivered), "000", ""),
        (
            "message_id:abc-def stat:DELIVRD",
            "abc-def",
            Some(Delivered),
            "",
            "",
        ),
        (
            "Message ID: 77 Status: DELIVERED",
            "77",
            Some(Delivered),
            "",
            "",
        ),
        ("id:\"99\" stat:\"EXPIRED\"", "99", Some(Expired), "", ""),
        ("id=99 stat=EXPIRED err=1", "99", Some(Expired), "1", ""),
        (
            "id:1\r\nstat:DELIVRD\r\nerr:000\r\n",
            "1",
            Some(Delivered),
            "000",
            "",
        ),
        (
            "id: sub:001 dlvrd:001 stat:DELIVRD err:000",
            "",
            Some(Delivered),
            "000",
            "",
        ),
        (
            "sub:001 dlvrd:001 submit date:2105061200 done date:2105061201 err:000 text:",
            "",
            None,
            "000",
            "2105061201",
        ),
        (
            "id:1 sub:001 dlvrd:001 nack:no vendor:x submit date:2105061200 done date:2105061201 seq:4 stat:DELIVRD err:000 msc:447785016005",
            "1",
            Some(Delivered),
            "000",
            "2105061201",
        ),
        (
            "id:1 stat:DELIVERY FAILED err:000",
            "1",
            Some(Unknown),
            "000",
            "",
        ),
    ]
};

fn text_of(field: Option<&[u8]>) -> &str {
    std::str::from_utf8(field.unwrap_or_default()).unwrap()
}

#[test]
fn every_known_dialect_is_read() {
    for (line, id, state, error, done_date) in LINES {
        let receipt = parse(line.as_bytes());
        assert_eq!(text_of(receipt.id), id, "{line}");
        assert_eq!(receipt.state, state, "{line}");
        assert_eq!(text_of(receipt.error), error, "{line}");
        assert_eq!(text_of(receipt.done_date), done_date, "{line}");
    }
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
    for (line, ..) in LINES {
        // Neither id nor state, or a state that nobody knows with nothing else: better left to a person.
        let doubtful = ["sub:", "id:1 stat:WEIRD", "id:1 stat:DELIVERY"];
        let expected = !doubtful.iter().any(|start| line.starts_with(start));
        assert_eq!(looks_like_receipt(line.as_bytes()), expected, "{line}");
    }
}

#[test]
fn a_word_that_is_not_delivered_is_never_read_as_delivered() {
    for word in [
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
        let line = LINES[0].0.as_bytes();
        let word_end = LINES[0].0.find("DELIVRD").unwrap() + 7;
        let receipt = parse(&line[..cut.min(line.len())]);
        prop_assert_eq!(receipt.id.is_some(), cut > 3);
        prop_assert_eq!(receipt.state == Some(ReceiptState::Delivered), cut >= word_end);
    }
}
