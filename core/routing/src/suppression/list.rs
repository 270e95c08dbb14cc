//! A list in an index, and writing one.

use std::io::{Seek, Write};

use super::{Hashing, Keys, Mark, Reason, Scope};
use crate::key_index::{
    IndexFault, IndexSummary, KeyIndex, KeyWriteFault, KeyWriter, Kind, Octets,
};

/// Each scope and hash has a kind of its own: a list that is looked up otherwise than it was built would let all through.
fn kind(keys: &Keys) -> Kind {
    let (scope, name) = match (keys.scope, &keys.hashing) {
        (Scope::Global, Hashing::None) => (*b"gn", "suppression index of numbers for all"),
        (Scope::Global, Hashing::Sha256) => (*b"gs", "suppression index of SHA-256 for all"),
        (Scope::Global, Hashing::Keyed(_)) => (*b"gk", "suppression index of keyed hashes for all"),
        (Scope::Account, Hashing::None) => (*b"an", "suppression index by account"),
        (Scope::Account, Hashing::Sha256) => (*b"as", "suppression index of SHA-256 by account"),
        (Scope::Account, Hashing::Keyed(_)) => {
            (*b"ak", "suppression index of keyed hashes by account")
        }
        (Scope::Sender, Hashing::None) => (*b"sn", "suppression index by sender"),
        (Scope::Sender, Hashing::Sha256) => (*b"ss", "suppression index of SHA-256 by sender"),
        (Scope::Sender, Hashing::Keyed(_)) => {
            (*b"sk", "suppression index of keyed hashes by sender")
        }
    };
    let [one, other] = scope;
    Kind {
        magic: [b'C', b'R', b'K', b'S', b'U', b'P', one, other],
        name,
        command: "carrack suppression build",
    }
}

/// What stands under the check key.
const CHECK: Mark = Mark {
    reason: Reason::Other,
    ends_day: 0,
    is_removed: true,
};

/// A list of numbers that must not be sent to. A clone shares its octets.
#[derive(Clone, Debug)]
pub struct SuppressionIndex {
    index: KeyIndex,
    check: Option<u64>,
}

impl SuppressionIndex {
    /// Takes octets that hold a list of such keys.
    ///
    /// # Errors
    /// They do not, or were cut or spoiled, or made with another secret.
    pub fn open(keys: &Keys, octets: Octets) -> Result<Self, IndexFault> {
        let index = KeyIndex::open(&kind(keys), octets)?;
        let check = keys.check();
        if check.is_some_and(|check| index.value(check) != Some(CHECK.as_u32())) {
            let what = "it was made with another secret, or its check is gone";
            return Err(IndexFault::Spoiled { what });
        }
        Ok(Self { index, check })
    }

    /// What it says of a key.
    #[inline]
    #[must_use]
    pub fn mark(&self, key: u64) -> Option<Mark> {
        Mark::from_u32(self.index.value(key)?)
    }

    /// How many entries it has.
    #[must_use]
    pub fn len(&self) -> u64 {
        let check = u64::from(self.check.is_some());
        self.index.len().saturating_sub(check)
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many octets it takes.
    #[must_use]
    pub const fn octets(&self) -> u64 {
        self.index.octets()
    }

    /// When it was made, in seconds of Unix time.
    #[must_use]
    pub const fn built_utc_s(&self) -> u64 {
        self.index.built_utc_s()
    }

    /// Every entry, keys rising. It ends early where the octets are spoiled; [`Self::verify`] says so.
    pub fn entries(&self) -> impl Iterator<Item = (u64, Mark)> + '_ {
        let entries = self
            .index
            .keys()
            .filter(|(key, _)| Some(*key) != self.check);
        entries.map_while(|(key, value)| Some((key, Mark::from_u32(value)?)))
    }

    /// Looks at every octet.
    ///
    /// # Errors
    /// What does not hold.
    pub fn verify(&self) -> Result<(), IndexFault> {
        self.index
            .verify(|_, value| Mark::from_u32(value).is_some())
    }
}

/// Writes a list.
pub struct SuppressionWriter<W> {
    writer: KeyWriter<W>,
    check: Option<u64>,
    entries: u64,
}

impl<W: Write + Seek> SuppressionWriter<W> {
    /// Begins at the front of `out`.
    ///
    /// # Errors
    /// `out` fails.
    pub fn new(keys: &Keys, out: W, built_utc_s: u64) -> Result<Self, KeyWriteFault> {
        Ok(Self {
            writer: KeyWriter::new(&kind(keys), out, built_utc_s)?,
            check: keys.check(),
            entries: 0,
        })
    }

