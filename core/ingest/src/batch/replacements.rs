//! Characters that make rows dearer, over a whole file: what to write instead, how often, and what it saves.
//!
//! Bound: [`ROWS_MAX`] rows are weighed and [`CHARACTERS_MAX`] characters remembered.

use std::collections::HashMap;

use carrack_message::explain::Explanation;
use carrack_message::smart::plain_sign;
use carrack_message::wire::TextForm;

use super::check_view::Replacement;

/// Rows that are weighed: each one costs some ten microseconds.
const ROWS_MAX: u64 = 200_000;
const CHARACTERS_MAX: usize = 256;
/// Characters shown before and after an example.
const AROUND: usize = 15;

/// What was found so far.
#[derive(Default)]
pub(super) struct Replacements {
    form: TextForm,
    rows: u64,
    found: HashMap<char, Replacement>,
}

impl Replacements {
    /// Weighs one row of several segments.
    pub(super) fn look(&mut self, text: &str, line: u64) {
        if self.rows >= ROWS_MAX {
            return;
        }
        self.rows += 1;
        let explanation = Explanation::of(text, &self.form);
        let Some(advised) = explanation.segments_advised else {
            return;
        };
        let saved = u64::from(explanation.plan.segments.saturating_sub(advised));
        let mut seen: Vec<char> = Vec::new();
        for costly in &explanation.costly {
            let Some(write) = costly.suggestion else {
                continue;
            };
            if self.found.len() >= CHARACTERS_MAX && !self.found.contains_key(&costly.found) {
                continue;
            }
            let replacement = self
                .found
                .entry(costly.found)
                .or_insert_with(|| Replacement {
                    character: costly.found,
                    code: format!("U+{:04X}", u32::from(costly.found)),
                    name: costly.name,
                    write,
                    is_smart: plain_sign(costly.found).is_some(),
                    rows: 0,
                    count: 0,
                    segments_saved: 0,
                    line,
                    example: around(text, costly.position),
                });
            replacement.count += 1;
            if !seen.contains(&costly.found) {
                seen.push(costly.found);
                replacement.rows += 1;
                replacement.segments_saved += saved;
            }
        }
    }

    /// Rows that were weighed, and the characters, those that save most first.
    pub(super) fn view(self) -> (u64, Vec<Replacement>) {
        let mut found: Vec<Replacement> = self.found.into_values().collect();
        found.sort_by_key(|found| (std::cmp::Reverse(found.segments_saved), found.character));
        (self.rows, found)
    }
}

fn around(text: &str, position: usize) -> String {
    let from = position.saturating_sub(AROUND);
    text.chars().skip(from).take(2 * AROUND + 1).collect()
}
