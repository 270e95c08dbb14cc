//! Messages and status reports that the engine was told of and has not taken yet, and those whose place is to be emptied.
//!
//! Promise: each is told once at a time; a place is emptied only after what stood there was taken, and only where the same still stands
//! there. Messages that nobody takes leave room for status reports, and what is stored leaves room for what comes directly, which is nowhere
//! else. Bound: [`OFFERS_MAX`] of each kind; what does not fit stays in the store and is found again. What cannot be read, or not be
//! deleted, waits for nobody and does not count there, but among [`ALL_MAX`].

use std::hash::{DefaultHasher, Hash, Hasher};

use super::desk::SimEvent;
use super::reading::is_report;

/// Told and not answered at a time: of messages and of reports, each stored and direct.
pub(super) const OFFERS_MAX: usize = 64;
/// Of all together, whatever became of them.
const ALL_MAX: usize = 512;
/// What was not taken is told again then.
const AGAIN_NS: u64 = 30_000_000_000;

/// A place in a store: `SM`, `ME`, `SR`, and an index.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) memory: [u8; 2],
    pub(super) index: u16,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The engine was told.
    Told,
    /// It did not take it: told again then.
    Waiting { until_ns: u64 },
    /// It was taken: the place is to be emptied.
    Taken,
    /// The place could not be emptied: tried again when it is found again.
    Stuck,
    /// It cannot be read, and stays until there is need of room.
    Unreadable,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Offer {
    pub(super) number: u32,
    /// None: it came directly, and is nowhere else.
    pub(super) place: Option<Place>,
    pub(super) state: State,
    /// Of a direct one.
    pub(super) line: String,
    /// Of a status report: what the book is to hear once it is taken.
    pub(super) report: Option<SimEvent>,
    /// It is a status report.
    is_report: bool,
    mark: u64,
}

/// What is to be done with something that was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It is told under this number.
    Tell(u32),
    /// It is known, or there is no room.
    Nothing,
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Offers {
    pub(super) all: Vec<Offer>,
    number: u32,
    /// Something was passed over for want of room.
    pub(super) has_more: bool,
}

impl Offers {
    /// Something stands at a place.
    pub(super) fn found(&mut self, now_ns: u64, place: Place, line: &str) -> Found {
        let mark = mark(line);
        if let Some(at) = self.all.iter().position(|offer| offer.place == Some(place)) {
            if self.all.get(at).is_some_and(|known| known.mark == mark) {
                return self.found_again(now_ns, at);
            }
            // The place was emptied by somebody else, and filled again.
            self.all.swap_remove(at);
        }
        let found = self.add(Some(place), String::new(), is_report(line), mark);
        self.has_more |= found == Found::Nothing;
        found
    }

    fn found_again(&mut self, now_ns: u64, at: usize) -> Found {
        let number = self.next_number();
        let Some(known) = self.all.get_mut(at) else {
            return Found::Nothing;
        };
        match known.state {
            State::Waiting { until_ns } if now_ns >= until_ns => {
                known.state = State::Told;
                known.number = number;
                Found::Tell(number)
            }
            State::Stuck => {
                known.state = State::Taken;
                Found::Nothing
            }
            _ => Found::Nothing,
        }
    }

    /// Something came directly.
    pub(super) fn came(&mut self, line: &str) -> Found {
        self.add(None, line.to_owned(), is_report(line), mark(line))
    }

    fn add(&mut self, place: Option<Place>, line: String, is_report: bool, mark: u64) -> Found {
        let is_of_kind = |offer: &&Offer| {
            offer.is_report == is_report
                && offer.place.is_some() == place.is_some()
                && !matches!(offer.state, State::Unreadable | State::Stuck)
        };
        if self.all.iter().filter(is_of_kind).count() >= OFFERS_MAX || self.all.len() >= ALL_MAX {
            return Found::Nothing;
        }
        let number = self.next_number();
        self.all.push(Offer {
            number,
            place,
            state: State::Told,
            line,
            report: None,
            is_report,
            mark,
        });
        Found::Tell(number)
    }

    const fn next_number(&mut self) -> u32 {
        self.number = self.number.wrapping_add(1);
        self.number
    }

    pub(super) fn of(&mut self, number: u32) -> Option<&mut Offer> {
        self.all.iter_mut().find(|offer| offer.number == number)
    }

    /// The next direct one that is to be told again, under a new number.
    pub(super) fn due(&mut self, now_ns: u64) -> Option<(u32, String)> {
        let number = self.next_number();
        let is_due = |offer: &&mut Offer| {
            offer.place.is_none()
                && matches!(offer.state, State::Waiting { until_ns } if now_ns >= until_ns)
        };
        let found = self.all.iter_mut().find(is_due)?;
        found.state = State::Told;
        found.number = number;
        Some((number, found.line.clone()))
    }

    /// It was not taken: told again then.
    pub(super) fn wait(offer: &mut Offer, now_ns: u64) -> u64 {
        let until_ns = now_ns.saturating_add(AGAIN_NS);
        offer.state = State::Waiting { until_ns };
        until_ns
    }

    pub(super) fn deadline_ns(&self) -> Option<u64> {
        let direct = self.all.iter().filter(|offer| offer.place.is_none());
        direct
            .filter_map(|offer| match offer.state {
                State::Waiting { until_ns } => Some(until_ns),
                _ => None,
            })
            .min()
    }

    /// A place that is to be emptied.
    pub(super) fn taken(&self) -> Option<Place> {
        let mut taken = self.all.iter().filter(|offer| offer.state == State::Taken);
        taken.find_map(|offer| offer.place)
    }

    pub(super) fn has(&self, place: Place) -> bool {
        self.all.iter().any(|offer| offer.place == Some(place))
    }

    /// A place is empty.
    pub(super) fn emptied(&mut self, place: Place) {
        self.all.retain(|offer| offer.place != Some(place));
    }

    /// A whole list of a store: what stands there no more is nobody's business. What the engine holds is answered first.
    pub(super) fn listed(&mut self, memory: [u8; 2], indexes: &[u16]) {
        self.all.retain(|offer| match offer.place {
            Some(place) if place.memory == memory && offer.state != State::Told => {
                indexes.contains(&place.index)
            }
            _ => true,
        });
    }

    pub(super) fn stuck(&mut self, place: Place) {
        for offer in &mut self.all {
            if offer.place == Some(place) {
                offer.state = State::Stuck;
            }
        }
    }

    /// What cannot be read goes where there is need of room.
    pub(super) fn give_up_unreadable(&mut self) {
        for offer in &mut self.all {
            if offer.state == State::Unreadable {
                offer.state = State::Taken;
            }
        }
    }

    pub(super) fn remove(&mut self, number: u32) {
        self.all.retain(|offer| offer.number != number);
    }
}

fn mark(line: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    line.hash(&mut hasher);
    hasher.finish()
}
