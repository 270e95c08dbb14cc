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

/// Allocations of two thousand turns, after as many that let the buffers grow.
fn counted(mut client: ClientSession) -> u64 {
    let mut server = bound_server(server_settings(), BindKind::Transceiver);
    let mut owed = Vec::with_capacity(64);
    for at in 0..1000 {
        assert_eq!(turn(&mut client, &mut server, &mut owed, at), 20);
    }
    let before = ALLOCATIONS.with(Cell::get);
    assert!(before > 0, "the counter counts");
    for at in 0..1000 {
        assert_eq!(turn(&mut client, &mut server, &mut owed, at), 20);
    }
    ALLOCATIONS.with(Cell::get) - before
}

#[test]
fn a_message_there_and_back_allocates_nothing() {
    assert_eq!(counted(bound_client(client_settings())), 0);
}

#[test]
fn nor_with_patience_and_late_responses_remembered() {
    let mut client = bound_client(ClientSettings {
        slot_patience: true,
        ..client_settings()
    });
    for ticket in 0..10 {
        client.submit(0, ticket, &message(b"lost")).unwrap();
    }
    assert_eq!(client_tick(&mut client, 10 * SECOND).len(), 10);
    client.output().clear();
    assert_eq!(counted(client), 0);
}

#[test]
fn any_body_is_read_and_written_without_allocating() {
    let text = message(b"hello");
    let query = QuerySm {
        message_id: b"5f3a9c01",
        source: Address::alphanumeric(b"ACME"),
        tlvs: Tlvs::new(b"\x14\0\0\x01x"),
    };
    let mut list = Vec::new();
    let to = Destination::Address(Address::international(b"447946000001"));
    write_destination(&mut list, &to).unwrap();
    let multi = SubmitMulti {
        message: text,
        destinations: Destinations::new(&list),
    };
    let mut out = Vec::with_capacity(1 << 16);
    let before = ALLOCATIONS.with(Cell::get);
    for sequence in 0..100 {
        out.clear();
        encode_submit_sm(&mut out, sequence, &text).unwrap();
        encode_deliver_sm(&mut out, sequence, &text).unwrap();
        encode_data_sm(&mut out, sequence, &text).unwrap();
        encode_query_sm(&mut out, sequence, &query).unwrap();
        encode_submit_multi(&mut out, sequence, &multi).unwrap();
        encode_submit_sm_resp(&mut out, sequence, CommandStatus::ESME_ROK, b"5f3a9c01").unwrap();
        let mut rest = out.as_slice();
        while let Some((pdu, length)) = split_frame(rest, 1 << 16).unwrap() {
            Body::decode(pdu.header.command_id, pdu.body, Strictness::Strict).unwrap();
            rest = &rest[length..];
        }
    }
    assert_eq!(ALLOCATIONS.with(Cell::get) - before, 0);
}
