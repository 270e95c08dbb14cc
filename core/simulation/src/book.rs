//! The oracle's book: what customers handed in and heard, what the log says, what carriers got; and where they differ.
//!
//! It shares no code with the engine's audit. Bound: the messages of one run.

use std::sync::Arc;

use carrack_engine::Verdict;
use carrack_message::record::{ArchivedBody, FrameReader, ReceiptWish, RecordView, Submitted};
use carrack_message::{MessageId, ReceiptState, Status};
use carrack_queue::{FrameKey, SealedFrame};
use rustc_hash::{FxHashMap, FxHashSet};

use crate::money::Money;

/// Violations that are spelled out.
const SPELLED_OUT_MAX: usize = 20;

/// A text that a customer handed in; its number stands in it, so that it is known wherever it turns up.
#[derive(Debug, Default, Clone)]
pub(crate) struct Text {
    pub(crate) wants_receipt: ReceiptWish,
    pub(crate) long: bool,
    /// What the customer was told.
    pub(crate) acknowledged: Option<u128>,
    /// What the log says.
    pub(crate) accepted: Option<u128>,
    pub(crate) cancelled: bool,
    /// Copies that carriers took.
    pub(crate) taken: u32,
    /// A carrier said so, by receipt or answer.
    pub(crate) delivered: bool,
    /// Not to be sent before, UTC; 0: at once.
    pub(crate) send_at_utc_ns: u64,
    /// Somebody said a final state that the engine has taken, of a copy whose id is in the log.
    pub(crate) answered: Option<ReceiptState>,
}

/// What the durable frames of all runs say of a message.
#[derive(Debug, Default, Clone)]
pub(crate) struct Logged {
    pub(crate) text: usize,
    pub(crate) end: Option<Status>,
    pub(crate) tell: bool,
    pub(crate) told: u32,
    /// Records by segment, from 0.
    pub(crate) uncertain: FxHashMap<u8, u32>,
    pub(crate) refused: u32,
    /// Carrier's number, id.
    pub(crate) submitted: Vec<(u32, Vec<u8>)>,
    /// On the shelf, and not in the log.
    pub(crate) shelved: bool,
}

impl Logged {
    fn uncertain_in_all(&self) -> u32 {
        self.uncertain.values().sum()
    }
}

#[derive(Default)]
pub(crate) struct Book {
    pub(crate) texts: Vec<Text>,
    pub(crate) log: FxHashMap<u128, Logged>,
    pub(crate) money: Money,
    pub(crate) violations: Vec<String>,
    /// Notices with a customer: to which subscriber.
    pub(crate) handed: FxHashMap<u128, u64>,
    /// Notices that a customer answered in this run of the process.
    pub(crate) answered: FxHashSet<u128>,
    /// Copies by text, carrier and part.
    copies: FxHashMap<(usize, usize, u8), u32>,
    /// Reasons for which more than one copy may be taken.
    pub(crate) excuses: u64,
    /// A move from carrier to carrier may repeat parts of a long text.
    pub(crate) outages: bool,
}

/// What can be said of a run for certain.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certain {
    /// An answered receipt cannot have been given up.
    pub(crate) sure: bool,
    /// None can have been given to another message.
    pub(crate) apart: bool,
    /// What had no response is sent again.
    pub(crate) resends: bool,
}

/// The number that stands in a text, wherever it was cut and in whichever alphabet.
pub(crate) fn number_in(octets: &[u8], wide: bool) -> Option<usize> {
    let digits: Vec<u8> = match wide {
        true => octets.iter().copied().filter(|octet| *octet != 0).collect(),
        false => octets.to_vec(),
    };
    digits.windows(8).find_map(|window| {
        let (q, rest) = window.split_first()?;
        let (x, number) = rest.split_last()?;
        (*q == b'q' && *x == b'x').then(|| std::str::from_utf8(number).ok()?.parse().ok())?
    })
}

/// A text that carries its number, of at least so many characters.
pub(crate) fn text_of(number: usize, characters: usize, wide: bool) -> String {
    let tag = format!("q{number:06}x");
    let mut text = tag.repeat(characters.div_ceil(8).max(1));
    if wide {
        text.push('Ж');
    }
    text
}

impl Book {
    pub(crate) fn violated(&mut self, what: impl FnOnce() -> String) {
        if self.violations.len() < SPELLED_OUT_MAX {
            self.violations.push(what());
        }
    }

