//! Parts of messages from handsets as the log leaves them: those that nothing became of yet, and lately ended ones.
//!
//! Ended parts of long texts are given back too, up to [`ENDED_MAX`]: a carrier that was not answered before a crash
//! brings its part again, and it must not begin another message. Bound: what waits is bounded where it is taken.

use std::collections::{BTreeMap, VecDeque};

use carrack_message::mo::{MoWay, MoWays};
use carrack_message::record::{ArchivedMoReceived, ArchivedMoSettled, MoReceived, owned};
use rustc_hash::FxHashMap;

const ENDED_MAX: usize = 4096;

/// What a shard gets back.
#[derive(Debug, Default)]
pub(crate) struct RestoredHandsets {
    /// In the order of coming; with whether nothing more is to come of it.
    pub(crate) parts: Vec<(MoReceived, bool)>,
    /// By the id of a message that is still to be told on another way: how it was.
    pub(crate) told: FxHashMap<u128, MoWays>,
}

/// What the log says.
#[derive(Debug, Default)]
pub(crate) struct Handsets {
    open: BTreeMap<u128, MoReceived>,
    ended: VecDeque<MoReceived>,
    told: FxHashMap<u128, MoWays>,
}

impl Handsets {
    /// False: the record cannot be used.
    pub(super) fn received(&mut self, record: &ArchivedMoReceived) -> bool {
        match owned::<_, MoReceived>(record) {
            Ok(part) => {
                self.open.insert(part.id, part);
                true
            }
            Err(_) => false,
        }
    }

    pub(super) fn settled(&mut self, record: &ArchivedMoSettled) {
        let id = record.id.to_native();
        if record.parts.is_empty() {
            if let Some(way) = record.way.as_ref() {
                let told = self.told.entry(id).or_default();
                match way.way() {
                    MoWay::Bind => told.bind = true,
                    MoWay::Webhook => told.webhook = true,
                }
            }
            return;
        }
        self.told.remove(&id);
        for part in record.parts.iter() {
            let Some(part) = self.open.remove(&part.to_native()) else {
                continue;
            };
            if self.ended.len() >= ENDED_MAX {
                self.ended.pop_front();
            }
            self.ended.push_back(part);
        }
    }

    /// Parts that something is still to become of.
    pub(crate) fn open(&self) -> usize {
        self.open.len()
    }

    /// All of it, to be shared out by the carrier that brought it.
    pub(crate) fn share_out(
        self,
        shards: usize,
        owner: impl Fn(u32) -> u8,
    ) -> VecDeque<RestoredHandsets> {
        let mut shares: VecDeque<RestoredHandsets> =
            (0..shards).map(|_| RestoredHandsets::default()).collect();
        let ended = self.ended.into_iter().map(|part| (part, true));
        let mut parts: Vec<(MoReceived, bool)> = ended
            .chain(self.open.into_values().map(|part| (part, false)))
            .collect();
        parts.sort_by_key(|(part, _)| part.id);
        for (part, ended) in parts {
            let Some(share) = shares.get_mut(usize::from(owner(part.carrier))) else {
                continue;
            };
            if let Some(told) = self.told.get(&part.id) {
                share.told.insert(part.id, *told);
            }
            share.parts.push((part, ended));
        }
        shares
    }
}
