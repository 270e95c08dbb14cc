//! All keys of an index, one after the other.

use super::KeyIndex;
use super::reader::Block;

/// Walks over an index; see [`KeyIndex::keys`].
pub struct Keys<'a> {
    index: &'a KeyIndex,
    next_block: usize,
    block: Option<Block<'a>>,
    place: usize,
}

impl<'a> Keys<'a> {
    pub(super) const fn of(index: &'a KeyIndex) -> Self {
        Self {
            index,
            next_block: 0,
            block: None,
            place: 0,
        }
    }
}

impl Iterator for Keys<'_> {
    type Item = (u64, u32);

    fn next(&mut self) -> Option<Self::Item> {
        let block = match self.block.filter(|block| self.place < block.count) {
            Some(block) => block,
            None if self.next_block < self.index.block_count() => {
                let block = self.index.block_at(self.next_block)?;
                self.next_block += 1;
                self.place = 0;
                *self.block.insert(block)
            }
            None => return None,
        };
        let key = block.first.checked_add(block.distance(self.place)?)?;
        let value = self.index.value_named(block.value(self.place)?)?;
        self.place += 1;
        Some((key, value))
    }
}
