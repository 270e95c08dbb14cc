//! What a carrier makes of a segment: its answer, and the receipts that it will send.

use carrack_carrier::{CarrierMessageId, Disposition, LinkEvent, ReceiptHandle, Refusal};
use carrack_message::ReceiptState;

use super::{AGAIN_NS, Answer, ReceiptSide};
use crate::faults::Fault;
use crate::scenario::{CarrierPlan, IdForm, MS, Mutant, SECOND};
use crate::world::{Act, World};

impl World {
    /// A segment or a question arrives.
    pub(crate) fn receive(&mut self, place: usize) {
        let Some(copy) = self.copies.get(place).cloned() else {
            return;
        };
        let cut = self
            .link(copy.carrier, copy.link)
            .map(|link| link.connection)
            != Some(copy.connection);
        if cut && self.rng.chance(500) {
            return;
        }
        let Some(plan) = self.carrier_plan(copy.carrier).cloned() else {
            return;
        };
        let mut latency_ns = self.rng.between(10_000, plan.latency_max_ns);
        let answer = match copy.asked {
            Some(asked) => {
                let asked = self.copies.get(asked);
                let state = asked
                    .and_then(|asked| asked.state)
                    .filter(|_| !self.now_ns.is_multiple_of(3));
                if let Some(text) = self.book.texts.get_mut(copy.text) {
                    text.delivered |= state == Some(ReceiptState::Delivered);
                }
                if state.is_some_and(|state| state.is_final() && state != ReceiptState::Delivered) {
                    // As after a receipt that says so, its text may go on to the next carrier.
                    self.book.excuses += 1;
                }
                Answer::Queried(state)
            }
            None => match self.refusal(&plan).filter(|_| !cut) {
                Some(refusal) => Answer::Refused(refusal),
                None => self.take(place, &plan, latency_ns),
            },
        };
        if let Some(copy) = self.copies.get_mut(place) {
            copy.answer = Some(answer);
        }
        if self.goes_wrong(plan.odds.response_lost) {
            self.fault(Fault::ResponseLost);
            return self.after(plan.rules.resend_grace_ns / 3, Act::TimeOut(place));
        }
        if self.goes_wrong(plan.odds.response_late) {
            let early_ns = self.rng.between(MS, plan.rules.resend_grace_ns / 2);
            self.after(early_ns, Act::TimeOut(place));
            latency_ns = early_ns + self.rng.between(MS, plan.rules.resend_grace_ns);
        }
        self.after(latency_ns, Act::Respond(place));
    }

    fn refusal(&mut self, plan: &CarrierPlan) -> Option<Refusal> {
        let odds = plan.odds;
        let kinds = [
            (odds.throttled, Fault::Throttled, Disposition::Throttled),
            (odds.retry_here, Fault::RetryHere, Disposition::RetryHere),
            (
                odds.destination_full,
                Fault::DestinationFull,
                Disposition::DestinationFull,
            ),
            (
                odds.next_carrier,
                Fault::NextCarrier,
                Disposition::NextCarrier,
            ),
            (
                odds.message_fault,
                Fault::MessageFault,
                Disposition::MessageFault,
            ),
            (
                odds.account_fault,
                Fault::AccountFault,
                Disposition::AccountFault,
            ),
            (odds.link_fault, Fault::LinkFault, Disposition::LinkFault),
        ];
        for (status, (odds, fault, disposition)) in (0x40..).zip(kinds) {
            if self.goes_wrong(odds) {
                self.fault(fault);
                // The carrier rests, and what it has begun goes elsewhere whole.
                self.book.outages |= disposition == Disposition::AccountFault;
                return Some(Refusal {
                    status,
                    disposition,
                });
            }
        }
        None
    }

    fn take(&mut self, place: usize, plan: &CarrierPlan, latency_ns: u64) -> Answer {
        let with_id = !self.goes_wrong(plan.odds.without_id);
        if !with_id {
            self.fault(Fault::ResponseWithoutId);
        }
        let bad = self.goes_wrong(plan.odds.receipt_bad);
        let states = [
            ReceiptState::Undeliverable,
            ReceiptState::Expired,
            ReceiptState::Rejected,
            ReceiptState::Deleted,
        ];
        let state = match bad {
            true => self
                .rng
                .pick(&states)
                .unwrap_or(ReceiptState::Undeliverable),
            false => ReceiptState::Delivered,
        };
        let by = self.copies.get(place).map_or(0, |copy| copy.carrier);
        let id = self.carriers.get_mut(by).map_or(0, |side| {
            side.ids += 1;
            side.ids
        });
        let Some(copy) = self.copies.get_mut(place) else {
            return Answer::Queried(None);
        };
        (copy.taken, copy.id, copy.state) = (true, id, Some(state));
        let (text, carrier, part) = (copy.text, copy.carrier, copy.part);
        copy.receipt_known = plan.ids_sure || plan.id_form == IdForm::Same;
        self.note("taken", [carrier as u64, text as u64, u64::from(part)]);
        self.book.taken(text, carrier, part);
        if self.mutant == Some(Mutant::CarrierDoubles) {
            self.book.taken(text, carrier, part);
        }
        self.plan_receipts(place, plan, latency_ns, state);
        Answer::Taken { with_id }
    }

