//! Whatever links, carriers and crashes do: no message is lost, none ends twice.

use std::collections::HashMap;

use carrack_carrier::Disposition;
use carrack_message::ReceiptState;
use proptest::prelude::*;

use super::rig::{MS, NORTH, Rig, SOUTH};
use crate::submission::Verdict;

#[derive(Debug, Clone)]
enum Step {
    Accept(u8, bool),
    Answer(usize),
    Refuse(usize, u8),
    TimeOut(usize),
    Receipt(usize, u8),
    Down(usize),
    Up(usize),
    Pass(u16),
    Hold(bool),
    Crash,
}

fn step() -> impl Strategy<Value = Step> {
    let carrier = prop_oneof![Just(NORTH), Just(SOUTH)];
    prop_oneof![
        4 => (1u8..4, any::<bool>()).prop_map(|(count, long)| Step::Accept(count, long)),
        6 => carrier.clone().prop_map(Step::Answer),
        2 => (carrier.clone(), 0u8..4).prop_map(|(carrier, kind)| Step::Refuse(carrier, kind)),
        1 => carrier.clone().prop_map(Step::TimeOut),
        5 => (carrier.clone(), any::<u8>()).prop_map(|(carrier, which)| Step::Receipt(carrier, which)),
        1 => carrier.clone().prop_map(Step::Down),
        2 => carrier.prop_map(Step::Up),
        3 => (1u16..3000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Hold),
        1 => Just(Step::Crash),
    ]
}

struct Run {
    rig: Rig,
    given: Vec<std::sync::Arc<std::sync::Mutex<Vec<Verdict>>>>,
    ids: u32,
    carrier_ids: [Vec<String>; 2],
}

impl Run {
    fn act(&mut self, step: &Step) {
        match *step {
            Step::Accept(count, long) => {
                let text = if long {
                    "y".repeat(170)
                } else {
                    "short".to_owned()
                };
                let submissions = (0..count).map(|_| self.rig.submission(&text)).collect();
                let given = self.rig.hand_in(submissions, None);
                self.given.push(given);
            }
            Step::Answer(carrier) if self.rig.open(carrier) > 0 => {
                self.ids += 1;
                let id = format!("id{}", self.ids);
                self.rig.answer(carrier, &id);
                self.carrier_ids[carrier].push(id);
            }
            Step::Refuse(carrier, kind) if self.rig.open(carrier) > 0 => {
                let kinds = [
                    Disposition::Throttled,
                    Disposition::RetryHere,
                    Disposition::NextCarrier,
                    Disposition::MessageFault,
                ];
                self.rig.refuse(carrier, 0x45, kinds[usize::from(kind)]);
            }
            Step::TimeOut(carrier) if self.rig.open(carrier) > 0 => {
                self.rig.time_out(carrier);
            }
            Step::Receipt(carrier, which) if !self.carrier_ids[carrier].is_empty() => {
                let ids = &self.carrier_ids[carrier];
                let id = ids[usize::from(which) % ids.len()].clone();
                let state = [
                    ReceiptState::Delivered,
                    ReceiptState::Undeliverable,
                    ReceiptState::Enroute,
                ][usize::from(which) % 3];
                self.rig.receipt(carrier, &id, state);
            }
            Step::Down(carrier) => self.rig.down(carrier),
            Step::Up(carrier) => self.rig.up(carrier),
            Step::Pass(ms) => self.rig.after(u64::from(ms) * MS),
            Step::Hold(held) => self.rig.log.borrow_mut().held = held,
            _ => {}
        }
        self.rig.turn();
    }

    fn finish(&mut self) {
        self.rig.log.borrow_mut().held = false;
        self.rig.up(NORTH);
        self.rig.up(SOUTH);
        for _ in 0..400 {
            for carrier in [NORTH, SOUTH] {
                while self.rig.open(carrier) > 0 {
                    self.ids += 1;
                    let id = format!("id{}", self.ids);
                    self.rig.answer(carrier, &id);
                    self.carrier_ids[carrier].push(id);
                }
                for id in self.carrier_ids[carrier].clone() {
                    self.rig.receipt(carrier, &id, ReceiptState::Delivered);
                }
            }
            self.rig.after(500 * MS);
            if self.rig.shard.live.len() == 0 {
                break;
            }
        }
        self.rig.settle();
    }
}

proptest! {
    #[test]
    fn every_acknowledged_message_ends_exactly_once(steps in proptest::collection::vec(step(), 1..120)) {
        let mut run = Run { rig: Rig::new(), given: Vec::new(), ids: 0, carrier_ids: [Vec::new(), Vec::new()] };
        for step in &steps {
            if matches!(step, Step::Crash) {
                run.rig = run.rig.crash();
            } else {
                run.act(step);
            }
        }
        run.finish();
        let mut ends: HashMap<u128, usize> = HashMap::new();
        for (id, _, _) in run.rig.finals() {
            *ends.entry(id.0).or_default() += 1;
        }
        for verdict in run.given.iter().flat_map(|given| given.lock().unwrap().clone()) {
            if let Verdict::Accepted(id) = verdict {
                prop_assert_eq!(ends.get(&id.0), Some(&1), "message {}", id);
            }
        }
        prop_assert!(ends.values().all(|count| *count == 1), "nothing ends twice");
        prop_assert_eq!(run.rig.shared.waiting.load(std::sync::atomic::Ordering::Relaxed), 0);
        prop_assert!(run.rig.recovered().messages.is_empty());
    }
}
