//! The money of accounts, added up from the records of the log.
//!
//! The log is the ledger: an account is given money by one record, a message is priced by its first and charged by its
//! last. Promise: these sums only grow by what is written, each record counts once and with the frame that holds it, so
//! that the sums of epochs that are gone and those of the frames that are kept are the whole. Bound: one row an account.
//! Sums stop at the ends of 64 bits. Pure.

use std::collections::BTreeMap;

use carrack_message::MessageId;
use carrack_message::record::RecordView;

use crate::frame::FrameKey;

/// Money of one account, micro-units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Turnover {
    /// Given to it.
    pub credited: i64,
    /// Prices of all that was accepted from it.
    pub priced: i64,
    /// What of those it was charged at the end.
    pub charged: i64,
    /// What of those it has back at the end.
    pub released: i64,
}

impl Turnover {
    /// Octets in the store.
    const OCTETS: usize = 32;

    /// Held for messages that have not ended.
    #[must_use]
    pub fn reserved(&self) -> i64 {
        self.priced
            .saturating_sub(self.charged)
            .saturating_sub(self.released)
    }

    /// What it was given beyond what it was charged.
    #[must_use]
    pub fn balance(&self) -> i64 {
        self.credited.saturating_sub(self.charged)
    }

    /// Adds another sum to this one.
    pub fn add(&mut self, other: &Self) {
        for (mine, theirs) in self.fields_mut().into_iter().zip(other.fields()) {
            *mine = mine.saturating_add(theirs);
        }
    }

    fn fields(&self) -> [i64; 4] {
        [self.credited, self.priced, self.charged, self.released]
    }

    fn fields_mut(&mut self) -> [&mut i64; 4] {
        [
            &mut self.credited,
            &mut self.priced,
            &mut self.charged,
            &mut self.released,
        ]
    }
}

/// Money of all accounts that had any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turnovers(BTreeMap<u32, Turnover>);

impl Turnovers {
    /// Adds to an account's sums.
    pub fn add(&mut self, account: u32, turnover: &Turnover) {
        self.0.entry(account).or_default().add(turnover);
    }

    /// Adds all of another.
    pub fn add_all(&mut self, other: &Self) {
        for (account, turnover) in &other.0 {
            self.add(*account, turnover);
        }
    }

    /// A message was accepted at a price; a negative one is none.
    pub fn priced(&mut self, account: u32, price_micros: i64) {
        if price_micros > 0 {
            let row = self.0.entry(account).or_default();
            row.priced = row.priced.saturating_add(price_micros);
        }
    }

    /// A message ended.
    pub fn ended(&mut self, account: u32, charged_micros: i64, released_micros: i64) {
        if charged_micros != 0 || released_micros != 0 {
            let row = self.0.entry(account).or_default();
            row.charged = row.charged.saturating_add(charged_micros);
            row.released = row.released.saturating_add(released_micros);
        }
    }

    /// An account was given money.
    pub fn credited(&mut self, account: u32, amount_micros: i64) {
        let row = self.0.entry(account).or_default();
        row.credited = row.credited.saturating_add(amount_micros);
    }

    /// What a record in this frame moves.
    pub fn note(&mut self, key: FrameKey, record: RecordView<'_>) {
        match record {
            // What came back from the shelf was accepted before.
            RecordView::Accepted(record) if key.accepted(MessageId(record.id.to_native())) => {
                self.priced(record.account.to_native(), record.price_micros.to_native());
            }
            RecordView::Final(end) => self.ended(
                end.account.to_native(),
                end.charged_micros.to_native(),
                end.released_micros.to_native(),
            ),
            RecordView::Credited(credited) => self.credited(
                credited.account.to_native(),
                credited.amount_micros.to_native(),
            ),
            _ => {}
        }
    }

    /// By account number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &Turnover)> {
        self.0
            .iter()
            .map(|(account, turnover)| (*account, turnover))
    }

    /// Of one account.
    #[must_use]
    pub fn of(&self, account: u32) -> Turnover {
        self.0.get(&account).copied().unwrap_or_default()
    }

    /// Whether no account had any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// As stored: for each account its number u32 and four i64, big-endian.
    #[must_use]
    pub fn to_octets(&self) -> Vec<u8> {
        let mut octets = Vec::with_capacity(self.0.len() * (4 + Turnover::OCTETS));
        for (account, turnover) in &self.0 {
            octets.extend_from_slice(&account.to_be_bytes());
            for field in turnover.fields() {
                octets.extend_from_slice(&field.to_be_bytes());
            }
        }
        octets
    }

    /// Reads what [`Self::to_octets`] wrote; `None` when it is not that.
    #[must_use]
    pub fn from_octets(octets: &[u8]) -> Option<Self> {
        let mut found = Self::default();
        let mut rest = octets;
        while !rest.is_empty() {
            let (account, behind) = rest.split_first_chunk::<4>()?;
            let mut turnover = Turnover::default();
            rest = behind;
            for field in turnover.fields_mut() {
                let (value, behind) = rest.split_first_chunk::<8>()?;
                *field = i64::from_be_bytes(*value);
                rest = behind;
            }
            found.add(u32::from_be_bytes(*account), &turnover);
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_was_stored_is_read_back(rows: Vec<(u32, i64, i64, i64, i64)>) {
            let mut turnovers = Turnovers::default();
            for (account, credited, priced, charged, released) in rows {
                turnovers.add(account, &Turnover { credited, priced, charged, released });
            }
            let octets = turnovers.to_octets();
            prop_assert_eq!(Turnovers::from_octets(&octets).unwrap(), turnovers);
            if !octets.is_empty() {
                let cut = octets.split_last().unwrap().1;
                prop_assert_eq!(Turnovers::from_octets(cut), None);
            }
        }

        #[test]
        fn sums_of_parts_are_the_sum_of_the_whole(
            moves in proptest::collection::vec((0..3u32, 0..1_000i64, 0..4u8), 0..50), at in 0..50usize,
        ) {
            let sum = |moves: &[(u32, i64, u8)]| {
                let mut turnovers = Turnovers::default();
                for (account, amount, what) in moves {
                    match what {
                        0 => turnovers.credited(*account, *amount),
                        1 => turnovers.priced(*account, *amount),
                        2 => turnovers.ended(*account, *amount, 0),
                        _ => turnovers.ended(*account, 0, *amount),
                    }
                }
                turnovers
            };
            let (before, after) = moves.split_at(at.min(moves.len()));
            let mut parts = sum(before);
            parts.add_all(&sum(after));
            let whole = sum(&moves);
            for account in 0..3 {
                prop_assert_eq!(parts.of(account), whole.of(account));
            }
        }
    }
}
