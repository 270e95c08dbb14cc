//! One shift table, read both ways; the way back is computed at compile time.

/// Code points by septet, 0 for none; all are in the first plane.
pub(super) type Codes = [u16; 128];

/// First code point past those that are looked up without a search: all that European languages need.
const LOW_END: usize = 0x180;
/// No septet.
const NONE: u8 = 0xFF;

/// One shift table.
pub(super) struct Table {
    codes: Codes,
    /// Septet of each code point before [`LOW_END`], or [`NONE`].
    low: [u8; LOW_END],
    /// Code point and septet, ascending; of two septets for one character the first.
    back: [(u16, u8); 128],
    /// Entries of `back` at its beginning that stand for nothing.
    blank: usize,
}

impl Table {
    /// A table of its codes.
    #[allow(
        clippy::indexing_slicing,
        reason = "computed at compile time, where a bad index does not build"
    )]
    pub(super) const fn new(codes: Codes) -> Self {
        let mut back = [(0, 0); 128];
        let mut count = 0;
        while count < codes.len() {
            // Insertion sort; an equal one stays behind the earlier.
            let entry = (codes[count], count as u8);
            let mut place = count;
            while place > 0 && back[place - 1].0 > entry.0 {
                back[place] = back[place - 1];
                place -= 1;
            }
            back[place] = entry;
            count += 1;
        }
        let mut blank = 0;
        while blank < back.len() && back[blank].0 == 0 {
            blank += 1;
        }
        let mut low = [NONE; LOW_END];
        let mut entry = back.len();
        while entry > blank {
            entry -= 1;
            let (point, code) = back[entry];
            if (point as usize) < LOW_END {
                low[point as usize] = code;
            }
        }
        Self {
            codes,
            low,
            back,
            blank,
        }
    }

    /// The septet of a character.
    pub(super) fn code(&self, found: char) -> Option<u8> {
        if let Some(code) = self.low.get(found as usize) {
            return Some(*code).filter(|code| *code != NONE);
        }
        let point = u16::try_from(u32::from(found)).ok()?;
        let back = self.back.get(self.blank..)?;
        let place = back.partition_point(|(other, _)| *other < point);
        let (other, code) = back.get(place)?;
        (*other == point).then_some(*code)
    }

    /// The character of a septet.
    pub(super) fn found(&self, code: u8) -> Option<char> {
        let point = *self.codes.get(usize::from(code))?;
        char::from_u32(u32::from(point)).filter(|found| *found != '\0')
    }
}
