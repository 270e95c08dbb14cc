//! What came is told to the engine, and what it answers is done: taken for good, or told again later.
//!
//! Promise: a status report reaches the book of SIMs once, when the engine has taken it. What cannot be read harms only itself.

use super::incoming::Place;
use super::link::ModemLink;
use super::offers::{Found, Offers, State};
use crate::link::LinkEvent;

impl ModemLink {
    /// Something stands in the store.
    pub(super) fn found(&mut self, place: Place, line: &str) {
        match self.incoming.offers.found(self.now.mono_ns, place, line) {
            Found::Tell(number) => self.tell_of(number, Some(place), line),
            Found::Nothing => {}
        }
    }

    /// Something came directly, as digits.
    pub(super) fn direct(&mut self, line: &str) {
        match self.incoming.offers.came(line) {
            Found::Tell(number) => self.tell_of(number, None, line),
            Found::Nothing => {
                // The network brings it again where it wants an acknowledgement.
                self.counts.unreadable += 1;
                tracing::warn!(
                    modem = self.spec.name,
                    pool = self.spec.pool,
                    "too much comes directly that the engine does not take: something was lost"
                );
            }
        }
    }

    /// Tells the engine of a message or a report.
    pub(super) fn tell_of(&mut self, number: u32, place: Option<Place>, line: &str) {
        match self.read_line(number, line) {
            Ok((event, report)) => {
                match event {
                    LinkEvent::Receipt { .. } => self.counts.reports += 1,
                    _ => self.counts.received += 1,
                }
                if let Some(offer) = self.incoming.offers.of(number) {
                    offer.report = report;
                }
                self.events.push(event);
            }
            Err(reason) => {
                self.counts.unreadable += 1;
                tracing::warn!(
                    modem = self.spec.name,
                    pool = self.spec.pool,
                    reason,
                    octets = line.len() / 2,
                    "something came that cannot be read"
                );
                self.told
                    .note_error(&format!("something came that cannot be read: {reason}"));
                match (place, self.incoming.offers.of(number)) {
                    (Some(_), Some(offer)) => offer.state = State::Unreadable,
                    _ => self.done_with_direct(number),
                }
            }
        }
        self.told.is_changed = true;
    }

    fn done_with_direct(&mut self, number: u32) {
        self.incoming.offers.remove(number);
        let is_wanted = self.identity.dialect().service == 1;
        self.incoming.acknowledgements += u32::from(is_wanted);
    }

    pub(super) fn answered(&mut self, number: u32, taken: bool) {
        let now_ns = self.now.mono_ns;
        let is_acknowledged = self.identity.dialect().service == 1;
        let Some(offer) = self.incoming.offers.of(number) else {
            return;
        };
        match (taken, offer.place) {
            (true, place) => {
                offer.state = State::Taken;
                let report = offer.report;
                if place.is_none() {
                    self.done_with_direct(number);
                } else {
                    self.incoming.has_room(now_ns);
                }
                if let Some(event) = report {
                    self.note(event);
                }
            }
            (false, Some(_)) => {
                let until_ns = Offers::wait(offer, now_ns);
                let due_ns = &mut self.incoming.list_due_ns;
                *due_ns = until_ns.min(*due_ns);
            }
            (false, None) if is_acknowledged => {
                // What is not acknowledged is brought again, and modems stop to give more until they are told how once more.
                self.incoming.offers.remove(number);
                self.setup.is_stale = true;
            }
            (false, None) => {
                Offers::wait(offer, now_ns);
            }
        }
    }
}
