//! Whatever a modem writes between a command and its answer, the answer is the command's and the rest is told.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_carrier::modem::at::{
    Ask, Dialogue, Final, Heard, LINE_OCTETS_MAX, Outcome, Registration, Unsolicited, final_result,
    unsolicited,
};
use proptest::prelude::*;

const SECOND_NS: u64 = 1_000_000_000;

fn ask(command: &str) -> Ask {
    Ask {
        prompt_timeout_ns: SECOND_NS,
        ..Ask::plain(command, SECOND_NS)
    }
}

/// All that was to be written is, and this comes.
fn after(dialogue: &mut Dialogue, octets: &str) -> Vec<Heard> {
    let mut heard = Vec::new();
    dialogue.output().clear();
    dialogue.receive(octets.as_bytes(), &mut heard);
    heard
}

fn answered(result: Final, lines: &[&str]) -> Heard {
    let lines = lines.iter().map(|line| (*line).to_owned()).collect();
    Heard::Ended(Outcome::Answered(result, lines))
}

#[test]
fn unasked_lines_between_a_command_and_its_answer_are_not_its_answer() {
    let mut dialogue = Dialogue::default();
    assert!(dialogue.ask(0, ask("+CSQ")));
    assert!(!dialogue.ask(0, ask("+CREG?")), "one at a time");
    assert_eq!(dialogue.output().as_slice(), b"AT+CSQ\r");
    let heard = after(
        &mut dialogue,
        "AT+CSQ\r\r\n+CMTI: \"SM\",7\r\n\r\nRING\r\n+CSQ: 17,99\r\n^RSSI:18\r\n\r\nOK\r\n",
    );
    let stored = Unsolicited::Stored {
        memory: "SM".into(),
        index: 7,
    };
    assert_eq!(
        heard,
        [
            Heard::Unasked(stored),
            Heard::Unasked(Unsolicited::Other),
            Heard::Unasked(Unsolicited::Other),
            answered(Final::Ok, &["+CSQ: 17,99"]),
        ]
    );
}

#[test]
fn registration_that_comes_while_it_is_asked_for_is_told_apart_from_the_answer() {
    let mut dialogue = Dialogue::default();
    dialogue.ask(0, ask("+CREG?"));
    let heard = after(&mut dialogue, "\r\n+CREG: 5\r\n+CREG: 1,1\r\nOK\r\n");
    assert_eq!(
        heard,
        [
            Heard::Unasked(Unsolicited::Registered(Registration::Roaming)),
            answered(Final::Ok, &["+CREG: 1,1"]),
        ]
    );
    let unasked = unsolicited("+CREG: 1,\"00C3\",\"0A1B\"", Some("+CREG"));
    assert_eq!(unasked, Some(Unsolicited::Registered(Registration::Home)));
    assert!(unsolicited("+CREG: 2,1,\"00C3\",\"0A1B\"", Some("+CREG")).is_none());
}

#[test]
fn pdu_goes_out_at_the_prompt_and_nothing_goes_out_at_a_prompt_nobody_asked_for() {
    let mut dialogue = Dialogue::default();
    let send = Ask {
        pdu: Some("0011".into()),
        ..ask("+CMGS=1")
    };
    dialogue.ask(0, send);
    dialogue.output().clear();
    assert!(after(&mut dialogue, "\r\n> ").is_empty());
    assert_eq!(dialogue.output().as_slice(), b"0011\x1A");
    dialogue.output().clear();
    let heard = after(&mut dialogue, "\r\n+CMGS: 42\r\n\r\nOK\r\n");
    assert_eq!(heard, [answered(Final::Ok, &["+CMGS: 42"])]);
    after(&mut dialogue, "\r\n> ");
    assert_eq!(dialogue.output().as_slice(), b"\x1B");
    assert_eq!(dialogue.take_oddities(), 1);
}

#[test]
fn status_report_comes_with_its_line() {
    let mut dialogue = Dialogue::default();
    dialogue.ask(0, ask("+CSQ"));
    let heard = after(&mut dialogue, "+CDS: 25\r\n0006AB\r\n+CSQ: 3,0\r\nOK\r\n");
    let report = Heard::Pdu {
        report: true,
        line: "0006AB".into(),
    };
    assert_eq!(heard, [report, answered(Final::Ok, &["+CSQ: 3,0"])]);
    // What follows is none: it is not lost.
    dialogue.ask(0, ask(""));
    let heard = after(&mut dialogue, "+CMT: ,20\r\nOK\r\n");
    assert_eq!(heard, [answered(Final::Ok, &[])]);
    assert_eq!(dialogue.take_oddities(), 1);
}

