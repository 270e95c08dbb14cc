//! How often each quirk was played. Nothing is counted, and nothing costs, where none is on.

use std::collections::BTreeMap;

/// Counts by quirk.
#[derive(Debug, Clone, Default)]
pub struct Played(BTreeMap<&'static str, u64>);

impl Played {
    /// Counts one more time of this quirk.
    pub fn count(&mut self, name: &'static str) {
        *self.0.entry(name).or_default() += 1;
    }

    /// Counts, and gives the condition back, where it holds.
    pub fn when(&mut self, is_played: bool, name: &'static str) -> bool {
        if is_played {
            self.count(name);
        }
        is_played
    }

    /// The counts by name.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<String, u64> {
        let owned = |(name, count): (&&'static str, &u64)| ((*name).to_owned(), *count);
        self.0.iter().map(owned).collect()
    }
}
