//! Typographic signs that word processors put in unasked, written as telephones had them: curly quotes, long dashes, blanks that
//! do not break, the ellipsis.
//!
//! Promise: letters stay as they are; a text is touched only where that saves a segment. Pure. Costs a look at each character
//! of texts that are no GSM 7-bit, and nothing for others.

use crate::alphabet::gsm7;
use crate::explain::advice;
use crate::segment::Segmentation;

/// A text with its signs replaced.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swapped {
    /// The text in GSM 7-bit.
    pub text: String,
    /// Characters that were replaced.
    pub characters: u32,
    /// Segments that it takes less.
    pub segments_saved: u8,
}

/// What to write instead of a sign that GSM 7-bit lacks; none for letters and for what has no look-alike.
#[must_use]
pub fn plain_sign(found: char) -> Option<&'static str> {
    if found.is_alphanumeric() || gsm7::septets(found).is_some() {
        return None;
    }
    advice::named(found)
}

/// The text with plain signs, where that saves at least one segment.
#[must_use]
pub fn swapped(text: &str) -> Option<Swapped> {
    if gsm7::fits(text).is_some() {
        return None;
    }
    let mut plain = String::with_capacity(text.len());
    let mut characters = 0;
    for found in text.chars() {
        match plain_sign(found) {
            Some(sign) => {
                characters += 1;
                plain.push_str(sign);
            }
            None if gsm7::septets(found).is_some() => plain.push(found),
            // One letter that is not in GSM 7-bit is enough: nothing would be saved.
            None => return None,
        }
    }
    // What is too long for any message is judged as it would be after the swap.
    let segments =
        |text: &str| Segmentation::of(text, u8::MAX).map_or(u8::MAX, |found| found.segments);
    let segments_saved = segments(text).saturating_sub(segments(&plain));
    (segments_saved > 0 && !plain.is_empty()).then_some(Swapped {
        text: plain,
        characters,
        segments_saved,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_replaced_where_that_saves_a_segment_and_letters_never() {
        let long = "It’s here – “really”…\u{a0}".repeat(5);
        let swapped_long = swapped(&long);
        assert_eq!(
            swapped_long.map(|swapped| (swapped.text, swapped.characters, swapped.segments_saved)),
            Some(("It's here - \"really\"... ".repeat(5), 30, 1))
        );
        for text in [
            "It’s here",
            "plain",
            &format!("{long}Привет"),
            &format!("{long}ç"),
            "\u{200B}",
        ] {
            assert_eq!(swapped(text), None, "{text}");
        }
        assert_eq!(plain_sign('Α'), None, "a Greek letter");
        assert_eq!(plain_sign('\u{2019}'), Some("'"));
    }
}
