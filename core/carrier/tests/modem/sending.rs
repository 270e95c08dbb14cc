//! A segment goes as the engine gave it and comes back as the network said.

use carrack_carrier::modem::{STATUS_NOT_WRITTEN, SimEvent};
use carrack_carrier::{Disposition, Link, LinkEvent, LinkState, Refusal, SubmitRefused};
use carrack_message::tpdu::Validity;

use crate::fake::Fake;
use crate::support::*;

fn refused(ticket: u64, status: u32, disposition: Disposition) -> LinkEvent {
    LinkEvent::Refused {
        ticket,
        refusal: Refusal {
            status,
            disposition,
        },
        late: false,
    }
}

#[test]
fn segment_is_written_as_it_was_given_and_its_reference_names_it() {
    let mut rig = Rig::up();
    assert!(rig.link.free_slots() > 0);
    rig.submit(7);
    let id: &[u8] = b"0012345678:1:491701234567";
    let accepted = LinkEvent::Accepted {
        ticket: 7,
        id: id.into(),
        late: false,
    };
    assert_eq!(rig.events(), [accepted]);
    let sent = &rig.modem.sent[0];
    assert_eq!(sent.destination.text, "491701234567");
    assert!(sent.status_report);
    assert_eq!(sent.validity, Validity::not_above(3600));
    assert_eq!(sent.user_data.body, b"hello");
    assert_eq!(rig.book.page().spent, [to()]);
    assert_eq!(rig.book.page().heard, [SimEvent::Accepted]);
    assert!(rig.link.free_slots() > 0);
}

#[test]
fn parts_with_headers_and_every_coding_are_written() {
    let mut rig = Rig::up();
    let from = sender();
    let long: Vec<u8> = [&[5, 0, 3, 9, 2, 1][..], &[b'a'; 153]].concat();
    for (data_coding, esm_class, octets, scheme) in [
        (0, 0x40, long.as_slice(), 0),
        (8, 0, &b"\0H\0i"[..], 8),
        (4, 0, &[0, 255], 4),
        (0x10, 0, b"hi", 0x10),
    ] {
        let mut segment = text(&from, octets);
        (segment.data_coding, segment.esm_class) = (data_coding, esm_class);
        rig.link.submit(rig.now, 1, &segment).unwrap();
        rig.settle();
        let sent = rig.modem.sent.pop().unwrap();
        assert_eq!(sent.data_coding_scheme, scheme);
        assert_eq!(sent.user_data.to_short_message(), octets);
    }
    let mut segment = text(&from, b"hi");
    segment.data_coding = 3;
    let refused = rig.link.submit(rig.now, 2, &segment);
    assert_eq!(refused, Err(SubmitRefused::Unwritable));
    let too_long = text(&from, &[b'a'; 161]);
    let refused = rig.link.submit(rig.now, 2, &too_long);
    assert_eq!(refused, Err(SubmitRefused::Unwritable));
    assert!(rig.link.free_slots() > 0);
}

#[test]
fn one_bad_number_is_the_messages_fault_and_holds_nobody_up() {
    let mut rig = Rig::up();
    rig.modem.sends.push_back("+CMS ERROR: 1".to_owned());
    rig.submit(1);
    assert_eq!(rig.events(), [refused(1, 1, Disposition::MessageFault)]);
    assert_eq!(rig.link.state(), LinkState::Up);
    assert_eq!(rig.book.page().heard, [SimEvent::Refused { cms: 1 }]);
    rig.submit(2);
    assert!(matches!(
        rig.events()[..],
        [LinkEvent::Accepted { ticket: 2, .. }]
    ));
}

#[test]
fn busy_modem_is_asked_again_and_then_refused() {
    let mut rig = Rig::up();
    rig.modem.sends.push_back("+CMS ERROR: 314".to_owned());
    rig.submit(1);
    assert!(rig.events().is_empty());
    assert_eq!(rig.link.in_flight(), 1);
    rig.run(3 * SECOND);
    assert!(matches!(
        rig.events()[..],
        [LinkEvent::Accepted { ticket: 1, .. }]
    ));
    for _ in 0..4 {
        rig.modem.sends.push_back("+CMS ERROR: 314".to_owned());
    }
    rig.submit(2);
    rig.run(8 * SECOND);
    assert!(
        rig.events()
            .contains(&refused(2, 314, Disposition::RetryHere))
    );
}

#[test]
fn modem_that_does_not_ask_for_the_pdu_has_not_sent_it() {
    let mut rig = Rig::up();
    rig.modem.deaf_to.push("+CMGS".to_owned());
    rig.submit(1);
    rig.modem.deaf_to.clear();
    let took = rig.until(10 * SECOND, |rig| rig.link.in_flight() == 0);
    assert_eq!(took, 5 * SECOND);
    let not_written = refused(1, STATUS_NOT_WRITTEN, Disposition::NotWritten);
    assert!(rig.events().contains(&not_written));
    assert!(rig.modem.sent.is_empty());
    rig.run(SECOND);
    assert_eq!(rig.link.state(), LinkState::Up);
    assert_eq!(rig.panel.view().rung, "resync");
}

