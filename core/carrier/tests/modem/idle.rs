//! A modem that nothing happens to costs nothing: no allocation, one read a poll, and far deadlines.

use carrack_carrier::Link;

use crate::counting::counted;
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
