//! The audit: promise 1, proved from the store alone.
//!
//! `accepted = delivered + undelivered + expired + rejected + waiting`, each message counted once by its id, and nothing in
//! the log that contradicts it: no outcome of a message that was never accepted, no second end, no missing or unreadable
//! frame, nothing in the log and on the shelf. And that money adds up: what an account holds reserved is what its messages
//! that wait were priced at, and each end charges and releases its price, no more and no less. Bound: memory for the ids that wait in the log, or went to the shelf in it.

mod handsets;
mod money;

use std::collections::{BTreeMap, HashMap, HashSet};

use carrack_message::record::{ArchivedUncertain, RecordView, Submitted, UncertainReason};
use carrack_message::{MessageId, Status};
use carrack_queue::{FrameKey, Names, Store, StoreFault, Totals, Turnovers, scan};
use serde::Serialize;

use crate::cdr::{self, CdrState};
pub use handsets::MoTotals;
pub use money::AccountMoney;
use money::{Price, price_on_shelf};

/// A segment of which it is not known whether its carrier took it.
#[derive(Debug, Clone, Serialize)]
pub struct UncertainSegment {
    /// The message.
    pub id: String,
    /// Segment, from 0.
    pub segment: u8,
    /// The carrier.
    pub carrier: String,
    /// `no_response`, `link_lost`, `crash`, or `sent_again`: a carrier has it, and its whole text went on to another.
    pub reason: &'static str,
    /// Noticed at, UTC nanoseconds.
    pub at_utc_ns: u64,
}

/// What the store says.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Audit {
    /// Whether everything adds up.
    pub adds_up: bool,
    /// Messages acknowledged.
    pub accepted: u64,
    /// Final: delivered.
    pub delivered: u64,
    /// Final: undelivered; cancelled and unknown are part of it.
    pub undelivered: u64,
    /// Final: expired.
    pub expired: u64,
    /// Final: rejected.
    pub rejected: u64,
    /// Not final yet.
    pub waiting: u64,
    /// Of those: on the shelf, to be sent later or with receipts that take long.
    pub shelved: u64,
    /// Of the undelivered: cancelled by the customer.
    pub cancelled: u64,
    /// Of the undelivered: no receipt ever came.
    pub unknown: u64,
    /// Finals that the customer is still to be told.
    pub untold: u64,
    /// Finals that he did not take in time, as far as the log reaches back.
    pub untold_given_up: u64,
    /// Messages from handsets and what became of them, as far as the log reaches back.
    pub mo: MoTotals,
    /// Segments that carriers took, as far as the log reaches back.
    pub segments_submitted: u64,
    /// What carriers charge for finished messages, micro-units, as far as the log reaches back.
    pub cost_micros: i64,
    /// Money of the accounts that have any.
    pub accounts: Vec<AccountMoney>,
    /// Every segment that may have been sent twice, by name.
    pub uncertain: Vec<UncertainSegment>,
    /// What contradicts the promise, a sentence each.
    pub contradictions: Vec<String>,
    /// Frames read.
    pub frames: u64,
    /// Octets read.
    pub octets: u64,
    /// How many ends are in CDR files; none where none were ever written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cdr: Option<CdrState>,
}

/// Sentences of one kind that are spelled out; the rest is counted.
const SPELLED_OUT_MAX: usize = 20;

#[derive(Default)]
struct Tally {
    waiting: HashMap<u128, Price>,
    money: Turnovers,
    /// By account: what its messages that wait were priced at.
    held: BTreeMap<u32, i64>,
    /// On the shelf, by the log.
    aside: HashSet<u128>,
    untold: HashMap<u128, ()>,
    given_up: u64,
    mo: MoTotals,
    mo_open: HashSet<u128>,
    totals: Totals,
    contradictions: Vec<String>,
    unspelled: u64,
    uncertain: Vec<UncertainSegment>,
    segments_submitted: u64,
    cost_micros: i64,
    /// Messages of earlier epochs are counted in `totals_gone`.
    first_epoch: u32,
}

impl Tally {
    fn contradicts(&mut self, what: impl FnOnce() -> String) {
        if self.contradictions.len() < SPELLED_OUT_MAX {
            self.contradictions.push(what());
        } else {
            self.unspelled += 1;
        }
    }

