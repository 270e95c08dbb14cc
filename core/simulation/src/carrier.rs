//! The simulated carriers: they take, throttle, refuse, forget to answer, and send receipts early, late, twice or never.
//!
//! A carrier outlives the node's process: what it took it goes on with, and what was not answered it sends again. Ids are
//! never used twice. Bound: what the node sends.

mod connection;
mod replies;

use std::collections::VecDeque;

use carrack_carrier::{LinkEvent, Outgoing, ReceiptHandle, Refusal, SubmitRefused};
use carrack_message::{Msisdn, ReceiptState, Status};
use carrack_runtime::Now;

use crate::book::number_in;
use crate::faults::Fault;
use crate::scenario::{CarrierPlan, MS, Mutant, SECOND};
use crate::world::{Act, World};

/// After this a receipt without answer is sent again.
const AGAIN_NS: u64 = 6 * SECOND;

/// A slot of a window.
#[derive(Debug, Clone, Copy)]
struct Slot {
    copy: usize,
    /// Its outcome is on its way to the engine.
    queued: bool,
}

#[derive(Debug, Default)]
pub(crate) struct LinkSide {
    pub(crate) up: bool,
    connection: u32,
    open: Vec<Slot>,
    inbox: VecDeque<LinkEvent>,
    /// Written and not yet flushed.
    out: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct CarrierSide {
    pub(crate) links: Vec<LinkSide>,
    pub(crate) down: bool,
    ids: u64,
    /// What was written within a second: when, segments.
    sent: VecDeque<u64>,
}

impl CarrierSide {
    pub(crate) fn new(plan: &CarrierPlan) -> Self {
        Self {
            links: (0..plan.links).map(|_| LinkSide::default()).collect(),
            down: false,
            ids: 0xa000_0000,
            sent: VecDeque::new(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
enum Answer {
    Taken { with_id: bool },
    Refused(Refusal),
    Queried(Option<ReceiptState>),
}

/// A segment, or a question, on its way.
#[derive(Debug, Clone)]
pub(crate) struct Copy {
    carrier: usize,
    link: usize,
    connection: u32,
    ticket: u64,
    text: usize,
    part: u8,
    to: Msisdn,
    /// The copy that is asked about.
    asked: Option<usize>,
    taken: bool,
    id: u64,
    state: Option<ReceiptState>,
    answer: Option<Answer>,
    receipt_known: bool,
}

/// A receipt that a carrier has for us.
#[derive(Debug, Clone)]
pub(crate) struct ReceiptSide {
    carrier: usize,
    link: usize,
    copy: Option<usize>,
    state: ReceiptState,
    connection: u32,
    sent: bool,
    pub(crate) answered: bool,
}

impl World {
    fn link(&mut self, carrier: usize, link: usize) -> Option<&mut LinkSide> {
        self.carriers.get_mut(carrier)?.links.get_mut(link)
    }

    fn carrier_plan(&self, carrier: usize) -> Option<&CarrierPlan> {
        self.plan.carriers.get(carrier)
    }

    pub(crate) fn is_up(&self, carrier: usize, link: usize) -> bool {
        let side = self.carriers.get(carrier);
        side.and_then(|side| side.links.get(link))
            .is_some_and(|link| link.up)
    }

    pub(crate) fn in_flight(&self, carrier: usize, link: usize) -> u32 {
        let side = self.carriers.get(carrier);
        side.and_then(|side| side.links.get(link))
            .map_or(0, |link| link.open.len() as u32)
    }

    pub(crate) fn window(&self, carrier: usize) -> u32 {
        self.carrier_plan(carrier).map_or(0, |plan| plan.window)
    }

    /// Slots of all windows of a carrier.
    pub(crate) fn windows(&self, carrier: usize) -> u64 {
        self.carrier_plan(carrier)
            .map_or(0, |plan| u64::from(plan.window) * plan.links as u64)
    }

    pub(crate) fn free_slots(&self, carrier: usize, link: usize) -> u32 {
        if !self.is_up(carrier, link) {
            return 0;
        }
        let hidden = if self.mutant == Some(Mutant::LinkHidesWindow) {
            3
        } else {
            0
        };
        (self.window(carrier) + hidden).saturating_sub(self.in_flight(carrier, link))
    }

    pub(crate) fn submit(
        &mut self,
        carrier: usize,
        link: usize,
        now: Now,
        ticket: u64,
        segment: &Outgoing<'_>,
    ) -> Result<(), SubmitRefused> {
        if self.free_slots(carrier, link) == 0 {
            return Err(SubmitRefused::NotNow);
        }
        let odds = self
            .carrier_plan(carrier)
            .map(|plan| plan.odds)
            .unwrap_or_default();
        if self.goes_wrong(odds.output_full) {
            self.fault(Fault::OutputFull);
            return Err(SubmitRefused::NotNow);
        }
        if self.dead {
            return Ok(());
        }
        if now != self.now() {
            self.book
                .violated(|| "a link is told another time than the shard".to_owned());
        }
        let header = match segment.esm_class & 0x40 {
            0 => 0,
            _ => segment
                .octets
                .first()
                .map_or(0, |octets| usize::from(*octets) + 1),
        };
        let (udh, user) = segment.octets.split_at_checked(header).unwrap_or_default();
        let text = number_in(user, segment.data_coding == 8);
        self.book.written(self.utc_ns_latest, text);
        let part = segment
            .sar
            .map_or(udh.last().copied().unwrap_or(1), |sar| sar.part);
        if self.in_flight(carrier, link) >= self.window(carrier) {
            self.book
                .violated(|| format!("the window of carrier {carrier} link {link} is exceeded"));
        }
        self.note_rate(carrier);
        let text = text.unwrap_or(usize::MAX);
        let copy = Copy {
            part,
            asked: None,
            ..self.copy(carrier, link, ticket, text, segment.to)
        };
        self.note(
            "submit",
            [
                carrier as u64 * 10 + link as u64,
                text as u64,
                u64::from(part),
            ],
        );
        self.open(copy);
        Ok(())
    }

    fn copy(&mut self, carrier: usize, link: usize, ticket: u64, text: usize, to: Msisdn) -> Copy {
        let connection = self.link(carrier, link).map_or(0, |link| link.connection);
        Copy {
            carrier,
            link,
            connection,
            ticket,
            text,
            part: 1,
            to,
            asked: None,
            taken: false,
            id: 0,
            state: None,
            answer: None,
            receipt_known: false,
        }
    }

    fn open(&mut self, copy: Copy) {
        let place = self.copies.len();
        let (carrier, link) = (copy.carrier, copy.link);
        self.copies.push(copy);
        if let Some(link) = self.link(carrier, link) {
            let slot = Slot {
                copy: place,
                queued: false,
            };
            link.open.push(slot);
            link.out.push(place);
        }
    }

    /// The rate holds in every sliding second, whichever process sent.
    fn note_rate(&mut self, carrier: usize) {
        let Some(rate) = self.carrier_plan(carrier).and_then(|plan| plan.rate) else {
            return;
        };
        let now_ns = self.now_ns;
        let Some(side) = self.carriers.get_mut(carrier) else {
            return;
        };
        side.sent.push_back(now_ns);
        while side
            .sent
            .front()
            .is_some_and(|sent| sent + SECOND <= now_ns)
        {
            side.sent.pop_front();
        }
        let count = side.sent.len();
        if count > rate as usize {
            self.book.violated(|| {
                format!(
                    "carrier {carrier} gets {count} segments in a second and its rate is {rate}"
                )
            });
        }
    }

    pub(crate) fn query(
        &mut self,
        carrier: usize,
        link: usize,
        ticket: u64,
        id: &[u8],
    ) -> Result<(), SubmitRefused> {
        if self.free_slots(carrier, link) == 0 {
            return Err(SubmitRefused::NotNow);
        }
        if self.dead {
            return Ok(());
        }
        self.fault(Fault::Queried);
        let id = std::str::from_utf8(id)
            .ok()
            .and_then(|id| u64::from_str_radix(id, 16).ok());
        let found = |copy: &Copy| copy.carrier == carrier && copy.taken && Some(copy.id) == id;
        let asked = self.copies.iter().position(found);
        let Some((text, to)) = asked
            .and_then(|asked| self.copies.get(asked))
            .map(|copy| (copy.text, copy.to))
        else {
            self.book
                .violated(|| format!("carrier {carrier} is asked about an id that it never gave"));
            return Err(SubmitRefused::NotNow);
        };
        self.note("query", [carrier as u64, text as u64, 0]);
        let copy = Copy {
            asked,
            ..self.copy(carrier, link, ticket, text, to)
        };
        self.open(copy);
        Ok(())
    }

    /// What was written goes to the carrier.
    pub(crate) fn flush(&mut self, carrier: usize, link: usize) {
        let Some(side) = self.link(carrier, link) else {
            return;
        };
        if side.out.is_empty() {
            return;
        }
        let out = std::mem::take(&mut side.out);
        if !self.takes_effect() {
            return;
        }
        for copy in out {
            let up_ns = self.rng.between(20_000, 2 * MS);
            self.after(up_ns, Act::Receive(copy));
            let grace_ns = self
                .carrier_plan(carrier)
                .map_or(SECOND, |plan| plan.rules.resend_grace_ns);
            self.after(grace_ns, Act::TimeOut(copy));
        }
    }

    pub(crate) fn poll(&mut self, carrier: usize, link: usize, events: &mut Vec<LinkEvent>) {
        if let Some(side) = self.link(carrier, link) {
            side.open.retain(|slot| !slot.queued);
            events.extend(side.inbox.drain(..));
        }
    }

    pub(crate) fn answer(
        &mut self,
        carrier: usize,
        link: usize,
        handle: ReceiptHandle,
        taken: bool,
    ) {
        if !self.takes_effect() {
            return;
        }
        let connection = self.link(carrier, link).map_or(0, |link| link.connection);
        let place = handle.sequence_number as usize;
        let Some(receipt) = self
            .receipts
            .get_mut(place)
            .filter(|_| handle.connection == connection)
        else {
            return;
        };
        receipt.answered |= taken;
        let (state, copy) = (receipt.state, receipt.copy);
        self.note("receipt answered", [place as u64, u64::from(taken), 0]);
        if taken && state.is_final() && state != ReceiptState::Delivered {
            // Its text may go on to the next carrier.
            self.book.excuses += 1;
        }
        // One that says that it did not arrive may not be the last word.
        if let Some(copy) = copy.filter(|_| taken && state == ReceiptState::Delivered) {
            self.answered(carrier, copy, state);
        }
    }

    /// A final receipt of a copy is with the engine for good; if its id is in the log, it cannot be missed.
    fn answered(&mut self, carrier: usize, copy: usize, state: ReceiptState) {
        let Some(copy) = self.copies.get(copy).filter(|copy| copy.receipt_known) else {
            return;
        };
        let (text, id) = (copy.text, format!("{:x}", copy.id));
        let number = carrier as u32 + 11;
        let Some(found) = self.book.texts.get_mut(text) else {
            return;
        };
        let logged = found.accepted.and_then(|id| self.book.log.get(&id));
        let known = logged.is_some_and(|logged| {
            logged
                .submitted
                .iter()
                .any(|(at, given)| *at == number && given.as_slice() == id.as_bytes())
        });
        let given_up = logged.is_some_and(|logged| logged.end == Some(Status::Unknown));
        if known && !given_up && found.answered.is_none() {
            found.answered = Some(state);
        }
    }

    /// Receipts that nobody answered yet.
    pub(crate) fn receipts_open(&self) -> usize {
        self.receipts
            .iter()
            .filter(|receipt| !receipt.answered)
            .count()
    }
}
