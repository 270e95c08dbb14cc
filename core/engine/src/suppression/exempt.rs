//! Messages of the node's own that leave though their recipient stands on a list: the answer to a stop.
//!
//! Promise: such a message is known by a word in its tag that nobody else can guess, and only while the word holds. It is
//! looked at only when a list forbids the message. Bound: [`WORDS_MAX`] words; one more is refused, and its message with it.

use std::sync::{Mutex, PoisonError};

use rustc_hash::FxHashMap;

const WORDS_MAX: usize = 1 << 16;

#[derive(Debug, Default)]
pub(crate) struct Exempt(Mutex<FxHashMap<Box<str>, u64>>);

impl Exempt {
    /// A message with this tag may leave until then, UTC nanoseconds. False: too many may.
    pub(crate) fn add(&self, word: &str, now_utc_ns: u64, until_utc_ns: u64) -> bool {
        let mut words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if words.len() >= WORDS_MAX {
            words.retain(|_, until| *until > now_utc_ns);
        }
        let has_room = words.len() < WORDS_MAX;
        if has_room {
            words.insert(Box::from(word), until_utc_ns);
        }
        has_room
    }

    pub(super) fn has(&self, word: &str, now_utc_ns: u64) -> bool {
        if word.is_empty() {
            return false;
        }
        let words = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        words.get(word).is_some_and(|until| *until > now_utc_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_holds_until_its_time_and_one_too_many_is_refused() {
        let exempt = Exempt::default();
        assert!(exempt.add("k7", 0, 10));
        assert!(exempt.has("k7", 9) && !exempt.has("k7", 10));
        assert!(!exempt.has("", 0) && !exempt.has("k8", 0));
        assert!((1..WORDS_MAX).all(|word| exempt.add(&word.to_string(), 0, 10)));
        assert!(!exempt.add("more", 9, 20));
        assert!(exempt.add("more", 10, 20), "those before are over");
        assert!(exempt.has("more", 11) && !exempt.has("1", 0));
    }
}
