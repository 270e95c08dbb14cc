//! A modem that hangs is brought back step by step, each within its time, and the next trouble begins at the bottom.

use std::sync::{Arc, Mutex};

use carrack_carrier::modem::{Hook, HookRun, ModemHooks};
use carrack_carrier::{Link, LinkEvent, LinkState};

use crate::fake::Fake;
use crate::support::*;

#[derive(Default)]
struct Hooks(Mutex<Vec<Hook>>);

impl ModemHooks for Hooks {
    fn has(&self, _: &str, _: Hook) -> bool {
        true
    }

    fn begin(&self, _: &str, hook: Hook, run: Arc<HookRun>) {
        self.0.lock().unwrap().push(hook);
        run.end(Ok(()));
    }
}

#[test]
fn modem_that_goes_silent_climbs_every_rung_within_the_stated_times() {
    let hooks = Arc::new(Hooks::default());
    let mut rig = Rig::with_hooks(spec(), Fake::default(), hooks.clone());
    rig.settle();
    rig.events();
    rig.modem.deaf_to.push(String::new());
    let mut climbed = vec![rig.panel.view().rung];
    let began_ns = rig.now.mono_ns;
    while rig.panel.view().rung != "out" {
        rig.run(SECOND);
        let rung = rig.panel.view().rung;
        if climbed.last() != Some(&rung) {
            climbed.push(rung);
        }
        assert!(rig.now.mono_ns - began_ns < 400 * SECOND, "{climbed:?}");
    }
    let ladder = [
        "",
        "resync",
        "modes",
        "restart",
        "reopen",
        "usb_reset",
        "power_cycle",
        "out",
    ];
    assert_eq!(climbed, ladder);
    assert_eq!(*hooks.0.lock().unwrap(), [Hook::UsbReset, Hook::PowerCycle]);
    assert_eq!(rig.panel.view().counts.steps, [1; 7]);
    assert!(rig.panel.view().alert.contains("out of its pool"));
    assert_eq!(rig.link.state(), LinkState::Down);
    // It heals: tried again every five minutes, back in the pool, and the first segment clears the ladder.
    rig.modem.deaf_to.clear();
    rig.until(300 * SECOND, |rig| rig.link.state() == LinkState::Up);
    rig.submit(1);
    assert_eq!(
        (rig.panel.view().rung, rig.panel.view().alert.as_str()),
        ("", "")
    );
    rig.modem.deaf_to.push("+CMGS".to_owned());
    rig.submit(2);
    rig.run(6 * SECOND);
    assert_eq!(rig.panel.view().rung, "resync");
}