    fn plan_receipts(
        &mut self,
        place: usize,
        plan: &CarrierPlan,
        latency_ns: u64,
        state: ReceiptState,
    ) {
        let odds = plan.odds;
        if self.goes_wrong(odds.stray) {
            self.fault(Fault::ReceiptStray);
            self.plan_receipt(place, MS, ReceiptState::Delivered, true);
        }
        if self.goes_wrong(odds.receipt_missing) {
            return self.fault(Fault::ReceiptMissing);
        }
        let mut delay_ns = latency_ns + self.rng.between(100_000, 400 * MS);
        if self.goes_wrong(odds.receipt_early) {
            self.fault(Fault::ReceiptEarly);
            delay_ns = self.rng.between(0, latency_ns);
        } else if self.goes_wrong(odds.receipt_late) {
            self.fault(Fault::ReceiptLate);
            delay_ns = self.rng.between(SECOND, 30 * SECOND);
        }
        if self.goes_wrong(odds.receipt_middle) {
            self.fault(Fault::ReceiptMiddle);
            self.plan_receipt(place, delay_ns / 2, ReceiptState::Enroute, false);
        }
        if state != ReceiptState::Delivered {
            self.fault(Fault::ReceiptBad);
        }
        self.plan_receipt(place, delay_ns, state, false);
        if self.goes_wrong(odds.receipt_doubled) {
            self.fault(Fault::ReceiptDoubled);
            let again_ns = delay_ns + self.rng.between(0, 3 * SECOND);
            self.plan_receipt(place, again_ns, state, false);
        }
    }

    fn plan_receipt(&mut self, place: usize, delay_ns: u64, state: ReceiptState, stray: bool) {
        let Some((carrier, link)) = self.copies.get(place).map(|copy| (copy.carrier, copy.link))
        else {
            return;
        };
        let plan = self.carrier_plan(carrier);
        let (links, odds) = plan.map_or((1, 0), |plan| (plan.links, plan.odds.another_link));
        let mut by = link;
        if links > 1 && self.goes_wrong(odds) {
            by = self.rng.below(links as u64) as usize;
        }
        if by != link {
            self.fault(Fault::ReceiptOnAnotherLink);
        }
        let receipt = ReceiptSide {
            carrier,
            link: by,
            copy: (!stray).then_some(place),
            state,
            connection: 0,
            sent: false,
            answered: false,
        };
        self.receipts.push(receipt);
        let receipt = self.receipts.len() - 1;
        self.after(delay_ns, Act::Receipt(receipt));
    }

    /// A receipt is sent, or sent again because nobody answered.
    pub(crate) fn send_receipt(&mut self, place: usize) {
        let Some(receipt) = self
            .receipts
            .get(place)
            .cloned()
            .filter(|receipt| !receipt.answered)
        else {
            return;
        };
        let links = self
            .carriers
            .get(receipt.carrier)
            .map_or(0, |side| side.links.len());
        let up = (0..links)
            .map(|step| (receipt.link + step) % links.max(1))
            .find(|link| self.is_up(receipt.carrier, *link));
        let Some(link) = up else {
            return self.after(SECOND, Act::Receipt(place));
        };
        self.after(AGAIN_NS, Act::Receipt(place));
        if receipt.sent {
            self.fault(Fault::ReceiptUnanswered);
        }
        let Some(connection) = self.link(receipt.carrier, link).map(|link| link.connection) else {
            return;
        };
        let Some(plan) = self.carrier_plan(receipt.carrier) else {
            return;
        };
        let (numbers, form) = (plan.numbers, plan.id_form);
        let copy = receipt.copy.and_then(|copy| self.copies.get(copy));
        let (id, to, text) = copy.map_or((0x77 + place as u64, None, usize::MAX), |copy| {
            (copy.id, Some(copy.to), copy.text)
        });
        let id = match form {
            _ if receipt.copy.is_none() => format!("stray{id}"),
            IdForm::Same => format!("{id:x}"),
            IdForm::Upper => format!("{id:X}"),
            IdForm::Decimal => format!("{id}"),
        };
        let event = LinkEvent::Receipt {
            handle: ReceiptHandle {
                session: 0,
                data_sm: false,
                sequence_number: place as u32,
                connection,
            },
            id: CarrierMessageId::from_slice(id.as_bytes()),
            state: receipt.state,
            error: 0,
            source: to.filter(|_| numbers),
            destination: None,
        };
        if let Some(text) = self.book.texts.get_mut(text) {
            text.delivered |= receipt.state == ReceiptState::Delivered;
        }
        self.note(
            "receipt",
            [place as u64, text as u64, u64::from(receipt.state.code())],
        );
        if let Some(known) = self.receipts.get_mut(place) {
            (known.sent, known.link, known.connection) = (true, link, connection);
        }
        if let Some(side) = self.link(receipt.carrier, link) {
            side.inbox.push_back(event);
        }
        self.wake_owner(receipt.carrier);
    }
}
