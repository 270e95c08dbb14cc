//! Rows of a mix: texts of a kind's alphabet and length, with the row's number again and again, so that every segment carries it.

use super::{Row, scripts};
use crate::load::mix::Mix;
use carrack_message::{Alphabet, Class};

const FILLER_UCS2: &str = " съешь ещё этих мягких французских булок.";

/// Writes the text of a row, unless it is empty because the row is bad; its class.
pub(super) fn fill(row: &mut Row, mix: &Mix, seed: u64, number: u64) -> Option<Class> {
    let kind = mix.kinds().get(mix.place_of(seed, number))?;
    if row.text.is_empty() {
        return kind.class;
    }
    let (first, filler) = if kind.alphabet == Alphabet::Ucs2 {
        ("Сообщение", FILLER_UCS2)
    } else {
        ("Notice", scripts::LONG_FILLER)
    };
    let number = number.to_string();
    let sentence = [" ", &number, filler].concat();
    let characters = first.chars().chain(sentence.chars().cycle());
    row.text.clear();
    row.text.extend(characters.take(kind.characters));
    kind.class
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;
    use crate::chance::Percent;
    use crate::load::batch::{Options, write_mix};

    #[test]
    fn rows_of_a_mix_have_its_lengths_and_classes() {
        let options = Options {
            rows: 2_000,
            seed: 4,
            mixed: false,
            bad: Percent::new(5.0).unwrap(),
            long: Percent::default(),
            keys: false,
        };
        let mix = Mix::parse("gsm7:30:otp=1,gsm7:400=2,ucs2:200:bulk=1").unwrap();
        let mut out = Vec::new();
        let report = write_mix(&options, &mix, &mut out).unwrap();
        let csv = String::from_utf8(out).unwrap();
        let mut lines = csv.lines();
        assert_eq!(lines.next(), Some("to,from,text,class"));
        let (mut counts, mut empty) = ([0; 3], 0);
        for line in lines {
            let fields: Vec<_> = line.split(',').collect();
            assert_eq!(fields.len(), 4, "{line}");
            let length = fields[2].chars().count();
            let place = match fields[3] {
                "otp" => 0,
                "" => 1,
                "bulk" => 2,
                other => panic!("{other}"),
            };
            counts[place] += 1;
            empty += u64::from(length == 0);
            assert!(length == 0 || length == [30, 400, 200][place], "{line}");
            assert!(
                length == 0 || fields[2].is_ascii() == (place != 2),
                "{line}"
            );
        }
        assert_eq!(empty, report.bad_rows.empty_text);
        assert!(
            counts[1] > 900 && counts[0] > 400 && counts[2] > 400,
            "{counts:?}"
        );
        assert!(report.bad > 60 && report.good + report.bad == 2_000);
        assert_eq!(report.several_segments > 0, counts[1] > 0);
    }
}
