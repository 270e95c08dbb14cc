//! The order in which frames are read back: epoch by epoch, and within one by the stamps of all its shards' frames.
//!
//! Bound: one iterator a shard of the epoch. Fails at a block that cannot be read, with what came before it visited.

use carrack_message::record::frame_stamp;
use rocksdb::{DB, DBRawIterator, ReadOptions};

use crate::fault::StoreFault;
use crate::frame::FrameKey;
use crate::store::{LOG, family};

/// The first frame at or after a key.
pub(crate) fn first_at(database: &DB, from: FrameKey) -> Result<Option<FrameKey>, StoreFault> {
    let mut rows = database.raw_iterator_cf_opt(family(database, LOG)?, ReadOptions::default());
    rows.seek(from.to_octets());
    rows.status()?;
    Ok(rows.key().and_then(FrameKey::from_octets))
}

/// The frames of one shard in one epoch, in their order.
fn stream(database: &DB, first: FrameKey) -> Result<DBRawIterator<'_>, StoreFault> {
    let mut options = ReadOptions::default();
    options.fill_cache(false);
    options.set_readahead_size(1 << 20);
    let end = FrameKey {
        number: u64::MAX,
        ..first
    };
    options.set_iterate_upper_bound(end.to_octets());
    let mut rows = database.raw_iterator_cf_opt(family(database, LOG)?, options);
    rows.seek(first.to_octets());
    Ok(rows)
}

/// Merges the shards' frames of one epoch by stamp. False: `visit` said so.
pub(crate) fn visit_epoch(
    database: &DB,
    epoch: u32,
    visit: &mut impl FnMut(FrameKey, &[u8]) -> bool,
) -> Result<bool, StoreFault> {
    let mut streams = Vec::new();
    let mut next = FrameKey::epoch_start(epoch);
    while let Some(found) = first_at(database, next)?.filter(|found| found.epoch == epoch) {
        let first = FrameKey { number: 0, ..found };
        streams.push(stream(database, first)?);
        match found.shard.checked_add(1) {
            Some(shard) => next = FrameKey { shard, ..first },
            None => break,
        }
    }
    loop {
        let stamped = streams
            .iter_mut()
            .filter_map(|rows| Some((frame_stamp(rows.value()?), rows)));
        let Some((_, rows)) = stamped.min_by_key(|(stamp, _)| *stamp) else {
            break;
        };
        if let Some((key, value)) = rows.item()
            && let Some(key) = FrameKey::from_octets(key)
            && !visit(key, value)
        {
            return Ok(false);
        }
        rows.next();
    }
    for rows in &streams {
        rows.status()?;
    }
    Ok(true)
}