    /// Adds an entry, whose key has to be above all before.
    ///
    /// # Errors
    /// It is not, or `out` fails, or a bound is reached.
    pub fn push(&mut self, key: u64, mark: Mark) -> Result<(), KeyWriteFault> {
        if self.check.is_some_and(|check| check < key) {
            self.push_check()?;
        }
        if self.check == Some(key) {
            // One in 2^56: it would stand for the check.
            return Ok(());
        }
        self.entries += 1;
        self.writer.push(key, mark.as_u32())
    }

    fn push_check(&mut self) -> Result<(), KeyWriteFault> {
        match self.check.take() {
            Some(check) => self.writer.push(check, CHECK.as_u32()),
            None => Ok(()),
        }
    }

    /// Writes what is left; `out` is to be flushed by whoever gets it back.
    ///
    /// # Errors
    /// `out` fails.
    pub fn finish(mut self) -> Result<(W, IndexSummary), KeyWriteFault> {
        self.push_check()?;
        let (out, summary) = self.writer.finish()?;
        let keys = self.entries;
        Ok((out, IndexSummary { keys, ..summary }))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use std::collections::BTreeMap;
    use std::io::Cursor;
    use std::sync::Arc;

    use super::super::Whose;
    use super::*;
    use carrack_message::Msisdn;
    use proptest::prelude::*;

    fn built(keys: &Keys, numbers: &[u64]) -> Vec<u8> {
        let mark = Mark::until(Reason::OptOut, u64::MAX);
        let found = numbers
            .iter()
            .map(|number| keys.key(Whose::Number(Msisdn::from_u64(*number).unwrap()), "shop"));
        let entries: BTreeMap<u64, Mark> = found.map(|key| (key.unwrap(), mark)).collect();
        let mut writer = SuppressionWriter::new(keys, Cursor::new(Vec::new()), 7).unwrap();
        for (key, mark) in &entries {
            writer.push(*key, *mark).unwrap();
        }
        let (out, summary) = writer.finish().unwrap();
        assert_eq!(summary.keys, entries.len() as u64);
        out.into_inner()
    }

    proptest! {
        #[test]
        fn who_stands_on_a_list_is_found_and_nobody_else(
            numbers in proptest::collection::btree_set(447_000_000_000..447_000_002_000_u64, 0..300),
            scope in prop_oneof![Just(Scope::Global), Just(Scope::Account), Just(Scope::Sender)],
            hashing in prop_oneof![Just(0), Just(1), Just(2)],
        ) {
            let hashing = [Hashing::None, Hashing::Sha256, Hashing::keyed(b"secret")][hashing].clone();
            let keys = Keys { scope, hashing };
            let listed: Vec<u64> = numbers.iter().copied().collect();
            let index = SuppressionIndex::open(&keys, Arc::new(built(&keys, &listed))).unwrap();
            prop_assert_eq!(index.len(), listed.len() as u64);
            prop_assert_eq!(index.verify(), Ok(()));
            prop_assert_eq!(index.entries().count(), listed.len());
            for number in 447_000_000_000..447_000_002_000_u64 {
                let whose = Whose::Number(Msisdn::from_u64(number).unwrap());
                let mark = index.mark(keys.key(whose, "shop").unwrap());
                prop_assert_eq!(mark.is_some(), numbers.contains(&number), "{}", number);
                if scope != Scope::Global {
                    prop_assert_eq!(index.mark(keys.key(whose, "other").unwrap()), None);
                }
            }
        }
    }

    #[test]
    fn a_list_that_is_looked_up_otherwise_than_it_was_built_is_refused() {
        let keys = |scope, hashing| Keys { scope, hashing };
        let keyed = keys(Scope::Global, Hashing::keyed(b"secret"));
        let octets = built(&keyed, &[447_700_900_123]);
        let open = |keys: &Keys| SuppressionIndex::open(keys, Arc::new(octets.clone()));
        assert!(open(&keyed).is_ok());
        for wrong in [
            keys(Scope::Global, Hashing::keyed(b"other")),
            keys(Scope::Account, Hashing::keyed(b"secret")),
            keys(Scope::Global, Hashing::Sha256),
            keys(Scope::Global, Hashing::None),
        ] {
            assert!(open(&wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn a_list_of_hashes_holds_no_number() {
        let keys = Keys {
            scope: Scope::Global,
            hashing: Hashing::keyed(b"secret"),
        };
        let octets = built(&keys, &[447_700_900_123]);
        let number = 447_700_900_123_u64.to_le_bytes();
        assert!(!octets.windows(6).any(|six| six == &number[..6]));
    }
}
