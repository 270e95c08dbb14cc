//! Parts waiting for their fellows, by origin, destination, reference and total.
//!
//! A part that comes again is ignored, also for a while after its message was handed over. Another text under the same
//! reference begins a new message; what was there is handed over as it is. Past a bound the oldest goes.

use std::collections::{BTreeMap, HashMap};

use smallvec::SmallVec;

use super::held::{Kept, Key, join};
use super::{Mo, MoPart};
use crate::wire::TextForm;

/// Parts by number and what tells their octets from others.
type Prints = SmallVec<[(u8, u64); 4]>;

/// Bounds of a reassembly.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReassemblySettings {
    /// How long a message may wait for its parts, and how long one that went is remembered, nanoseconds.
    pub timeout_ns: u64,
    /// Messages that wait at a time; also messages remembered.
    pub messages_max: usize,
    /// Octets of text held in all.
    pub octets_max: usize,
}

/// What became of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// Its message was handed over.
    Whole,
    /// It waits for so many others.
    Held {
        /// Parts that are not there yet.
        missing: u8,
    },
    /// It was there already.
    Repeated,
}

/// Messages in parts, of one carrier.
#[derive(Debug)]
pub struct Reassembly {
    settings: ReassemblySettings,
    waiting: HashMap<Key, Waiting>,
    /// By serial, which is the order of their deadlines.
    order: BTreeMap<u64, (u64, Key)>,
    gone: HashMap<Key, (u64, Prints)>,
    gone_order: BTreeMap<u64, (u64, Key)>,
    serial: u64,
    octets: usize,
    incomplete: u64,
    repeated: u64,
}

#[derive(Debug)]
struct Waiting {
    serial: u64,
    /// In order of their numbers.
    parts: Vec<Kept>,
}

impl Reassembly {
    /// Nothing held.
    #[must_use]
    pub fn new(settings: ReassemblySettings) -> Self {
        Self {
            settings,
            waiting: HashMap::new(),
            order: BTreeMap::new(),
            gone: HashMap::new(),
            gone_order: BTreeMap::new(),
            serial: 0,
            octets: 0,
            incomplete: 0,
            repeated: 0,
        }
    }

    /// Takes one `deliver_sm`; adds to `out` each message that is whole or has to make room.
    pub fn take(
        &mut self,
        now_ns: u64,
        form: &TextForm,
        part: &MoPart<'_>,
        out: &mut Vec<Mo>,
    ) -> Taken {
        let (key, kept) = Kept::of(form, part);
        let Some(key) = key else {
            out.extend(join(part.origin, part.destination, 1, &[kept]));
            return Taken::Whole;
        };
        if self.is_gone(&key, &kept) {
            self.repeated += 1;
            return Taken::Repeated;
        }
        if let Some(place) = self.place(&key, kept.number) {
            if place == kept.print {
                self.repeated += 1;
                return Taken::Repeated;
            }
            self.hand_over(&key, out);
        }
        self.make_room(&key, kept.body.len(), out);
        let missing = self.keep(now_ns, &key, kept);
        if missing > 0 && self.octets <= self.settings.octets_max {
            return Taken::Held { missing };
        }
        let prints = self.prints(&key);
        self.hand_over(&key, out);
        if missing == 0 {
            self.remember(now_ns, key, prints);
        }
        Taken::Whole
    }

    /// Adds to `out` what has waited too long, and forgets messages that went long ago.
    pub fn expire(&mut self, now_ns: u64, out: &mut Vec<Mo>) {
        while let Some((_, (deadline_ns, key))) = self.order.first_key_value() {
            if *deadline_ns > now_ns {
                break;
            }
            let key = key.clone();
            self.hand_over(&key, out);
        }
        while let Some(entry) = self.gone_order.first_entry() {
            if entry.get().0 > now_ns {
                break;
            }
            let (_, key) = entry.remove();
            self.gone.remove(&key);
        }
    }