#[test]
fn modem_that_heals_on_a_rung_is_up_again_from_there() {
    let mut rig = Rig::up();
    rig.modem.deaf_to.push(String::new());
    rig.until(200 * SECOND, |rig| rig.panel.view().rung == "restart");
    rig.modem.deaf_to.clear();
    let took = rig.until(30 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert!(took <= 20 * SECOND, "{took}");
    assert!(rig.modem.asked.contains(&"+CFUN=1,1".to_owned()));
}

#[test]
fn modem_that_hangs_on_every_message_but_answers_at_climbs_too() {
    let mut rig = Rig::up();
    rig.modem.deaf_to.push("+CMGS".to_owned());
    let mut rungs = Vec::new();
    for ticket in 0..6 {
        rig.until(400 * SECOND, |rig| rig.link.free_slots() > 0);
        rig.submit(ticket);
        rig.until(10 * SECOND, |rig| rig.link.in_flight() == 0);
        rungs.push(rig.panel.view().rung);
    }
    assert_eq!(
        rungs,
        ["resync", "modes", "restart", "reopen", "out", "out"]
    );
}

#[test]
fn modem_that_answers_wrongly_is_restarted_but_never_put_out() {
    let mut rig = Rig::up();
    for ticket in 0..10 {
        rig.until(400 * SECOND, |rig| rig.link.free_slots() > 0);
        rig.modem.sends.push_back("ERROR".to_owned());
        rig.submit(ticket);
    }
    assert_eq!(rig.panel.view().rung, "restart");
    let steps = rig.panel.view().counts.steps;
    assert_eq!(steps, [1, 1, 8, 0, 0, 0, 0]);
}

#[test]
fn restart_that_is_refused_is_done_in_two_halves() {
    let mut rig = Rig::up();
    rig.modem.refuses.push("+CFUN=1,1");
    rig.modem.deaf_to.push("+CMGS".to_owned());
    for ticket in 0..3 {
        rig.until(100 * SECOND, |rig| rig.link.free_slots() > 0);
        rig.submit(ticket);
        rig.until(10 * SECOND, |rig| rig.link.in_flight() == 0);
    }
    rig.until(100 * SECOND, |rig| rig.link.free_slots() > 0);
    let asked = &rig.modem.asked;
    let at = asked
        .iter()
        .position(|command| command == "+CFUN=0")
        .unwrap();
    assert_eq!(asked[at + 1], "+CFUN=1");
}

#[test]
fn hook_that_never_ends_is_not_waited_for() {
    struct Stuck(Mutex<Vec<Arc<HookRun>>>);
    impl ModemHooks for Stuck {
        fn has(&self, _: &str, _: Hook) -> bool {
            true
        }
        fn begin(&self, _: &str, _: Hook, run: Arc<HookRun>) {
            self.0.lock().unwrap().push(run);
        }
    }
    let mut rig = Rig::with_hooks(spec(), Fake::default(), Arc::new(Stuck(Mutex::default())));
    rig.settle();
    rig.modem.deaf_to.push(String::new());
    rig.until(600 * SECOND, |rig| rig.panel.view().rung == "out");
    assert!(
        rig.events()
            .iter()
            .any(|event| matches!(event, LinkEvent::Down(_)))
    );
}

#[test]
fn modem_that_begins_anew_at_each_message_climbs_and_is_put_out() {
    let mut rig = Rig::up();
    rig.modem.deaf_to_pdu = true;
    let mut rungs = Vec::new();
    for ticket in 0..6 {
        rig.until(400 * SECOND, |rig| rig.link.free_slots() > 0);
        rig.submit(ticket);
        rig.says("RDY");
        assert_eq!(rig.link.in_flight(), 0);
        rungs.push(rig.panel.view().rung);
    }
    assert_eq!(
        rungs,
        ["resync", "modes", "restart", "reopen", "out", "out"]
    );
    assert!(rig.panel.view().alert.contains("began anew by itself"));
    assert_eq!(rig.panel.view().counts.reboots, 6);
}

#[test]
fn modem_that_begins_over_and_over_is_no_boot_without_end() {
    let mut rig = Rig::up();
    for _ in 0..40 {
        rig.says("RDY");
        rig.run(3 * SECOND);
    }
    assert_ne!(rig.panel.view().rung, "resync", "{:?}", rig.panel.view());
    // Nor where it answers for a moment between.
    let mut rig = Rig::up();
    for _ in 0..200 {
        rig.says("RDY");
        rig.run(4 * SECOND);
        rig.modem.deaf_to = vec!["E0".to_owned()];
        rig.run(2 * SECOND);
        rig.modem.deaf_to.clear();
    }
    assert!(rig.panel.view().counts.steps[6] > 0);
}

#[test]
fn first_start_after_a_port_was_opened_is_no_fault() {
    let mut rig = Rig::new(spec(), Fake::default());
    rig.modem.deaf_to.push(String::new());
    rig.settle();
    rig.says("RDY");
    rig.modem.deaf_to.clear();
    rig.until(60 * SECOND, |rig| rig.link.state() == LinkState::Up);
    assert_eq!(
        (rig.panel.view().rung, rig.panel.view().counts.steps),
        ("", [0; 7])
    );
}
