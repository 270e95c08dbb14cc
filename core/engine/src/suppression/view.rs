//! Lists for people and programs: how many entries, what is known of a number, what was added.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use carrack_message::Msisdn;
use carrack_routing::suppression::{Hashing, Reason, Scope, SuppressionIndex, Whose};
use serde::Serialize;

use super::{SuppressedBy, Suppressions};

/// A layer of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SuppressionLayer {
    /// Added since the last compaction.
    Added,
    /// Added before.
    Compacted,
    /// The operator's file.
    Base,
}

/// A list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionListView {
    /// Its name.
    pub name: String,
    /// For whom its entries hold.
    pub scope: Scope,
    /// How numbers are written in it.
    pub hash: &'static str,
    /// Entries of the operator's file.
    pub base: u64,
    /// Entries that were added and compacted.
    pub compacted: u64,
    /// Entries added since, those taken back among them.
    pub added: u64,
}

/// What a list says of a number, for one account or sender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionFound {
    /// The list.
    pub list: String,
    /// For whom its entries hold.
    pub scope: Scope,
    /// The account or sender; empty: for all.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// Until then, UTC nanoseconds; none: for ever.
    pub ends_utc_ns: Option<u64>,
    /// Whether it holds now: it was not taken back and has not ended.
    pub holds: bool,
    /// Where it stands.
    pub layer: SuppressionLayer,
}

/// An entry that was added since the last compaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SuppressionEntry {
    /// Its key; the next page begins behind it.
    pub key: u64,
    /// The number; none where the list holds hashes.
    pub number: Option<Msisdn>,
    /// The account or sender; empty: for all.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// Until then, UTC nanoseconds; none: for ever.
    pub ends_utc_ns: Option<u64>,
    /// Whether it was taken back.
    pub is_removed: bool,
    /// Since when, UTC nanoseconds.
    pub at_utc_ns: u64,
    /// By whom.
    pub by: SuppressedBy,
}

impl Suppressions {
    /// All lists in their order.
    pub(crate) fn views(&self) -> Vec<SuppressionListView> {
        let lists = self.lists();
        let view = |list: &std::sync::Arc<super::List>| SuppressionListView {
            name: list.rule.name.clone(),
            scope: list.rule.keys.scope,
            hash: list.rule.keys.hashing.name(),
            base: list.rule.base.as_ref().map_or(0, SuppressionIndex::len),
            compacted: list.live.compacted_index().map_or(0, |index| index.len()),
            added: list.live.len() as u64,
        };
        lists.lists.iter().map(view).collect()
    }

    /// What lists say of a number, whatever messages they are for; `account` and `sender` are those of entries by account
    /// and sender.
    pub(crate) fn look_up(
        &self,
        whose: Whose,
        account: &str,
        sender: &str,
        utc_ns: u64,
    ) -> Vec<SuppressionFound> {
        let lists = self.lists();
        let found = lists.lists.iter().filter_map(|list| {
            let scope = list.rule.keys.scope;
            let name = match scope {
                Scope::Global => "",
                Scope::Account => account,
                Scope::Sender => sender,
            };
            let (mark, layer) = list.mark(list.rule.keys.key(whose, name)?)?;
            Some(SuppressionFound {
                list: list.rule.name.clone(),
                scope,
                name: name.to_owned(),
                reason: mark.reason,
                ends_utc_ns: mark.ends_utc_ns(),
                holds: mark.holds(utc_ns),
                layer,
            })
        });
        found.collect()
    }

    /// Entries that were added to a list since its last compaction, of one account or sender where `name` says so, keys
    /// rising from behind `after`, so many at most. None: no such list.
    pub(crate) fn added(
        &self,
        list: &str,
        name: Option<&str>,
        after: Option<u64>,
        most: usize,
    ) -> Option<Vec<SuppressionEntry>> {
        let lists = self.lists();
        let list = lists.named(list)?;
        let is_plain = matches!(list.rule.keys.hashing, Hashing::None);
        let mut first: BinaryHeap<(u64, Reverse<u64>)> = BinaryHeap::with_capacity(most + 1);
        list.live.each(|key, mark| {
            let is_behind = after.is_none_or(|after| key > after);
            if is_behind && name.is_none_or(|name| *mark.name == *name) {
                first.push((key, Reverse(mark.sequence)));
                if first.len() > most {
                    first.pop();
                }
            }
        });
        let keys = first.into_sorted_vec().into_iter();
        let entry = |(key, _): (u64, _)| {
            let found = list.live.get(key)?;
            Some(SuppressionEntry {
                key,
                number: Msisdn::from_u64(found.number).filter(|_| is_plain),
                name: found.name.as_ref().to_owned(),
                reason: found.mark.reason,
                ends_utc_ns: found.mark.ends_utc_ns(),
                is_removed: found.mark.is_removed,
                at_utc_ns: found.at_utc_ms.saturating_mul(1_000_000),
                by: found.by,
            })
        };
        Some(keys.filter_map(entry).collect())
    }
}
