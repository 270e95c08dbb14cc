//! Texts as words are compared: lower case, without accents and signs.

use unicode_normalization::UnicodeNormalization as _;

/// Whether it stands between words.
fn parts(sign: char) -> bool {
    sign.is_whitespace()
        || sign.is_control()
        || sign.is_ascii_punctuation()
        || matches!(sign,
            '¡' | '¿' | '«' | '»' | '·' | '´' | '¨' | '°' | '،' | '؛' | '؟' | '।' | '…' | '€' | '£'
            | '\u{2000}'..='\u{206f}' // dashes, quotes, invisible signs
            | '\u{2190}'..='\u{2bff}' // arrows, symbols, dingbats
            | '\u{3000}'..='\u{303f}' // signs of Chinese and Japanese
            | '\u{fe00}'..='\u{fe0f}' // variants of emoji
            | '\u{ff00}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff20}'
            | '\u{1f000}'..='\u{1faff}' // emoji
            | '\u{feff}' | '\u{fffd}')
}

/// Accents that stand above and below Latin, Greek and Cyrillic letters.
fn is_accent(sign: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&sign)
}

/// The words of a text, so many at most.
pub(super) fn words(text: &str, most: usize) -> Vec<String> {
    let folded = text
        .nfkd()
        .filter(|sign| !is_accent(*sign))
        .flat_map(char::to_lowercase)
        // What is left above a letter after its case was changed (the Turkish capital I).
        .filter(|sign| !is_accent(*sign))
        .map(|sign| match sign {
            'ı' => 'i',
            'ł' => 'l',
            'ø' => 'o',
            'đ' => 'd',
            'ς' => 'σ',
            '\u{2019}' => '\'',
            sign => sign,
        });
    let folded: String = folded.nfc().collect();
    // Apostrophes stand in words: "s'il".
    let words = folded.split(|sign| parts(sign) && sign != '\'');
    words
        .map(|word| word.trim_matches('\''))
        .filter(|word| !word.is_empty())
        .take(most)
        .map(str::to_owned)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn case_signs_and_accents_do_not_count() {
        for text in [
            "Arrêt!",
            "ARRET",
            "«arrêt»",
            "arre\u{302}t.",
            "ａｒｒｅｔ",
            "\u{1f6d1}Arrêt\u{fe0f}",
        ] {
            assert_eq!(words(text, 9), ["arret"], "{text}");
        }
        assert_eq!(words("İPTAL", 9), ["iptal"]);
        assert_eq!(words("s’il vous plaît", 9), ["s'il", "vous", "plait"]);
        assert_eq!(words("opt-out", 9), ["opt", "out"]);
        assert_eq!(words("बंद करें।", 9).len(), 2);
        assert!(words("...!?", 9).is_empty());
    }

    proptest! {
        #[test]
        fn folding_twice_changes_nothing(text in ".{0,60}") {
            let once = words(&text, 100);
            prop_assert_eq!(words(&once.join(" "), 100), once);
        }
    }
}
