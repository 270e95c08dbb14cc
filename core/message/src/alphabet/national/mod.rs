//! National language shift tables (3GPP TS 23.038, 6.2.1.2 and annex A): other letters for one septet each.
//!
//! A locking shift table takes the place of the default alphabet, a single shift table that of the extension table.
//! Both are named in the user data header of every part. Encoding is all or nothing, decoding total.

mod locking;
mod single;
mod table;

use table::Table;

use super::gsm7_table::{CODES, CODES_END, DEFAULT, ESCAPE, EXTENDED, EXTENSION, NONE, WIDE};
use super::{Unencodable, gsm7};
use crate::wire::NationalLanguage;

/// Which tables are in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Shift {
    /// In place of the default alphabet; Spanish has no such table and counts as none.
    pub locking: Option<NationalLanguage>,
    /// In place of the extension table.
    pub single: Option<NationalLanguage>,
}

/// Where a character stands.
enum Place {
    Base(u8),
    Extension(u8),
}

impl Shift {
    /// The default alphabet and its extension table.
    pub const NONE: Self = Self {
        locking: None,
        single: None,
    };

    /// Whether no national table is in force.
    #[must_use]
    pub const fn is_none(self) -> bool {
        self.locking.is_none() && self.single.is_none()
    }

    /// Octets that its elements take in a header, without the header's length octet.
    #[must_use]
    pub const fn header_octets(self) -> usize {
        3 * (self.locking.is_some() as usize + self.single.is_some() as usize)
    }

    /// Septets of a character: 1, or 2 with an escape; `None` if the tables lack it.
    #[must_use]
    pub fn septets(self, found: char) -> Option<usize> {
        match self.place(found)? {
            Place::Base(_) => Some(1),
            Place::Extension(_) => Some(2),
        }
    }

    /// Septets of a whole text, or `None` if the tables lack one of its characters.
    #[must_use]
    pub fn fits(self, text: &str) -> Option<usize> {
        text.chars()
            .try_fold(0, |count, found| Some(count + self.septets(found)?))
    }

    /// Appends one octet a septet.
    ///
    /// # Errors
    /// [`Unencodable`] for the first character that the tables lack; `out` is then as it was.
    pub fn encode(self, text: &str, out: &mut Vec<u8>) -> Result<(), Unencodable> {
        if self.is_none() {
            return gsm7::encode(text, out);
        }
        let before = out.len();
        out.reserve(text.len());
        for (position, found) in text.chars().enumerate() {
            match self.place(found) {
                Some(Place::Base(code)) => out.push(code),
                Some(Place::Extension(code)) => out.extend_from_slice(&[ESCAPE, code]),
                None => {
                    out.truncate(before);
                    return Err(Unencodable { found, position });
                }
            }
        }
        Ok(())
    }

    /// Appends the text of septets, one an octet; gives back how many places could not be read.
    ///
    /// What the extension lacks is shown by the base table, two escapes or one at the end as a space
    /// (TS 23.038, 6.2.1.1), what neither has and an octet past 127 as U+FFFD: all counted.
    pub fn decode(self, octets: &[u8], out: &mut String) -> usize {
        out.reserve(octets.len());
        let mut replaced = 0;
        let mut rest = octets.iter().copied();
        while let Some(octet) = rest.next() {
            let shown = if octet == ESCAPE {
                let after = rest.next().filter(|after| *after != ESCAPE);
                let known = after.and_then(|after| self.extension(after));
                replaced += usize::from(known.is_none());
                known.or_else(|| after.map_or(Some(' '), |after| self.base(after)))
            } else {
                let known = self.base(octet);
                replaced += usize::from(known.is_none());
                known
            };
            out.push(shown.unwrap_or(char::REPLACEMENT_CHARACTER));
        }
        replaced
    }

    /// Every pair of tables of some languages but [`Shift::NONE`]; a language without a locking table stands for none.
    pub(crate) fn all_of(languages: &[NationalLanguage]) -> impl Iterator<Item = Self> {
        let with_none = || std::iter::once(None).chain(languages.iter().copied().map(Some));
        with_none()
            .filter(|language| language.is_none_or(|language| locking::locking(language).is_some()))
            .flat_map(move |locking| with_none().map(move |single| Self { locking, single }))
            .filter(|shift| !shift.is_none())
    }

    fn place(self, found: char) -> Option<Place> {
        let base = match self.base_table() {
            Some(table) => table.code(found),
            None => default_code(found).filter(|code| *code < EXTENDED),
        };
        if let Some(code) = base {
            return Some(Place::Base(code));
        }
        let extension = match self.single {
            Some(language) => single::single(language).code(found),
            None => default_code(found)
                .filter(|code| *code >= EXTENDED)
                .map(|code| code & !EXTENDED),
        };
        extension.map(Place::Extension)
    }

    fn base_table(self) -> Option<&'static Table> {
        self.locking.and_then(locking::locking)
    }

    fn base(self, octet: u8) -> Option<char> {
        match self.base_table() {
            Some(table) => table.found(octet),
            None => DEFAULT
                .get(usize::from(octet))
                .copied()
                .filter(|_| octet != ESCAPE),
        }
    }

    fn extension(self, octet: u8) -> Option<char> {
        match self.single {
            Some(language) => single::single(language).found(octet),
            None => EXTENSION
                .iter()
                .find(|(code, _)| *code == octet)
                .map(|(_, found)| *found),
        }
    }
}

/// The code of the default alphabet, with [`EXTENDED`] where an escape goes first.
fn default_code(found: char) -> Option<u8> {
    let point = u32::from(found);
    if point < CODES_END {
        let code = CODES.get(point as usize).copied();
        return code.filter(|code| *code != NONE);
    }
    WIDE.iter()
        .find(|(wide, _)| *wide == found)
        .map(|(_, code)| *code)
}