    /// When [`Reassembly::expire`] has something to do.
    #[must_use]
    pub fn next_deadline_ns(&self) -> Option<u64> {
        let first = |order: &BTreeMap<u64, (u64, Key)>| {
            let (_, (deadline_ns, _)) = order.first_key_value()?;
            Some(*deadline_ns)
        };
        first(&self.order)
            .into_iter()
            .chain(first(&self.gone_order))
            .min()
    }

    /// Messages that wait for parts.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Octets of text held.
    #[must_use]
    pub const fn octets(&self) -> usize {
        self.octets
    }

    /// Messages handed over with parts missing.
    #[must_use]
    pub const fn incomplete(&self) -> u64 {
        self.incomplete
    }

    /// Parts that came again.
    #[must_use]
    pub const fn repeated(&self) -> u64 {
        self.repeated
    }

    /// Whether the part is of a message that went; another text under its key makes that one forgotten.
    fn is_gone(&mut self, key: &Key, kept: &Kept) -> bool {
        let Some((serial, prints)) = self.gone.get(key) else {
            return false;
        };
        if prints.contains(&(kept.number, kept.print)) {
            return true;
        }
        self.gone_order.remove(serial);
        self.gone.remove(key);
        false
    }

    /// What stands in a part's place.
    fn place(&self, key: &Key, number: u8) -> Option<u64> {
        let waiting = self.waiting.get(key)?;
        let place = waiting.parts.iter().find(|part| part.number == number);
        place.map(|part| part.print)
    }

    fn prints(&self, key: &Key) -> Prints {
        let parts = self.waiting.get(key).map(|waiting| &waiting.parts);
        parts
            .into_iter()
            .flatten()
            .map(|part| (part.number, part.print))
            .collect()
    }

    /// Keeps a part; gives how many others its message lacks.
    fn keep(&mut self, now_ns: u64, key: &Key, kept: Kept) -> u8 {
        self.octets += kept.body.len();
        let serial = self.serial;
        let waiting = self.waiting.entry(key.clone()).or_insert_with(|| Waiting {
            serial,
            parts: Vec::new(),
        });
        if waiting.serial == serial {
            self.serial += 1;
            let deadline_ns = now_ns.saturating_add(self.settings.timeout_ns);
            self.order.insert(serial, (deadline_ns, key.clone()));
        }
        let place = waiting
            .parts
            .partition_point(|part| part.number < kept.number);
        waiting.parts.insert(place, kept);
        key.total.saturating_sub(waiting.parts.len() as u8)
    }

    /// Hands over the oldest others until a part of so many octets fits.
    fn make_room(&mut self, key: &Key, octets: usize, out: &mut Vec<Mo>) {
        let settings = self.settings;
        loop {
            let new = usize::from(!self.waiting.contains_key(key));
            let full = self.waiting.len() + new > settings.messages_max.max(1)
                || self.octets + octets > settings.octets_max;
            let mut oldest = self.order.values().map(|(_, key)| key);
            let Some(oldest) = oldest.find(|oldest| *oldest != key).filter(|_| full) else {
                break;
            };
            let oldest = oldest.clone();
            self.hand_over(&oldest, out);
        }
    }

    fn hand_over(&mut self, key: &Key, out: &mut Vec<Mo>) {
        let Some(waiting) = self.waiting.remove(key) else {
            return;
        };
        self.order.remove(&waiting.serial);
        let octets: usize = waiting.parts.iter().map(|part| part.body.len()).sum();
        self.octets = self.octets.saturating_sub(octets);
        if let Some(joined) = join(&key.origin, &key.destination, key.total, &waiting.parts) {
            self.incomplete += u64::from(joined.missing > 0);
            out.push(joined);
        }
    }

    fn remember(&mut self, now_ns: u64, key: Key, prints: Prints) {
        while self.gone.len() >= self.settings.messages_max.max(1) {
            let Some((_, (_, oldest))) = self.gone_order.pop_first() else {
                break;
            };
            self.gone.remove(&oldest);
        }
        let deadline_ns = now_ns.saturating_add(self.settings.timeout_ns);
        self.gone_order
            .insert(self.serial, (deadline_ns, key.clone()));
        self.gone.insert(key, (self.serial, prints));
        self.serial += 1;
    }
}
