//! Following the log: each shard's frames in their order, epoch after epoch, as soon as they are durable.
//!
//! Promise: every frame is given once, or passed over because it is gone. A shard has gone on to a later epoch when it has
//! a frame there: its frames are written in their order. Epochs of earlier runs are complete. Bound: a place a shard, one
//! frame at a time. Fails as the store does.

use std::collections::BTreeMap;

use carrack_queue::{ExportMark, FrameKey, Store, StoreFault};

use super::position::{Place, Position};

struct Stream {
    next: Place,
    /// Epochs up to this one, behind that of `next`, have nothing of this shard.
    searched: u32,
    /// Since [`Follower::mark`].
    is_caught_up: bool,
}

pub(super) struct Follower {
    streams: BTreeMap<u16, Stream>,
    /// Epochs below this one are of earlier runs.
    run_from: u32,
    /// Frames that should have been there by their numbers.
    pub(super) missing: u64,
}

impl Follower {
    pub(super) fn new(
        store: &Store,
        export: &ExportMark,
        position: &Position,
        run_from: u32,
    ) -> Result<Self, StoreFault> {
        let mut follower = Self {
            streams: BTreeMap::new(),
            run_from,
            missing: 0,
        };
        let first = store.first_epoch()?.max(position.from_epoch);
        let known = position.streams.keys().copied();
        let live = (0..export.shards()).filter_map(|shard| u16::try_from(shard).ok());
        for shard in known.chain(live).chain(shards_from(store, first)?) {
            let next = position.place(shard);
            follower.streams.entry(shard).or_insert(Stream {
                next,
                searched: first.max(next.epoch).max(1) - 1,
                is_caught_up: false,
            });
        }
        Ok(follower)
    }

    pub(super) fn shards(&self) -> Vec<u16> {
        self.streams.keys().copied().collect()
    }

    pub(super) fn places(&self) -> BTreeMap<u16, Place> {
        let place = |(shard, stream): (&u16, &Stream)| (*shard, stream.next);
        self.streams.iter().map(place).collect()
    }

    /// From now on it is noted which shards have been read to their end.
    pub(super) fn mark(&mut self) {
        for stream in self.streams.values_mut() {
            stream.is_caught_up = false;
        }
    }

    /// Whether all have, since the mark.
    pub(super) fn is_caught_up(&self) -> bool {
        self.streams.values().all(|stream| stream.is_caught_up)
    }

    /// Looks at the next frame of a shard; none while it has no more.
    pub(super) fn next<T>(
        &mut self,
        store: &Store,
        export: &ExportMark,
        shard: u16,
        mut look: impl FnMut(FrameKey, &[u8]) -> T,
    ) -> Result<Option<T>, StoreFault> {
        let Some(stream) = self.streams.get_mut(&shard) else {
            return Ok(None);
        };
        loop {
            // Before the look: what it says was durable then.
            let epoch_last = export.epoch_of(shard).max(self.run_from.max(1) - 1);
            let key = stream.next.key(shard);
            if let Some(seen) = store.with_frame(key, |octets| look(key, octets))? {
                stream.next.number += 1;
                return Ok(Some(seen));
            }
            if key.epoch < self.run_from
                && let Some(found) = store.first_frame_at(key)?
                && (found.epoch, found.shard) == (key.epoch, shard)
            {
                self.missing += found.number - key.number;
                stream.next.number = found.number;
                continue;
            }
            match later(store, shard, key.epoch.max(stream.searched), epoch_last)? {
                Some(epoch) => stream.next = Place { epoch, number: 0 },
                None => {
                    stream.searched = stream
                        .searched
                        .max(epoch_last.min(self.run_from.max(1) - 1));
                    stream.is_caught_up = true;
                    return Ok(None);
                }
            }
        }
    }
}

/// The first epoch behind one, up to another, in which a shard has frames.
fn later(store: &Store, shard: u16, behind: u32, last: u32) -> Result<Option<u32>, StoreFault> {
    let mut epoch = behind;
    while epoch < last {
        epoch += 1;
        let from = Place { epoch, number: 0 };
        let Some(found) = store.first_frame_at(from.key(shard))? else {
            return Ok(None);
        };
        if found.epoch > last {
            return Ok(None);
        }
        match (found.shard == shard, found.epoch > epoch) {
            (true, _) => return Ok(Some(found.epoch)),
            // The first of a later epoch is another shard's; ours may come behind it there.
            (false, true) if found.shard < shard => epoch = found.epoch - 1,
            (false, true) => epoch = found.epoch,
            (false, false) => {}
        }
    }
    Ok(None)
}

/// Shards that have frames from an epoch on.
fn shards_from(store: &Store, first_epoch: u32) -> Result<Vec<u16>, StoreFault> {
    let mut shards = Vec::new();
    let mut from = FrameKey::epoch_start(first_epoch);
    while let Some(found) = store.first_frame_at(from)? {
        if !shards.contains(&found.shard) {
            shards.push(found.shard);
        }
        from = match (found.shard.checked_add(1), found.epoch.checked_add(1)) {
            (Some(shard), _) => Place {
                epoch: found.epoch,
                number: 0,
            }
            .key(shard),
            (None, Some(epoch)) => FrameKey::epoch_start(epoch),
            (None, None) => break,
        };
    }
    Ok(shards)
}
