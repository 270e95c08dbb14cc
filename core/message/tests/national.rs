//! The national language shift tables: every character comes back, letters stand where the specification has them.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use carrack_message::alphabet::gsm7;
use carrack_message::alphabet::national::Shift;
use carrack_message::wire::NationalLanguage::{self, *};
use proptest::prelude::*;

const LANGUAGES: [NationalLanguage; 13] = [
    Turkish, Spanish, Portuguese, Bengali, Gujarati, Hindi, Kannada, Malayalam, Oriya, Punjabi,
    Tamil, Telugu, Urdu,
];

const fn locking(language: NationalLanguage) -> Shift {
    Shift {
        locking: Some(language),
        single: None,
    }
}

const fn single(language: NationalLanguage) -> Shift {
    Shift {
        locking: None,
        single: Some(language),
    }
}

fn characters(shift: Shift, septets: usize) -> Vec<char> {
    (0..=0xFFFF_u32)
        .filter_map(char::from_u32)
        .filter(|found| shift.septets(*found) == Some(septets))
        .collect()
}

#[test]
fn each_table_has_as_many_characters_as_the_specification_prints() {
    for (language, base) in [
        (Turkish, 127),
        (Portuguese, 127),
        (Bengali, 114),
        (Gujarati, 120),
        (Hindi, 127),
        (Kannada, 120),
        (Malayalam, 120),
        (Oriya, 116),
        (Punjabi, 110),
        (Tamil, 102),
        (Telugu, 120),
        (Urdu, 127),
    ] {
        assert_eq!(characters(locking(language), 1).len(), base, "{language:?}");
    }
    for (language, codes) in [
        (Turkish, 17),
        (Spanish, 19),
        (Portuguese, 37),
        (Bengali, 82),
        (Gujarati, 70),
        (Hindi, 88),
        (Kannada, 73),
        (Malayalam, 82),
        (Oriya, 75),
        (Punjabi, 76),
        (Tamil, 77),
        (Telugu, 77),
        (Urdu, 90),
    ] {
        let known = (0..128_u8).filter(|code| {
            let mut text = String::new();
            *code != 0x1B && single(language).decode(&[0x1B, *code], &mut text) == 0
        });
        assert_eq!(known.count(), codes, "{language:?}");
    }
}

#[test]
fn spanish_has_no_locking_table() {
    assert_eq!(locking(Spanish).septets('a'), Some(1));
    assert_eq!(locking(Spanish).septets('á'), None);
    assert_eq!(single(Spanish).septets('á'), Some(2));
}

#[test]
fn letters_stand_where_the_specification_has_them() {
    for (language, code, found) in [
        (Turkish, 0x04, '€'),
        (Turkish, 0x07, 'ı'),
        (Turkish, 0x0B, 'Ğ'),
        (Turkish, 0x1C, 'Ş'),
        (Turkish, 0x40, 'İ'),
        (Turkish, 0x60, 'ç'),
        (Portuguese, 0x04, 'ê'),
        (Portuguese, 0x15, '∞'),
        (Portuguese, 0x18, '€'),
        (Portuguese, 0x60, '~'),
        (Portuguese, 0x7B, 'ã'),
        (Bengali, 0x00, '\u{981}'),
        (Bengali, 0x7F, '\u{9F1}'),
        (Gujarati, 0x2C, ','),
        (Hindi, 0x0E, '\u{90E}'),
        (Hindi, 0x15, '\u{915}'),
        (Hindi, 0x7B, '\u{972}'),
        (Kannada, 0x24, '\u{CA1}'),
        (Malayalam, 0x7F, '\u{D79}'),
        (Oriya, 0x47, '\u{B33}'),
        (Punjabi, 0x7B, '\u{A70}'),
        (Tamil, 0x7F, '\u{BF9}'),
        (Telugu, 0x7F, '\u{C63}'),
        (Urdu, 0x00, '\u{627}'),
        (Urdu, 0x7F, '\u{670}'),
    ] {
        let mut text = String::new();
        assert_eq!(locking(language).decode(&[code], &mut text), 0);
        assert_eq!(text, found.to_string(), "{language:?} {code:#x}");
    }
    for (language, code, found) in [
        (Turkish, 0x47, 'Ğ'),
        (Turkish, 0x73, 'ş'),
        (Spanish, 0x09, 'ç'),
        (Spanish, 0x75, 'ú'),
        (Portuguese, 0x7F, 'â'),
        (Bengali, 0x19, '\u{9E6}'),
        (Hindi, 0x41, 'A'),
        (Hindi, 0x65, '€'),
        (Punjabi, 0x23, '\u{A6D}'),
        (Tamil, 0x24, '\u{BEE}'),
        (Telugu, 0x22, '\u{C6C}'),
        (Telugu, 0x23, '\u{C6D}'),
        (Urdu, 0x3F, '\u{6D4}'),
    ] {
        let mut text = String::new();
        assert_eq!(single(language).decode(&[0x1B, code], &mut text), 0);
        assert_eq!(text, found.to_string(), "{language:?} {code:#x}");
    }
}

