//! A message from a handset leaves the store only after the engine has taken it, and the store never stays full.

use carrack_carrier::{Link, LinkEvent, WireAddress};
use carrack_message::Msisdn;
use carrack_message::tpdu::{Address, Pdu, SmsDeliver, UserData, to_line};

use crate::fake::Fake;
use crate::support::*;

/// A message as a modem has it.
pub fn message(text: &[u8], header: &[u8]) -> String {
    let deliver = SmsDeliver {
        more_messages: false,
        status_report: false,
        reply_path: false,
        originator: Address::international(to()),
        protocol_identifier: 0,
        data_coding_scheme: 0,
        service_centre_time: [0x62, 0x60, 0x10, 0x21, 0, 0, 0],
        user_data: UserData {
            header: header.to_vec(),
            body: text.to_vec(),
        },
    };
    let service_centre = Some(Address::international(
        Msisdn::from_u64(491_710_760_000).unwrap(),
    ));
    let tpdu = deliver.octets().unwrap();
    to_line(&Pdu {
        service_centre,
        tpdu,
    })
    .unwrap()
}

fn texts(events: &[LinkEvent]) -> Vec<Vec<u8>> {
    let found = events.iter().filter_map(|event| match event {
        LinkEvent::Mo { part, .. } => Some(part.octets.clone()),
        _ => None,
    });
    found.collect()
}

