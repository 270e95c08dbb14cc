//! Binds are checked, and links go down when they are told to.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;
use carrack_loadtest::smsc::{Settings, Smsc};
use carrack_smpp::{BindKind, CommandId, CommandStatus, encode_header_only};
use support::{Esme, Event, MS, SECOND, pass, smsc};

#[test]
fn a_wrong_password_or_system_id_is_refused_and_closed() {
    let settings = Settings {
        system_id: Some("acme".into()),
        password: Some("pw".into()),
        ..Settings::default()
    };
    let mut smsc = Smsc::new(settings);
    for (system_id, password, status) in [
        ("acme", "wrong", CommandStatus::ESME_RINVPASWD),
        ("nobody", "pw", CommandStatus::ESME_RINVSYSID),
    ] {
        let mut esme = Esme::connect(&mut smsc, 0, BindKind::Transceiver, system_id, password);
        assert_eq!(esme.events[0], Event::BindRefused(status));
        pass(&mut smsc, &mut [&mut esme], 0, 30 * MS);
        assert!(esme.is_closed);
    }
    Esme::bound(&mut smsc, SECOND);
    let report = smsc.report();
    assert_eq!(
        (report.binds, report.binds_refused, report.binds_now),
        (1, 2, 1)
    );
}

#[test]
fn a_second_bind_of_the_same_system_id_is_welcome() {
    let mut smsc = smsc(&[]);
    let _first = Esme::bound(&mut smsc, 0);
    let _second = Esme::bound(&mut smsc, 0);
    assert_eq!(smsc.report().binds_now, 2);
}

#[test]
fn a_link_that_is_down_drops_and_refuses_until_it_is_up() {
    let mut smsc = Smsc::new(Settings {
        latency_ns: 10 * MS,
        ..Settings::default()
    });
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.submit(0, 1, "447700900001", "in flight").unwrap();
    esme.exchange(&mut smsc, 0);
    smsc.set_link_down(true);
    let mut dirty = Vec::new();
    smsc.take_dirty(&mut dirty);
    assert_eq!(dirty, [esme.key.unwrap()]);
    esme.exchange(&mut smsc, MS);
    assert!(esme.is_closed);
    assert!(smsc.connect(MS).is_none());
    smsc.tick(20 * MS);
    assert_eq!(smsc.report().lost_responses, 1);
    smsc.set_link_down(false);
    let mut again = Esme::bound(&mut smsc, 30 * MS);
    pass(&mut smsc, &mut [&mut again], 30 * MS, 20 * MS);
    assert_eq!(again.receipts().len(), 1);
    assert_eq!(smsc.report().receipts_answered, 1);
}

#[test]
fn a_connection_is_dropped_after_so_many_submits() {
    let mut smsc = smsc(&["close-after=10"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    for ticket in 0..10 {
        assert!(!esme.is_closed);
        esme.submit(0, ticket, "447700900001", &format!("{ticket}"))
            .unwrap();
        esme.exchange(&mut smsc, 0);
    }
    assert!(esme.is_closed);
    assert_eq!(smsc.report().binds_now, 0);
}

#[test]
fn enquire_link_is_answered_unless_it_shall_not_be() {
    for (quirks, expected) in [(&[][..], 16), (&["no-enquire-answer"][..], 0)] {
        let mut smsc = smsc(quirks);
        let esme = Esme::bound(&mut smsc, 0);
        let mut enquiry = Vec::new();
        encode_header_only(
            &mut enquiry,
            CommandId::ENQUIRE_LINK,
            CommandStatus::ESME_ROK,
            77,
        );
        smsc.receive(0, esme.key.unwrap(), &enquiry);
        let mut answer = Vec::new();
        smsc.take_output(esme.key.unwrap(), &mut answer);
        assert_eq!(answer.len(), expected);
    }
}

#[test]
fn an_unbind_frees_the_bind_and_its_place() {
    let mut smsc = smsc(&[]);
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.session.unbind(0);
    esme.exchange(&mut smsc, 0);
    assert!(esme.is_closed);
    assert_eq!(smsc.report().binds_now, 0);
    let next = Esme::bound(&mut smsc, MS);
    assert_eq!(next.key.unwrap().slot(), 0);
}
