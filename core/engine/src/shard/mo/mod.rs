//! Messages from handsets: taken, joined, given to an account, told.
//!
//! Promise: a carrier is answered when a part is durable, a customer is told when all is; each part has one record when it
//! came and one when nothing more is to come of it, and a crash between the two tells it again, by the same id. Bound: see
//! [`held`]; what no customer takes is given up after a time from settings, and counted.

mod consent;
mod held;
mod open;
mod restore;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_carrier::{HandsetPart, ReceiptHandle};
use carrack_message::mo::{Mo, MoPart, MoWay, MoWays, Taken};
use carrack_message::record::{MoOutcome, MoReceived, MoSettled};
use carrack_message::wire::{Reading, Sar, TextForm};
use carrack_message::{MessageId, MessageIdParts};
use carrack_routing::MoQuery;
use carrack_routing::consent::Meaning;
use carrack_runtime::Now;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use super::Shard;
use crate::notice::{Incoming, IncomingBody};
use carrack_carrier::WireAddress;
use consent::Consenting;
pub(super) use held::{HeldMo, Waiting};
pub(super) use open::OpenConsents;

/// How often those are looked for that nobody took in time.
const EXPIRE_EVERY_NS: u64 = 10_000_000_000;

/// What stands for the rule of a message that the node itself waited for; no rule has this name.
const AWAITED: &str = "node:awaited";

/// How a joined message is kept until its frame is durable.
#[derive(Debug, Clone, Copy)]
enum Durable<'a> {
    /// With the open frame.
    Later,
    /// Its parts were found in the log, with the ways on which messages were told.
    Already(&'a FxHashMap<u128, MoWays>),
}

impl Shard {
    /// A carrier brought a part; it is answered when that is durable, or asked to bring it again.
    pub(super) fn mo(
        &mut self,
        now: Now,
        place: u16,
        link: u16,
        handle: ReceiptHandle,
        part: HandsetPart,
    ) {
        if let Some(reason) = self.refuses_mo() {
            self.counts.mo_refused(reason);
            self.shared.mo_refused.fetch_add(1, Ordering::Relaxed);
            return self.answer(place, link, handle, false);
        }
        self.make_room(2);
        let id = self.next_id(now);
        let Some(carrier) = self.carriers.get(&place) else {
            return;
        };
        let (carrier, rules) = (carrier.number, carrier.rules.clone());
        let sar = part.sar.map(|sar| Sar {
            reference: sar.reference,
            total: sar.total,
            part: sar.part,
        });
        let record = MoReceived {
            id: id.0,
            carrier,
            from_kind: (part.from.ton, part.from.npi),
            from: part.from.addr.to_vec(),
            to_kind: (part.to.ton, part.to.npi),
            to: part.to.addr.to_vec(),
            data_coding: part.data_coding,
            esm_class: part.esm_class,
            octets: part.octets,
            sar,
            at_utc_ns: now.utc_ns,
        };
        if !self.note(&record) {
            return self.answer(place, link, handle, false);
        }
        self.frames.summary().opened += 1;
        self.counts.mo_received();
        self.frames.after.answers.push((place, link, handle));
        let mut joined = Vec::new();
        let taken = self.join(now.mono_ns, &rules.text, &record, &mut joined);
        for mo in joined {
            self.joined(now, carrier, mo, Durable::Later);
        }
        if taken == Taken::Repeated {
            self.settle_mo(now, id, MoOutcome::Repeated, None, &[id.0]);
        }
    }

