//! Who is let in, and when (T25, T26, T37, T46).

use super::support::{Esme, Event, MS, SECOND, pass};
use super::{settings, smsc};
use carrack_loadtest::smsc::{Settings, Smsc};
use carrack_smpp::{ClientSettings, CommandStatus};

fn bind(smsc: &mut Smsc, now_ns: u64, change: impl FnOnce(&mut ClientSettings)) -> (Esme, Event) {
    let mut settings = ClientSettings {
        system_id: "acme".into(),
        password: "pw".into(),
        ..ClientSettings::default()
    };
    change(&mut settings);
    let esme = Esme::connect_with(smsc, now_ns, settings);
    let first = esme.events[0].clone();
    (esme, first)
}

fn refused(status: CommandStatus) -> Event {
    Event::BindRefused(status)
}

#[test]
fn a_dropped_session_is_believed_to_live_and_an_unbound_one_is_not() {
    let mut smsc = smsc(&["already-bound=2"]);
    let (mut first, _) = bind(&mut smsc, 0, |_| {});
    let (mut twin, bound) = bind(&mut smsc, 0, |_| {});
    assert_eq!(bound, Event::Bound);
    first.drop_connection(&mut smsc, 0);
    assert_eq!(
        bind(&mut smsc, SECOND, |_| {}).1,
        refused(CommandStatus::ESME_RALYBND)
    );
    assert_eq!(
        bind(&mut smsc, SECOND, |settings| settings.system_id =
            "other".into())
        .1,
        Event::Bound
    );
    assert_eq!(bind(&mut smsc, 2 * SECOND, |_| {}).1, Event::Bound);
    twin.session.unbind(3 * SECOND);
    twin.exchange(&mut smsc, 3 * SECOND);
    assert_eq!(bind(&mut smsc, 3 * SECOND, |_| {}).1, Event::Bound);
}

#[test]
fn too_many_refused_or_frequent_binds_lock_the_door() {
    let wrong = |settings: &mut ClientSettings| settings.password = "wrong".into();
    let mut smsc = Smsc::new(Settings {
        password: Some("pw".into()),
        ..settings(&["lockout=3:10s"])
    });
    for _ in 0..3 {
        assert_eq!(
            bind(&mut smsc, 0, wrong).1,
            refused(CommandStatus::ESME_RINVPASWD)
        );
    }
    assert!(smsc.connect(9 * SECOND).is_none());
    assert_eq!(smsc.report().locked_out, 1);
    assert_eq!(bind(&mut smsc, 10 * SECOND, |_| {}).1, Event::Bound);
    for turn in 0..9 {
        assert!(smsc.connect(11 * SECOND + turn).is_some());
        bind(&mut smsc, 11 * SECOND + turn, |_| {});
    }
    assert!(smsc.connect(12 * SECOND).is_none());
}

#[test]
fn the_first_binds_are_refused() {
    let mut smsc = smsc(&["bind-refuse=2:ESME_RSYSERR"]);
    for _ in 0..2 {
        assert_eq!(
            bind(&mut smsc, 0, |_| {}).1,
            refused(CommandStatus::ESME_RSYSERR)
        );
    }
    assert_eq!(bind(&mut smsc, 0, |_| {}).1, Event::Bound);
    assert_eq!(smsc.report().quirks["bind-refuse"], 2);
}

#[test]
fn system_type_password_and_version_must_please() {
    let mut smsc = smsc(&["system-type-required", "password-8", "version-34-only"]);
    let right = |settings: &mut ClientSettings| settings.system_type = "SMPP".into();
    assert_eq!(
        bind(&mut smsc, 0, |_| {}).1,
        refused(CommandStatus::ESME_RINVSYSTYP)
    );
    assert_eq!(bind(&mut smsc, 0, right).1, Event::Bound);
    let long = |settings: &mut ClientSettings| {
        right(settings);
        settings.password = "far too long".into();
    };
    assert_eq!(
        bind(&mut smsc, 0, long).1,
        refused(CommandStatus::ESME_RINVPASWD)
    );
    let newer = |settings: &mut ClientSettings| {
        right(settings);
        settings.interface_version = 0x50;
    };
    assert_eq!(
        bind(&mut smsc, 0, newer).1,
        refused(CommandStatus::ESME_RBINDFAIL)
    );
}

#[test]
fn a_refused_connection_is_closed() {
    let mut smsc = smsc(&["bind-refuse=1"]);
    let (mut esme, _) = bind(&mut smsc, 0, |_| {});
    pass(&mut smsc, &mut [&mut esme], 0, 50 * MS);
    assert!(esme.is_closed);
}