#[test]
fn what_comes_before_a_command_was_written_is_neither_its_answer_nor_its_prompt() {
    let mut dialogue = Dialogue::default();
    let send = Ask {
        pdu: Some("00".into()),
        ..ask("+CMGS=1")
    };
    dialogue.ask(0, send);
    let mut heard = Vec::new();
    dialogue.receive(b"+CMS ERROR: 38\r\n> ", &mut heard);
    assert_eq!(heard, []);
    assert_eq!(dialogue.output().as_slice(), b"AT+CMGS=1\r");
    assert_eq!(dialogue.take_oddities(), 2);
    // A refusal in the middle of the PDU is one; the rest of it stays here.
    assert_eq!(after(&mut dialogue, "> "), []);
    assert_eq!(dialogue.output().as_slice(), b"00\x1A");
    dialogue.receive(b"+CMS ERROR: 304\r\n", &mut heard);
    assert_eq!(heard, [answered(Final::Cms(304), &[])]);
    assert_eq!(dialogue.output().as_slice(), b"\x1B");
}

#[test]
fn silence_ends_a_command_at_its_deadline_and_says_whether_the_pdu_was_written() {
    for written in [false, true] {
        let mut dialogue = Dialogue::default();
        let send = Ask {
            pdu: Some("00".into()),
            ..ask("+CMGS=1")
        };
        dialogue.ask(5, send);
        if written {
            after(&mut dialogue, "> ");
            // Somebody wrote it out; the time for the answer counts from the prompt's deadline.
            dialogue.output().clear();
        }
        let mut heard = Vec::new();
        dialogue.tick(4 + SECOND_NS, &mut heard);
        assert!(heard.is_empty());
        after(&mut dialogue, "+CMGS: 1");
        dialogue.tick(dialogue.due_ns().unwrap(), &mut heard);
        assert_eq!(
            heard,
            [Heard::Ended(Outcome::Silent {
                pdu_written: written
            })]
        );
        assert!(dialogue.is_free());
        assert_eq!(dialogue.output().last(), Some(&0x1B));
        // The rest of the late answer is nobody's.
        dialogue.ask(0, ask("+CSQ"));
        let heard = after(&mut dialogue, "7\r\n+CSQ: 1,0\r\nOK\r\n");
        assert!(matches!(
            &heard[..],
            [Heard::Ended(Outcome::Answered(Final::Ok, _))]
        ));
    }
}

#[test]
fn errors_are_read_as_numbers_and_in_words() {
    for (line, expected) in [
        ("+CMS ERROR: 330", Final::Cms(330)),
        ("+CME ERROR: SIM busy", Final::Cme(14)),
        ("+CME ERROR: something new", Final::Cme(100)),
        ("+CMS ERROR: ", Final::Cms(500)),
        ("COMMAND NOT SUPPORT", Final::Error),
    ] {
        assert_eq!(final_result(line), Some(expected), "{line}");
    }
    assert_eq!(final_result("+CMGS: 1"), None);
}

proptest! {
    #[test]
    fn no_noise_makes_it_panic_or_grow(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..60)) {
        let mut dialogue = Dialogue::default();
        dialogue.ask(0, ask("+CSQ"));
        dialogue.output().clear();
        let mut heard = Vec::new();
        for piece in &pieces {
            dialogue.receive(piece, &mut heard);
        }
        for found in &heard {
            if let Heard::Pdu { line, .. } = found {
                prop_assert!(line.len() <= LINE_OCTETS_MAX);
            }
        }
    }

    #[test]
    fn an_answer_is_the_same_however_it_is_cut(cuts in prop::collection::vec(0usize..64, 0..8)) {
        let whole = "\r\n+CMTI: \"ME\",3\r\n\r\n+CSQ: 31,99\r\n+CDS: 9\r\n00AB\r\n\r\nOK\r\n";
        let mut places: Vec<usize> = cuts.into_iter().filter(|cut| *cut < whole.len()).collect();
        places.sort_unstable();
        let (mut at_once, mut cut) = (Dialogue::default(), Dialogue::default());
        at_once.ask(0, ask("+CSQ"));
        cut.ask(0, ask("+CSQ"));
        cut.output().clear();
        let expected = after(&mut at_once, whole);
        let mut heard = Vec::new();
        let mut from = 0;
        for place in places.into_iter().chain([whole.len()]) {
            cut.receive(&whole.as_bytes()[from..place], &mut heard);
            from = place;
        }
        prop_assert_eq!(heard, expected);
    }
}
