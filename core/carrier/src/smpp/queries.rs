//! Questions that are out.
//!
//! A session tells of a lost request by its ticket alone: here it is known which tickets are questions. Bound: the window.

use smallvec::SmallVec;

/// Tickets of the questions that are out.
#[derive(Debug, Default)]
pub(super) struct Queries {
    out: SmallVec<[u64; 8]>,
    /// The carrier said that it knows no such request.
    pub(super) unknown_to_peer: bool,
}

impl Queries {
    pub(super) fn begin(&mut self, ticket: u64) {
        self.out.push(ticket);
    }

    /// Ends the question of this ticket; false where there is none.
    pub(super) fn end(&mut self, ticket: u64) -> bool {
        let place = self.out.iter().position(|out| *out == ticket);
        place.map(|place| self.out.swap_remove(place)).is_some()
    }
}
