//! A modem that nothing happens to costs nothing: no allocation, one read a poll, and far deadlines.

use carrack_carrier::modem::{Allowance, BalanceQuestion, ModemSpec, Order, Rest};
use carrack_carrier::{Link, LinkState};

use crate::counting::counted;
use crate::fake::Fake;
use crate::support::*;

#[test]
fn idle_poll_allocates_nothing_and_reads_once() {
    let mut rig = Rig::up();
    rig.run(100 * SECOND);
    let (mut events, now) = (Vec::with_capacity(4), rig.now);
    let reads = rig.pipe.borrow().reads;
    let allocations = counted(|| {
        for _ in 0..1000 {
            rig.link.poll(now, &mut events);
            rig.link.flush();
        }
    });
    assert_eq!(allocations, 0);
    assert_eq!(rig.pipe.borrow().reads - reads, 1000);
}

#[test]
fn nothing_is_due_while_nothing_happens() {
    let mut rig = Rig::up();
    rig.run(100 * SECOND);
    let mut wakes = 0;
    let began_ns = rig.now.mono_ns;
    while rig.now.mono_ns < began_ns + 600 * SECOND {
        rig.settle();
        rig.to(rig.link.next_deadline_ns().unwrap());
        wakes += 1;
    }
    // Registration and signal every 30 seconds, the store every minute.
    assert!(wakes <= 50, "{wakes}");
}

fn with_balance() -> ModemSpec {
    let balance = Some(BalanceQuestion {
        code: "*100#".to_owned(),
        every_ns: 86_400 * SECOND,
    });
    ModemSpec { balance, ..spec() }
}

/// Turns of the loop in ten minutes.
fn turns(rig: &mut Rig) -> u32 {
    let (mut turns, began_ns) = (0, rig.now.mono_ns);
    while rig.now.mono_ns < began_ns + 600 * SECOND && turns < 10_000 {
        rig.settle();
        let next_ns = rig.link.next_deadline_ns().unwrap();
        // As the shard does: what is over is looked at a tick later.
        rig.to(next_ns.max(rig.now.mono_ns + MS));
        turns += 1;
    }
    turns
}

#[test]
fn balance_that_cannot_be_asked_for_turns_nothing() {
    let mut rig = Rig::new(with_balance(), Fake::default());
    rig.modem.registration = 2;
    rig.settle();
    rig.to(rig.now.mono_ns + 20 * SECOND);
    assert_ne!(rig.link.state(), LinkState::Up);
    let turned = turns(&mut rig);
    assert!(turned < 600, "{turned} out of a network");

    let mut rig = Rig::new(with_balance(), Fake::default());
    rig.book.page().allowance = Some(Allowance::NotBefore {
        utc_ns: UTC_NS + 86_400 * SECOND,
        rest: Rest::Day,
    });
    rig.settle();
    let turned = turns(&mut rig);
    assert!(turned < 900, "{turned} while the SIM rests");
}

#[test]
fn answer_that_is_awaited_when_the_network_is_lost_turns_nothing() {
    let mut rig = Rig::up();
    let reply = Box::new(|answer: Result<_, _>| assert!(answer.is_err()));
    let code = Order::Ussd("*100#".to_owned());
    rig.panel.order(code, reply).unwrap();
    rig.settle();
    rig.modem.registration = 2;
    rig.says("+CREG: 2");
    let turned = turns(&mut rig);
    assert!(turned < 600, "{turned}");
}