    /// Accepted in this frame, or back from the shelf in it. What came back may have gone there in an epoch that is gone.
    fn waits(&mut self, place: FrameKey, id: MessageId, price: Price, accepted: bool) {
        self.aside.remove(&id.0);
        // Shards number their frames each for itself: only epochs order those of two.
        let too_soon = FrameKey::of_message(id).epoch > place.epoch;
        let known = self.waiting.insert(id.0, price).is_some();
        if too_soon || known {
            let what = if accepted {
                "accepted"
            } else {
                "brought back from the shelf"
            };
            self.contradicts(|| {
                format!("message {id} was {what} twice, or its id does not say where it lies")
            });
        }
    }

    /// What is on the shelf is nowhere else, and all that went there and did not come back is there. Gives how many.
    fn compare(&mut self, store: &Store) -> Result<u64, StoreFault> {
        let mut count = 0u64;
        store.visit_shelf(&mut |id, entry| {
            count += 1;
            self.aside.remove(&id.0);
            match entry.as_ref().and_then(price_on_shelf) {
                Some(price) => self.hold(price),
                None => self.contradicts(|| format!("message {id} on the shelf cannot be read")),
            }
            if self.waiting.contains_key(&id.0) {
                self.contradicts(|| format!("message {id} is on the shelf and in the log"));
            }
        })?;
        for id in std::mem::take(&mut self.aside) {
            self.contradicts(|| {
                format!(
                    "message {} went to the shelf and is not there",
                    MessageId(id)
                )
            });
        }
        let counted = store.shelf_counts().total();
        if counted != count {
            self.contradicts(|| {
                format!("{count} messages are on the shelf, {counted} were counted")
            });
        }
        Ok(count)
    }

    fn apply(&mut self, carriers: &Names, place: FrameKey, record: RecordView<'_>) {
        self.money.note(place, record);
        // Its epoch was reclaimed, and all that became of it is in the totals of that.
        if ended_epoch(record).is_some_and(|epoch| epoch < self.first_epoch) {
            return;
        }
        match record {
            RecordView::Accepted(record) => {
                let id = record.id.to_native();
                let here = place.accepted(MessageId(id));
                self.totals.accepted += u64::from(here);
                if here && record.send_at_utc_ns != 0 {
                    self.aside.insert(id);
                } else {
                    self.waits(place, MessageId(id), Price::of(record), here);
                }
            }
            RecordView::Aside(record) => {
                let id = record.id.to_native();
                if self.waiting.remove(&id).is_none() {
                    self.contradicts(|| {
                        format!(
                            "message {} was put aside and was not waiting",
                            MessageId(id)
                        )
                    });
                }
                self.aside.insert(id);
            }
            RecordView::Final(record) => {
                let id = record.id.to_native();
                match Status::from_u8(record.status).filter(|status| status.is_final()) {
                    Some(status) => self.totals.add_final(status, 1),
                    None => self.contradicts(|| {
                        format!("message {} ended in a state that is none", MessageId(id))
                    }),
                }
                self.cost_micros = self
                    .cost_micros
                    .saturating_add(record.cost_micros.to_native());
                let ended = self.waiting.remove(&id);
                let (charged, released) = (
                    record.charged_micros.to_native(),
                    record.released_micros.to_native(),
                );
                if ended.is_some_and(|price| charged.checked_add(released) != Some(price.micros)) {
                    self.contradicts(|| {
                        format!("message {} ended with {charged} micro-units charged and {released} released, which is not its price", MessageId(id))
                    });
                }
                if ended.is_none() {
                    self.contradicts(|| {
                        format!(
                            "message {} ended and was not waiting: a second end, or never accepted",
                            MessageId(id)
                        )
                    });
                }
                if record.tell {
                    self.untold.insert(id, ());
                }
            }
            RecordView::Told(record) => {
                let id = record.id.to_native();
                if self.untold.remove(&id).is_none() {
                    self.contradicts(|| {
                        format!("message {} was told and had not ended", MessageId(id))
                    });
                }
            }
            RecordView::GivenUp(record) => {
                let id = record.id.to_native();
                self.given_up += 1;
                if self.untold.remove(&id).is_none() {
                    self.contradicts(|| {
                        format!(
                            "message {} was given up and was not to be told",
                            MessageId(id)
                        )
                    });
                }
            }
            RecordView::Submitted(record) if record.attempt != Submitted::COPY => {
                self.segments_submitted += u64::from(record.segments);
            }
            RecordView::Uncertain(record) => self.uncertain.push(uncertain(carriers, record)),
            RecordView::MoReceived(record) => {
                self.mo.received += 1;
                self.mo_open.insert(record.id.to_native());
            }
            RecordView::MoSettled(record) => self.mo_settled(record),
            _ => {}
        }
    }
}