    /// Why nothing is taken at this moment; the carrier keeps it.
    fn refuses_mo(&self) -> Option<&'static str> {
        if self.directory.mo().is_empty() && self.directory.consent().is_none() {
            return Some("no_rules");
        }
        if self.mo.is_full() || self.consents_are_full() {
            return Some("full");
        }
        let stuck = self.committer.refuses() || self.frames.is_backlogged();
        stuck.then_some("store")
    }

    fn join(
        &mut self,
        now_ns: u64,
        form: &TextForm,
        record: &MoReceived,
        out: &mut Vec<Mo>,
    ) -> Taken {
        let part = MoPart {
            tag: record.id,
            origin: &record.from,
            origin_kind: record.from_kind,
            destination: &record.to,
            destination_kind: record.to_kind,
            data_coding: record.data_coding,
            esm_class: record.esm_class,
            octets: &record.octets,
            sar: record.sar,
        };
        self.mo.take(now_ns, record.carrier, form, &part, out)
    }

    /// A message is whole, or as whole as it gets: somebody has it, or nobody.
    fn joined(&mut self, now: Now, carrier: u32, mo: Mo, durable: Durable<'_>) {
        let Some(id) = mo.tags.iter().min().copied().map(MessageId) else {
            return;
        };
        let directory = Arc::clone(&self.directory);
        let name = directory.carrier_name(carrier).unwrap_or("");
        let given = self.given_to(name, &mo);
        let is_awaited = given
            .as_ref()
            .is_some_and(|(_, rule, _)| **rule == *AWAITED);
        let account = given.as_ref().map(|(account, _, _)| *account);
        let said = match is_awaited {
            true => None,
            false => self.said(id, &mo, account, durable),
        };
        let parts = mo.tags.clone();
        if given.is_none() {
            let to = String::from_utf8_lossy(&mo.destination);
            tracing::info!(%id, carrier = name, %to, "no [[mo_route]] takes a message from a handset");
        } else if mo.missing > 0 && matches!(durable, Durable::Later) {
            // A frame that says so: what waited for its time may have come with none that is still open.
            self.settle_mo(now, id, MoOutcome::Incomplete, None, &[]);
        }
        let meaning = said.as_ref().map(|said| said.event.meaning);
        let waiting = given.map(|(account, rule, ways)| {
            let message = incoming(id, name, rule, meaning, mo);
            let mut waiting = Waiting::new(account, ways, message, parts.clone());
            if let Durable::Already(told) = durable {
                let told = told.get(&id.0).copied().unwrap_or_default();
                waiting.open = told.iter().fold(waiting.open, MoWays::without);
            }
            waiting
        });
        if waiting
            .as_ref()
            .is_some_and(|waiting| !waiting.open.is_any())
        {
            self.settle_mo(now, id, MoOutcome::Told, None, &parts);
            return;
        }
        match (said, waiting) {
            (Some(said), waiting) => {
                let consenting = Consenting {
                    said,
                    waiting,
                    parts,
                    is_tried: false,
                };
                self.consenting.keep(id, consenting);
            }
            (None, Some(waiting)) => self.mo.keep(waiting),
            (None, None) => {
                self.settle_mo(now, id, MoOutcome::Nobody, None, &parts);
                return;
            }
        }
        match durable {
            Durable::Later => self.frames.after.mo.push(id),
            Durable::Already(_) => self.mo_is_durable(now, id),
        }
    }

    /// Who gets a message, by which rule, how: what the node waits for is its own, the rest goes by the rules.
    fn given_to(&self, carrier: &str, mo: &Mo) -> Option<(u32, Arc<str>, MoWays)> {
        if let Some(account) = self.shared.awaited.account(&mo.text) {
            let (bind, webhook) = (true, false);
            return Some((account, Arc::from(AWAITED), MoWays { bind, webhook }));
        }
        let choice = self.directory.mo().choose(&MoQuery {
            carrier,
            from: &mo.origin,
            to: &mo.destination,
            text: &mo.text,
        })?;
        let account = self.directory.account_number(choice.account)?;
        Some((account, Arc::clone(choice.rule), choice.ways))
    }

    /// It is durable: its customer may be told.
    pub(super) fn ready_to_tell_mo(&mut self, id: MessageId) {
        let parties = self.mo.get(id).map(Waiting::parties);
        for party in parties.into_iter().flatten() {
            self.outbox.push_mo(party, id);
        }
    }

    /// The customer has taken it on this way.
    pub(super) fn told_mo(&mut self, now: Now, id: MessageId, way: MoWay) {
        let Some(waiting) = self.mo.get(id) else {
            return;
        };
        let Some(party) = waiting.parties().find(|party| party.way == way) else {
            return;
        };
        let open = waiting.open.without(way);
        let (handed_to, parts) = (waiting.handed_to(way), waiting.parts.clone());
        let ended: &[u128] = if open.is_any() { &[] } else { &parts };
        if !self.settle_mo(now, id, MoOutcome::Told, Some(way), ended) {
            return;
        }
        self.outbox.free_mo(party, handed_to, id);
        if !open.is_any() {
            self.mo.remove(id);
        } else if let Some(waiting) = self.mo.get_mut(id) {
            waiting.open = open;
        }
    }

    /// Hands on what has waited too long for its parts, and gives up what nobody took.
    pub(super) fn sweep_mo(&mut self, now: Now) {
        let due = self.mo.next_deadline_ns();
        if due.is_some_and(|due_ns| due_ns <= now.mono_ns) {
            for (carrier, mo) in self.mo.expire(now.mono_ns) {
                self.joined(now, carrier, mo, Durable::Later);
            }
        }
        if now.mono_ns.saturating_sub(self.mo_expired_ns) < EXPIRE_EVERY_NS {
            return;
        }
        self.mo_expired_ns = now.mono_ns;
        let keep_ns = self.shared.settings.mo_keep_ns;
        for id in self.mo.before(now.utc_ns.saturating_sub(keep_ns)) {
            self.expire_mo(now, id);
        }
    }

    fn expire_mo(&mut self, now: Now, id: MessageId) {
        let Some(waiting) = self.mo.remove(id) else {
            return;
        };
        tracing::warn!(%id, account = waiting.account, "a message from a handset was not taken in time and is given up");
        for party in waiting.parties() {
            self.outbox.free_mo(party, waiting.handed_to(party.way), id);
        }
        self.settle_mo(now, id, MoOutcome::Expired, None, &waiting.parts);
    }

    /// The second door for messages from handsets: what became of one. False: it could not be written.
    fn settle_mo(
        &mut self,
        now: Now,
        id: MessageId,
        outcome: MoOutcome,
        way: Option<MoWay>,
        parts: &[u128],
    ) -> bool {
        let written = self.note(&MoSettled {
            id: id.0,
            outcome,
            way,
            parts: parts.to_vec(),
            at_utc_ns: now.utc_ns,
        });
        if written {
            self.counts.mo_settled(outcome);
            let summary = self.frames.summary();
            for part in parts {
                summary.add_closed(MessageId(*part).parts().epoch);
            }
        }
        written
    }
}

fn incoming(
    id: MessageId,
    carrier: &str,
    rule: Arc<str>,
    meaning: Option<Meaning>,
    mo: Mo,
) -> Incoming {
    let MessageIdParts { utc_ms, .. } = id.parts();
    let address = |(ton, npi): (u8, u8), addr: SmallVec<[u8; 24]>| WireAddress { ton, npi, addr };
    Incoming {
        id,
        from: address(mo.origin_kind, mo.origin),
        to: address(mo.destination_kind, mo.destination),
        carrier: Arc::from(carrier),
        rule,
        meaning,
        body: match mo.reading {
            Reading::Octets => IncomingBody::Octets(mo.octets),
            _ => IncomingBody::Text(mo.text),
        },
        data_coding: mo.data_coding,
        class: mo.class,
        ports: mo.ports,
        parts: mo.parts,
        missing: mo.missing,
        received_utc_ns: utc_ms.saturating_mul(1_000_000),
    }
}
