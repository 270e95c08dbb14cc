//! UCS-2 as carriers really send it: in the wrong order of octets, with a mark of the order, an octet too many (trap T32).
//!
//! Total. A byte order mark is obeyed; without one the order is turned round only where big-endian makes no sense and
//! little-endian does. What cannot be mended becomes U+FFFD and is counted, and every mending is told.

use super::ucs2;

/// What was found wrong with UCS-2 octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub struct Ucs2Oddities {
    /// A byte order mark stood before the text.
    pub marked: bool,
    /// The units were little-endian.
    pub little_endian: bool,
    /// The count of octets was odd; a NUL at the end was taken away, any other octet became U+FFFD.
    pub odd: bool,
    /// Places that became U+FFFD.
    pub replaced: usize,
}

/// Appends the text of octets, mended where that can be told.
pub fn decode(octets: &[u8], out: &mut String) -> Ucs2Oddities {
    let mut oddities = Ucs2Oddities {
        odd: octets.len() % 2 == 1,
        ..Ucs2Oddities::default()
    };
    let octets = match octets {
        [whole @ .., 0] if oddities.odd => whole,
        _ => octets,
    };
    let text = match octets {
        [0xFE, 0xFF, text @ ..] | [0xFF, 0xFE, text @ ..] => {
            oddities.marked = true;
            oddities.little_endian = octets.first() == Some(&0xFF);
            text
        }
        _ => {
            oddities.little_endian = is_little_endian(octets);
            octets
        }
    };
    oddities.replaced = if oddities.little_endian {
        ucs2::decode_little_endian(text, out)
    } else {
        ucs2::decode(text, out)
    };
    oddities
}

/// How the units look in one order.
struct Look {
    /// ASCII letters, digits, spaces and punctuation.
    ascii: usize,
    /// Controls, lone surrogates, private use, and blocks that nobody writes messages in.
    unlikely: usize,
    /// Different high octets: few where a text keeps to its script.
    scripts: usize,
}

/// A script of letters, told by the octet that stays: the other order scatters it over many.
const SCATTERED_MIN: usize = 4;

fn is_little_endian(octets: &[u8]) -> bool {
    let (pairs, _) = octets.as_chunks::<2>();
    let big = look(pairs.iter().map(|pair| u16::from_be_bytes(*pair)));
    let little = look(pairs.iter().map(|pair| u16::from_le_bytes(*pair)));
    let all = pairs.len();
    let coherent = |one: &Look, other: &Look| {
        other.scripts >= SCATTERED_MIN && one.scripts * 2 <= other.scripts
    };
    if little.unlikely > 0 || coherent(&big, &little) {
        return false;
    }
    let absurd = big.unlikely > 0 && big.unlikely * 3 >= all;
    // Latin text turned round is a row of rare Han characters whose low octet is nought: three are no accident.
    let latin = big.ascii == 0 && little.ascii * 5 >= all * 3;
    absurd || coherent(&little, &big) || latin && (little.ascii >= 3 || big.unlikely > 0)
}

fn look(units: impl Iterator<Item = u16>) -> Look {
    let (mut ascii, mut unlikely) = (0, 0);
    let mut seen = [false; 256];
    let mut high = false;
    for unit in units {
        let low = matches!(unit, 0xDC00..=0xDFFF);
        if high != low {
            unlikely += 1;
        }
        high = matches!(unit, 0xD800..=0xDBFF);
        if let Some(seen) = seen.get_mut(usize::from(unit >> 8)) {
            *seen = true;
        }
        match unit {
            // U+4E00 turned round is N, and the most common character of Chinese.
            0x004E => {}
            0x20..=0x7E | 0x0A | 0x0D => ascii += 1,
            _ if is_unlikely(unit) => unlikely += 1,
            _ => {}
        }
    }
    Look {
        ascii,
        unlikely: unlikely + usize::from(high),
        scripts: seen.iter().filter(|seen| **seen).count(),
    }
}

const fn is_unlikely(unit: u16) -> bool {
    matches!(unit,
        0x0000..=0x0008 | 0x000B | 0x000E..=0x001F | 0x007F..=0x009F | 0x0180..=0x02B8
        | 0x1E00..=0x1E9F | 0x1F00..=0x1FFF | 0x2000 | 0x3400..=0x4DBF | 0xA000..=0xABFF | 0xD7B0..=0xD7FF
        | 0xE000..=0xF8FF | 0xFFF0..=0xFFFB | 0xFFFE..=0xFFFF)
}