#[test]
fn each_language_writes_its_own_words_for_one_septet_a_letter() {
    for (language, text) in [
        (Turkish, "Şişli'de ağır yağış, İstanbul ıslandı"),
        (Portuguese, "Ação não é intenção: você já está lá"),
        (Bengali, "আমার সোনার বাংলা, আমি তোমাকে ভালবাসি."),
        (Gujarati, "ગુજરાતી ભાષા બોલાય છે."),
        (Hindi, "नमस्ते, आपका कोड 123456 है"),
        (Kannada, "ಕನ್ನಡ ನಾಡಿನ ಡಬ್ಬ."),
        (Malayalam, "മലയാളം കേരളം."),
        (Oriya, "ଓଡ଼ିଶା ଭଲ ଅଛି."),
        (Punjabi, "ਪੰਜਾਬ ਵਿਚ ਮੀਂਹ."),
        (Tamil, "தமிழ் நாடு வணக்கம்."),
        (Telugu, "తెలుగు భాష తీయన."),
        (Urdu, "اردو زبان میں سلام ہے"),
    ] {
        let shift = locking(language);
        let septets = shift.fits(text).unwrap_or_else(|| {
            panic!(
                "{language:?} lacks {:?}",
                text.chars().find(|c| shift.septets(*c).is_none())
            )
        });
        assert_eq!(septets, text.chars().count(), "{language:?}");
        assert_eq!(gsm7::fits(text), None);
    }
}

#[test]
fn every_character_of_every_pair_of_tables_comes_back() {
    let none_and_all = || std::iter::once(None).chain(LANGUAGES.map(Some));
    let candidates: Vec<char> = (0..=0x2200_u32).filter_map(char::from_u32).collect();
    for base in none_and_all() {
        for extension in none_and_all() {
            let shift = Shift {
                locking: base,
                single: extension,
            };
            let text: String = candidates
                .iter()
                .filter(|found| shift.septets(**found).is_some())
                .collect();
            let mut octets = Vec::new();
            shift.encode(&text, &mut octets).unwrap();
            assert_eq!(shift.fits(&text), Some(octets.len()));
            assert!(octets.iter().all(u8::is_ascii));
            let mut back = String::new();
            assert_eq!(shift.decode(&octets, &mut back), 0, "{shift:?}");
            assert_eq!(back, text, "{shift:?}");
        }
    }
}

#[test]
fn without_national_tables_it_is_the_default_alphabet() {
    for found in (0..=0xFFFF_u32).filter_map(char::from_u32) {
        assert_eq!(Shift::NONE.septets(found), gsm7::septets(found));
    }
}

proptest! {
    #[test]
    fn no_octets_panic_and_all_is_counted(octets in prop::collection::vec(any::<u8>(), 0..200), base in 0_usize..13, extension in 0_usize..13) {
        let shift = Shift { locking: Some(LANGUAGES[base]), single: Some(LANGUAGES[extension]) };
        let mut text = String::new();
        let replaced = shift.decode(&octets, &mut text);
        let marks = text.chars().filter(|c| *c == char::REPLACEMENT_CHARACTER).count();
        prop_assert!(marks <= replaced && replaced <= octets.len());
    }
}