#[test]
fn silence_after_the_pdu_is_uncertain_and_a_late_answer_settles_it() {
    let mut rig = Rig::up();
    rig.modem.deaf_to_pdu = true;
    rig.submit(1);
    rig.until(70 * SECOND, |rig| rig.link.in_flight() == 0);
    assert!(rig.events().contains(&LinkEvent::TimedOut { ticket: 1 }));
    assert_eq!(rig.book.page().heard, [SimEvent::Unanswered]);
    rig.says("+CMGS: 77\r\n\r\nOK");
    let id: &[u8] = b"0012345678:77:491701234567";
    let late = LinkEvent::Accepted {
        ticket: 1,
        id: id.into(),
        late: true,
    };
    assert!(rig.events().contains(&late));
    // Not twice.
    rig.says("+CMGS: 78");
    assert!(rig.events().is_empty());
    rig.modem.deaf_to_pdu = false;
    rig.submit(2);
    assert!(matches!(
        rig.events()[..],
        [LinkEvent::Accepted {
            ticket: 2,
            late: false,
            ..
        }]
    ));
}

#[test]
fn modem_that_keeps_an_answer_back_keeps_nothing_that_waits_and_is_up_again_when_it_answers() {
    let mut rig = Rig::up();
    rig.modem.deaf_to_pdu = true;
    rig.submit(1);
    rig.run(8 * SECOND);
    assert_eq!(rig.link.state(), LinkState::Up);
    let took = rig.until(60 * SECOND, |rig| rig.link.state() == LinkState::Down);
    assert!(took <= 2 * SECOND, "{took}");
    assert_eq!(rig.link.in_flight(), 1, "its answer is waited for");
    assert!(
        rig.downs()
            .iter()
            .any(|words| words.contains("not yet answered"))
    );
    rig.run(20 * SECOND);
    rig.says("+CMGS: 77\r\n\r\nOK");
    assert_eq!(rig.link.state(), LinkState::Up);
    let events = rig.events();
    let is_accepted = |event: &LinkEvent| {
        matches!(
            event,
            LinkEvent::Accepted {
                ticket: 1,
                late: false,
                ..
            }
        )
    };
    assert!(events.iter().any(is_accepted), "{events:?}");
}

#[test]
fn end_of_the_pdu_that_the_line_did_not_take_is_certain() {
    let mut rig = Rig::up();
    rig.try_submit(1).unwrap();
    rig.turn();
    // The prompt has come; the line takes a part of the PDU.
    rig.pipe.borrow_mut().room = 20;
    rig.turn();
    rig.pipe.borrow_mut().room = 0;
    rig.run(70 * SECOND);
    assert!(
        rig.events()
            .contains(&refused(1, STATUS_NOT_WRITTEN, Disposition::NotWritten))
    );
    assert!(rig.modem.sent.is_empty());
}

#[test]
fn unasked_lines_between_echo_prompt_and_answer_disturb_nothing() {
    let noise =
        "\r\nRING\r\n\r\n+CREG: 1\r\n^RSSI:17\r\n\u{1}\u{2}garbage\r\n+CUSD: 0,\"hi\",15\r\n";
    let mut rig = Rig::up_as(Fake {
        noise: noise.to_owned(),
        ..Fake::default()
    });
    for ticket in 1..20 {
        rig.submit(ticket);
        let events = rig.events();
        assert!(
            matches!(events[..], [LinkEvent::Accepted { .. }]),
            "{events:?}"
        );
    }
    assert_eq!(rig.modem.sent.len(), 19);
    assert!(rig.link.take_oddities() > 0);
}

#[test]
fn modem_that_begins_anew_in_mid_message_leaves_it_uncertain_at_once() {
    let mut rig = Rig::up();
    rig.modem.deaf_to_pdu = true;
    rig.submit(1);
    rig.says("RDY");
    assert!(rig.events().contains(&LinkEvent::TimedOut { ticket: 1 }));
    rig.modem.deaf_to_pdu = false;
    let took = rig.until(20 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert!(took <= 10 * SECOND, "{took}");
    assert_eq!(rig.panel.view().counts.reboots, 1);
}

#[test]
fn ok_without_a_reference_is_uncertain() {
    let mut rig = Rig::up();
    rig.modem.sends.push_back("OK".to_owned());
    rig.submit(1);
    assert!(rig.events().contains(&LinkEvent::TimedOut { ticket: 1 }));
}
