//! Keys of requests: what a customer calls a request by, and the message that it became.
//!
//! Promise: an entry is written in one batch with the frame of its message, so after any crash there are both or neither. Bound:
//! one entry a name, until its time is over; no memory but a filter's. Fails by [`StoreFault`]; an entry that cannot be read
//! counts as none, and it is said.
//!
//! Not cut by time: a name is random, so one look at one place says whether it is there; with a part for every six hours it
//! would be nine. What is over goes when tables are merged, and is passed over until then.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use carrack_message::MessageId;

use crate::fault::StoreFault;

/// The name of a request, or of one recipient in it: a hash of account and key that nobody can aim at another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName(pub u128);

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptKey {
    /// Its name.
    pub name: KeyName,
    /// Digest of what it said.
    pub content: u64,
    /// UTC second from which on it may be forgotten.
    pub until_s: u32,
    /// The message; its id says when.
    pub id: MessageId,
    /// The id that the customer was given instead of the message's own; mostly empty.
    pub told_as: Vec<u8>,
}

const FORMAT: u8 = 1;
/// Octets of a value before what was told.
const OCTETS: usize = 29;
/// Longest id that a customer is given.
const TOLD_OCTETS_MAX: usize = 64;

impl KeyName {
    pub(crate) fn to_octets(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

impl KeptKey {
    /// UTC millisecond of its message.
    #[must_use]
    pub fn at_ms(&self) -> u64 {
        self.id.parts().utc_ms
    }

    pub(crate) fn write(&self, octets: &mut Vec<u8>) {
        octets.clear();
        octets.push(FORMAT);
        octets.extend_from_slice(&self.content.to_be_bytes());
        octets.extend_from_slice(&self.until_s.to_be_bytes());
        octets.extend_from_slice(&self.id.0.to_be_bytes());
        octets.extend(self.told_as.iter().take(TOLD_OCTETS_MAX));
    }

    pub(crate) fn from_octets(name: KeyName, octets: &[u8]) -> Option<Self> {
        let (format, rest) = octets.split_first()?;
        let (content, rest) = rest.split_first_chunk::<8>()?;
        let (until_s, rest) = rest.split_first_chunk::<4>()?;
        let (id, told_as) = rest.split_first_chunk::<16>()?;
        let known = *format == FORMAT && octets.len() <= OCTETS + TOLD_OCTETS_MAX;
        known.then(|| Self {
            name,
            content: u64::from_be_bytes(*content),
            until_s: u32::from_be_bytes(*until_s),
            id: MessageId(u128::from_be_bytes(*id)),
            told_as: told_as.to_vec(),
        })
    }

    /// When an entry may be forgotten, from its octets alone; 0 for what is none.
    pub(crate) fn until_s_of(octets: &[u8]) -> u32 {
        let until_s = octets.get(9..13).and_then(|octets| octets.try_into().ok());
        until_s.map_or(0, u32::from_be_bytes)
    }
}

/// Where names are looked up.
pub trait KeptKeys {
    /// Whether one of these may be there. Never waits for the disk: where memory cannot tell, it says true.
    fn may_hold(&self, names: &[KeyName]) -> bool;
    /// What is there of these, in their order. Blocking.
    ///
    /// # Errors
    /// [`StoreFault`].
    fn kept(&self, names: &[KeyName]) -> Result<Vec<Option<KeptKey>>, StoreFault>;
}

impl KeptKeys for Mutex<BTreeMap<KeyName, KeptKey>> {
    fn may_hold(&self, names: &[KeyName]) -> bool {
        let held = self.lock().unwrap_or_else(PoisonError::into_inner);
        names.iter().any(|name| held.contains_key(name))
    }

    fn kept(&self, names: &[KeyName]) -> Result<Vec<Option<KeptKey>>, StoreFault> {
        let held = self.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(names.iter().map(|name| held.get(name).cloned()).collect())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn entry_survives_the_store(name: u128, content: u64, until_s: u32, id: u128, told_as in prop::collection::vec(any::<u8>(), 0..64)) {
            let (name, id) = (KeyName(name), MessageId(id));
            let kept = KeptKey { name, content, until_s, id, told_as };
            let mut octets = vec![7];
            kept.write(&mut octets);
            prop_assert_eq!(KeptKey::until_s_of(&octets), until_s);
            prop_assert_eq!(KeptKey::from_octets(name, &octets).unwrap(), kept);
        }

        #[test]
        fn any_octets_are_an_entry_or_none(octets: Vec<u8>) {
            let whole = (OCTETS..=OCTETS + TOLD_OCTETS_MAX).contains(&octets.len()) && octets.first() == Some(&FORMAT);
            prop_assert_eq!(KeptKey::from_octets(KeyName(0), &octets).is_some(), whole);
            KeptKey::until_s_of(&octets);
        }
    }
}
