//! The hot paths allocate nothing once buffers have grown.
#![allow(
    missing_docs,
    unsafe_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a counting allocator cannot be written without unsafe"
)]

mod support;

use carrack_smpp::*;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use support::*;

struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

// SAFETY: every call goes to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

/// One window of submits there and back, receipts after them, cut into two reads at `at`.
fn turn(
    client: &mut ClientSession,
    server: &mut ServerSession,
    owed: &mut Vec<u32>,
    at: usize,
) -> u64 {
    let mut settled = 0;
    for ticket in 0..10 {
        client.submit(0, ticket, &message(b"hello")).unwrap();
    }
    let output = client.output();
    let (head, tail) = output.split_at(at.min(output.len()));
    for bytes in [head, tail] {
        server.receive(0, bytes, &mut |event| {
            if let ServerEvent::Submit {
                sequence_number, ..
            } = event
            {
                owed.push(sequence_number);
            }
        });
    }
    client.output().clear();
    for sequence in owed.drain(..) {
        server.answer(
            sequence,
            CommandId::SUBMIT_SM,
            CommandStatus::ESME_ROK,
            b"0123456789",
        );
    }
    for ticket in 0..10 {
        server
            .deliver(0, ticket, &message(b"id:0123456789 stat:DELIVRD"))
            .unwrap();
    }
    client.receive(0, server.output(), &mut |event| match event {
        ClientEvent::Response { .. } => settled += 1,
        ClientEvent::Deliver {
            sequence_number, ..
        } => owed.push(sequence_number),
        _ => {}
    });
    server.output().clear();
    for sequence in owed.drain(..) {
        client.answer_deliver(sequence, CommandId::DELIVER_SM, CommandStatus::ESME_ROK);
    }
    server.receive(0, client.output(), &mut |event| {
        settled += u64::from(matches!(event, ServerEvent::DeliverResponse { .. }));
    });
    client.output().clear();
    settled
}

#[test]
fn a_message_there_and_back_allocates_nothing() {
    let mut client = bound_client(client_settings());
    let mut server = bound_server(server_settings(), BindKind::Transceiver);
    let mut owed = Vec::with_capacity(64);
    for at in 0..1000 {
        assert_eq!(turn(&mut client, &mut server, &mut owed, at), 20);
    }
    let before = ALLOCATIONS.with(Cell::get);
    for at in 0..1000 {
        assert_eq!(turn(&mut client, &mut server, &mut owed, at), 20);
    }
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0);
    assert!(before > 0, "the counter counts");
}
