//! What happens in the world beside the process: links and carriers go and come, the disk fails, a thread stands still.

use carrack_message::Status;

use crate::faults::Fault;
use crate::report::Totals;
use crate::scenario::{MS, SECOND};
use crate::world::{Act, World};

impl World {
    pub(crate) fn act(&mut self, act: Act, running: bool) {
        match act {
            Act::DiskDone => self.disk_done(),
            Act::Receive(copy) => self.receive(copy),
            Act::Respond(copy) => self.respond(copy),
            Act::TimeOut(copy) => self.time_out(copy),
            Act::Receipt(receipt) => self.send_receipt(receipt),
            Act::LinkUp(carrier, link) if running => self.link_up(carrier, link),
            Act::LinkDown(carrier, link) if !self.healthy => self.drop_link(carrier, link),
            Act::CarrierDown(carrier, for_ns) if !self.healthy => {
                self.carrier_down(carrier, for_ns)
            }
            Act::CarrierUp(carrier) => self.carrier_up(carrier),
            Act::DiskFails(for_ns) if !self.healthy => self.disk_fails(for_ns),
            Act::DiskSlow(for_ns) if !self.healthy => self.disk_slow(for_ns),
            Act::Stall(for_ns) if !self.healthy => self.stall(for_ns),
            _ => {}
        }
    }

    /// A shard's thread gets no time for a while.
    fn stall(&mut self, for_ns: u64) {
        let shard = self.rng.below(self.wakes.len() as u64) as usize;
        let until_ns = self.now_ns + for_ns;
        self.stalled = Some((shard, until_ns));
        if let Some(wake) = self.wakes.get_mut(shard) {
            *wake = (*wake).max(until_ns);
            self.fault(Fault::ShardStalled);
            self.note("stall", [shard as u64, for_ns / MS, 0]);
        }
    }

    fn drop_link(&mut self, carrier: usize, link: usize) {
        if self.is_up(carrier, link) {
            self.fault(Fault::LinkDropped);
            self.link_down(carrier, link, true);
            let again_ns = self.rng.between(10 * MS, 2 * SECOND);
            self.after(again_ns, Act::LinkUp(carrier, link));
        }
    }

    fn carrier_down(&mut self, carrier: usize, for_ns: u64) {
        self.fault(Fault::CarrierDown);
        self.note("carrier down", [carrier as u64, for_ns / MS, 0]);
        self.after(for_ns, Act::CarrierUp(carrier));
        let Some(side) = self.carriers.get_mut(carrier) else {
            return;
        };
        side.down = true;
        for link in 0..side.links.len() {
            self.link_down(carrier, link, true);
        }
    }

    fn carrier_up(&mut self, carrier: usize) {
        let Some(side) = self.carriers.get_mut(carrier) else {
            return;
        };
        side.down = false;
        for link in 0..side.links.len() {
            let bind_ns = self.rng.between(MS, 100 * MS);
            self.after(bind_ns, Act::LinkUp(carrier, link));
        }
    }

    pub(crate) fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for text in &self.book.texts {
            totals.acknowledged += u64::from(text.acknowledged.is_some());
            if !text.long {
                totals.doubled += u64::from(text.taken.saturating_sub(1));
            }
        }
        for logged in self.book.log.values() {
            totals.accepted += 1;
            let slot = match logged.end {
                Some(Status::Delivered) => &mut totals.delivered,
                Some(Status::Expired) => &mut totals.expired,
                Some(Status::Rejected) => &mut totals.rejected,
                Some(Status::Cancelled) => &mut totals.cancelled,
                Some(Status::Unknown) => &mut totals.unknown,
                Some(_) => &mut totals.undelivered,
                None => &mut totals.waiting,
            };
            *slot += 1;
        }
        totals
    }
}
