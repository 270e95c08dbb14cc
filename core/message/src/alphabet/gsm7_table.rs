//! The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038, 6.2.1 and 6.2.1.1).
//!
//! Written once as the specification prints it; the way back is computed from it at compile time.

/// Code of the escape that leads to the extension table.
pub(crate) const ESCAPE: u8 = 0x1B;

/// The character of each septet; [`ESCAPE`] stands for itself and is no character.
#[rustfmt::skip]
pub(crate) const DEFAULT: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å',
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{1B}', 'Æ', 'æ', 'ß', 'É',
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/',
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?',
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O',
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§',
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// Code after the escape, and its character.
pub(crate) const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// The character of each code after the escape; [`ESCAPE`], which is none, where the extension table has none.
pub(crate) static ESCAPED: [char; 128] = escaped();

/// No such character.
pub(crate) const NONE: u8 = 0xFF;
/// Added to a code of the extension table in [`CODES`].
pub(crate) const EXTENDED: u8 = 0x80;

/// First code point past [`CODES`]; what lies beyond and has a code is in [`WIDE`].
pub(crate) const CODES_END: u32 = 256;

/// Septet of each code point below [`CODES_END`], with [`EXTENDED`] where an escape goes first, or [`NONE`].
pub(crate) static CODES: [u8; CODES_END as usize] = codes();

/// Characters past [`CODES_END`] that have a code, as in [`CODES`]: ten Greek capitals and the euro.
pub(crate) static WIDE: [(char, u8); WIDE_COUNT] = wide();

const WIDE_COUNT: usize = 11;

#[allow(
    clippy::indexing_slicing,
    reason = "computed at compile time, where a bad index does not build"
)]
const fn escaped() -> [char; 128] {
    let mut escaped = [ESCAPE as char; 128];
    let mut row = 0;
    while row < EXTENSION.len() {
        let (code, found) = EXTENSION[row];
        escaped[code as usize] = found;
        row += 1;
    }
    escaped
}

#[allow(
    clippy::indexing_slicing,
    reason = "computed at compile time, where a bad index does not build"
)]
const fn codes() -> [u8; CODES_END as usize] {
    let mut codes = [NONE; CODES_END as usize];
    let mut code = 0;
    while code < DEFAULT.len() {
        let point = DEFAULT[code] as u32;
        if point < CODES_END && code != ESCAPE as usize {
            codes[point as usize] = code as u8;
        }
        code += 1;
    }
    let mut row = 0;
    while row < EXTENSION.len() {
        let (code, found) = EXTENSION[row];
        if (found as u32) < CODES_END {
            codes[found as usize] = EXTENDED | code;
        }
        row += 1;
    }
    codes
}

#[allow(
    clippy::indexing_slicing,
    reason = "computed at compile time, where a bad index does not build"
)]
const fn wide() -> [(char, u8); WIDE_COUNT] {
    let mut wide = [('\0', NONE); WIDE_COUNT];
    let mut count = 0;
    let mut code = 0;
    while code < DEFAULT.len() {
        if DEFAULT[code] as u32 >= CODES_END {
            wide[count] = (DEFAULT[code], code as u8);
            count += 1;
        }
        code += 1;
    }
    let mut row = 0;
    while row < EXTENSION.len() {
        let (code, found) = EXTENSION[row];
        if found as u32 >= CODES_END {
            wide[count] = (found, EXTENDED | code);
            count += 1;
        }
        row += 1;
    }
    wide
}
