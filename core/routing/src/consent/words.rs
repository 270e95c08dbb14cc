//! Keywords by meaning, from CSV: `language,meaning,words`.

use std::collections::HashSet;
use std::io::Read;

use rustc_hash::FxHashSet;

use super::fold;
use crate::deck::{DeckFaults, Gathered};
use crate::numbering::sheet::{Form, Sheet};

/// Rows of a file.
pub const WORDS_MAX: usize = 10_000;
/// Words of one keyword.
const PHRASE_MAX: usize = 5;

const FORM: Form<3> = Form {
    what: "the list of keywords",
    columns: ["language", "meaning", "words"],
    required: 3,
};

/// Those that the program has built in.
const BUILT_IN: &str = include_str!("../../../../config/consent.csv");

/// A keyword as words.
pub(super) type Phrase = Vec<String>;

/// Keywords of all languages.
#[derive(Clone, Debug, Default)]
pub struct Keywords {
    /// Whose wish is clear wherever they stand.
    pub(super) stop: FxHashSet<Phrase>,
    /// That mean stop only where nothing else is said.
    pub(super) stop_alone: FxHashSet<Phrase>,
    pub(super) start: FxHashSet<Phrase>,
    pub(super) help: FxHashSet<Phrase>,
    /// That change nothing.
    pub(super) filler: FxHashSet<Phrase>,
    languages: usize,
}

impl Keywords {
    /// Those that the program has built in.
    #[must_use]
    pub fn built_in() -> Self {
        // A test reads them.
        Self::from_csv(BUILT_IN.as_bytes(), "config/consent.csv").unwrap_or_default()
    }

    /// Reads a file.
    ///
    /// # Errors
    /// All its faults, each with its line and cure.
    pub fn from_csv(reader: impl Read, file_name: &str) -> Result<Self, DeckFaults> {
        let mut faults = Gathered::new(file_name);
        let mut keywords = Self::default();
        let mut languages = HashSet::new();
        let mut rows = 0;
        if let Some(mut sheet) = Sheet::open(reader, &FORM, &mut faults) {
            while let Some((line, [language, meaning, words])) = sheet.next(&mut faults) {
                rows += 1;
                if rows > WORDS_MAX {
                    let what =
                        format!("is beyond the {WORDS_MAX} rows that may be; leave some out");
                    faults.add(line, what);
                    break;
                }
                languages.insert(language.to_vec());
                let text = String::from_utf8_lossy(words).into_owned();
                let phrase = fold::words(&text, PHRASE_MAX + 1);
                if phrase.is_empty() || phrase.len() > PHRASE_MAX {
                    let what = format!("{text:?} is no keyword; write one to {PHRASE_MAX} words");
                    faults.add(line, what);
                    continue;
                }
                let set = match meaning {
                    b"stop" => &mut keywords.stop,
                    b"stop_alone" => &mut keywords.stop_alone,
                    b"start" => &mut keywords.start,
                    b"help" => &mut keywords.help,
                    b"filler" => &mut keywords.filler,
                    other => {
                        let other = String::from_utf8_lossy(other).into_owned();
                        let what = format!(
                            "{other:?} is no meaning; write stop, stop_alone, start, help or filler"
                        );
                        faults.add(line, what);
                        continue;
                    }
                };
                set.insert(phrase);
            }
            if keywords.stop.is_empty() {
                faults.add(1, "has no keyword that means stop; give one at least");
            }
        }
        keywords.languages = languages.len();
        match faults.into_faults() {
            Some(faults) => Err(faults),
            None => Ok(keywords),
        }
    }

    /// Of how many languages.
    #[must_use]
    pub const fn languages(&self) -> usize {
        self.languages
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::*;

    #[test]
    fn what_is_built_in_has_stop_start_and_help_in_more_than_twelve_languages() {
        let keywords = Keywords::from_csv(BUILT_IN.as_bytes(), "config/consent.csv").unwrap();
        assert!(keywords.languages() > 12, "{}", keywords.languages());
        let mut missing = Vec::new();
        let rows: Vec<Vec<&str>> = BUILT_IN
            .lines()
            .map(|line| line.split(',').collect())
            .collect();
        let languages: HashSet<&str> = rows.iter().skip(1).map(|row| row[0]).collect();
        for language in languages {
            for meaning in ["stop", "start", "help"] {
                let has = |row: &Vec<&str>| row[0] == language && row[1] == meaning;
                if !rows.iter().any(has) {
                    missing.push((language, meaning));
                }
            }
        }
        assert!(missing.is_empty(), "{missing:?}");
        for phrase in keywords.start.iter().chain(&keywords.help) {
            let is_stop = keywords.stop.contains(phrase) || keywords.stop_alone.contains(phrase);
            assert!(!is_stop, "{phrase:?} has two meanings");
            assert!(!keywords.filler.contains(phrase), "{phrase:?}");
        }
        let both: Vec<&Phrase> = keywords.stop.intersection(&keywords.filler).collect();
        assert!(both.is_empty(), "{both:?}");
    }

    #[test]
    fn faults_of_a_file_have_lines_and_cures() {
        let csv = "language,meaning,words\nen,halt,stop\nen,stop,...\nen,stop,a b c d e f\n";
        let faults = Keywords::from_csv(csv.as_bytes(), "words.csv").unwrap_err();
        let lines: Vec<u64> = faults.faults.iter().map(|fault| fault.line).collect();
        assert_eq!(lines, [1, 2, 3, 4]);
    }
}
