//! All numbers of an index, one after the other.

use carrack_message::{Msisdn, Network};

use super::Portability;
use super::reader::Block;

/// Walks over an index; see [`Portability::numbers`].
pub struct Numbers<'a> {
    index: &'a Portability,
    next_block: usize,
    block: Option<Block<'a>>,
    place: usize,
}

impl<'a> Numbers<'a> {
    pub(super) const fn of(index: &'a Portability) -> Self {
        Self {
            index,
            next_block: 0,
            block: None,
            place: 0,
        }
    }
}

impl Iterator for Numbers<'_> {
    type Item = (Msisdn, Network);

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
        let number = block.first.checked_add(block.distance(self.place)?)?;
        let network = self.index.network_named(block.network(self.place)?)?;
        self.place += 1;
        Some((Msisdn::from_u64(number)?, network))
    }
}
