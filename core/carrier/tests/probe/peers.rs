//! Whoever is at the other end, a probe ends, and says what came.

use std::collections::BTreeMap;

use carrack_carrier::probe::{Order, Plan, Probe, Report, WIRES};
use carrack_smpp::{CommandId, CommandStatus, encode_header_only, split_frame, write_pdu};

use crate::run::plan;

const MILLISECOND_NS: u64 = 1_000_000;
const SECOND_NS: u64 = 1_000 * MILLISECOND_NS;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Peer {
    Silent,
    Http,
    Tls,
    ClosesAtOnce,
    ForeignSequence,
    BindsAndIsSilent,
    BindsAndCloses,
    Floods,
}

/// What a peer writes to what it read, and whether it closes then.
fn answer(peer: Peer, octets: &[u8]) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let Ok(Some((pdu, _))) = split_frame(octets, 65_536) else {
        return (out, false);
    };
    let ok = CommandStatus::ESME_ROK;
    let command = pdu.header.command_id;
    let response = CommandId(command.0 | 0x8000_0000);
    let is_bind = matches!(
        command,
        CommandId::BIND_RECEIVER | CommandId::BIND_TRANSMITTER | CommandId::BIND_TRANSCEIVER
    );
    let mut bind = |sequence| {
        if is_bind {
            write_pdu(&mut out, response, ok, sequence, |writer| {
                writer.cstring(b"x")
            })
            .unwrap();
        }
    };
    let sequence = pdu.header.sequence_number;
    match peer {
        Peer::Silent => {}
        Peer::Http => out.extend_from_slice(b"HTTP/1.1 400 Bad Request\r\n\r\n"),
        Peer::Tls => out.extend_from_slice(&[0x15, 3, 1, 0, 2, 2, 70]),
        Peer::ClosesAtOnce => return (out, true),
        Peer::ForeignSequence => bind(1),
        Peer::BindsAndIsSilent => bind(sequence),
        Peer::BindsAndCloses => {
            bind(sequence);
            return (out, true);
        }
        Peer::Floods => {
            for number in 0..50 {
                encode_header_only(&mut out, CommandId::ENQUIRE_LINK, ok, number);
            }
        }
    }
    (out, false)
}

/// The report, and how long it took, nanoseconds.
fn run(peer: Peer, plan: Plan) -> (Report, u64) {
    let mut probe = Probe::new(plan).unwrap();
    let mut open: BTreeMap<usize, ()> = BTreeMap::new();
    let mut now_ns = MILLISECOND_NS;
    while probe.outcome().is_none() {
        assert!(now_ns < 7_200 * SECOND_NS, "{peer:?} holds it for ever");
        probe.turn(now_ns);
        while let Some(order) = probe.order() {
            match order {
                Order::Connect(wire) => {
                    open.insert(wire, ());
                    probe.connected(now_ns, wire);
                }
                Order::Close(wire) => {
                    open.remove(&wire);
                    probe.output(wire).unwrap().clear();
                }
            }
        }
        for wire in 0..WIRES {
            let octets = std::mem::take(probe.output(wire).unwrap());
            if octets.is_empty() || !open.contains_key(&wire) {
                continue;
            }
            let (octets, closes) = answer(peer, &octets);
            if !octets.is_empty() {
                probe.received(now_ns, wire, &octets);
            }
            if closes && open.remove(&wire).is_some() {
                probe.lost(now_ns, wire, "the other side closed the connection");
            }
        }
        now_ns += 20 * MILLISECOND_NS;
    }
    (probe.report(), now_ns)
}

fn short() -> Plan {
    let mut plan = plan();
    plan.bind_wait_ns = 20 * SECOND_NS;
    plan.response_wait_ns = 2 * SECOND_NS;
    plan.receipt_wait_ns = 5 * SECOND_NS;
    plan
}

#[test]
fn who_never_binds_us_is_left_within_the_bind_wait_and_described() {
    for (peer, words) in [
        (Peer::Silent, "said nothing"),
        (Peer::Http, "answered HTTP"),
        (Peer::Tls, "answered TLS"),
        (Peer::ClosesAtOnce, "the peer closed"),
        (Peer::ForeignSequence, "sequence number 1"),
        (Peer::Floods, "sent other PDUs"),
    ] {
        let plan = short();
        let most_ns = plan.bind_wait_ns + plan.bind_retry_ns + plan.response_wait_ns;
        let (report, took_ns) = run(peer, plan);
        let said = report.stopped.clone().unwrap_or_default();
        assert!(said.contains(words), "{peer:?}: {said}");
        assert!(
            took_ns <= most_ns,
            "{peer:?} took {} s",
            took_ns / SECOND_NS
        );
        assert_eq!(report.totals.sent, 0, "{peer:?}");
        let quirks: Vec<&str> = report.quirks().collect();
        assert!(!quirks.contains(&"close-after"), "{peer:?}: {quirks:?}");
    }
}

#[test]
fn t20_a_bind_answered_under_another_number_is_named() {
    let (report, _) = run(Peer::ForeignSequence, short());
    let found: Vec<&str> = report.quirks().collect();
    assert_eq!(found, ["sequence-mismatch"], "{}", report.markdown(""));
}

#[test]
fn who_binds_us_and_does_no_more_does_not_hold_us_either() {
    for peer in [Peer::BindsAndIsSilent, Peer::BindsAndCloses] {
        let (report, took_ns) = run(peer, short());
        assert!(
            took_ns < 300 * SECOND_NS,
            "{peer:?} took {} s",
            took_ns / SECOND_NS
        );
        assert_eq!(report.totals.accepted, 0, "{peer:?}");
    }
}

#[test]
fn no_key_is_drafted_of_receipts_that_never_came() {
    let (report, _) = run(Peer::BindsAndIsSilent, short());
    let mut wanted = carrack_settings::Profile::default();
    let draft = report.profile;
    (wanted.name, wanted.description, wanted.drawn_from) = (
        draft.name.clone(),
        draft.description.clone(),
        draft.drawn_from.clone(),
    );
    assert_eq!(draft, wanted);
}
