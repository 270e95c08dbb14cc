//! Words that the node itself waits for: it sent them to a number whose messages come back to it.
//!
//! Promise: a message from a handset is taken for an account of the node only where an awaited word stands in its text,
//! whole and as it was sent; every other message goes by the rules. Bound: [`WORDS_MAX`] words; one more is refused.
//! While nothing is awaited, a message costs one load.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rustc_hash::FxHashMap;

/// Words that may be awaited.
const WORDS_MAX: usize = 1 << 14;

/// Words and the accounts that wait for them.
#[derive(Debug, Default)]
pub(crate) struct AwaitedWords {
    any: AtomicBool,
    words: Mutex<FxHashMap<Box<str>, u32>>,
}

impl AwaitedWords {
    fn words(&self) -> MutexGuard<'_, FxHashMap<Box<str>, u32>> {
        self.words.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// False: it is awaited already, or too many are.
    pub(crate) fn add(&self, word: &str, account: u32) -> bool {
        let mut words = self.words();
        if words.len() >= WORDS_MAX || words.contains_key(word) {
            return false;
        }
        words.insert(Box::from(word), account);
        self.any.store(true, Ordering::Release);
        true
    }

    pub(crate) fn remove(&self, word: &str) {
        let mut words = self.words();
        words.remove(word);
        self.any.store(!words.is_empty(), Ordering::Release);
    }

    /// Who waits for a word of this text.
    pub(crate) fn account(&self, text: &str) -> Option<u32> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        let words = self.words();
        let mut found = text
            .split(|sign: char| !sign.is_ascii_alphanumeric())
            .filter(|word| !word.is_empty());
        found.find_map(|word| words.get(word).copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_awaited_word_is_found_whole_and_no_longer_than_it_is_awaited() {
        let awaited = AwaitedWords::default();
        assert_eq!(awaited.account("carrack probe K7Q2M9"), None);
        assert!(awaited.add("K7Q2M9", 7));
        assert!(!awaited.add("K7Q2M9", 8), "whose it would be is not clear");
        for text in ["carrack probe K7Q2M9", "K7Q2M9", "FREE: probe K7Q2M9. Bye"] {
            assert_eq!(awaited.account(text), Some(7), "{text}");
        }
        for text in ["", "K7Q2M", "K7Q2M90", "k7q2m9", "K7Q2 M9", "aK7Q2M9"] {
            assert_eq!(awaited.account(text), None, "{text}");
        }
        awaited.remove("K7Q2M9");
        assert_eq!(awaited.account("K7Q2M9"), None);
    }

    #[test]
    fn one_more_than_may_be_awaited_is_refused() {
        let awaited = AwaitedWords::default();
        assert!((0..WORDS_MAX).all(|word| awaited.add(&word.to_string(), 1)));
        assert!(!awaited.add("more", 1));
        awaited.remove("0");
        assert!(awaited.add("more", 1));
    }

    proptest! {
        #[test]
        fn a_text_of_others_is_never_taken(text in ".{0,160}") {
            let awaited = AwaitedWords::default();
            awaited.add("K7Q2M9", 7);
            let has = text.contains("K7Q2M9");
            prop_assert!(has || awaited.account(&text).is_none());
        }
    }
}
