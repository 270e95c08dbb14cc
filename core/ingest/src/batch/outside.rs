//! Characters that the cheap alphabet has not, over a whole file: each row with one of them goes as UCS-2, whether that costs
//! a segment or not.
//!
//! Bound: [`CHARACTERS_MAX`] characters remembered, [`SHOWN_MAX`] told of.

use std::cmp::Reverse;
use std::collections::HashMap;

use carrack_message::alphabet::gsm7;

use super::check_view::OutsideGsm7;

const CHARACTERS_MAX: usize = 256;
const SHOWN_MAX: usize = 20;

/// What was found so far.
#[derive(Default)]
pub(super) struct Outside {
    found: HashMap<char, OutsideGsm7>,
}

impl Outside {
    /// Looks at the text of one row that goes as UCS-2.
    pub(super) fn look(&mut self, text: &str, line: u64) {
        let mut seen: Vec<char> = Vec::new();
        for character in text.chars() {
            if gsm7::septets(character).is_some() || seen.contains(&character) {
                continue;
            }
            // Of a text in another script nobody reads on.
            if seen.len() >= SHOWN_MAX {
                return;
            }
            seen.push(character);
            if self.found.len() >= CHARACTERS_MAX && !self.found.contains_key(&character) {
                continue;
            }
            let found = self.found.entry(character).or_insert_with(|| OutsideGsm7 {
                character,
                code: format!("U+{:04X}", u32::from(character)),
                rows: 0,
                line,
            });
            found.rows += 1;
        }
    }

    /// The characters that most rows have.
    pub(super) fn view(self) -> Vec<OutsideGsm7> {
        let mut found: Vec<OutsideGsm7> = self.found.into_values().collect();
        found.sort_by_key(|found| (Reverse(found.rows), found.line, found.character));
        found.truncate(SHOWN_MAX);
        found
    }
}
