//! Lines of a profile's file, and values as TOML writes them on one line.

use std::fmt::Write as _;

use super::keys::why;
use super::words::{Words, word};

/// Lines of the file so far.
#[derive(Default)]
pub(super) struct Lines {
    pub(super) text: String,
}

impl Lines {
    pub(super) fn put(&mut self, key: &str, value: impl AsRef<str>) {
        // Writing to a String cannot fail.
        let _ = write!(self.text, "# {}\n{key} = {}\n", why(key), value.as_ref());
    }

    /// The line of a value where it is not the usual one.
    pub(super) fn changed<T: PartialEq + ?Sized>(
        &mut self,
        key: &str,
        value: &T,
        usual: &T,
        text: impl Fn(&T) -> String,
    ) {
        if value != usual {
            self.put(key, text(value));
        }
    }

    pub(super) fn word<T: PartialEq>(&mut self, key: &str, words: Words<T>, value: &T, usual: &T) {
        self.changed(key, value, usual, |value| quoted(word(words, value)));
    }

    pub(super) fn given<T>(&mut self, key: &str, value: Option<&T>, text: impl Fn(&T) -> String) {
        if let Some(value) = value {
            self.put(key, text(value));
        }
    }
}

pub(super) fn plain<T: ToString>(value: &T) -> String {
    value.to_string()
}

pub(super) fn list(elements: impl Iterator<Item = String>) -> String {
    format!("[{}]", elements.collect::<Vec<_>>().join(", "))
}

pub(super) fn table(entries: impl Iterator<Item = (String, String)>) -> String {
    let entries: Vec<String> = entries
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", entries.join(", "))
}

/// A text as TOML writes it on one line.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for letter in text.chars() {
        match letter {
            '"' | '\\' => quoted.extend(['\\', letter]),
            control if control.is_control() => {
                // Writing to a String cannot fail.
                let _ = write!(quoted, "\\u{:04X}", u32::from(control));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}
