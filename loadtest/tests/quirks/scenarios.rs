//! Scenarios: quirks, rates and the link change by time.

use super::support::{Esme, MS, SECOND, pass};
use carrack_loadtest::smsc::{Scenario, Settings, Smsc};
use carrack_smpp::CommandStatus;

fn smsc(text: &str) -> Smsc {
    Smsc::new(Settings {
        rate: Some(1_000),
        scenario: Some(Scenario::parse(text).unwrap()),
        ..Settings::default()
    })
}

/// Statuses of so many submits at this time.
fn statuses(smsc: &mut Smsc, esme: &mut Esme, now_ns: u64, count: u64) -> Vec<CommandStatus> {
    esme.events.clear();
    for ticket in 0..count {
        esme.submit(
            now_ns,
            ticket,
            "447700900001",
            &format!("{now_ns} {ticket}"),
        )
        .unwrap();
    }
    smsc.tick(now_ns);
    esme.exchange(smsc, now_ns);
    esme.responses()
        .into_iter()
        .map(|(_, status, _)| status)
        .collect()
}

#[test]
fn quirks_and_rates_hold_in_their_phase_only() {
    let mut smsc = smsc(
        "[[phase]]\nfrom = \"10s\"\nto = \"20s\"\nquirks = [\"submit-fail=100\"]\n\
         [[phase]]\nfrom = \"20s\"\nrate = 5\n",
    );
    let mut esme = Esme::bound(&mut smsc, 0);
    let all = |statuses: &[CommandStatus], wanted| statuses.iter().all(|status| *status == wanted);
    assert!(all(
        &statuses(&mut smsc, &mut esme, 9 * SECOND, 20),
        CommandStatus::ESME_ROK
    ));
    let failed = statuses(&mut smsc, &mut esme, 10 * SECOND, 20);
    assert!(all(&failed, CommandStatus::ESME_RSUBMITFAIL));
    let limited = statuses(&mut smsc, &mut esme, 20 * SECOND, 20);
    let taken = limited.iter().filter(|status| status.is_ok()).count();
    assert_eq!(taken, 5);
    assert!(all(&limited[5..], CommandStatus::ESME_RTHROTTLED));
}

#[test]
fn the_link_goes_down_and_up_again() {
    let mut smsc = smsc("[[phase]]\nfrom = \"1s\"\nto = \"2s\"\nlink = \"down\"");
    let mut esme = Esme::bound(&mut smsc, 0);
    assert_eq!(smsc.next_deadline_ns(), Some(0));
    pass(&mut smsc, &mut [&mut esme], 0, 1_010 * MS);
    assert!(esme.is_closed && smsc.report().link_down);
    assert!(smsc.connect(1_500 * MS).is_none());
    assert_eq!(smsc.next_deadline_ns(), Some(2 * SECOND));
    smsc.tick(2 * SECOND);
    assert!(!smsc.report().link_down);
    Esme::bound(&mut smsc, 2 * SECOND);
}
