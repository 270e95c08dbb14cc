//! How many messages of each epoch still live, and the totals of epochs that are gone.
//!
//! Promise: an epoch is given up only when every message accepted in it, and in all epochs before it, is final and told,
//! or on the shelf; so no outcome is dropped before the message that it speaks of. Bound: one row an epoch. Pure.

use std::collections::BTreeMap;

use carrack_message::Status;

use crate::export::Hold;
use crate::frame::FrameSummary;
use crate::turnover::Turnovers;

/// Messages by final status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Accepted.
    pub accepted: u64,
    /// Final: delivered.
    pub delivered: u64,
    /// Final: undelivered.
    pub undelivered: u64,
    /// Final: expired before a carrier took it or before it was delivered.
    pub expired: u64,
    /// Final: rejected.
    pub rejected: u64,
    /// Final: cancelled by the customer.
    pub cancelled: u64,
    /// Final: no receipt ever came.
    pub unknown: u64,
}

impl Totals {
    /// Octets in the store.
    pub const OCTETS: usize = 56;

    /// Counts `count` finals of one status; a status that is not final changes nothing.
    pub fn add_final(&mut self, status: Status, count: u64) {
        match status {
            Status::Delivered => self.delivered += count,
            Status::Undelivered => self.undelivered += count,
            Status::Expired => self.expired += count,
            Status::Rejected => self.rejected += count,
            Status::Cancelled => self.cancelled += count,
            Status::Unknown => self.unknown += count,
            Status::Accepted | Status::Scheduled | Status::Sending | Status::Submitted => {}
        }
    }

    /// Finals of all kinds.
    #[must_use]
    pub fn finals(&self) -> u64 {
        self.delivered
            + self.undelivered
            + self.expired
            + self.rejected
            + self.cancelled
            + self.unknown
    }

    /// Adds another count to this one.
    pub fn add(&mut self, other: &Totals) {
        for (mine, theirs) in self.fields_mut().into_iter().zip(other.fields()) {
            *mine += theirs;
        }
    }

    fn fields(&self) -> [u64; 7] {
        [
            self.accepted,
            self.delivered,
            self.undelivered,
            self.expired,
            self.rejected,
            self.cancelled,
            self.unknown,
        ]
    }

    fn fields_mut(&mut self) -> [&mut u64; 7] {
        [
            &mut self.accepted,
            &mut self.delivered,
            &mut self.undelivered,
            &mut self.expired,
            &mut self.rejected,
            &mut self.cancelled,
            &mut self.unknown,
        ]
    }

    /// As stored: seven u64, big-endian.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        self.fields()
            .into_iter()
            .flat_map(u64::to_be_bytes)
            .collect()
    }

    /// Reads what [`Self::to_octets`] wrote; `None` when it is not that.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        if octets.len() != Self::OCTETS {
            return None;
        }
        let mut totals = Self::default();
        for (field, chunk) in totals.fields_mut().into_iter().zip(octets.chunks_exact(8)) {
            *field = u64::from_be_bytes(chunk.try_into().ok()?);
        }
        Some(totals)
    }
}

#[derive(Debug, Default)]
struct Epoch {
    live: i64,
    octets: u64,
    totals: Totals,
    /// Moved by records in it, whatever epoch their messages are of.
    money: Turnovers,
    closed_utc_ns: Option<u64>,
    /// The last moment at which something is known to have been written, UTC.
    seen_utc_ns: u64,
    /// Count of the last frame that lies in it, or in which a message that it holds ended.
    touched: u64,
}

/// What may be dropped from the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reclaimed {
    /// Every epoch below this one goes.
    pub epochs_below: u32,
    /// Octets that come free, before compression.
    pub octets: u64,
    /// Totals over all epochs that are gone, these included.
    pub totals: Totals,
    /// Money that moved in all epochs that are gone, these included.
    pub money: Turnovers,
    /// Whether something goes that was still to be read elsewhere.
    pub unread: bool,
}

/// The accounts of epochs; owned by the committer.
#[derive(Debug, Default)]
pub struct EpochLedger {
    epochs: BTreeMap<u32, Epoch>,
    gone: Totals,
    money_gone: Turnovers,
    current: u32,
    frames: u64,
}

impl EpochLedger {
    /// A ledger that goes on after what is gone, writing to `current`.
    #[must_use]
    pub fn new(gone: Totals, money_gone: Turnovers, current: u32) -> Self {
        Self {
            epochs: BTreeMap::new(),
            gone,
            money_gone,
            current,
            frames: 0,
        }
    }

    /// The epoch that is written to.
    #[must_use]
    pub fn current(&self) -> u32 {
        self.current
    }

    /// Frames noted so far.
    #[must_use]
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Octets written to the current epoch.
    #[must_use]
    pub fn current_octets(&self) -> u64 {
        self.epochs
            .get(&self.current)
            .map_or(0, |epoch| epoch.octets)
    }

