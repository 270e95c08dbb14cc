//! Keys of requests in RocksDB: a column family with a filter, so that a name that is new costs no look at the disk.
//!
//! Bound: [`CACHE_OCTETS`] of filters and of what was read: 1.25 octets a key of filter, so that 50 million keys have all of
//! theirs there; of more, parts of the filter are read when they are needed. Entries whose time is over are left out when
//! tables are merged, which every table is once a day. Fails as the store does.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rocksdb::compaction_filter::Decision;
use rocksdb::{ColumnFamily, Options, WriteBatch};

use crate::by_key;
use crate::fault::StoreFault;
use crate::keys::{KeptKey, KeptKeys, KeyName};
use crate::store::{Store, family};

pub(crate) const KEYS: &str = "keys";
const CACHE_OCTETS: usize = 64 << 20;
/// No table keeps what is over for longer than this.
const MERGED_EVERY_S: u64 = 86_400;

/// UTC second of the newest entry that was written: what is over is told by it, not by a clock.
#[derive(Debug, Clone, Default)]
pub(crate) struct Newest(Arc<AtomicU32>);

impl Newest {
    fn note(&self, kept: &KeptKey) {
        let at_s = u32::try_from(kept.at_ms() / 1_000).unwrap_or(u32::MAX);
        self.0.fetch_max(at_s, Ordering::Relaxed);
    }

    fn at_s(&self) -> u32 {
        self.0.load(Ordering::Relaxed)
    }
}

/// Adds the entries of a frame to the batch that writes the frame.
pub(crate) fn write(
    keys: &ColumnFamily,
    batch: &mut WriteBatch,
    entries: &[KeptKey],
    newest: &Newest,
) {
    let mut octets = Vec::new();
    for kept in entries {
        newest.note(kept);
        kept.write(&mut octets);
        batch.put_cf(keys, kept.name.to_octets(), &octets);
    }
}

impl KeptKeys for Store {
    fn may_hold(&self, names: &[KeyName]) -> bool {
        let held = self.at_once(|database| {
            let family = family(database, KEYS)?;
            Ok(names
                .iter()
                .any(|name| database.key_may_exist_cf(family, name.to_octets())))
        });
        held.unwrap_or(true)
    }

    fn kept(&self, names: &[KeyName]) -> Result<Vec<Option<KeptKey>>, StoreFault> {
        self.with(|database| {
            let family = family(database, KEYS)?;
            let keys: Vec<[u8; 16]> = names.iter().map(|name| name.to_octets()).collect();
            let sorted = names.is_sorted();
            let read = database.batched_multi_get_cf(family, &keys, sorted);
            let entries = names.iter().zip(read).map(|(name, octets)| {
                let Some(octets) = octets? else {
                    return Ok(None);
                };
                let kept = KeptKey::from_octets(*name, &octets);
                if kept.is_none() {
                    tracing::error!(?name, "an entry of a request's key cannot be read");
                }
                Ok(kept)
            });
            entries.collect()
        })
    }
}

/// How the family is kept.
pub(crate) fn options(newest: &Newest) -> Options {
    let mut options = Options::default();
    options.set_block_based_table_factory(&by_key::tables(CACHE_OCTETS));
    options.set_memtable_whole_key_filtering(true);
    options.set_memtable_prefix_bloom_ratio(0.1);
    options.set_periodic_compaction_seconds(MERGED_EVERY_S);
    let newest = newest.clone();
    options.set_compaction_filter(c"keys that are over", move |_, _, octets| {
        match KeptKey::until_s_of(octets) < newest.at_s() {
            true => Decision::Remove,
            false => Decision::Keep,
        }
    });
    options
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use carrack_message::{MessageId, MessageIdParts};

    use super::*;
    use crate::frame::{FrameKey, FrameSummary, SealedFrame};

    const DAY_S: u32 = 86_400;

    fn kept(name: u128, at_s: u32) -> KeptKey {
        let parts = MessageIdParts {
            utc_ms: u64::from(at_s) * 1_000,
            index: name as u16,
            ..MessageIdParts::default()
        };
        KeptKey {
            name: KeyName(name),
            content: 7,
            until_s: at_s + 2 * DAY_S,
            id: MessageId::new(parts),
            told_as: Vec::new(),
        }
    }

    fn write(store: &Store, number: u64, keys: Vec<KeptKey>) {
        let frame = SealedFrame {
            key: FrameKey {
                epoch: 1,
                shard: 0,
                number,
            },
            ticket: 0,
            octets: vec![0; 40],
            summary: FrameSummary::default(),
            shelf: Vec::new(),
            keys,
        };
        store.write_frames([frame].iter(), true).unwrap();
    }

    fn merge(store: &Store) {
        store
            .with(|database| {
                let keys = family(database, KEYS)?;
                database.compact_range_cf(keys, None::<&[u8]>, None::<&[u8]>);
                Ok(())
            })
            .unwrap();
    }

    #[test]
    fn name_is_there_after_a_restart_and_for_one_who_reads_beside() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        let names = [3, 5, 9].map(KeyName);
        assert!(!store.may_hold(&names));
        write(&store, 0, vec![kept(3, 100), kept(9, 100)]);
        assert!(store.may_hold(&names));
        Store::open_read_only(folder.path()).unwrap();
        drop(store);
        let store = Store::open(folder.path()).unwrap();
        let found = [Some(kept(3, 100)), None, Some(kept(9, 100))];
        assert_eq!(store.kept(&names).unwrap(), found);
        merge(&store);
        assert_eq!(store.kept(&names).unwrap(), found);
        let turned = [9, 3].map(KeyName);
        let [three, _, nine] = found;
        assert_eq!(store.kept(&turned).unwrap(), [nine, three]);
    }

    #[test]
    fn entry_whose_time_is_over_goes_when_tables_are_merged_and_no_other_does() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        write(&store, 0, vec![kept(1, 100), kept(2, 100 + DAY_S)]);
        merge(&store);
        let there = |store: &Store| {
            let kept = store.kept(&[1, 2, 3].map(KeyName)).unwrap();
            kept.iter().map(Option::is_some).collect::<Vec<_>>()
        };
        assert_eq!(there(&store), [true, true, false]);
        // Time is told by what is written.
        write(&store, 1, vec![kept(3, 101 + 2 * DAY_S)]);
        merge(&store);
        assert_eq!(there(&store), [false, true, true]);
    }

    #[test]
    fn name_that_is_new_costs_no_look_at_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(folder.path()).unwrap();
        write(
            &store,
            0,
            (0..10_000).map(|name| kept(name << 64, 1)).collect(),
        );
        merge(&store);
        // The filters are in memory now.
        store.kept(&[KeyName(1)]).unwrap();
        let names = 0..10_000u128;
        let may = names.filter(|name| store.may_hold(&[KeyName((name << 64) + 1)]));
        let may = may.count();
        assert!(may < 500, "{may} of 10000 strangers would be looked for");
    }
}
