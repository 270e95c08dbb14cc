//! What came on the links, each event to its door; and what goes back on them.

use carrack_carrier::{LinkEvent, ReceiptHandle};
use carrack_message::record::UncertainReason;
use carrack_runtime::Now;

use super::Shard;
use super::numbers::Numbers;
use super::settle::receipts::Report;
use crate::shared::Health;

impl Shard {
    pub(super) fn poll_links(&mut self, now: Now) {
        let mut events = std::mem::take(&mut self.events);
        for index in 0..self.owned.len() {
            let Some(place) = self.owned.get(index).copied() else {
                break;
            };
            let links = self
                .carriers
                .get(&place)
                .map_or(0, |carrier| carrier.links.len());
            for link in 0..links {
                if let Some(link) = self
                    .carriers
                    .get_mut(&place)
                    .and_then(|carrier| carrier.links.get_mut(link))
                {
                    link.poll(now, &mut events);
                }
                for event in events.drain(..) {
                    self.on_link_event(now, place, link as u16, event);
                }
            }
            let carrier = self.carriers.get_mut(&place);
            let health = carrier.map_or(Health::Down, |carrier| carrier.health(now));
            self.shared.set_health(place, health);
        }
        self.events = events;
    }

    fn on_link_event(&mut self, now: Now, place: u16, link: u16, event: LinkEvent) {
        match event {
            LinkEvent::Up => {
                if let Some(carrier) = self.carriers.get(&place) {
                    tracing::info!(carrier = carrier.name, link, "link is up");
                }
            }
            LinkEvent::Down(reason) => {
                if let Some(carrier) = self.carriers.get(&place) {
                    carrier.note_link_lost();
                    tracing::warn!(carrier = carrier.name, link, reason, "link is down");
                    if carrier.is_refused(link) {
                        tracing::error!(
                            carrier = carrier.name,
                            link,
                            "its credentials were refused too often and are not tried again: mend system_id and password, then restart"
                        );
                    }
                }
            }
            LinkEvent::Accepted { ticket, id, late } => {
                self.segment_accepted(now, place, ticket, id, late)
            }
            LinkEvent::Refused {
                ticket,
                refusal,
                late,
            } => self.segment_refused(now, place, ticket, refusal, late),
            LinkEvent::TimedOut { ticket } => {
                self.segment_uncertain(now, place, ticket, UncertainReason::NoResponse);
            }
            LinkEvent::Unanswered { ticket } => {
                self.segment_uncertain(now, place, ticket, UncertainReason::LinkLost);
            }
            LinkEvent::Receipt {
                handle,
                id,
                state,
                error,
                source,
                destination,
            } => {
                let numbers = Numbers {
                    source,
                    destination,
                };
                let report = Report {
                    state,
                    error,
                    numbers,
                };
                self.receipt(now, place, link, handle, id, report);
            }
            LinkEvent::Queried {
                ticket,
                state,
                error,
            } => self.queried(now, place, ticket, state, error),
            LinkEvent::Available { .. } => {
                // What waits for this handset is tried again when its pause ends.
            }
            LinkEvent::Mo { handle, part } => self.mo(now, place, link, handle, *part),
        }
    }

    pub(super) fn answer(&mut self, place: u16, link: u16, handle: ReceiptHandle, taken: bool) {
        let carrier = self.carriers.get_mut(&place);
        if let Some(link) = carrier.and_then(|carrier| carrier.links.get_mut(usize::from(link))) {
            link.answer(handle, taken);
        }
    }

    /// The outcome of a segment is settled: the journal need not remember it, and the carrier may have another.
    pub(super) fn forget_in_flight(&mut self, place: u16, entry: u32) {
        self.journal.forget(entry);
        if let Some(carrier) = self.carriers.get_mut(&place) {
            carrier.unsettled = carrier.unsettled.saturating_sub(1);
        }
    }
}
