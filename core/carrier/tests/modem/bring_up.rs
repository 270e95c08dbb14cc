//! From a port to a link that takes messages, whatever the make.

use carrack_carrier::modem::ModemSpec;
use carrack_carrier::{Link, LinkEvent, LinkState};
use carrack_message::Network;
use carrack_runtime::TransportState;

use crate::fake::Fake;
use crate::support::*;

#[test]
fn every_make_comes_up_under_its_own_dialect() {
    for (maker, model, dialect, answer) in [
        (
            "SIMCOM_Ltd",
            "SIMCOM_SIM800L",
            "sim800",
            "8949020000012345678f",
        ),
        (
            "SIMCOM INCORPORATED",
            "SIM7600E",
            "sim7600",
            "+ICCID: 8949020000012345678",
        ),
        ("Quectel", "EC25", "ec25", "+QCCID: 8949020000012345678"),
        ("huawei", "E3372", "huawei", "^ICCID: 8949020000012345678F"),
        ("Telit", "HE910", "telit", "#CCID: 8949020000012345678"),
        ("", "", "generic", "+CCID: \"8949020000012345678\""),
    ] {
        let mut rig = Rig::up_as(Fake {
            iccid_answer: answer.to_owned(),
            ..Fake::of(maker, model)
        });
        let view = rig.panel.view();
        assert_eq!(view.dialect, dialect);
        assert_eq!(
            (view.state, view.iccid.as_str()),
            ("up", "…345678"),
            "{dialect}"
        );
        let seated = rig.book.page().seated[0].clone();
        assert_eq!(
            seated.iccid.as_deref(),
            Some("8949020000012345678"),
            "{dialect}"
        );
        assert_eq!(seated.imsi.as_deref(), Some("262021234567890"));
        assert_eq!(
            (view.network.as_str(), view.signal_dbm),
            ("26202", Some(-73))
        );
        rig.submit(1);
        assert!(matches!(rig.events()[..], [LinkEvent::Accepted { .. }]));
    }
}

#[test]
fn a_modem_is_at_home_where_its_subscriber_is_or_where_the_configuration_says() {
    let network = |text: &str| text.parse::<Network>().unwrap();
    let rig = Rig::up();
    assert!(rig.link.is_home_of(network("262-02")));
    assert!(!rig.link.is_home_of(network("262-03")));
    assert!(!rig.link.is_home_of(Network::UNKNOWN));
    let mut rig = Rig::new(spec(), Fake::default());
    rig.book.page().on_net = vec![network("262-03")];
    rig.settle();
    assert!(rig.link.is_home_of(network("262-03")));
    assert!(!rig.link.is_home_of(network("262-02")));
}

#[test]
fn what_a_modem_refuses_is_asked_in_another_way_or_passed_over() {
    let mut rig = Rig::new(
        spec(),
        Fake {
            refuses: vec![
                "+CMEE",
                "+CCID",
                "+ICCID",
                "+CNMI=2",
                "+CSMS",
                "+CPMS=\"SM\"",
                "+COPS=",
                "+CREG=1",
            ],
            ..Fake::default()
        },
    );
    rig.settle();
    assert_eq!(rig.link.state(), LinkState::Up);
    assert!(rig.modem.asked.contains(&"+CNMI=1,1,0,1,0".to_owned()));
    assert!(
        rig.modem
            .asked
            .contains(&"+CPMS=\"ME\",\"ME\",\"ME\"".to_owned())
    );
    let seated = rig.book.page().seated[0].clone();
    assert_eq!((seated.iccid, seated.imsi.is_some()), (None, true));
}

#[test]
fn port_that_is_away_is_tried_again_with_growing_delays_and_then_rests() {
    let mut rig = Rig::new(spec(), Fake::default());
    rig.pipe.borrow_mut().next_state = TransportState::Failed("no such device".to_owned());
    rig.run(40 * SECOND);
    let connects = rig.pipe.borrow().connects;
    assert!((4..=6).contains(&connects), "{connects}");
    assert!(
        rig.downs()
            .iter()
            .all(|reason| reason.contains("no such device"))
    );
    assert!(
        rig.panel.view().alert.contains("out of its pool"),
        "{:?}",
        rig.panel.view()
    );
    rig.pipe.borrow_mut().next_state = TransportState::Open;
    let took = rig.until(310 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert!(took <= 300 * SECOND);
}

#[test]
fn port_that_is_lost_is_opened_again_and_what_was_in_flight_is_told() {
    let mut rig = Rig::up();
    rig.modem.deaf_to_pdu = true;
    rig.submit(1);
    rig.modem.deaf_to_pdu = false;
    rig.cut();
    let events = rig.events();
    assert!(
        events.contains(&LinkEvent::Unanswered { ticket: 1 }),
        "{events:?}"
    );
    let took = rig.until(10 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert!(took <= 2 * SECOND);
}

#[test]
fn modem_outside_its_network_is_down_with_the_reason_and_up_when_it_is_in() {
    let mut rig = Rig::up();
    rig.run(SECOND);
    rig.modem.registration = 2;
    rig.says("+CREG: 2");
    assert_eq!(rig.link.state(), LinkState::Down);
    assert_eq!(rig.link.free_slots(), 0);
    assert_eq!(rig.downs(), ["m1 is not in a network: searching"]);
    rig.run(30 * SECOND);
    assert!(rig.events().is_empty(), "said once");
    rig.modem.registration = 5;
    rig.run(6 * SECOND);
    assert_eq!(rig.events(), [LinkEvent::Up]);
    assert_eq!(rig.panel.view().registration, "roaming");
}

#[test]
fn modem_that_stays_outside_is_begun_anew() {
    let mut rig = Rig::up();
    rig.modem.registration = 2;
    rig.run(900 * SECOND);
    assert!(rig.modem.asked.contains(&"+CFUN=1,1".to_owned()));
}

#[test]
fn unasked_registration_is_not_believed_by_itself() {
    let mut rig = Rig::up();
    rig.says("+CEREG: 0");
    rig.says("+CREG: 0");
    assert_eq!(rig.link.state(), LinkState::Up);
}

#[test]
fn make_that_settings_name_is_not_found_out() {
    let named = ModemSpec {
        dialect: carrack_carrier::modem::Dialect::named("telit"),
        ..spec()
    };
    let mut rig = Rig::new(named, Fake::default());
    rig.settle();
    assert_eq!(rig.panel.view().dialect, "telit");
}
