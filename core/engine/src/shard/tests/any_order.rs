//! Whatever links, carriers and crashes do: no message is lost, none ends twice, and nothing is kept of what has ended.

use std::collections::HashMap;

use carrack_carrier::{Disposition, LinkEvent, Refusal};
use carrack_message::ReceiptState;
use carrack_message::record::RecordView;
use carrack_message::wire::{LongMethod, TextForm};
use carrack_routing::OnNoResponse;
use proptest::prelude::*;

use super::rig::{MS, NORTH, Rig, SOUTH, settings};
use crate::rules::CarrierRules;
use crate::settings::{EngineSettings, Multipart};
use crate::submission::Verdict;

#[derive(Debug, Clone)]
enum Step {
    Accept(u8, bool),
    Answer(usize, Dress),
    Refuse(usize, u8),
    TimeOut(usize),
    /// An answer to one that timed out: taken, or refused so.
    Late(usize, u8, Option<u8>),
    /// The answer comes again.
    Again(usize),
    Receipt(usize, u8, Dress),
    /// A receipt of a segment that is still in the window.
    Early(usize, Dress),
    /// A receipt of an id that nobody knows.
    Stray(usize, u8, Option<u8>),
    Queried(usize, u8),
    Down(usize),
    Up(usize),
    Pass(u16),
    Hold(bool),
    Crash,
}

/// How an id is written, and whether the receipt names a number.
#[derive(Debug, Clone, Copy)]
enum Dress {
    Plain,
    Number,
    Decimal,
    None,
}

fn step() -> impl Strategy<Value = Step> {
    let carrier = prop_oneof![Just(NORTH), Just(SOUTH)];
    let dress = prop_oneof![
        3 => Just(Dress::Plain),
        3 => Just(Dress::Number),
        1 => Just(Dress::Decimal),
        1 => Just(Dress::None),
    ];
    let refusal = 0..REFUSALS.len() as u8;
    let maybe = proptest::option::of(refusal.clone());
    prop_oneof![
        4 => (1u8..4, any::<bool>()).prop_map(|(count, long)| Step::Accept(count, long)),
        6 => (carrier.clone(), dress.clone()).prop_map(|(carrier, dress)| Step::Answer(carrier, dress)),
        2 => (carrier.clone(), refusal).prop_map(|(carrier, kind)| Step::Refuse(carrier, kind)),
        2 => carrier.clone().prop_map(Step::TimeOut),
        2 => (carrier.clone(), any::<u8>(), maybe).prop_map(|(carrier, which, refusal)| Step::Late(carrier, which, refusal)),
        1 => carrier.clone().prop_map(Step::Again),
        5 => (carrier.clone(), any::<u8>(), dress.clone()).prop_map(|(carrier, which, dress)| Step::Receipt(carrier, which, dress)),
        2 => (carrier.clone(), dress).prop_map(|(carrier, dress)| Step::Early(carrier, dress)),
        2 => (carrier.clone(), any::<u8>(), proptest::option::of(0u8..4)).prop_map(|(carrier, id, to)| Step::Stray(carrier, id, to)),
        1 => (carrier.clone(), any::<u8>()).prop_map(|(carrier, which)| Step::Queried(carrier, which)),
        1 => carrier.clone().prop_map(Step::Down),
        2 => carrier.prop_map(Step::Up),
        3 => (1u16..6000).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Hold),
        1 => Just(Step::Crash),
    ]
}

const REFUSALS: [Disposition; 7] = [
    Disposition::Throttled,
    Disposition::RetryHere,
    Disposition::NextCarrier,
    Disposition::MessageFault,
    Disposition::DestinationFull,
    Disposition::AccountFault,
    Disposition::LinkFault,
];

const STATES: [ReceiptState; 4] = [
    ReceiptState::Delivered,
    ReceiptState::Undeliverable,
    ReceiptState::Enroute,
    ReceiptState::Expired,
];

struct Run {
    rig: Rig,
    given: Vec<std::sync::Arc<std::sync::Mutex<Vec<Verdict>>>>,
    ids: u32,
    recipients: u64,
    carrier_ids: [Vec<(u32, u64)>; 2],
    timed_out: [Vec<u64>; 2],
    answered: [Option<(u64, u32)>; 2],
    /// Receipts written down before their answer: the id that the next answer will give.
    promised: [Option<u32>; 2],
}

