//! One group of a `kannel.conf`, and which of its keys were taken.

use std::cell::RefCell;
use std::collections::HashSet;

/// A key with its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pair {
    pub(super) name: String,
    pub(super) value: String,
    pub(super) file: String,
    pub(super) line: usize,
}

impl Pair {
    /// The value for people; of a secret nothing.
    pub(super) fn shown(&self) -> &str {
        match self.name.contains("password") || self.name == "pin" {
            true => "(a secret)",
            false => &self.value,
        }
    }
}

/// A group.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) kind: String,
    pub(super) file: String,
    pub(super) line: usize,
    pub(super) pairs: Vec<Pair>,
    taken: RefCell<HashSet<String>>,
}

impl Group {
    pub(super) fn new(first: &Pair) -> Self {
        Self {
            kind: first.value.clone(),
            file: first.file.clone(),
            line: first.line,
            ..Self::default()
        }
    }

    /// The pair of a key; the last counts, as in Kannel.
    pub(super) fn pair(&self, name: &str) -> Option<&Pair> {
        self.pairs.iter().rev().find(|pair| pair.name == name)
    }

    /// The value of a key, which is taken by that.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.taken.borrow_mut().insert(name.to_owned());
        let value = self.pair(name)?.value.trim();
        (!value.is_empty()).then_some(value)
    }

    /// A number, decimal or `0x`.
    pub(super) fn number(&self, name: &str) -> Option<i64> {
        let text = self.get(name)?;
        match text.strip_prefix("0x") {
            Some(digits) => i64::from_str_radix(digits, 16).ok(),
            None => text.parse().ok(),
        }
    }

    /// `true`, `yes`, `on` and `1` are true, as in Kannel.
    pub(super) fn flag(&self, name: &str) -> Option<bool> {
        let text = self.get(name)?;
        let is = |words: [&str; 4]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
        match (
            is(["true", "yes", "on", "1"]),
            is(["false", "no", "off", "0"]),
        ) {
            (true, _) => Some(true),
            (_, true) => Some(false),
            _ => None,
        }
    }

    /// A list with `;` between its members.
    pub(super) fn list(&self, name: &str) -> Vec<String> {
        let members = self.get(name).unwrap_or_default().split(';').map(str::trim);
        members
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Pairs that nobody asked for.
    pub(super) fn untaken(&self) -> impl Iterator<Item = &Pair> {
        let taken = self.taken.borrow().clone();
        self.pairs
            .iter()
            .filter(move |pair| !taken.contains(&pair.name))
    }
}
