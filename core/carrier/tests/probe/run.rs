//! Two state machines face to face.

use std::collections::BTreeMap;

use carrack_carrier::probe::{Account, Order, Plan, Probe, Report, WIRES};
use carrack_loadtest::smsc::{BindKey, Quirks, Report as Counts, Settings, Smsc};
use carrack_message::{Msisdn, Sender};
use carrack_smpp::{Bind, BindKind, encode_bind};

const MILLISECOND_NS: u64 = 1_000_000;
/// No probe of these tests takes longer.
const END_NS: u64 = 3_600_000 * MILLISECOND_NS;

pub(crate) fn plan() -> Plan {
    let account = Account {
        system_id: b"acme".to_vec(),
        password: b"secret".to_vec(),
        system_type: Vec::new(),
        interface_version: 0x34,
    };
    let to = ["447700900123", "447700900456"]
        .map(|digits| Msisdn::from_digits(digits.as_bytes()).unwrap());
    Plan::new(account, to.to_vec(), Sender::parse("CARRACK").unwrap())
}

pub(crate) fn simulator(quirks: &[&str]) -> Settings {
    let mut switched = Quirks::default();
    for quirk in quirks {
        switched.switch_on(quirk).unwrap();
    }
    Settings {
        latency_ns: 5 * MILLISECOND_NS,
        dlr_delay_ns: 50 * MILLISECOND_NS,
        quirks: switched,
        seed: 7,
        utc_base_s: 1_760_000_000,
        ..Settings::default()
    }
}

/// Runs a probe to its end; what it says, and what the simulator counted.
pub(crate) fn run(plan: Plan, settings: Settings) -> (Report, Counts) {
    run_with(plan, Smsc::new(settings), usize::MAX)
}

/// The same where what comes is read in pieces of so many octets.
pub(crate) fn run_in_pieces(plan: Plan, settings: Settings, octets: usize) -> (Report, Counts) {
    run_with(plan, Smsc::new(settings), octets)
}

/// The same against an SMSC that has just lost a session of the account without unbind.
pub(crate) fn run_after_a_lost_session(plan: Plan, settings: Settings) -> (Report, Counts) {
    let mut smsc = Smsc::new(settings);
    let key = smsc.connect(0).unwrap();
    let mut bind = Vec::new();
    let body = Bind {
        system_id: b"acme",
        password: b"secret",
        interface_version: 0x34,
        ..Bind::default()
    };
    encode_bind(&mut bind, 1, BindKind::Transceiver, &body).unwrap();
    smsc.receive(0, key, &bind);
    smsc.disconnect(0, key);
    run_with(plan, smsc, usize::MAX)
}

fn run_with(plan: Plan, mut smsc: Smsc, piece: usize) -> (Report, Counts) {
    let mut probe = Probe::new(plan).unwrap();
    let mut keys: BTreeMap<usize, BindKey> = BTreeMap::new();
    let mut now_ns = MILLISECOND_NS;
    while probe.outcome().is_none() {
        assert!(now_ns < END_NS, "it does not end: {:?}", probe.progress());
        probe.turn(now_ns);
        let mut moved = false;
        while let Some(order) = probe.order() {
            moved = true;
            match order {
                Order::Connect(wire) => match smsc.connect(now_ns) {
                    Some(key) => {
                        keys.insert(wire, key);
                        probe.connected(now_ns, wire);
                    }
                    None => probe.lost(now_ns, wire, "connection refused"),
                },
                Order::Close(wire) => {
                    pass_out(&mut probe, &mut smsc, now_ns, wire, &keys);
                    if let Some(key) = keys.remove(&wire) {
                        smsc.disconnect(now_ns, key);
                    }
                }
            }
        }
        for wire in 0..WIRES {
            moved |= pass_out(&mut probe, &mut smsc, now_ns, wire, &keys);
            moved |= pass_in(&mut probe, &mut smsc, now_ns, wire, piece, &mut keys);
        }
        if !moved {
            let deadlines = [probe.next_deadline_ns(), smsc.next_deadline_ns()];
            let next_ns = deadlines.into_iter().flatten().min();
            // An edge looks in between, too: for signals, and to show how far it is.
            let next_ns = next_ns
                .unwrap_or(u64::MAX)
                .min(now_ns + 100 * MILLISECOND_NS);
            now_ns = next_ns.max(now_ns + MILLISECOND_NS / 10);
            smsc.tick(now_ns);
        }
    }
    (probe.report(), smsc.report())
}

fn pass_out(
    probe: &mut Probe,
    smsc: &mut Smsc,
    now_ns: u64,
    wire: usize,
    keys: &BTreeMap<usize, BindKey>,
) -> bool {
    let octets = std::mem::take(probe.output(wire).unwrap());
    let Some(key) = keys.get(&wire).filter(|_| !octets.is_empty()) else {
        return false;
    };
    smsc.receive(now_ns, *key, &octets);
    true
}

fn pass_in(
    probe: &mut Probe,
    smsc: &mut Smsc,
    now_ns: u64,
    wire: usize,
    piece: usize,
    keys: &mut BTreeMap<usize, BindKey>,
) -> bool {
    let Some(key) = keys.get(&wire).copied() else {
        return false;
    };
    let mut octets = Vec::new();
    let is_closing = smsc.take_output(key, &mut octets);
    for octets in octets.chunks(piece) {
        probe.received(now_ns, wire, octets);
    }
    if is_closing {
        keys.remove(&wire);
        smsc.disconnect(now_ns, key);
        probe.lost(now_ns, wire, "the other side closed the connection");
    }
    is_closing || !octets.is_empty()
}

/// Names of the quirks that the report finds, with the whole of it for people.
pub(crate) fn named(quirks: &[&str]) -> (Vec<&'static str>, String) {
    let (report, _) = run(plan(), simulator(quirks));
    (report.quirks().collect(), report.markdown("Probe"))
}