/// The last digits of the recipient of what is open first.
fn recipient_of_first(rig: &Rig, carrier: usize) -> u64 {
    let wire = rig.wires[carrier].borrow();
    let digits = String::from_utf8_lossy(&wire.open[0].1[..12]).into_owned();
    digits.parse::<u64>().unwrap() - 447_700_900_000
}

impl Run {
    fn new(settings: EngineSettings, rules: [CarrierRules; 2]) -> Self {
        Self {
            rig: Rig::whole(settings, [None, None], rules),
            given: Vec::new(),
            ids: 0x9f,
            recipients: 0,
            carrier_ids: [Vec::new(), Vec::new()],
            timed_out: [Vec::new(), Vec::new()],
            answered: [None, None],
            promised: [None, None],
        }
    }

    fn accept(&mut self, count: u8, long: bool) {
        let text = if long {
            "y".repeat(170)
        } else {
            "short".to_owned()
        };
        let submissions = (0..count)
            .map(|_| {
                // Five numbers: many messages to one.
                self.recipients = (self.recipients + 1) % 5;
                self.rig.submission_to(&text, self.recipients)
            })
            .collect();
        let given = self.rig.hand_in(submissions, None);
        self.given.push(given);
    }

    fn answer(&mut self, carrier: usize, dress: Dress) {
        let to = recipient_of_first(&self.rig, carrier);
        if let Dress::None = dress {
            self.rig.answer(carrier, "");
            return;
        }
        self.ids += 1;
        let id = self.promised[carrier].take().unwrap_or(self.ids);
        let ticket = self.rig.answer(carrier, &format!("{id:x}"));
        self.answered[carrier] = Some((ticket, id));
        self.carrier_ids[carrier].push((id, to));
    }

    fn receipt(&mut self, carrier: usize, (id, to): (u32, u64), state: ReceiptState, dress: Dress) {
        let (id, to) = match dress {
            Dress::Plain | Dress::None => (format!("{id:x}"), None),
            Dress::Number => (format!("{id:X}"), Some(to)),
            Dress::Decimal => (format!("{id}"), Some(to)),
        };
        self.rig.receipt_of(carrier, &id, state, to);
    }

    fn refusal(kind: u8) -> Refusal {
        Refusal {
            status: 0x45,
            disposition: REFUSALS[usize::from(kind)],
        }
    }

    fn act(&mut self, step: &Step) {
        match *step {
            Step::Accept(count, long) => self.accept(count, long),
            Step::Answer(carrier, dress) if self.rig.open(carrier) > 0 => {
                self.answer(carrier, dress)
            }
            Step::Refuse(carrier, kind) if self.rig.open(carrier) > 0 => {
                let Refusal {
                    status,
                    disposition,
                } = Self::refusal(kind);
                self.rig.refuse(carrier, status, disposition);
            }
            Step::TimeOut(carrier) if self.rig.open(carrier) > 0 => {
                let ticket = self.rig.time_out(carrier);
                self.timed_out[carrier].push(ticket);
            }
            Step::Late(carrier, which, refusal) if !self.timed_out[carrier].is_empty() => {
                let tickets = &mut self.timed_out[carrier];
                let ticket = tickets.remove(usize::from(which) % tickets.len());
                let late = true;
                match refusal {
                    None => {
                        self.ids += 1;
                        let id = self.ids;
                        self.rig.answer_late(carrier, ticket, &format!("{id:x}"));
                    }
                    Some(kind) => {
                        let refusal = Self::refusal(kind);
                        let refused = LinkEvent::Refused {
                            ticket,
                            refusal,
                            late,
                        };
                        self.rig.event(carrier, refused);
                    }
                }
            }
            Step::Again(carrier) => {
                if let Some((ticket, id)) = self.answered[carrier] {
                    self.rig.answer_late(carrier, ticket, &format!("{id:x}"));
                }
            }
            Step::Receipt(carrier, which, dress) if !self.carrier_ids[carrier].is_empty() => {
                let ids = &self.carrier_ids[carrier];
                let id = ids[usize::from(which) % ids.len()];
                self.receipt(carrier, id, STATES[usize::from(which) % 4], dress);
            }
            Step::Early(carrier, dress) if self.rig.open(carrier) > 0 => {
                let to = recipient_of_first(&self.rig, carrier);
                self.ids += 1;
                let id = *self.promised[carrier].get_or_insert(self.ids);
                self.receipt(carrier, (id, to), ReceiptState::Delivered, dress);
            }
            Step::Stray(carrier, id, to) => {
                let id = format!("stray{id}");
                let state = STATES[usize::from(to.unwrap_or(0))];
                self.rig.receipt_of(carrier, &id, state, to.map(u64::from));
            }
            Step::Queried(carrier, which) => {
                if let Some((ticket, _)) = self.answered[carrier] {
                    let state = STATES.get(usize::from(which) % 5).copied();
                    let error = 0;
                    let queried = LinkEvent::Queried {
                        ticket,
                        state,
                        error,
                    };
                    self.rig.event(carrier, queried);
                }
            }
            Step::Down(carrier) => self.rig.down(carrier),
            Step::Up(carrier) => self.rig.up(carrier),
            Step::Pass(ms) => self.rig.after(u64::from(ms) * MS),
            Step::Hold(held) => self.rig.log.borrow_mut().held = held,
            _ => {}
        }
        self.rig.turn();
    }

