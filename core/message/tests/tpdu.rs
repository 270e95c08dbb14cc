//! TPDUs are read as they were written, published ones as their publishers say, and no octets make the reading panic.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_message::alphabet::gsm7;
use carrack_message::tpdu::{
    Address, Coding, Moment, Pdu, SmsDeliver, SmsStatusReport, SmsSubmit, TpduFault, UserData,
    Validity, coding_of, from_line, receipt_state, status_of, to_line,
};
use carrack_message::{Msisdn, ReceiptState};
use proptest::prelude::*;

fn text(user_data: &UserData) -> String {
    let mut text = String::new();
    gsm7::decode(&user_data.body, &mut text);
    text
}

#[test]
fn published_deliver_says_hellohello() {
    let line = "07917283010010F5040BC87238880900F10000993092516195800AE8329BFD4697D9EC37";
    let pdu = from_line(line).unwrap();
    assert_eq!(pdu.service_centre.as_ref().unwrap().text, "27381000015");
    let deliver = SmsDeliver::of_octets(&pdu.tpdu).unwrap();
    assert_eq!(deliver.originator.text, "27838890001");
    assert_eq!(text(&deliver.user_data), "hellohello");
    // 29 March 1999 15:16:59 at +02:00; a year of two digits is of this century.
    let moment = Moment::of_octets(deliver.service_centre_time).unwrap();
    assert_eq!(moment.utc_s, 4_078_473_419);
    assert_eq!(to_line(&pdu).unwrap(), line);
    assert_eq!(deliver.octets().unwrap(), pdu.tpdu);
}

#[test]
fn published_submit_is_written_as_published() {
    let line = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37";
    let pdu = from_line(line).unwrap();
    let submit = SmsSubmit::of_octets(&pdu.tpdu).unwrap();
    assert_eq!(
        submit.destination.msisdn().unwrap().as_u64(),
        46_708_251_358
    );
    assert_eq!(submit.validity.seconds(), Some(4 * 86_400));
    assert_eq!(text(&submit.user_data), "hellohello");
    assert_eq!(submit.octets().unwrap(), pdu.tpdu);
    assert_eq!(to_line(&pdu).unwrap(), line);
}

#[test]
fn part_of_a_long_text_begins_at_a_septet_behind_its_header() {
    let header = [5, 0, 3, 0xCC, 2, 1];
    let mut short_message = header.to_vec();
    gsm7::encode(&"a".repeat(153), &mut short_message).unwrap();
    let user_data = UserData::of_short_message(&short_message, true).unwrap();
    let submit = submit(user_data.clone(), 0, Validity::None);
    let octets = submit.octets().unwrap();
    // One octet each of the first, TP-MR, TP-PID, TP-DCS and TP-UDL, 8 of TP-DA, 140 of user data.
    assert_eq!(octets.len(), 5 + 8 + 140);
    assert_eq!(octets[12], 160);
    assert_eq!(octets[13..19], header);
    assert_eq!(octets[19], b'a' << 1, "one fill bit");
    let read = SmsSubmit::of_octets(&octets).unwrap();
    assert_eq!(read.user_data.to_short_message(), short_message);
    assert_eq!(
        UserData::of_short_message(&[9, 0], true),
        Err(TpduFault::Short { field: "TP-UDH" })
    );
}

#[test]
fn one_septet_too_many_is_refused() {
    let long = UserData {
        header: Vec::new(),
        body: vec![b'a'; 161],
    };
    let fault = submit(long, 0, Validity::None).octets();
    assert_eq!(
        fault,
        Err(TpduFault::Value {
            field: "TP-UDL",
            found: 161
        })
    );
    let long = UserData {
        header: vec![5, 0, 3, 1, 2, 1],
        body: vec![0; 136],
    };
    assert!(submit(long, 8, Validity::None).octets().is_err());
}

fn submit(user_data: UserData, data_coding_scheme: u8, validity: Validity) -> SmsSubmit {
    SmsSubmit {
        message_reference: 0,
        reject_duplicates: false,
        status_report: true,
        reply_path: false,
        destination: Address::international(Msisdn::from_u64(447_700_900_123).unwrap()),
        protocol_identifier: 0,
        data_coding_scheme,
        validity,
        user_data,
    }
}

