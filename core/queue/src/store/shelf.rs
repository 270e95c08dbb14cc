//! What the store says of its shelf. Bound: what a question names. Fails by [`StoreFault`].

use carrack_message::MessageId;

use super::{SHELF, SHELF_COUNTS, Store, family};
use crate::fault::StoreFault;
use crate::frame::FrameKey;
use crate::shelf::{
    ShelfCounts, ShelfEntry, ShelfQuestion, home_of, shelf_answer, shelf_keepers, visit_entries,
};
use crate::shelf_family::ShelfFamily;

impl Store {
    pub(super) fn read_shelf_counts(&self) -> Result<ShelfCounts, StoreFault> {
        let octets = self.meta(SHELF_COUNTS)?;
        Ok(ShelfCounts::from_octets(&octets.unwrap_or_default()))
    }

    /// How many messages of each account are on the shelf.
    #[must_use]
    pub fn shelf_counts(&self) -> ShelfCounts {
        self.shelved().clone()
    }

    /// Asks the shelf.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn ask_shelf(&self, question: &ShelfQuestion) -> Result<Vec<ShelfEntry>, StoreFault> {
        self.with(|database| {
            let family = family(database, SHELF)?;
            shelf_answer(&ShelfFamily::new(database, family), question)
        })
    }

    /// Who looks after messages on the shelf.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn shelf_keepers(&self) -> Result<Vec<u32>, StoreFault> {
        self.with(|database| {
            let family = family(database, SHELF)?;
            shelf_keepers(&ShelfFamily::new(database, family))
        })
    }

    /// The frame to which a message came back from the shelf, while that is in the log.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn home(&self, id: MessageId) -> Result<Option<FrameKey>, StoreFault> {
        self.with(|database| {
            let family = family(database, SHELF)?;
            home_of(&ShelfFamily::new(database, family), id)
        })
    }

    /// Visits all that is on the shelf, by id; `None` for what cannot be read.
    ///
    /// # Errors
    /// [`StoreFault::Database`].
    pub fn visit_shelf(
        &self,
        visit: &mut dyn FnMut(MessageId, Option<ShelfEntry>),
    ) -> Result<(), StoreFault> {
        self.with(|database| {
            let family = family(database, SHELF)?;
            visit_entries(&ShelfFamily::new(database, family), visit)
        })
    }
}
