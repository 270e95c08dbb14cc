//! How tables are kept whose rows are looked up by their keys: with filters, and an index in parts.
//!
//! An index in one piece is larger than what a cache keeps when millions are there, and would be unpacked for each look; of a
//! filter one key needs one part. Bound: the cache that is given, of indexes, filters and what was read.

use rocksdb::{BlockBasedIndexType, BlockBasedOptions, Cache};

/// Of one part of an index or a filter.
const METADATA_BLOCK_OCTETS: usize = 4096;

/// The tables of a family with a cache of so many octets.
pub(crate) fn tables(cache_octets: usize) -> BlockBasedOptions {
    let mut tables = BlockBasedOptions::default();
    tables.set_bloom_filter(10.0, false);
    tables.set_whole_key_filtering(true);
    tables.set_block_cache(&Cache::new_lru_cache(cache_octets));
    tables.set_cache_index_and_filter_blocks(true);
    tables.set_pin_l0_filter_and_index_blocks_in_cache(true);
    tables.set_index_type(BlockBasedIndexType::TwoLevelIndexSearch);
    tables.set_partition_filters(true);
    tables.set_metadata_block_size(METADATA_BLOCK_OCTETS);
    tables
}