fn address() -> impl Strategy<Value = Address> {
    prop_oneof![
        (10_000_000u64..999_999_999_999_999)
            .prop_map(|value| Address::international(Msisdn::from_u64(value).unwrap())),
        "[0-9*#abc]{1,20}".prop_map(|digits| Address::unknown(&digits)),
        "[A-Za-z0-9 .-]{1,11}".prop_map(|name| Address::alphanumeric(&name)),
    ]
}

fn user_data(data_coding_scheme: u8) -> impl Strategy<Value = UserData> {
    let header = prop_oneof![
        Just(Vec::new()),
        (1u8..10).prop_map(|part| vec![5, 0, 3, 7, 10, part]),
        Just(vec![6, 8, 4, 0, 7, 2, 1]),
    ];
    let (unit, most) = match coding_of(data_coding_scheme) {
        Coding::Septets => (0u8..=0x7F, 152),
        _ => (0u8..=0xFF, 133),
    };
    (header, prop::collection::vec(unit, 0..=most))
        .prop_map(|(header, body)| UserData { header, body })
}

fn validity() -> impl Strategy<Value = Validity> {
    prop_oneof![
        Just(Validity::None),
        any::<u8>().prop_map(Validity::Relative),
        any::<[u8; 7]>().prop_map(Validity::Absolute),
        any::<[u8; 7]>().prop_map(Validity::Enhanced),
    ]
}

fn coded() -> impl Strategy<Value = (u8, UserData)> {
    prop_oneof![
        Just(0u8),
        Just(4),
        Just(8),
        Just(0x10),
        Just(0x18),
        Just(0xF0),
        Just(0xF5),
        any::<u8>()
    ]
    .prop_flat_map(|scheme| (Just(scheme), user_data(scheme)))
}

proptest! {
    #[test]
    fn a_submit_is_read_as_it_was_written(
        (data_coding_scheme, user_data) in coded(), destination in address(), validity in validity(),
        message_reference: u8, protocol_identifier: u8, flags: (bool, bool, bool),
    ) {
        let written = SmsSubmit {
            message_reference, reject_duplicates: flags.0, status_report: flags.1, reply_path: flags.2,
            destination, protocol_identifier, data_coding_scheme, validity, user_data,
        };
        let octets = written.octets().unwrap();
        prop_assert!(octets.len() <= 176);
        prop_assert_eq!(SmsSubmit::of_octets(&octets).unwrap(), written);
        // Cut anywhere it is refused, and so is what has more.
        for length in 0..octets.len() {
            prop_assert!(SmsSubmit::of_octets(&octets[..length]).is_err());
        }
        let more = [octets.as_slice(), &[0]].concat();
        prop_assert_eq!(SmsSubmit::of_octets(&more), Err(TpduFault::Trailing { octets: 1 }));
    }

    #[test]
    fn a_deliver_is_read_as_it_was_written(
        (data_coding_scheme, user_data) in coded(), originator in address(),
        service_centre_time: [u8; 7], protocol_identifier: u8, flags: (bool, bool, bool),
    ) {
        let written = SmsDeliver {
            more_messages: flags.0, status_report: flags.1, reply_path: flags.2,
            originator, protocol_identifier, data_coding_scheme, service_centre_time, user_data,
        };
        prop_assert_eq!(SmsDeliver::of_octets(&written.octets().unwrap()).unwrap(), written);
    }

    #[test]
    fn a_status_report_is_read_as_it_was_written(
        user_data in prop::option::of(coded()), recipient in address(), message_reference: u8,
        times: ([u8; 7], [u8; 7]), status: u8, flags: (bool, bool),
    ) {
        let written = SmsStatusReport {
            more_messages: flags.0, of_command: flags.1, message_reference, recipient,
            service_centre_time: times.0, discharge_time: times.1, status, user_data,
        };
        prop_assert_eq!(SmsStatusReport::of_octets(&written.octets().unwrap()).unwrap(), written);
    }

    #[test]
    fn no_octets_make_the_reading_panic(octets in prop::collection::vec(any::<u8>(), 0..200), line in "\\PC{0,60}") {
        // What is read can be written, and reads the same then.
        if let Ok(read) = SmsSubmit::of_octets(&octets) && let Ok(written) = read.octets() {
            prop_assert_eq!(SmsSubmit::of_octets(&written).unwrap(), read);
        }
        let _ = SmsDeliver::of_octets(&octets);
        let _ = SmsStatusReport::of_octets(&octets);
        let _ = from_line(&line);
    }

    #[test]
    fn a_line_is_read_as_it_was_written(tpdu in prop::collection::vec(any::<u8>(), 0..=176), centre in prop::option::of("[0-9]{3,20}")) {
        let pdu = Pdu {
            service_centre: centre.map(|digits| Address { type_of_address: 0x91, text: digits }),
            tpdu,
        };
        let line = to_line(&pdu).unwrap();
        prop_assert_eq!(from_line(&line).unwrap(), pdu.clone());
        prop_assert_eq!(from_line(&format!(" {}\r\n", line.to_lowercase())).unwrap(), pdu);
    }

    #[test]
    fn a_moment_is_read_as_it_was_written(utc_s in 946_684_800i64..4_102_444_800) {
        let moment = Moment { utc_s };
        prop_assert_eq!(Moment::of_octets(moment.octets()), Some(moment));
    }

    #[test]
    fn a_validity_is_the_longest_that_is_not_longer(seconds in 300u64..63 * 7 * 86_400) {
        let validity = Validity::not_above(seconds);
        let Validity::Relative(step) = validity else { panic!() };
        prop_assert!(validity.seconds().unwrap() <= seconds);
        if step < 255 {
            prop_assert!(Validity::Relative(step + 1).seconds().unwrap() > seconds);
        }
    }
}