    /// Notes a frame that is durable (or was found by the scan at start).
    pub fn note(&mut self, epoch: u32, octets: usize, summary: &FrameSummary) {
        self.frames += 1;
        let touched = self.frames;
        let row = self.epochs.entry(epoch).or_default();
        row.touched = touched;
        row.octets += octets as u64;
        row.live += i64::from(summary.accepted) + i64::from(summary.opened);
        row.totals.accepted += u64::from(summary.accepted);
        row.money.add_all(&summary.money);
        for (of, status, count) in &summary.finals {
            if let Some(row) = self.epochs.get_mut(of) {
                row.totals.add_final(*status, u64::from(*count));
                row.touched = touched;
            }
        }
        for (of, count) in &summary.closed {
            if let Some(row) = self.epochs.get_mut(of) {
                row.live -= i64::from(*count);
            }
        }
    }

    /// Something was written to an epoch at this moment, UTC.
    pub fn seen(&mut self, epoch: u32, utc_ns: u64) {
        if let Some(row) = self.epochs.get_mut(&epoch) {
            row.seen_utc_ns = row.seen_utc_ns.max(utc_ns);
        }
    }

    /// An epoch of which something cannot be read: what waits in it is not known, so it is kept until somebody looks.
    pub fn hold(&mut self, epoch: u32) {
        self.epochs.entry(epoch).or_default().live += 1;
    }

    /// Opens the next epoch; the one before is closed at `now_ns` (UTC).
    pub fn roll(&mut self, now_ns: u64) -> u32 {
        self.epochs.entry(self.current).or_default().closed_utc_ns = Some(now_ns);
        for row in self.epochs.values_mut() {
            row.closed_utc_ns.get_or_insert(now_ns);
        }
        self.current += 1;
        self.current
    }

    /// Goes on in `epoch`, a new one; what was found before it counts as closed when it was last written to.
    pub fn go_on_in(&mut self, epoch: u32) {
        for row in self.epochs.values_mut() {
            row.closed_utc_ns.get_or_insert(row.seen_utc_ns);
        }
        self.current = epoch;
    }

    /// What may go: the run of oldest epochs in which nothing lives and which were closed at least `retention_ns` ago; and
    /// the octets of such epochs that stay because of `hold` alone.
    #[must_use]
    pub fn reclaimable(
        &self,
        now_ns: u64,
        retention_ns: u64,
        hold: Hold,
    ) -> (Option<Reclaimed>, u64) {
        let done = |(number, row): &(&u32, &Epoch)| {
            let old = row
                .closed_utc_ns
                .is_some_and(|closed| now_ns.saturating_sub(closed) >= retention_ns);
            **number < self.current && row.live <= 0 && old
        };
        let unread = |(_, row): &(&u32, &Epoch)| row.touched > hold.through;
        let done = self.epochs.iter().take_while(done);
        let mut held: u64 = done
            .clone()
            .skip_while(|epoch| !unread(epoch))
            .map(|(_, row)| row.octets)
            .sum();
        let mut found = Reclaimed {
            epochs_below: 0,
            octets: 0,
            totals: self.gone,
            money: Turnovers::default(),
            unread: false,
        };
        for (number, row) in done {
            // Once one is held, so are all later ones.
            if found.unread || unread(&(number, row)) {
                if held <= hold.octets_max {
                    break;
                }
                found.unread = true;
                held -= row.octets;
            }
            found.epochs_below = number + 1;
            found.octets += row.octets;
            found.totals.add(&row.totals);
            found.money.add_all(&row.money);
        }
        if found.epochs_below == 0 {
            return (None, held);
        }
        found.money.add_all(&self.money_gone);
        (Some(found), held)
    }

    /// Forgets what was dropped.
    pub fn reclaimed(&mut self, what: &Reclaimed) {
        self.epochs = self.epochs.split_off(&what.epochs_below);
        self.gone = what.totals;
        self.money_gone = what.money.clone();
    }

    /// Money over all epochs, gone and kept.
    #[must_use]
    pub fn money(&self) -> Turnovers {
        let mut money = self.money_gone.clone();
        for row in self.epochs.values() {
            money.add_all(&row.money);
        }
        money
    }

