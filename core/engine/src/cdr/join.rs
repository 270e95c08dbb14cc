//! What is known of a message since it was accepted, until it ends: of those accepted lately in memory, of the others read
//! from the log again, each frame once a round.
//!
//! A message's id names the frame and the place in it where it was accepted, so that nothing is searched. Bound:
//! `octets_max` and [`FRAMES_MAX`] frames; the oldest go first. Fails as the store does, and by an end without its origin
//! where the log has none that can be read.

use std::collections::{BTreeMap, VecDeque};

use carrack_message::record::{ArchivedAccepted, ArchivedBody, BatchRow, FrameReader, RecordView};
use carrack_message::{Alphabet, MessageId, Micros, alphabet, tag};
use carrack_queue::{FrameKey, Store, StoreFault};
use rustc_hash::FxHashMap;

use super::line::Form;

/// Frames of which something is remembered.
const FRAMES_MAX: usize = 100_000;

/// A piece of the text that a group keeps.
#[derive(Debug, Clone, Copy)]
struct Span {
    from: u32,
    to: u32,
}

/// What a line needs of an accepted message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Taken {
    id: MessageId,
    pub(super) class: u8,
    pub(super) to: u64,
    pub(super) segments: u8,
    pub(super) form: Form,
    pub(super) at_utc_ns: u64,
    pub(super) price: Option<Micros>,
    pub(super) batch: Option<BatchRow>,
    from: Span,
    client_ref: Option<Span>,
    tag: Option<Span>,
}

/// Messages with their texts.
#[derive(Debug, Default)]
pub(super) struct Group {
    /// In the order of their ids where all are of one frame.
    taken: Vec<Taken>,
    text: String,
    ended: usize,
}

/// A message and the text it is in.
pub(super) struct Found<'a> {
    pub(super) taken: &'a Taken,
    text: &'a str,
}

impl<'a> Found<'a> {
    fn piece(&self, span: Span) -> &'a str {
        let piece = self.text.get(span.from as usize..span.to as usize);
        piece.unwrap_or_default()
    }

    pub(super) fn from(&self) -> &'a str {
        self.piece(self.taken.from)
    }

    pub(super) fn client_ref(&self) -> Option<&'a str> {
        self.taken.client_ref.map(|span| self.piece(span))
    }

    pub(super) fn tag(&self) -> Option<&'a str> {
        self.taken.tag.map(|span| self.piece(span))
    }
}

impl Group {
    fn keep(&mut self, text: &str) -> Span {
        let from = self.text.len() as u32;
        self.text.push_str(text);
        Span {
            from,
            to: self.text.len() as u32,
        }
    }