    fn crash(&mut self) {
        let nothing = Rig::new();
        let rig = std::mem::replace(&mut self.rig, nothing);
        self.rig = rig.crash();
        // Tickets are of this run only.
        self.timed_out = [Vec::new(), Vec::new()];
        self.answered = [None, None];
    }

    fn finish(&mut self) {
        self.rig.log.borrow_mut().held = false;
        self.rig.up(NORTH);
        self.rig.up(SOUTH);
        for _ in 0..600 {
            for carrier in [NORTH, SOUTH] {
                while self.rig.open(carrier) > 0 {
                    self.answer(carrier, Dress::Plain);
                }
                for id in self.carrier_ids[carrier].clone() {
                    self.receipt(carrier, id, ReceiptState::Delivered, Dress::Number);
                }
            }
            self.rig.after(500 * MS);
            if self.rig.shard.live.len() == 0 {
                break;
            }
        }
        // What no receipt will ever end: taken without an id, or of two copies the other one.
        for _ in 0..60 {
            let wait_ns = self.rig.settings.receipt_wait_max_ns;
            self.rig.after(wait_ns);
            self.rig.settle();
        }
    }
}

fn policy() -> impl Strategy<Value = OnNoResponse> {
    prop_oneof![
        Just(OnNoResponse::Resend),
        Just(OnNoResponse::Wait),
        Just(OnNoResponse::Query),
        Just(OnNoResponse::Fail),
    ]
}

fn multipart() -> impl Strategy<Value = Multipart> {
    prop_oneof![
        Just(Multipart::All),
        Just(Multipart::Any),
        Just(Multipart::Last),
    ]
}

fn rules() -> impl Strategy<Value = CarrierRules> {
    let method = prop_oneof![
        Just(LongMethod::Udh),
        Just(LongMethod::Sar),
        Just(LongMethod::Payload),
    ];
    (
        method,
        any::<bool>(),
        proptest::option::of(Just(OnNoResponse::Wait)),
    )
        .prop_map(|(long_method, ucs2, on_no_response)| CarrierRules {
            text: TextForm {
                long_method,
                data_codings_allowed: ucs2.then_some(8).into_iter().collect(),
                ..TextForm::default()
            },
            on_no_response,
            receipt_query_after_ns: Some(1_000_000_000),
            ..CarrierRules::default()
        })
}

proptest! {
    #[test]
    fn every_acknowledged_message_ends_exactly_once(
        steps in proptest::collection::vec(step(), 1..120),
        on_no_response in policy(),
        multipart in multipart(),
        rules in [rules(), rules()],
    ) {
        let settings = EngineSettings { on_no_response, multipart, ..settings() };
        let mut run = Run::new(settings, rules);
        for step in &steps {
            if matches!(step, Step::Crash) {
                run.crash();
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
        prop_assert!(run.rig.recovered().count() == 0);
        run.rig.assert_nothing_kept();
        let accepted = run.rig.records(|record| matches!(record, RecordView::Accepted(_)));
        prop_assert_eq!(ends.len(), accepted, "the audit adds up");
    }
}