#[test]
fn announced_message_is_read_told_and_deleted_only_after_it_was_taken() {
    let mut rig = Rig::up();
    let own = Msisdn::from_u64(491_709_999_999);
    rig.book.page().own = own;
    rig.modem.store.insert(3, (0, message(b"hello", b"")));
    rig.says("+CMTI: \"SM\",3");
    let events = rig.events();
    let [LinkEvent::Mo { part, handle }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(part.octets, b"hello");
    let from = WireAddress {
        ton: 1,
        npi: 1,
        addr: b"491701234567"[..].into(),
    };
    assert_eq!(part.from, from);
    assert_eq!((part.data_coding, part.esm_class), (0, 0));
    rig.run(200 * SECOND);
    assert_eq!(rig.modem.store.len(), 1, "nobody has taken it");
    assert!(texts(&rig.events()).is_empty(), "told once");
    rig.link.answer(*handle, true);
    rig.settle();
    assert!(rig.modem.store.is_empty());
}

#[test]
fn message_that_was_not_taken_comes_again() {
    let mut rig = Rig::up();
    rig.modem.store.insert(1, (1, message(b"again", b"")));
    rig.run(61 * SECOND);
    let events = rig.events();
    assert_eq!(texts(&events), [b"again"]);
    rig.link.answer(Rig::handles(&events)[0], false);
    rig.run(29 * SECOND);
    assert!(texts(&rig.events()).is_empty());
    rig.run(2 * SECOND);
    let events = rig.events();
    assert_eq!(texts(&events), [b"again"]);
    rig.link.answer(Rig::handles(&events)[0], true);
    rig.settle();
    assert!(rig.modem.store.is_empty());
}

#[test]
fn what_lies_in_the_store_at_the_start_is_read_before_anything_is_sent() {
    let mut modem = Fake::default();
    for index in 0..20 {
        modem.store.insert(
            index,
            (0, message(&[b'a' + index as u8], &[5, 0, 3, 1, 2, 1])),
        );
    }
    let mut rig = Rig::new(spec(), modem);
    rig.settle();
    let events = rig.events();
    assert_eq!(texts(&events).len(), 20);
    for handle in Rig::handles(&events) {
        rig.link.answer(handle, true);
    }
    rig.settle();
    assert!(rig.modem.store.is_empty());
    assert_eq!(rig.panel.view().storage_used, 0);
}

#[test]
fn more_than_can_be_told_at_a_time_stays_in_the_store_and_follows() {
    let mut modem = Fake {
        places: 255,
        ..Fake::default()
    };
    for index in 0..200 {
        modem
            .store
            .insert(index, (0, message(&[b'a', index as u8 % 100], b"")));
    }
    let mut rig = Rig::new(spec(), modem);
    let mut told = 0;
    for _ in 0..100 {
        rig.run(SECOND);
        let events = rig.events();
        told += texts(&events).len();
        for handle in Rig::handles(&events) {
            rig.link.answer(handle, true);
        }
    }
    assert_eq!((told, rig.modem.store.len()), (200, 0));
}

#[test]
fn full_store_is_emptied_before_the_next_segment() {
    let mut rig = Rig::up();
    for index in 0..20 {
        let stat = u8::from(index % 2 == 0) * 3;
        rig.modem.store.insert(index, (stat, message(b"x", b"")));
    }
    rig.modem.sends.push_back("+CMS ERROR: 322".to_owned());
    rig.submit(1);
    let events = rig.events();
    assert!(
        events
            .iter()
            .any(|event| matches!(event, LinkEvent::Refused { ticket: 1, .. }))
    );
    // What somebody wrote there to be sent is deleted; what came waits for the engine.
    assert_eq!(rig.modem.store.len(), 10);
    for handle in Rig::handles(&events) {
        rig.link.answer(handle, true);
    }
    rig.settle();
    assert!(rig.modem.store.is_empty());
    assert!(rig.link.free_slots() > 0);
}

#[test]
fn what_cannot_be_read_stays_until_room_is_needed() {
    let mut rig = Rig::up();
    rig.modem.store.insert(1, (0, "00FF".to_owned()));
    rig.run(300 * SECOND);
    assert!(texts(&rig.events()).is_empty());
    assert_eq!(rig.panel.view().counts.unreadable, 1);
    assert_eq!(rig.modem.store.len(), 1);
    rig.modem.places = 2;
    rig.says("RDY");
    rig.run(300 * SECOND);
    assert!(rig.modem.store.is_empty());
}

#[test]
fn place_that_was_filled_anew_is_not_emptied_for_what_stood_there() {
    let mut rig = Rig::up();
    rig.modem.store.insert(1, (0, message(b"one", b"")));
    rig.says("+CMTI: \"SM\",1");
    let first = Rig::handles(&rig.events())[0];
    rig.modem.store.insert(1, (0, message(b"two", b"")));
    rig.run(61 * SECOND);
    let second = rig.events();
    assert_eq!(texts(&second), [b"two"]);
    rig.link.answer(first, true);
    rig.settle();
    assert_eq!(rig.modem.store.len(), 1);
    rig.link.answer(Rig::handles(&second)[0], true);
    rig.settle();
    assert!(rig.modem.store.is_empty());
}

#[test]
fn message_that_comes_directly_is_kept_until_it_is_taken() {
    let mut rig = Rig::up();
    let line = message(b"now", b"");
    rig.says(&format!("+CMT: ,{}\r\n{line}", line.len() / 2 - 8));
    let events = rig.events();
    assert_eq!(texts(&events), [b"now"]);
    rig.link.answer(Rig::handles(&events)[0], false);
    rig.run(31 * SECOND);
    let events = rig.events();
    assert_eq!(texts(&events), [b"now"]);
    rig.link.answer(Rig::handles(&events)[0], true);
    rig.run(100 * SECOND);
    assert!(texts(&rig.events()).is_empty());
}

#[test]
fn taken_message_is_deleted_though_the_line_was_lost_in_between() {
    let mut rig = Rig::up();
    rig.modem.store.insert(1, (0, message(b"one", b"")));
    rig.says("+CMTI: \"SM\",1");
    let handle = Rig::handles(&rig.events())[0];
    rig.cut();
    rig.link.answer(handle, true);
    rig.run(30 * SECOND);
    assert!(texts(&rig.events()).is_empty(), "not told twice");
    assert!(rig.modem.store.is_empty());
}