/// The epoch that held a message that left it by this record.
fn ended_epoch(record: RecordView<'_>) -> Option<u32> {
    match record {
        RecordView::Final(record) => Some(record.epoch.to_native()),
        RecordView::Told(record) => Some(record.epoch.to_native()),
        RecordView::GivenUp(record) => Some(record.epoch.to_native()),
        RecordView::Aside(record) => Some(record.epoch.to_native()),
        _ => None,
    }
}

fn uncertain(carriers: &Names, record: &ArchivedUncertain) -> UncertainSegment {
    let carrier = record.carrier.to_native();
    let reason = if record.reason == UncertainReason::NoResponse {
        "no_response"
    } else if record.reason == UncertainReason::LinkLost {
        "link_lost"
    } else if record.reason == UncertainReason::SentAgain {
        "sent_again"
    } else {
        "crash"
    };
    UncertainSegment {
        id: MessageId(record.id.to_native()).to_string(),
        segment: record.segment,
        carrier: carriers
            .name(carrier)
            .map_or_else(|| format!("carrier {carrier}"), str::to_owned),
        reason,
        at_utc_ns: record.at_utc_ns.to_native(),
    }
}

/// Reads the whole log and adds it up.
///
/// # Errors
/// [`StoreFault`] when the store cannot be read.
pub fn audit(store: &Store) -> Result<Audit, StoreFault> {
    let carriers = Names::load(store, "carrier")?;
    let mut tally = Tally {
        first_epoch: store.first_epoch()?,
        money: store.money_gone()?,
        ..Tally::default()
    };
    let mut exported = cdr::Tally::of(store)?;
    let report = scan(store, None, &mut |frame, _, record| {
        tally.apply(&carriers, frame.key, record);
        if let Some(exported) = &mut exported {
            exported.note(frame.key, record);
        }
    })?;
    for bad in &report.quarantined {
        tally.contradicts(|| format!("frame {:?} cannot be read: {}", bad.key, bad.reason));
    }
    for gap in &report.gaps {
        tally.contradicts(|| format!("{} frames are missing from {:?} on", gap.frames, gap.key));
    }
    let mut totals = report.totals_gone;
    totals.add(&tally.totals);
    let shelved = tally.compare(store)?;
    let waiting = tally.waiting.len() as u64 + shelved;
    let accounts = tally.weigh(&Names::load(store, "account")?);
    if totals.accepted != totals.finals() + waiting {
        let (accepted, finals) = (totals.accepted, totals.finals());
        tally.contradicts(|| {
            format!("{accepted} accepted, but {finals} final and {waiting} waiting")
        });
    }
    let cdr = exported.map(|exported| exported.state(Some(totals.finals())));
    if let Some(cdr) = cdr.as_ref().filter(|cdr| cdr.adds_up == Some(false)) {
        let CdrState {
            exported,
            waiting,
            before,
            ..
        } = cdr;
        tally.contradicts(|| {
            format!(
                "{} ended, but {exported} are in CDR files, {waiting} are still to be and {before} were gone before",
                totals.finals()
            )
        });
    }
    if tally.unspelled > 0 {
        tally
            .contradictions
            .push(format!("and {} more", tally.unspelled));
    }
    Ok(Audit {
        adds_up: tally.contradictions.is_empty(),
        accepted: totals.accepted,
        delivered: totals.delivered,
        undelivered: totals.undelivered + totals.cancelled + totals.unknown,
        expired: totals.expired,
        rejected: totals.rejected,
        waiting,
        shelved,
        cancelled: totals.cancelled,
        unknown: totals.unknown,
        untold: tally.untold.len() as u64,
        untold_given_up: tally.given_up,
        mo: MoTotals {
            waiting: tally.mo_open.len() as u64,
            ..tally.mo
        },
        segments_submitted: tally.segments_submitted,
        cost_micros: tally.cost_micros,
        accounts,
        uncertain: tally.uncertain,
        contradictions: tally.contradictions,
        frames: report.frames,
        octets: report.octets,
        cdr,
    })
}
