//! `smsload batch`: a batch file of realistic rows, `to,from,text` with a header, streamed to its writer. A mix that names classes adds
//! the column `class`.
//!
//! The same seed gives the same file. Every good text carries its row's number, so no two are equal. Bad rows are bad in one
//! stated way each and are counted by it.

mod mixed;
mod numbers;
mod scripts;

use super::mix::Mix;
use crate::chance::{Draws, Percent};
use carrack_message::Segmentation;
use serde::Serialize;
use std::io::{self, Write};

/// Segments of a long text.
pub const LONG_SEGMENTS: u8 = 12;
/// Characters of a long text: twelve segments of 153 septets, less one.
const LONG_CHARACTERS: usize = LONG_SEGMENTS as usize * 153 - 1;
const SEGMENTS_MAX: u8 = 255;

/// What rows to write.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Rows below the header.
    pub rows: u64,
    /// Seed of every choice.
    pub seed: u64,
    /// Many scripts and spellings; otherwise plain ASCII texts of one segment and digits only.
    pub mixed: bool,
    /// Share of rows that are bad.
    pub bad: Percent,
    /// Share of good rows whose text has [`LONG_SEGMENTS`] segments.
    pub long: Percent,
    /// Whether each row has an idempotency key.
    pub keys: bool,
}

/// How a row is bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bad {
    EmptyText,
    LetterInNumber,
    ShortNumber,
}

/// Bad rows by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BadRows {
    /// The text is empty.
    pub empty_text: u64,
    /// The number has the letter O among its digits.
    pub letter_in_number: u64,
    /// The number has three to five digits.
    pub short_number: u64,
}

/// What was written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BatchReport {
    /// Rows below the header.
    pub rows: u64,
    /// Rows that must be accepted.
    pub good: u64,
    /// Rows that must be refused.
    pub bad: u64,
    /// Segments of the good rows.
    pub segments: u64,
    /// Good rows of more than one segment.
    pub several_segments: u64,
    /// The bad rows by reason.
    pub bad_rows: BadRows,
}

/// One row, used again for the next.
#[derive(Debug, Default)]
struct Row {
    to: String,
    text: String,
}

/// Writes the batch.
///
/// # Errors
/// As the writer.
pub fn write(options: &Options, out: &mut dyn Write) -> io::Result<BatchReport> {
    write_rows(options, None, out)
}

/// Writes the batch with texts of the kinds of this mix.
///
/// # Errors
/// As the writer.
pub fn write_mix(options: &Options, mix: &Mix, out: &mut dyn Write) -> io::Result<BatchReport> {
    write_rows(options, Some(mix), out)
}

fn write_rows(
    options: &Options,
    mix: Option<&Mix>,
    out: &mut dyn Write,
) -> io::Result<BatchReport> {
    let has_class = mix.is_some_and(Mix::has_class);
    let mut report = BatchReport {
        rows: options.rows,
        ..BatchReport::default()
    };
    let mut draws = Draws::new(options.seed, 0xBA7C);
    let mut row = Row::default();
    out.write_all(match (has_class, options.keys) {
        (false, false) => b"to,from,text\n",
        (false, true) => b"to,from,text,idempotency_key\n",
        (true, false) => b"to,from,text,class\n",
        (true, true) => b"to,from,text,class,idempotency_key\n",
    })?;
    for number in 1..=options.rows {
        let bad = bad(options, &mut draws);
        fill(&mut row, options, bad, number, &mut draws);
        let class = mix.and_then(|mix| mixed::fill(&mut row, mix, options.seed, number));
        let from = pick(scripts::SENDERS, draws.draw());
        field(out, &row.to, b',')?;
        field(out, from, b',')?;
        field(
            out,
            &row.text,
            if has_class || options.keys {
                b','
            } else {
                b'\n'
            },
        )?;
        if has_class {
            let class = class.map_or("", |class| class.name());
            field(out, class, if options.keys { b',' } else { b'\n' })?;
        }
        if options.keys {
            writeln!(out, "{}-{number}", options.seed)?;
        }
        count(&mut report, bad, &row.text);
    }
    out.flush()?;
    Ok(report)
}

fn bad(options: &Options, draws: &mut Draws) -> Option<Bad> {
    if !options.bad.takes(draws.draw()) {
        return None;
    }
    Some(match draws.below(3) {
        0 => Bad::EmptyText,
        1 => Bad::LetterInNumber,
        _ => Bad::ShortNumber,
    })
}

fn fill(row: &mut Row, options: &Options, bad: Option<Bad>, number: u64, draws: &mut Draws) {
    let draw = draws.draw();
    match bad {
        Some(Bad::LetterInNumber) => numbers::write_with_letter(draw, &mut row.to),
        Some(Bad::ShortNumber) => numbers::write_short(draw, &mut row.to),
        Some(Bad::EmptyText) | None => numbers::write_good(draw, options.mixed, &mut row.to),
    }
    row.text.clear();
    if bad == Some(Bad::EmptyText) {
        return;
    }
    if options.long.takes(draws.draw()) {
        write_long(&mut row.text, &number.to_string());
        return;
    }
    // Half of a mixed batch is plain, as traffic is.
    let is_plain = !options.mixed || draws.below(2) == 0;
    let template = pick(
        if is_plain {
            scripts::PLAIN
        } else {
            scripts::MIXED
        },
        draws.draw(),
    );
    write_template(&mut row.text, template, &number.to_string());
}

fn write_template(text: &mut String, template: &str, number: &str) {
    let mut pieces = template.split("{n}");
    text.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        text.push_str(number);
        text.push_str(piece);
    }
}

