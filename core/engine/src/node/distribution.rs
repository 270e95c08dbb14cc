//! Which shard gets what: carriers by their place, messages by the carrier that has them or is best for them.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;

use carrack_message::MessageId;
use carrack_queue::ShelfCounts;

use super::CarrierSpec;
use crate::facts::Facts;
use crate::recovery::{Recovered, Restored, RestoredEarly, RestoredHandsets, RestoredLane};
use crate::shard::{FarEnd, Party};
use crate::shared::Shared;

/// One part for each shard, in order.
pub(super) type Seeds<T> = VecDeque<Vec<T>>;

/// What each shard gets.
pub(super) struct Distributed {
    pub(super) messages: Seeds<Restored>,
    pub(super) lanes: Seeds<RestoredLane>,
    pub(super) early: Seeds<RestoredEarly>,
    pub(super) handsets: VecDeque<RestoredHandsets>,
    /// With whom they are told to.
    pub(super) ends: Seeds<(Party, FarEnd)>,
}

fn seeds<T>(shards: usize) -> Seeds<T> {
    (0..shards).map(|_| Vec::new()).collect()
}

/// Each message goes to the shard of the carrier that has it, or of the best one that may take it.
pub(super) fn distribute(shared: &Shared, recovered: &mut Recovered, shards: usize) -> Distributed {
    let (directory, table) = (shared.directory(), shared.table());
    let (mut messages, mut lanes, mut early) = (seeds(shards), seeds(shards), seeds(shards));
    for (account, waiting) in recovered.waiting_by_account.drain() {
        shared.waiting.fetch_add(waiting, Ordering::Relaxed);
        if let Some(account) = directory.account(account) {
            account.waiting.fetch_add(waiting, Ordering::Relaxed);
        }
    }
    for (id, home) in recovered.take_elsewhere() {
        shared.note_elsewhere(MessageId(id), home);
    }
    for lane in recovered.take_lanes() {
        let best = lane.carriers.first();
        let owner = best.and_then(|place| shared.owner(*place)).unwrap_or(0);
        if let Some(seed) = lanes.get_mut(usize::from(owner)) {
            seed.push(lane);
        }
    }
    let mut found: Vec<Restored> = recovered
        .messages
        .drain()
        .map(|(_, message)| message)
        .collect();
    // In order of acceptance, so that lanes are again what they were.
    found.sort_unstable_by_key(|message| message.id);
    for message in found {
        let facts = Facts::bare(message.account, message.to, &message.from, message.class);
        let query = facts.query(&directory, 0);
        let held = message
            .carrier
            .and_then(|number| directory.carrier_place(number));
        let best = || {
            table
                .choose(&query)
                .ok()
                .and_then(|choice| choice.candidates.first().map(|first| first.carrier))
        };
        let owner = held
            .or_else(best)
            .and_then(|place| shared.owner(place))
            .unwrap_or(0);
        if let Some(seed) = messages.get_mut(usize::from(owner)) {
            seed.push(message);
        }
    }
    let owner_of = |carrier: u32| {
        let place = directory.carrier_place(carrier);
        place.and_then(|place| shared.owner(place)).unwrap_or(0)
    };
    for (_, receipt) in recovered.early.drain() {
        if let Some(seed) = early.get_mut(usize::from(owner_of(receipt.carrier))) {
            seed.push(receipt);
        }
    }
    let handsets = std::mem::take(&mut recovered.handsets).share_out(shards, owner_of);
    let mut ends = seeds(shards);
    for (party, end) in std::mem::take(&mut recovered.ends).into_order() {
        if let Some(account) = directory.account(party.account) {
            account.waiting.fetch_add(1, Ordering::Relaxed);
        }
        if let Some(seed) = ends.get_mut(usize::from(end.home.shard) % shards.max(1)) {
            seed.push((party, end));
        }
    }
    Distributed {
        ends,
        messages,
        lanes,
        early,
        handsets,
    }
}

/// What is on the shelf waits, though no shard holds it.
pub(crate) fn count_shelf(shared: &Shared, counts: &ShelfCounts) {
    let directory = shared.directory();
    let total = counts.total();
    shared.waiting.fetch_add(total, Ordering::Relaxed);
    shared.shelved.fetch_add(total, Ordering::Relaxed);
    for (account, count) in &counts.0 {
        if let Some(account) = directory.account(*account) {
            account.waiting.fetch_add(*count, Ordering::Relaxed);
        }
    }
}

/// What outlives messages: the counts of batches, and what accounts were given money for.
pub(super) fn give_batches(shared: &Shared, recovered: Recovered) {
    for (account, reference, amount_micros) in &recovered.credited {
        shared.balances.book(*account, reference, *amount_micros);
    }
    for (batch, counts) in &recovered.batches {
        let counters = shared.batches.counters(*batch);
        counters.go_on_from(counts.ends, counts.live);
    }
    shared.batches.set_resume(recovered.progress);
}

pub(super) fn split_carriers(
    carriers: Vec<CarrierSpec>,
    shards: usize,
) -> Seeds<(u16, CarrierSpec)> {
    let mut split: Seeds<(u16, CarrierSpec)> = (0..shards).map(|_| Vec::new()).collect();
    for (place, carrier) in carriers.into_iter().enumerate() {
        if let Some(seed) = split.get_mut(place % shards) {
            seed.push((place as u16, carrier));
        }
    }
    split
}
