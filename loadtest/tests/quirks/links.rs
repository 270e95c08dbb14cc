//! Links that flood, unbind, drop, ignore (T05, T23, T24).

use super::support::{Esme, Event, MS, SECOND, pass};
use super::{smsc, submit};
use carrack_loadtest::smsc::Smsc;

#[test]
fn enquiries_come_in_floods_and_before_the_bind() {
    let mut smsc = smsc(&["enquire-flood"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    pass(&mut smsc, &mut [&mut esme], 0, SECOND);
    let received = esme.session.counters().enquire_links_received;
    assert!((900..=1_100).contains(&received), "{received}");
    assert_eq!(smsc.report().enquiries, received);
    let mut smsc = super::smsc(&["enquire-before-bind"]);
    let key = smsc.connect(0).unwrap();
    let mut written = Vec::new();
    smsc.take_output(key, &mut written);
    assert_eq!(written[4..8], [0, 0, 0, 0x15]);
}

#[test]
fn an_unbind_in_mid_window_still_answers_what_came() {
    let mut smsc = smsc(&["unbind-after=30"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    submit(&mut smsc, &mut esme, 0, 30);
    assert!(esme.events.contains(&Event::Unbound));
    assert!(!esme.is_closed);
    assert_eq!(esme.responses().len(), 0);
    let report = smsc.report();
    assert_eq!((report.unbinds_sent, report.accepted), (1, 30));
    let mut answered = 0;
    for step in 0..10 {
        pass(&mut smsc, &mut [&mut esme], step * MS, MS);
        answered = esme.responses().len();
    }
    assert_eq!(answered, 30);
    assert!(esme.is_closed);
    assert_eq!((smsc.report().lost_responses, smsc.report().drops), (0, 0));
}

#[test]
fn a_hasty_unbind_owes_its_answers() {
    let mut smsc = smsc(&["unbind-after=30", "unbind-then-close"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    submit(&mut smsc, &mut esme, 0, 30);
    assert!(esme.is_closed);
    let mut next = Esme::bound(&mut smsc, MS);
    pass(&mut smsc, &mut [&mut next], MS, 100 * MS);
    assert_eq!(smsc.report().lost_responses, 30);
    assert_eq!(next.receipts().len(), 30);
}

#[test]
fn an_ignored_unbind_is_never_answered() {
    let mut smsc = smsc(&["ignore-unbind"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.session.unbind(0);
    esme.exchange(&mut smsc, 0);
    pass(&mut smsc, &mut [&mut esme], 0, 100 * MS);
    assert!(!esme.is_closed && !esme.events.contains(&Event::Unbound));
    let report = smsc.report();
    assert_eq!((report.unbinds, report.quirks["ignore-unbind"]), (0, 1));
    let mut smsc = super::smsc(&[]);
    let mut esme = Esme::bound(&mut smsc, 0);
    esme.session.unbind(0);
    esme.exchange(&mut smsc, 0);
    assert!(esme.is_closed);
    assert_eq!((smsc.report().unbinds, smsc.report().drops), (1, 0));
}

#[test]
fn connections_are_dropped_when_they_are_old_and_nothing_is_lost() {
    let mut smsc = smsc(&["reconnect-every=1"]);
    let mut now_ns = 0;
    for turn in 1..4 {
        let mut esme = Esme::bound(&mut smsc, now_ns);
        submit(&mut smsc, &mut esme, now_ns, 10);
        now_ns = pass(&mut smsc, &mut [&mut esme], now_ns, 990 * MS);
        assert!(!esme.is_closed);
        now_ns = pass(&mut smsc, &mut [&mut esme], now_ns, 50 * MS);
        assert!(esme.is_closed);
        assert_eq!(smsc.report().drops, turn);
    }
    assert_eq!(smsc.report().receipts_answered, 30);
}

#[test]
fn what_is_no_pdu_makes_the_client_close() {
    let mut smsc = smsc(&["garbage-after=10"]);
    let mut esme = Esme::bound(&mut smsc, 0);
    submit(&mut smsc, &mut esme, 0, 10);
    assert!(esme.events.contains(&Event::Closed));
    assert_eq!(smsc.report().quirks["garbage-after"], 1);
    assert_eq!(esme.session.counters().malformed_frames, 1);
}

#[test]
fn an_outbind_asks_for_a_bind() {
    let mut smsc: Smsc = smsc(&["outbind=127.0.0.1:9"]);
    let key = smsc.connect_outbind(0).unwrap();
    let mut written = Vec::new();
    smsc.take_output(key, &mut written);
    assert_eq!(written[4..8], [0, 0, 0, 0x0B]);
    assert!(written[16..].starts_with(b"smscsim\0"));
    assert_eq!(smsc.report().outbinds, 1);
}
