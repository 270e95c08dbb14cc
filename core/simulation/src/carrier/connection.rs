//! Responses on a connection, and its loss.

use carrack_carrier::{CarrierMessageId, LinkEvent};

use super::{Answer, Copy};
use crate::faults::Fault;
use crate::world::World;

impl World {
    /// Whether a response to it can still come, and whether its slot is still its own.
    fn slot_of(&mut self, place: usize) -> Option<(Copy, bool)> {
        let copy = self.copies.get(place)?.clone();
        let link = self.link(copy.carrier, copy.link)?;
        if link.connection != copy.connection || !link.up {
            return None;
        }
        let slot = link
            .open
            .iter_mut()
            .find(|slot| slot.copy == place && !slot.queued);
        let own = slot.is_some();
        if let Some(slot) = slot {
            slot.queued = true;
        }
        Some((copy, own))
    }

    pub(crate) fn respond(&mut self, place: usize) {
        let Some((copy, own)) = self.slot_of(place) else {
            return;
        };
        let (ticket, late) = (copy.ticket, !own);
        let event = match copy.answer {
            Some(Answer::Taken { with_id }) => {
                let id = if with_id {
                    format!("{:x}", copy.id)
                } else {
                    String::new()
                };
                let id = CarrierMessageId::from_slice(id.as_bytes());
                LinkEvent::Accepted { ticket, id, late }
            }
            Some(Answer::Refused(refusal)) => LinkEvent::Refused {
                ticket,
                refusal,
                late,
            },
            Some(Answer::Queried(state)) if own => LinkEvent::Queried {
                ticket,
                state,
                error: 0,
            },
            _ => return,
        };
        if late {
            self.fault(Fault::ResponseLate);
        }
        self.note(
            "response",
            [copy.carrier as u64, copy.text as u64, u64::from(late)],
        );
        if let Some(link) = self.link(copy.carrier, copy.link) {
            link.inbox.push_back(event);
        }
        self.wake_owner(copy.carrier);
    }

    pub(crate) fn time_out(&mut self, place: usize) {
        let Some((copy, true)) = self.slot_of(place) else {
            return;
        };
        let ticket = copy.ticket;
        let event = match copy.asked {
            Some(_) => LinkEvent::Queried {
                ticket,
                state: None,
                error: 0,
            },
            None => {
                self.book.excuses += 1;
                LinkEvent::TimedOut { ticket }
            }
        };
        self.note("time-out", [copy.carrier as u64, copy.text as u64, 0]);
        if let Some(link) = self.link(copy.carrier, copy.link) {
            link.inbox.push_back(event);
        }
        self.wake_owner(copy.carrier);
    }

    /// A link is lost. `told`: the process is there to see it.
    pub(crate) fn link_down(&mut self, carrier: usize, link: usize, told: bool) {
        let Some(side) = self.link(carrier, link).filter(|side| side.up) else {
            return;
        };
        side.up = false;
        side.connection += 1;
        side.out.clear();
        let open = std::mem::take(&mut side.open);
        if !told {
            side.inbox.clear();
            return;
        }
        self.book.outages = true;
        self.note(
            "link down",
            [carrier as u64, link as u64, open.len() as u64],
        );
        for slot in open.iter().filter(|slot| !slot.queued) {
            let Some(copy) = self.copies.get(slot.copy) else {
                continue;
            };
            let ticket = copy.ticket;
            let event = match copy.asked {
                Some(_) => LinkEvent::Queried {
                    ticket,
                    state: None,
                    error: 0,
                },
                None => {
                    self.book.excuses += 1;
                    LinkEvent::Unanswered { ticket }
                }
            };
            if let Some(side) = self.link(carrier, link) {
                side.inbox.push_back(event);
            }
        }
        if let Some(side) = self.link(carrier, link) {
            side.inbox.push_back(LinkEvent::Down("cut".to_owned()));
        }
        self.wake_owner(carrier);
    }

    pub(crate) fn link_up(&mut self, carrier: usize, link: usize) {
        if self.carriers.get(carrier).is_none_or(|side| side.down) {
            return;
        }
        let Some(side) = self.link(carrier, link).filter(|side| !side.up) else {
            return;
        };
        side.up = true;
        side.inbox.push_back(LinkEvent::Up);
        self.note("link up", [carrier as u64, link as u64, 0]);
        self.wake_owner(carrier);
    }

    /// The process is gone: so is what it had of each link.
    pub(crate) fn links_lost(&mut self) {
        for carrier in 0..self.carriers.len() {
            let links = self
                .carriers
                .get(carrier)
                .map_or(0, |side| side.links.len());
            for link in 0..links {
                self.link_down(carrier, link, false);
                if let Some(side) = self.link(carrier, link) {
                    side.inbox.clear();
                    side.open.clear();
                    side.out.clear();
                }
            }
        }
    }
}