    /// A frame has become durable.
    pub(crate) fn durable(&mut self, frame: &Arc<SealedFrame>) {
        let Ok(reader) = FrameReader::new(&frame.octets) else {
            return self.violated(|| format!("frame {:?} cannot be read", frame.key));
        };
        for (_, _, record) in reader.iter() {
            match record {
                Ok(record) => {
                    if let Some(fault) = self.money.record(frame.key, record) {
                        self.violated(|| fault);
                    }
                    self.record(frame.key, record);
                }
                Err(fault) => self.violated(|| format!("frame {:?}: {fault}", frame.key)),
            }
        }
    }

    fn record(&mut self, frame: FrameKey, record: RecordView<'_>) {
        match record {
            RecordView::Accepted(record) => {
                let id = record.id.to_native();
                if !frame.accepted(MessageId(id)) {
                    return self.logged(id, |logged| {
                        let was_there = std::mem::replace(&mut logged.shelved, false);
                        (!was_there).then_some("came back from the shelf and was not there")
                    });
                }
                let number = match &record.body {
                    ArchivedBody::Text(text) => number_in(text.as_bytes(), false),
                    ArchivedBody::Raw { .. } => None,
                };
                let Some(number) = number.filter(|number| *number < self.texts.len()) else {
                    return self.violated(|| format!("accepted {id:x} is no text of ours"));
                };
                let logged = Logged {
                    text: number,
                    shelved: record.send_at_utc_ns != 0,
                    ..Logged::default()
                };
                if self.log.insert(id, logged).is_some() {
                    self.violated(|| format!("message {} accepted twice", MessageId(id)));
                }
                let send_at_utc_ns = record.send_at_utc_ns.to_native();
                let before = self.texts.get_mut(number).and_then(|text| {
                    text.send_at_utc_ns = send_at_utc_ns;
                    text.accepted.replace(id)
                });
                if let Some(before) = before {
                    self.violated(|| format!("text {number} accepted as {before:x} and {id:x}"));
                }
            }
            RecordView::Final(record) => {
                let id = record.id.to_native();
                let status = Status::from_u8(record.status).filter(|status| status.is_final());
                let tell = record.tell;
                self.logged(id, |logged| {
                    let again = logged.end.is_some();
                    logged.end = status;
                    logged.tell = tell;
                    match again {
                        true => Some("ended twice"),
                        false => logged.shelved.then_some("ended on the shelf"),
                    }
                });
            }
            RecordView::Aside(record) => self.logged(record.id.to_native(), |logged| {
                let again = std::mem::replace(&mut logged.shelved, true);
                match again || logged.end.is_some() {
                    true => Some("went to the shelf and was there, or at its end"),
                    false => None,
                }
            }),
            RecordView::Told(record) => self.logged(record.id.to_native(), |logged| {
                logged.told += 1;
                match (logged.end, logged.told) {
                    (None, _) => Some("told before its end"),
                    (_, 1) => None,
                    _ => Some("told twice"),
                }
            }),
            RecordView::Uncertain(record) => {
                self.logged(record.id.to_native(), |logged| {
                    *logged.uncertain.entry(record.segment).or_default() += 1;
                    None
                });
            }
            RecordView::Refused(record) => {
                self.logged(record.id.to_native(), |logged| {
                    logged.refused += 1;
                    None
                });
            }
            RecordView::Submitted(record) if record.attempt == Submitted::COPY => {}
            RecordView::Submitted(record) => {
                let submitted = (
                    record.carrier.to_native(),
                    record.carrier_message_id.to_vec(),
                );
                self.logged(record.id.to_native(), |logged| {
                    logged.submitted.push(submitted);
                    None
                });
            }
            _ => {}
        }
    }

    /// An outcome of a message. Nothing follows from an acceptance before it is durable, so its id must be known.
    fn logged(&mut self, id: u128, change: impl FnOnce(&mut Logged) -> Option<&'static str>) {
        let fault = match self.log.get_mut(&id) {
            Some(logged) => change(logged),
            None => Some("is in an outcome and was never accepted"),
        };
        if let Some(fault) = fault {
            self.violated(|| format!("message {} {fault}", MessageId(id)));
        }
    }

