//! Names as ours are: 1 to 32 of a-z, 0-9, `_`, `.` and `-`, each once.

use std::collections::{HashMap, HashSet};

const CHARACTERS_MAX: usize = 32;
/// Room for a number behind a name that is taken.
const STEM_MAX: usize = 26;

/// Names that were given.
#[derive(Debug, Default)]
pub(crate) struct Names {
    taken: HashSet<String>,
    by_original: HashMap<String, Vec<String>>,
}

impl Names {
    /// A name for what was called so; never one that was given before.
    pub(crate) fn give(&mut self, original: &str) -> String {
        let stem = tidied(original);
        let mut name = stem.clone();
        let mut number = 2_u32;
        while !self.taken.insert(name.clone()) {
            let short: String = stem.chars().take(STEM_MAX).collect();
            name = format!("{short}-{number}");
            number += 1;
        }
        let given = self.by_original.entry(original.to_owned()).or_default();
        given.push(name.clone());
        name
    }

    /// Takes a name back whose owner did not come.
    pub(crate) fn forget(&mut self, name: &str) {
        self.taken.remove(name);
        for given in self.by_original.values_mut() {
            given.retain(|known| known != name);
        }
    }
}

fn tidied(original: &str) -> String {
    let fit = |sign: char| match sign.to_ascii_lowercase() {
        sign @ ('a'..='z' | '0'..='9' | '_' | '.' | '-') => sign,
        _ => '-',
    };
    let name: String = original
        .trim()
        .chars()
        .map(fit)
        .take(CHARACTERS_MAX)
        .collect();
    match name.is_empty() {
        true => "unnamed".to_owned(),
        false => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_given_twice_and_every_name_is_one() {
        let mut names = Names::default();
        assert_eq!(names.give("SMSC A"), "smsc-a");
        assert_eq!(names.give("smsc-a"), "smsc-a-2");
        assert_eq!(names.give(""), "unnamed");
        let long = "x".repeat(40);
        assert_eq!(names.give(&long).len(), 32);
        assert_eq!(names.give(&long), format!("{}-2", "x".repeat(26)));
        names.forget("smsc-a-2");
        assert_eq!(names.give("smsc/a"), "smsc-a-2");
    }
}
