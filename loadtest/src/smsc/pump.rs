//! Receipts on their way out: on the bind their submit came on, else on any other of the same system_id, while one takes them.

use super::centre::{SECOND_NS, Smsc};
use super::connections::BindKey;
use super::delivery::{Sent, deliver};
use super::desk::Due;
use super::events::ReceiptFate;

impl Smsc {
    pub(super) fn settle_receipt(&mut self, now_ns: u64, ticket: u64, fate: &ReceiptFate) {
        match fate {
            ReceiptFate::Answered(status) if status.is_ok() => {
                self.desk.counts.receipts_answered += u64::from(self.desk.post.remove(ticket));
            }
            ReceiptFate::Answered(_) => {
                if self.desk.post.refused(ticket) {
                    self.desk
                        .put(now_ns.saturating_add(SECOND_NS), Due::Receipt(ticket));
                } else {
                    self.desk.counts.receipts_refused += 1;
                }
            }
            ReceiptFate::Unanswered => self.line_up(ticket),
        }
    }

    pub(super) fn line_up(&mut self, ticket: u64) {
        if let Some(system) = self.desk.post.line_up(ticket) {
            self.touched.push(system);
        }
    }

    /// Sends a system's waiting receipts while any of its binds takes one.
    pub(super) fn pump(&mut self, now_ns: u64, system: usize) {
        while let Some(ticket) = self.desk.post.first_ready(system) {
            if self.desk.post.receipt_mut(ticket).is_none() {
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
                    self.desk.counts.receipts_refused += u64::from(self.desk.post.remove(ticket));
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

    /// A bind that can take this receipt now: the one its submit came on, else the next in turn.
    fn receiver(&mut self, system: usize, ticket: u64) -> Option<BindKey> {
        let origin = self.desk.post.receipt_mut(ticket)?.origin;
        if self.can_receive(origin) {
            return Some(origin);
        }
        for _ in 0..self.desk.post.receivers(system) {
            let key = self.desk.post.next_receiver(system)?;
            if self.can_receive(key) {
                return Some(key);
            }
        }
        None
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