    /// A customer hears what became of his texts.
    pub(crate) fn verdict(&mut self, number: usize, verdict: &Verdict) {
        let (Verdict::Accepted(id) | Verdict::Repeated(id, _)) = verdict else {
            return;
        };
        if self
            .log
            .get(&id.0)
            .is_none_or(|logged| logged.text != number)
        {
            self.violated(|| format!("text {number} acknowledged as {id} and not durable"));
        }
        let text = self.texts.get_mut(number);
        let before = text.and_then(|text| text.acknowledged.replace(id.0));
        if before.is_some_and(|before| before != id.0) {
            self.violated(|| {
                format!("text {number} is acknowledged as {id}, and was by another id")
            });
        }
    }

    /// A segment is written to a carrier.
    pub(crate) fn written(&mut self, utc_ns: u64, number: Option<usize>) {
        let Some(number) = number else {
            return self.violated(|| "a carrier gets octets that are no text of ours".to_owned());
        };
        let text = self.texts.get(number);
        let cancelled = text.is_some_and(|text| text.cancelled);
        let too_soon = text.is_some_and(|text| utc_ns < text.send_at_utc_ns);
        let Some(id) = text.and_then(|text| text.accepted) else {
            return self.violated(|| format!("text {number} is sent and not durable"));
        };
        if too_soon {
            self.violated(|| format!("text {number} is sent before its time"));
        }
        let ended = self.log.get(&id).and_then(|logged| logged.end);
        if let Some(status) = ended {
            self.violated(|| format!("text {number} is sent after its end: {}", status.name()));
        }
        if cancelled {
            self.violated(|| format!("text {number} is sent after it was cancelled"));
        }
    }

    /// A carrier takes a segment.
    pub(crate) fn taken(&mut self, number: usize, carrier: usize, part: u8) {
        *self.copies.entry((number, carrier, part)).or_default() += 1;
        if let Some(text) = self.texts.get_mut(number) {
            text.taken += 1;
        }
    }

