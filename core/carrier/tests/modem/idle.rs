//! A modem that nothing happens to costs nothing: no allocation, one read a poll, and far deadlines.
#![allow(unsafe_code)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use carrack_carrier::Link;

use crate::support::*;

struct Counting;

thread_local! {
    static COUNT: Cell<Option<u64>> = const { Cell::new(None) };
}

fn note() {
    // A thread that ends has no counter any more.
    let _ = COUNT.try_with(|count| {
        if let Some(so_far) = count.get() {
            count.set(Some(so_far + 1));
        }
    });
}

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[test]
fn idle_poll_allocates_nothing_and_reads_once() {
    let mut rig = Rig::up();
    rig.run(100 * SECOND);
    let (mut events, now) = (Vec::with_capacity(4), rig.now);
    let reads = rig.pipe.borrow().reads;
    COUNT.set(Some(0));
    for _ in 0..1000 {
        rig.link.poll(now, &mut events);
        rig.link.flush();
    }
    let allocations = COUNT.replace(None).unwrap();
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
