//! Parcels on their way out: on the bind their submit came on, else on any other of the same system_id, while one takes them.

use super::centre::{SECOND_NS, Smsc};
use super::connections::BindKey;
use super::delivery::{Sent, deliver};
use super::desk::Due;
use super::events::ParcelFate;
use super::post::Content;

impl Smsc {
    pub(super) fn settle_parcel(&mut self, now_ns: u64, ticket: u64, fate: &ParcelFate) {
        match fate {
            ParcelFate::Answered(status) if status.is_ok() => self.answered(now_ns, ticket),
            ParcelFate::Answered(_) => {
                if self.desk.post.refused(ticket) {
                    self.desk
                        .put(now_ns.saturating_add(SECOND_NS), Due::Parcel(ticket));
                } else {
                    self.give_up_parcel(ticket);
                }
            }
            ParcelFate::Unanswered => self.line_up(ticket),
        }
    }

    fn answered(&mut self, now_ns: u64, ticket: u64) {
        let Some(closed) = self.desk.post.close(ticket) else {
            return;
        };
        if closed.is_receipt {
            self.desk.counts.receipts_answered += 1;
            let time_ns = now_ns.saturating_sub(closed.sent_ns);
            self.desk.receipt_times.note(time_ns);
        } else {
            self.desk.counts.mo_answered += 1;
        }
    }

    fn give_up_parcel(&mut self, ticket: u64) {
        if let Some(closed) = self.desk.post.close(ticket) {
            self.desk.counts.receipts_refused += u64::from(closed.is_receipt);
            self.desk.counts.mo_refused += u64::from(!closed.is_receipt);
        }
    }

    pub(super) fn line_up(&mut self, ticket: u64) {
        if let Some(system) = self.desk.post.line_up(ticket) {
            self.touched.push(system);
        }
    }

    /// Sends a system's waiting parcels while any of its binds takes one.
    pub(super) fn pump(&mut self, now_ns: u64, system: usize) {
        while let Some(ticket) = self.desk.post.first_ready(system) {
            if self.desk.post.parcel(ticket).is_none() {
                self.desk.post.leave_line(system);
                continue;
            }
            let Some(key) = self.receiver(system, ticket) else {
                return;
            };
            let Some(connection) = self.connections.get_mut(key) else {
                return;
            };
            match deliver(
                &mut self.desk,
                &mut self.drafts,
                &mut connection.session,
                now_ns,
                ticket,
            ) {
                Sent::Written => self.desk.post.leave_line(system),
                Sent::Never => {
                    self.desk.post.leave_line(system);
                    self.give_up_parcel(ticket);
                }
                Sent::NotNow => connection.traffic.is_full = true,
            }
            self.connections.mark(key);
        }
    }

    pub(super) fn pump_touched(&mut self, now_ns: u64) {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        for system in touched.drain(..) {
            self.pump(now_ns, system);
        }
        self.touched = touched;
    }

    /// A bind that can take this parcel now: the one its submit came on, else the next in turn. With `receipt-other-bind` the
    /// other way round.
    fn receiver(&mut self, system: usize, ticket: u64) -> Option<BindKey> {
        let parcel = self.desk.post.parcel(ticket)?;
        let origin = parcel.origin;
        let goes_elsewhere = self.desk.settings.quirks.receipt.goes_elsewhere
            && matches!(parcel.content, Content::Receipt(_));
        if !goes_elsewhere && self.can_receive(origin) {
            return Some(origin);
        }
        for _ in 0..self.desk.post.receivers(system) {
            let key = self.desk.post.next_receiver(system)?;
            if key != origin && self.can_receive(key) {
                self.desk.played.when(goes_elsewhere, "receipt-other-bind");
                return Some(key);
            }
        }
        let is_alone = self.desk.post.receivers(system) == 1;
        (goes_elsewhere && is_alone && self.can_receive(origin)).then_some(origin)
    }

    fn can_receive(&self, key: BindKey) -> bool {
        self.connections.get(key).is_some_and(|connection| {
            let traffic = &connection.traffic;
            traffic.receives
                && !traffic.is_closing
                && !traffic.is_full
                && connection.session.free_slots() > 0
        })
    }
}
