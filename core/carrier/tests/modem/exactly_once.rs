//! Whatever a modem does, each segment comes back exactly once, and uncertain only where the end of its PDU was written.

use std::collections::BTreeMap;

use carrack_carrier::{Link, LinkEvent};
use proptest::prelude::*;

use crate::incoming::message;
use crate::support::*;

#[derive(Debug, Clone)]
enum Step {
    Submit,
    Wait(u64),
    Say(&'static str),
    Garbage(Vec<u8>),
    Deaf(&'static str),
    DeafToPdu(bool),
    Hears,
    Answer(&'static str),
    Cut,
    Narrow(usize),
    Arrives,
    Taken(bool),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        8 => Just(Step::Submit),
        6 => (0..20_000_u64).prop_map(Step::Wait),
        1 => (0..400_000_u64).prop_map(Step::Wait),
        3 => prop_oneof![
            Just("RDY"), Just("OK"), Just("ERROR"), Just("> "), Just("+CMGS: 9"), Just("+CMS ERROR: 38"),
            Just("+CME ERROR: 100"), Just("+CREG: 2"), Just("+CPIN: NOT READY"), Just("SMS READY"), Just("NO CARRIER"),
            Just("+CDS: 25"), Just("+CUSD: 0,\"unclosed"), Just("+CMTI: \"SM\",1"), Just("NORMAL POWER DOWN"),
        ].prop_map(Step::Say),
        2 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Step::Garbage),
        1 => prop_oneof![Just(""), Just("+CMGS"), Just("+CSQ"), Just("+CMGL")].prop_map(Step::Deaf),
        1 => any::<bool>().prop_map(Step::DeafToPdu),
        3 => Just(Step::Hears),
        3 => prop_oneof![
            Just("ERROR"), Just("OK"), Just("+CMS ERROR: 500"), Just("+CMS ERROR: 28"), Just("+CMS ERROR: 322"),
            Just("+CMS ERROR: 314"), Just("+CME ERROR: 10"), Just("+CMGS: x\r\nOK"),
        ].prop_map(Step::Answer),
        1 => Just(Step::Cut),
        1 => prop_oneof![Just(0_usize), Just(3), Just(30), Just(usize::MAX)].prop_map(Step::Narrow),
        1 => Just(Step::Arrives),
        2 => any::<bool>().prop_map(Step::Taken),
    ]
}

#[derive(Default)]
struct Told {
    in_time: u32,
    late: u32,
    uncertain: bool,
}

#[derive(Default)]
struct Ledger {
    told: BTreeMap<u64, Told>,
    handles: Vec<carrack_carrier::ReceiptHandle>,
}

impl Ledger {
    fn note(&mut self, rig: &mut Rig) {
        for event in rig.events() {
            match event {
                LinkEvent::Accepted { ticket, late, .. }
                | LinkEvent::Refused { ticket, late, .. } => {
                    let told = self.told.get_mut(&ticket).unwrap();
                    told.in_time += u32::from(!late);
                    told.late += u32::from(late);
                }
                LinkEvent::TimedOut { ticket } | LinkEvent::Unanswered { ticket } => {
                    let told = self.told.get_mut(&ticket).unwrap();
                    told.in_time += 1;
                    told.uncertain = true;
                }
                LinkEvent::Mo { handle, .. } | LinkEvent::Receipt { handle, .. } => {
                    self.handles.push(handle);
                }
                _ => {}
            }
        }
    }
}

fn take(rig: &mut Rig, ledger: &mut Ledger, ticket: &mut u64, step: &Step) {
    match step {
        Step::Submit => {
            *ticket += 1;
            if rig.try_submit(*ticket).is_ok() {
                ledger.told.insert(*ticket, Told::default());
            }
        }
        Step::Wait(ms) => rig.run(ms * MS),
        Step::Say(line) => rig.says(line),
        Step::Garbage(octets) => {
            rig.pipe.borrow_mut().inbound.extend(octets);
        }
        Step::Deaf(word) => rig.modem.deaf_to.push((*word).to_owned()),
        Step::DeafToPdu(deaf) => rig.modem.deaf_to_pdu = *deaf,
        Step::Hears => {
            rig.modem.deaf_to.clear();
            rig.pipe.borrow_mut().room = usize::MAX;
        }
        Step::Answer(answer) => rig.modem.sends.push_back((*answer).to_owned()),
        Step::Cut => rig.cut(),
        Step::Narrow(room) => rig.pipe.borrow_mut().room = *room,
        Step::Arrives => {
            rig.modem.store.insert(1, (0, message(b"one", b"")));
            rig.says("+CMTI: \"SM\",1");
        }
        Step::Taken(taken) => {
            if let Some(handle) = ledger.handles.pop() {
                rig.link.answer(handle, *taken);
            }
        }
    }
    rig.settle();
    assert!(rig.link.in_flight() <= 1 && (rig.link.in_flight() == 0 || rig.link.free_slots() == 0));
    ledger.note(rig);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn every_ticket_comes_back_exactly_once(steps in prop::collection::vec(step(), 1..120)) {
        let mut rig = Rig::up();
        let (mut ledger, mut ticket) = (Ledger::default(), 0);
        for step in &steps {
            take(&mut rig, &mut ledger, &mut ticket, step);
        }
        // It heals: the modem is back in the pool within its longest rest, and nothing is left open.
        rig.modem.sends.clear();
        rig.modem.deaf_to_pdu = false;
        take(&mut rig, &mut ledger, &mut ticket, &Step::Hears);
        rig.run(1000 * SECOND);
        prop_assert_eq!((rig.link.in_flight(), rig.link.free_slots() > 0), (0, true), "{:?}", rig.panel.view());
        ledger.note(&mut rig);
        let uncertain = ledger.told.values().filter(|told| told.uncertain).count();
        // A prompt that the modem does not mean gets a PDU that the modem does not read.
        let prompts = steps.iter().filter(|step| matches!(step, Step::Say("> "))).count();
        prop_assert!(uncertain <= rig.modem.whole + prompts, "{} of {}", uncertain, rig.modem.whole);
        for (ticket, told) in &ledger.told {
            prop_assert_eq!(told.in_time, 1, "segment {}", ticket);
            prop_assert!(told.late <= u32::from(told.uncertain), "segment {}", ticket);
        }
        // And the line is in order again: the next one goes.
        let sent = rig.modem.sent.len();
        rig.submit(u64::MAX);
        prop_assert_eq!(rig.modem.sent.len(), sent + 1);
    }
}