    /// Totals over all epochs, gone and kept.
    #[must_use]
    pub fn totals(&self) -> Totals {
        let mut totals = self.gone;
        for row in self.epochs.values() {
            totals.add(&row.totals);
        }
        totals
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    fn frame(accepted: u32, finals: &[(u32, u32)], closed: &[(u32, u32)]) -> FrameSummary {
        FrameSummary {
            accepted,
            opened: 0,
            finals: finals
                .iter()
                .map(|(epoch, count)| (*epoch, Status::Delivered, *count))
                .collect(),
            closed: closed.to_vec(),
            money: Turnovers::default(),
        }
    }

    #[test]
    fn epoch_with_one_untold_message_is_kept_with_all_after_it() {
        let mut ledger = EpochLedger::new(Totals::default(), Turnovers::default(), 1);
        ledger.note(1, 100, &frame(2, &[], &[]));
        ledger.roll(10);
        ledger.note(2, 100, &frame(1, &[(1, 2)], &[(1, 1)]));
        ledger.roll(20);
        ledger.note(3, 100, &frame(0, &[(2, 1)], &[(2, 1)]));
        assert_eq!(ledger.reclaimable(1_000, 0, Hold::NONE).0, None);
        ledger.note(3, 10, &frame(0, &[], &[(1, 1)]));
        let gone = ledger.reclaimable(1_000, 0, Hold::NONE).0.unwrap();
        assert_eq!(
            (
                gone.epochs_below,
                gone.octets,
                gone.totals.accepted,
                gone.totals.delivered
            ),
            (3, 200, 3, 3)
        );
        let before = ledger.totals();
        ledger.reclaimed(&gone);
        assert_eq!(ledger.totals(), before);
    }

    #[test]
    fn message_that_came_back_holds_the_epoch_where_it_came_back() {
        let mut ledger = EpochLedger::new(Totals::default(), Turnovers::default(), 1);
        ledger.note(1, 100, &frame(1, &[], &[(1, 1)]));
        ledger.roll(10);
        assert_eq!(
            ledger
                .reclaimable(1_000, 0, Hold::NONE)
                .0
                .unwrap()
                .epochs_below,
            2
        );
        let back = FrameSummary {
            opened: 1,
            ..FrameSummary::default()
        };
        ledger.note(2, 100, &back);
        ledger.roll(20);
        assert_eq!(
            ledger
                .reclaimable(1_000, 0, Hold::NONE)
                .0
                .unwrap()
                .epochs_below,
            2
        );
        ledger.note(3, 100, &frame(0, &[(2, 1)], &[(2, 1)]));
        ledger.roll(30);
        let gone = ledger.reclaimable(1_000, 0, Hold::NONE).0.unwrap();
        assert_eq!((gone.epochs_below, gone.totals.accepted), (4, 1));
        assert_eq!(gone.totals.delivered, 1);
    }

    #[test]
    fn money_of_an_epoch_that_is_gone_stays_in_the_sums() {
        let mut ledger = EpochLedger::new(Totals::default(), Turnovers::default(), 1);
        let mut begin = frame(1, &[], &[]);
        begin.money.credited(7, 100);
        begin.money.priced(7, 30);
        ledger.note(1, 10, &begin);
        ledger.roll(10);
        let mut end = frame(0, &[(1, 1)], &[(1, 1)]);
        end.money.ended(7, 20, 10);
        ledger.note(2, 10, &end);
        let before = ledger.money();
        let gone = ledger.reclaimable(1_000, 0, Hold::NONE).0.unwrap();
        assert_eq!((gone.epochs_below, gone.money.of(7).reserved()), (2, 30));
        ledger.reclaimed(&gone);
        assert_eq!(ledger.money(), before);
        assert_eq!((before.of(7).reserved(), before.of(7).balance()), (0, 80));
        ledger.roll(20);
        let gone = ledger.reclaimable(1_000, 0, Hold::NONE).0.unwrap();
        assert_eq!(gone.money, before);
    }

    #[test]
    fn epoch_is_kept_until_its_retention_is_over() {
        let mut ledger = EpochLedger::new(Totals::default(), Turnovers::default(), 5);
        ledger.note(5, 1, &frame(1, &[(5, 1)], &[(5, 1)]));
        assert_eq!(
            ledger.reclaimable(1_000, 0, Hold::NONE).0,
            None,
            "the current epoch is never dropped"
        );
        ledger.roll(100);
        assert_eq!(ledger.reclaimable(149, 50, Hold::NONE).0, None);
        assert!(ledger.reclaimable(150, 50, Hold::NONE).0.is_some());
    }

    #[test]
    fn epoch_whose_end_was_not_read_is_held_with_all_after_it_up_to_the_bound() {
        let mut ledger = EpochLedger::new(Totals::default(), Turnovers::default(), 1);
        ledger.note(1, 100, &frame(1, &[], &[]));
        ledger.roll(10);
        ledger.note(2, 100, &frame(1, &[(2, 1)], &[(2, 1)]));
        ledger.roll(20);
        // The third frame of all: it ends what the first epoch holds.
        ledger.note(3, 100, &frame(0, &[(1, 1)], &[(1, 1)]));
        ledger.roll(30);
        let through = |through, octets_max| {
            let hold = Hold {
                through,
                octets_max,
            };
            let (gone, held) = ledger.reclaimable(1_000, 0, hold);
            (gone.map(|gone| (gone.epochs_below, gone.unread)), held)
        };
        assert_eq!(through(2, 300), (None, 300));
        assert_eq!(through(3, 300), (Some((4, false)), 0));
        assert_eq!(through(2, 299), (Some((2, true)), 200));
        assert_eq!(through(2, 0), (Some((4, true)), 0));
        assert_eq!(through(0, 150), (Some((3, true)), 100));
    }

    #[test]
    fn totals_survive_the_store() {
        let totals = Totals {
            accepted: 9,
            delivered: 1,
            undelivered: 2,
            expired: 3,
            rejected: 4,
            cancelled: 5,
            unknown: 6,
        };
        assert_eq!(Totals::from_octets(&totals.to_octets()).unwrap(), totals);
        assert_eq!(Totals::from_octets(b"short"), None);
    }
}
