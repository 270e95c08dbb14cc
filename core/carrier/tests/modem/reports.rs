//! A status report finds its segment, directly or by the store, whichever modem holds the SIM.

use carrack_carrier::modem::SimEvent;
use carrack_carrier::{Link, LinkEvent, LinkState};
use carrack_message::tpdu::{Address, Pdu, SmsStatusReport, to_line};
use carrack_message::{Msisdn, ReceiptState};

use crate::fake::Fake;
use crate::support::*;

pub fn report(reference: u8, recipient: Address, status: u8) -> String {
    let report = SmsStatusReport {
        more_messages: false,
        of_command: false,
        message_reference: reference,
        recipient,
        service_centre_time: [0x62, 0x60, 0x10, 0x21, 0, 0, 0],
        discharge_time: [0x62, 0x60, 0x10, 0x21, 0, 0, 0],
        status,
        user_data: None,
    };
    let pdu = Pdu {
        service_centre: None,
        tpdu: report.octets().unwrap(),
    };
    to_line(&pdu).unwrap()
}

fn accepted_id(rig: &mut Rig) -> Vec<u8> {
    let events = rig.events();
    let [LinkEvent::Accepted { id, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    id.to_vec()
}

#[test]
fn direct_report_names_the_segment_and_the_book_hears_of_it() {
    let mut rig = Rig::up();
    rig.submit(1);
    let sent = accepted_id(&mut rig);
    let line = report(1, Address::international(to()), 0);
    rig.says(&format!("+CDS: 26\r\n{line}"));
    let events = rig.events();
    let [
        LinkEvent::Receipt {
            handle,
            id,
            state,
            error,
            source,
            ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(id.as_slice(), sent);
    assert_eq!(
        (*state, *error, *source),
        (ReceiptState::Delivered, 0, Some(to()))
    );
    rig.link.answer(*handle, true);
    rig.settle();
    let heard = rig.book.page().heard.clone();
    assert_eq!(heard, [SimEvent::Accepted, SimEvent::Delivered]);
    assert!(!rig.modem.asked.contains(&"+CNMA".to_owned()));
}

#[test]
fn report_with_a_national_number_is_found_by_what_was_sent() {
    let mut rig = Rig::up();
    rig.submit(1);
    let sent = accepted_id(&mut rig);
    let line = report(1, Address::unknown("01701234567"), 0x46);
    rig.says(&format!("+CDS: 26\r\n{line}"));
    let events = rig.events();
    let [LinkEvent::Receipt { id, state, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (id.as_slice(), *state),
        (sent.as_slice(), ReceiptState::Expired)
    );
    // Another number under the same reference is not it.
    let line = report(1, Address::unknown("01709999999"), 0);
    rig.says(&format!("+CDS: 26\r\n{line}"));
    assert!(matches!(&rig.events()[..], [LinkEvent::Receipt { id, .. }] if id.as_slice() != sent));
}

#[test]
fn report_with_a_national_number_is_found_after_a_restart_by_the_country_of_the_sim() {
    let id_of = |own: Option<u64>, digits: &str| {
        let mut rig = Rig::new(spec(), Fake::default());
        rig.book.page().own = own.and_then(Msisdn::from_u64);
        rig.settle();
        rig.events();
        let line = report(9, Address::unknown(digits), 0);
        rig.says(&format!("+CDS: 26\r\n{line}"));
        let events = rig.events();
        let [LinkEvent::Receipt { id, .. }] = &events[..] else {
            panic!("{events:?}")
        };
        String::from_utf8(id.to_vec()).unwrap()
    };
    let expected = "0012345678:9:491701234567";
    assert_eq!(id_of(None, "01701234567"), expected);
    assert_eq!(id_of(Some(491_709_999_999), "01701234567"), expected);
    assert_eq!(
        id_of(Some(447_911_123_456), "07400123456"),
        "0012345678:9:447400123456"
    );
    assert_eq!(id_of(None, "12345"), "");
}

#[test]
fn stored_report_is_read_from_its_own_store_and_deleted_there() {
    let mut rig = Rig::up();
    rig.submit(1);
    let sent = accepted_id(&mut rig);
    let line = report(1, Address::international(to()), 0x41);
    rig.modem.reports.insert(4, line);
    rig.says("+CDSI: \"SR\",4");
    let events = rig.events();
    let [
        LinkEvent::Receipt {
            handle, id, state, ..
        },
    ] = &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!(
        (id.as_slice(), *state),
        (sent.as_slice(), ReceiptState::Undeliverable)
    );
    rig.link.answer(*handle, true);
    rig.settle();
    assert!(rig.modem.reports.is_empty());
    // The store of messages is looked at again afterwards.
    rig.run(61 * SECOND);
    let asked = &rig.modem.asked;
    let listed = asked
        .iter()
        .rposition(|command| command == "+CMGL=4")
        .unwrap();
    let chosen = asked
        .iter()
        .rposition(|command| command == "+CPMS=\"SM\"")
        .unwrap();
    assert!(chosen < listed);
}

#[test]
fn stored_report_with_padding_finds_its_segment() {
    let mut rig = Rig::up();
    rig.submit(1);
    let sent = accepted_id(&mut rig);
    let line = report(1, Address::international(to()), 0);
    rig.modem
        .reports
        .insert(4, format!("{line}{}", "FF".repeat(20)));
    rig.says("+CDSI: \"SR\",4");
    let events = rig.events();
    assert!(
        matches!(&events[..], [LinkEvent::Receipt { id, .. }] if id.as_slice() == sent),
        "{events:?}"
    );
}

#[test]
fn modem_that_wants_an_acknowledgement_gets_it_after_the_engine_has_taken_the_report() {
    let mut rig = Rig::up_as(Fake::of("Telit", "HE910"));
    rig.submit(1);
    accepted_id(&mut rig);
    let line = report(1, Address::international(to()), 0);
    rig.says(&format!("+CDS: 26\r\n{line}"));
    assert!(!rig.modem.asked.contains(&"+CNMA".to_owned()));
    let handle = Rig::handles(&rig.events())[0];
    rig.link.answer(handle, true);
    rig.settle();
    assert!(rig.modem.asked.contains(&"+CNMA".to_owned()));
}

#[test]
fn modem_that_refused_an_acknowledgement_is_told_once_more_to_bring_reports() {
    let mut rig = Rig::up_as(Fake::of("Telit", "HE910"));
    let told = |rig: &Rig| {
        let asked = rig.modem.asked.iter();
        asked.filter(|asked| asked.starts_with("+CNMI=")).count()
    };
    let at_first = told(&rig);
    // Too late: it has stopped to bring reports.
    rig.modem.refuses.push("+CNMA");
    for reference in 1..4 {
        rig.submit(u64::from(reference));
        rig.events();
        let line = report(reference, Address::international(to()), 0);
        rig.says(&format!("+CDS: 26\r\n{line}"));
        for handle in Rig::handles(&rig.events()) {
            rig.link.answer(handle, true);
        }
        rig.settle();
    }
    assert_eq!(told(&rig), at_first + 1, "{:?}", rig.modem.asked);
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn report_that_overtakes_the_answer_names_the_same_segment() {
    let mut rig = Rig::up();
    let line = report(1, Address::international(to()), 0);
    rig.modem.noise = format!("\r\n+CDS: 26\r\n{line}\r\n");
    rig.try_submit(1).unwrap();
    rig.settle();
    let events = rig.events();
    let ids: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            LinkEvent::Receipt { id, .. } | LinkEvent::Accepted { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect();
    assert!(
        ids.len() >= 2 && ids.iter().all(|id| *id == ids[0]),
        "{events:?}"
    );
}