/// A text of exactly [`LONG_CHARACTERS`] characters of the default alphabet.
fn write_long(text: &mut String, number: &str) {
    text.push_str("Notice");
    while text.len() < LONG_CHARACTERS {
        text.push(' ');
        text.push_str(number);
        text.push_str(scripts::LONG_FILLER);
    }
    text.truncate(LONG_CHARACTERS);
}

fn count(report: &mut BatchReport, bad: Option<Bad>, text: &str) {
    match bad {
        None => {
            let segments = Segmentation::of(text, SEGMENTS_MAX)
                .map_or(0, |segmentation| segmentation.segments);
            report.good += 1;
            report.segments += u64::from(segments);
            report.several_segments += u64::from(segments > 1);
            return;
        }
        Some(Bad::EmptyText) => report.bad_rows.empty_text += 1,
        Some(Bad::LetterInNumber) => report.bad_rows.letter_in_number += 1,
        Some(Bad::ShortNumber) => report.bad_rows.short_number += 1,
    }
    report.bad += 1;
}

fn pick(list: &'static [&'static str], draw: u64) -> &'static str {
    draw.checked_rem(list.len() as u64)
        .and_then(|index| list.get(index as usize))
        .copied()
        .unwrap_or_default()
}

/// Writes one field of RFC 4180 and what follows it.
fn field(out: &mut dyn Write, value: &str, then: u8) -> io::Result<()> {
    if value.contains([',', '"', '\n', '\r']) {
        write!(out, "\"{}\"", value.replace('"', "\"\""))?;
    } else {
        out.write_all(value.as_bytes())?;
    }
    out.write_all(&[then])
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
    use std::collections::HashSet;

    /// Rows of RFC 4180 text, read without the writer's knowledge.
    fn rows(csv: &str) -> Vec<Vec<String>> {
        let (mut rows, mut row, mut value, mut quoted) =
            (Vec::new(), Vec::new(), String::new(), false);
        let mut characters = csv.chars().peekable();
        while let Some(character) = characters.next() {
            match character {
                '"' if quoted && characters.peek() == Some(&'"') => value.extend(characters.next()),
                '"' => quoted = !quoted,
                ',' if !quoted => row.push(std::mem::take(&mut value)),
                '\n' if !quoted => {
                    row.push(std::mem::take(&mut value));
                    rows.push(std::mem::take(&mut row));
                }
                other => value.push(other),
            }
        }
        rows
    }

    fn options(bad: f64, long: f64) -> Options {
        Options {
            rows: 5_000,
            seed: 9,
            mixed: true,
            bad: Percent::new(bad).unwrap(),
            long: Percent::new(long).unwrap(),
            keys: false,
        }
    }

    fn text(options: &Options) -> (BatchReport, String) {
        let mut out = Vec::new();
        let report = write(options, &mut out).unwrap();
        (report, String::from_utf8(out).unwrap())
    }

    #[test]
    fn the_report_agrees_with_the_file() {
        let (report, csv) = text(&options(10.0, 1.0));
        let rows = rows(&csv);
        assert_eq!(rows[0], ["to", "from", "text"]);
        assert_eq!(rows.len() as u64, report.rows + 1);
        let mut found = BatchReport {
            rows: report.rows,
            ..BatchReport::default()
        };
        let mut texts = HashSet::new();
        for row in &rows[1..] {
            assert_eq!(row.len(), 3, "{row:?}");
            carrack_message::Sender::parse(&row[1]).unwrap();
            let kind = match carrack_message::number::tidy(&row[0], None) {
                _ if row[2].is_empty() => Some(Bad::EmptyText),
                Ok(_) => None,
                Err(_) if row[0].len() <= 5 => Some(Bad::ShortNumber),
                Err(_) => Some(Bad::LetterInNumber),
            };
            count(&mut found, kind, &row[2]);
            assert!(
                row[2].is_empty() || texts.insert(row[2].clone()),
                "{}",
                row[2]
            );
        }
        assert_eq!(found, report);
        assert!(report.bad > 400 && report.bad < 600, "{report:?}");
        assert!(
            report.bad_rows.empty_text > 100
                && report.bad_rows.letter_in_number > 100
                && report.bad_rows.short_number > 100
        );
    }

    #[test]
    fn a_long_text_has_twelve_segments() {
        let (report, _) = text(&options(0.0, 100.0));
        assert_eq!(
            (report.good, report.segments),
            (5_000, 5_000 * u64::from(LONG_SEGMENTS))
        );
    }

    #[test]
    fn every_segment_carries_its_rows_number() {
        for number in [
            "7", "42", "918", "4711", "90210", "654321", "1234567", "87654321",
        ] {
            let mut texts = vec![String::new()];
            write_long(&mut texts[0], number);
            for template in scripts::PLAIN.iter().chain(scripts::MIXED) {
                let mut text = String::new();
                write_template(&mut text, template, number);
                texts.push(text);
            }
            for text in texts {
                let alphabet = Segmentation::of(&text, SEGMENTS_MAX).unwrap().alphabet;
                for segment in carrack_message::segment::split(&text, alphabet) {
                    assert!(
                        segment.contains(number),
                        "{number} not in `{segment}` of `{text}`"
                    );
                }
            }
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_file() {
        assert_eq!(text(&options(5.0, 5.0)), text(&options(5.0, 5.0)));
        assert_ne!(
            text(&options(5.0, 5.0)).1,
            text(&Options {
                seed: 10,
                ..options(5.0, 5.0)
            })
            .1
        );
    }

    #[test]
    fn a_plain_batch_has_one_segment_a_row() {
        let (report, csv) = text(&Options {
            mixed: false,
            ..options(0.0, 0.0)
        });
        assert_eq!(report.segments, 5_000);
        assert!(csv.is_ascii());
    }
}