    pub(super) fn add(&mut self, record: &ArchivedAccepted) {
        let form = match &record.body {
            ArchivedBody::Text(text) => match alphabet::choose(text.as_str()) {
                Alphabet::Gsm7 => Form::Gsm7,
                Alphabet::Ucs2 => Form::Ucs2,
            },
            ArchivedBody::Raw { data_coding, .. } => Form::Raw(*data_coding),
        };
        let price = record.price_micros.to_native();
        let from = self.keep(record.from.as_str());
        let client_ref = record.client_ref.as_ref();
        let client_ref = client_ref.map(|reference| self.keep(reference.as_str()));
        let tag = Some(tag(&record.tlvs)).filter(|tag| !tag.is_empty());
        let tag = tag.map(|tag| self.keep(tag));
        self.taken.push(Taken {
            id: MessageId(record.id.to_native()),
            class: record.class,
            to: record.to.to_native(),
            segments: record.segments,
            form,
            at_utc_ns: record.at_utc_ns.to_native(),
            price: (price >= 0).then_some(Micros(price)),
            batch: record.batch.as_ref().map(|batch| BatchRow {
                batch: batch.batch.to_native(),
                row: batch.row.to_native(),
            }),
            from,
            client_ref,
            tag,
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    fn octets(&self) -> usize {
        self.taken.len() * size_of::<Taken>() + self.text.len()
    }

    /// By its place in the frame, where ids grow with the places.
    fn find(&self, id: MessageId) -> Option<Found<'_>> {
        let index = id.parts().index;
        let place = self
            .taken
            .binary_search_by_key(&index, |taken| taken.id.parts().index);
        let taken = self.taken.get(place.ok()?)?;
        (taken.id == id).then_some(Found {
            taken,
            text: &self.text,
        })
    }
}

/// Those accepted lately.
pub(super) struct Lately {
    octets_max: usize,
    octets: usize,
    groups: FxHashMap<FrameKey, Group>,
    order: VecDeque<FrameKey>,
}

impl Lately {
    pub(super) fn new(octets_max: usize) -> Self {
        Self {
            octets_max,
            octets: 0,
            groups: FxHashMap::default(),
            order: VecDeque::new(),
        }
    }

    /// What was accepted in a frame.
    pub(super) fn add(&mut self, key: FrameKey, group: Group) {
        if group.is_empty() {
            return;
        }
        self.octets += group.octets();
        self.groups.insert(key, group);
        self.order.push_back(key);
        while self.octets > self.octets_max || self.order.len() > FRAMES_MAX {
            let Some(oldest) = self.order.pop_front() else {
                break;
            };
            self.forget(oldest);
        }
    }

    fn forget(&mut self, key: FrameKey) {
        if let Some(group) = self.groups.remove(&key) {
            self.octets -= group.octets();
        }
    }

    pub(super) fn find(&self, id: MessageId) -> Option<Found<'_>> {
        self.groups.get(&FrameKey::of_message(id))?.find(id)
    }

    /// These messages have their lines. Those of one frame often end together.
    pub(super) fn ended(&mut self, ids: impl Iterator<Item = MessageId>) {
        let mut ids = ids.map(FrameKey::of_message).peekable();
        while let Some(key) = ids.next() {
            let mut count = 1;
            while ids.next_if_eq(&key).is_some() {
                count += 1;
            }
            if let Some(group) = self.groups.get_mut(&key) {
                group.ended += count;
                if group.ended >= group.taken.len() {
                    self.forget(key);
                }
            }
        }
    }
}

/// An end whose message is to be read again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) id: MessageId,
    /// Epoch of the log that holds it, as its end says.
    pub(super) epoch: u32,
}

/// Those of one round that were read again.
#[derive(Default)]
pub(super) struct Again {
    group: Group,
    places: FxHashMap<MessageId, usize>,
}

impl Again {
    /// Reads what is wanted, each frame once.
    pub(super) fn read(store: &Store, wanted: &[Wanted]) -> Result<Self, StoreFault> {
        let mut again = Self::default();
        let mut homes: BTreeMap<FrameKey, Vec<MessageId>> = BTreeMap::new();
        for Wanted { id, epoch } in wanted {
            let own = FrameKey::of_message(*id);
            // What was on the shelf lies where it came back; where it was accepted may be gone.
            let home = match own.epoch == *epoch {
                true => own,
                false => store.home(*id)?.unwrap_or(own),
            };
            homes.entry(home).or_default().push(*id);
        }
        for (home, mut ids) in homes {
            ids.sort_unstable();
            let Some(octets) = store.frame(home)? else {
                continue;
            };
            let Ok(reader) = FrameReader::new(&octets) else {
                continue;
            };
            for (_, record) in reader.accepted_and_final() {
                let Ok(RecordView::Accepted(record)) = record else {
                    continue;
                };
                let id = MessageId(record.id.to_native());
                if ids.binary_search(&id).is_ok() {
                    again.places.insert(id, again.group.taken.len());
                    again.group.add(record);
                }
            }
        }
        Ok(again)
    }

    pub(super) fn find(&self, id: MessageId) -> Option<Found<'_>> {
        let taken = self.group.taken.get(*self.places.get(&id)?)?;
        Some(Found {
            taken,
            text: &self.group.text,
        })
    }
}
