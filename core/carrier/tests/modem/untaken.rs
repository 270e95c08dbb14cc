//! Messages from handsets that nobody takes do not cost a status report, nor the modem its time.

use carrack_carrier::{Link, LinkEvent};
use carrack_message::tpdu::Address;

use crate::fake::Fake;
use crate::incoming::message;
use crate::reports::report;
use crate::support::*;

/// A modem with so many messages in its store that nobody takes.
fn with_untaken(messages: u16) -> Rig {
    let mut modem = Fake {
        places: 255,
        ..Fake::default()
    };
    for index in 0..messages {
        let text = message(&[b'a', index as u8 % 100], b"");
        modem.store.insert(index, (0, text));
    }
    let mut rig = Rig::new(spec(), modem);
    rig.settle();
    refuse_all(&mut rig);
    rig
}

/// How many there were.
fn refuse_all(rig: &mut Rig) -> usize {
    let handles = Rig::handles(&rig.events());
    for handle in &handles {
        rig.link.answer(*handle, false);
    }
    rig.settle();
    handles.len()
}

fn receipts(rig: &mut Rig) -> usize {
    let events = rig.events();
    let is_receipt = |event: &&LinkEvent| matches!(event, LinkEvent::Receipt { .. });
    events.iter().filter(is_receipt).count()
}

fn lists(rig: &Rig) -> usize {
    let asked = rig.modem.asked.iter();
    asked.filter(|command| *command == "+CMGL=4").count()
}

#[test]
fn direct_report_is_told_though_the_store_is_full_of_what_nobody_takes() {
    let mut rig = with_untaken(200);
    let line = report(1, Address::international(to()), 0);
    rig.says(&format!("+CDS: 26\r\n{line}"));
    assert_eq!(receipts(&mut rig), 1);
}

#[test]
fn direct_report_is_told_though_direct_messages_wait() {
    let mut rig = Rig::up();
    for number in 0..80 {
        let line = message(&[b'a', number], b"");
        rig.says(&format!("+CMT: ,{}\r\n{line}", line.len() / 2 - 8));
        refuse_all(&mut rig);
    }
    let line = report(1, Address::international(to()), 0);
    rig.says(&format!("+CDS: 26\r\n{line}"));
    assert_eq!(receipts(&mut rig), 1);
}

#[test]
fn stored_report_is_told_before_messages_and_beside_those_that_wait() {
    let mut rig = with_untaken(100);
    let line = report(1, Address::international(to()), 0);
    rig.modem.store.insert(200, (0, line));
    rig.run(31 * SECOND);
    assert_eq!(receipts(&mut rig), 1);
}

#[test]
fn what_nobody_takes_is_not_listed_every_two_seconds() {
    let mut rig = with_untaken(200);
    let before = lists(&rig);
    for _ in 0..60 {
        rig.run(SECOND);
        refuse_all(&mut rig);
    }
    let listed = lists(&rig) - before;
    assert!(listed <= 3, "{listed} lists in a minute");
}

#[test]
fn place_that_is_not_listed_any_more_makes_room() {
    let mut rig = with_untaken(64);
    rig.modem.store.clear();
    for index in 100..164 {
        let text = message(&[b'b', index as u8 % 100], b"");
        rig.modem.store.insert(index, (0, text));
    }
    let mut told = 0;
    for _ in 0..60 {
        rig.run(SECOND);
        let handles = Rig::handles(&rig.events());
        told += handles.len();
        for handle in handles {
            rig.link.answer(handle, true);
        }
    }
    assert_eq!((told, rig.modem.store.len()), (64, 0));
}

#[test]
fn what_cannot_be_read_keeps_nobody_out() {
    let mut rig = Rig::up_as(Fake {
        places: 255,
        ..Fake::default()
    });
    for index in 0..100 {
        rig.modem
            .store
            .insert(index, (0, format!("00FF{index:04X}")));
    }
    rig.modem.store.insert(200, (0, message(b"hello", b"")));
    rig.run(61 * SECOND);
    assert_eq!(Rig::handles(&rig.events()).len(), 1);
}