#[test]
fn a_zone_moves_the_moment() {
    // 2026-11-23 10:00:00 at +05:45, 23 quarters; and at -03:30, 14 quarters with the sign.
    let east = Moment::of_octets([0x62, 0x11, 0x32, 0x01, 0x00, 0x00, 0x32]).unwrap();
    let west = Moment::of_octets([0x62, 0x11, 0x32, 0x01, 0x00, 0x00, 0x49]).unwrap();
    let utc = Moment::of_octets([0x62, 0x11, 0x32, 0x01, 0x00, 0x00, 0x00]).unwrap();
    assert_eq!(utc.utc_s - east.utc_s, 23 * 900);
    assert_eq!(west.utc_s - utc.utc_s, 14 * 900);
    assert_eq!(Moment::of_octets([0; 7]), None);
}

#[test]
fn every_status_means_a_state_and_only_one_is_delivered() {
    let delivered =
        (0..=u8::MAX).filter(|status| receipt_state(*status) == ReceiptState::Delivered);
    assert_eq!(delivered.collect::<Vec<_>>(), [0]);
    for status in 0x20..=0x3F {
        assert_eq!(receipt_state(status), ReceiptState::Enroute);
    }
    for state in [
        ReceiptState::Delivered,
        ReceiptState::Expired,
        ReceiptState::Deleted,
        ReceiptState::Undeliverable,
    ] {
        assert_eq!(receipt_state(status_of(state)), state);
    }
}

/// Reference 7, to +491701234567, delivered; then `tail`.
fn report_with(tail: &[u8]) -> Vec<u8> {
    let mut octets = vec![0x06, 7, 12, 0x91, 0x94, 0x71, 0x10, 0x32, 0x54, 0x76];
    octets.extend([0x62, 0x60, 0x10, 0x21, 0, 0, 0]);
    octets.extend([0x62, 0x60, 0x10, 0x21, 0, 0, 0]);
    octets.push(0);
    octets.extend(tail);
    octets
}

#[test]
fn a_status_report_is_read_whatever_its_tail_is() {
    let tails: [&[u8]; 7] = [
        &[],
        &[0xFF; 20],
        &[0x00, 0x00],
        &[0x01],
        &[0x04, 0x09, 0x41],
        &[0x80],
        &[0x06, 0x00, 0x02, 0x41, 0x42, 0xFF],
    ];
    for tail in tails {
        let report = SmsStatusReport::of_octets(&report_with(tail)).unwrap();
        let read = (report.message_reference, report.status);
        assert_eq!(read, (7, 0), "{tail:?}");
        assert_eq!(report.recipient.text, "491701234567");
    }
    assert_eq!(
        SmsStatusReport::of_octets(report_with(&[]).split_last().unwrap().1),
        Err(TpduFault::Short { field: "TP-ST" })
    );
}

#[test]
fn a_service_centre_that_cannot_be_read_costs_no_message() {
    let pdu = from_line("0391F4FF0001").unwrap();
    assert_eq!((pdu.service_centre, pdu.tpdu), (None, vec![0, 1]));
}