    /// Reads the whole log from its beginning, as a restart would.
    pub(crate) fn read_again<'a>(
        &mut self,
        frames: impl Iterator<Item = &'a Arc<SealedFrame>>,
        shelf: &FxHashSet<u128>,
    ) {
        let mut waiting = FxHashSet::default();
        let mut untold = FxHashSet::default();
        let mut aside = FxHashSet::default();
        let (mut accepted, mut ended) = (FxHashSet::default(), 0usize);
        let mut numbers: FxHashMap<(u32, u16), u64> = FxHashMap::default();
        for frame in frames {
            let expected = numbers
                .entry((frame.key.epoch, frame.key.shard))
                .or_default();
            if frame.key.number != *expected {
                let expected = *expected;
                self.violated(|| format!("frame {expected} is missing before {:?}", frame.key));
            }
            numbers.insert((frame.key.epoch, frame.key.shard), frame.key.number + 1);
            let Ok(reader) = FrameReader::new(&frame.octets) else {
                continue;
            };
            for record in reader.iter().filter_map(|(_, _, record)| record.ok()) {
                match record {
                    RecordView::Accepted(record) => {
                        let id = record.id.to_native();
                        let new = accepted.insert(id);
                        match new && record.send_at_utc_ns != 0 {
                            true => aside.insert(id),
                            false => waiting.insert(id),
                        };
                        if !new && !aside.remove(&id) {
                            self.violated(|| {
                                format!("read in order, {} comes back from nowhere", MessageId(id))
                            });
                        }
                    }
                    RecordView::Aside(record) => {
                        let id = record.id.to_native();
                        if !waiting.remove(&id) || !aside.insert(id) {
                            self.violated(|| {
                                format!("read in order, {} leaves and does not wait", MessageId(id))
                            });
                        }
                    }
                    RecordView::Final(record) => {
                        let id = record.id.to_native();
                        ended += 1;
                        if !waiting.remove(&id) {
                            self.violated(|| {
                                format!("read in order, {} ends and does not wait", MessageId(id))
                            });
                        }
                        if record.tell {
                            untold.insert(id);
                        }
                    }
                    RecordView::GivenUp(record) => {
                        let name = MessageId(record.id.to_native());
                        self.violated(|| format!("{name} was given up, and its time was not over"));
                    }
                    RecordView::Told(record) => {
                        let id = record.id.to_native();
                        if !untold.remove(&id) {
                            self.violated(|| {
                                format!("read in order, {} is told and not ended", MessageId(id))
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
        for id in shelf.symmetric_difference(&aside) {
            let there = shelf.contains(id);
            self.violated(|| {
                format!(
                    "on the shelf: {there}; by the log it differs: {}",
                    MessageId(*id)
                )
            });
        }
        if accepted.len() != ended + waiting.len() + aside.len() {
            let (accepted, waiting) = (accepted.len(), waiting.len() + aside.len());
            self.violated(|| format!("{accepted} accepted, {ended} ended, {waiting} waiting"));
        }
        let lost: Vec<usize> = (0..self.texts.len())
            .filter(|number| {
                let id = self.texts.get(*number).and_then(|text| text.acknowledged);
                id.is_some_and(|id| !accepted.contains(&id))
            })
            .collect();
        for number in lost {
            self.violated(|| format!("text {number} was acknowledged and is not in the log"));
        }
    }

    /// Everything is quiet: every message has its one end, and every copy its reason.
    pub(crate) fn close(&mut self, certain: Certain) {
        let mut found = Vec::new();
        let (mut doubled, mut ids): (u64, Vec<u128>) = (0, self.log.keys().copied().collect());
        ids.sort_unstable();
        for id in ids {
            let Some(logged) = self.log.get(&id) else {
                continue;
            };
            let Some(text) = self.texts.get(logged.text) else {
                continue;
            };
            let name = format!("text {} ({})", logged.text, MessageId(id));
            match logged.end {
                None => found.push(format!("{name} has no end")),
                Some(Status::Delivered) if certain.apart && !text.delivered => {
                    found.push(format!("{name} is delivered, and no carrier said so"));
                }
                Some(Status::Unknown)
                    if certain.sure && !text.long && text.taken == 1 && text.answered.is_some() =>
                {
                    found.push(format!("{name} is unknown, and its receipt was answered"));
                }
                Some(Status::Unknown) if certain.resends && text.taken == 0 => {
                    found.push(format!(
                        "{name} is unknown, never reached a carrier and was to be sent again"
                    ));
                }
                Some(status) if text.cancelled && status != Status::Cancelled => {
                    found.push(format!("{name} was cancelled and is {}", status.name()));
                }
                _ => {}
            }
            let told = |end| logged.tell == text.wants_receipt.covers(end);
            if !logged.end.is_none_or(told) {
                found.push(format!("{name} is not told as the customer wished"));
            }
            if logged.tell && logged.told != 1 {
                found.push(format!("{name} is told {} times", logged.told));
            }
            let copies = u64::from(text.taken.saturating_sub(1));
            if !text.long {
                doubled += copies;
            }
        }
        self.each_copy_listed(&mut found);
        if doubled > self.excuses {
            let excuses = self.excuses;
            found.push(format!(
                "{doubled} doubled, and no more than {excuses} may be"
            ));
        }
        if !self.outages {
            let mut copies: Vec<_> = self
                .copies
                .iter()
                .map(|(key, count)| (*key, *count))
                .collect();
            copies.sort_unstable();
            for ((number, carrier, part), count) in copies {
                let id = self.texts.get(number).and_then(|text| text.accepted);
                let reasons = id
                    .and_then(|id| self.log.get(&id))
                    .map_or(0, |logged| logged.uncertain_in_all() + logged.refused);
                if count > 1 + reasons {
                    found.push(format!(
                        "part {part} of text {number} was taken {count} times by carrier {carrier}, for {reasons} reasons"
                    ));
                }
            }
        }
        for fault in found {
            self.violated(|| fault);
        }
    }

    /// A part (from 1, as on the wire) that was taken more than once, wherever, is listed once for each copy too many.
    fn each_copy_listed(&self, found: &mut Vec<String>) {
        let mut taken: FxHashMap<(usize, u8), u32> = FxHashMap::default();
        for ((number, _, part), count) in &self.copies {
            *taken.entry((*number, *part)).or_default() += count;
        }
        let mut taken: Vec<_> = taken.into_iter().collect();
        taken.sort_unstable();
        for ((number, part), taken) in taken {
            let id = self.texts.get(number).and_then(|text| text.accepted);
            let listed = id
                .and_then(|id| self.log.get(&id))
                .and_then(|logged| logged.uncertain.get(&part.saturating_sub(1)).copied())
                .unwrap_or(0);
            if taken > 1 + listed {
                found.push(format!(
                    "part {part} of text {number} was taken {taken} times, and {listed} are listed as uncertain"
                ));
            }
        }
    }
}
