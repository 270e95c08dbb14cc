//! Octets become lines.
//!
//! Promise: lines come in order and whole, however the octets are cut; a line that is too long is found once, and what
//! follows it is read. Bound: one line of [`LINE_OCTETS_MAX`] beside the octets fed last.

use axum::body::Bytes;

/// Most octets of one line: a text in every alphabet with a thousand recipients.
pub(crate) const LINE_OCTETS_MAX: usize = 64 << 10;
const MARK: &[u8] = "\u{feff}".as_bytes();

/// A line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Line {
    /// Without its end.
    Whole(Bytes),
    /// Longer than may be; nothing of it is kept.
    TooLong,
}

/// Cuts lines.
#[derive(Default)]
pub(crate) struct Lines {
    /// Fed and not cut yet.
    fed: Bytes,
    /// A line whose end has not come.
    begun: Vec<u8>,
    /// The end of a line that is too long is looked for.
    skips: bool,
    /// Lines that were cut.
    number: u64,
    has_ended: bool,
}

impl Lines {
    /// Adds octets; those before have to be cut.
    pub(crate) fn feed(&mut self, octets: Bytes) {
        debug_assert!(self.fed.is_empty());
        self.fed = octets;
    }

    /// Says that no octets follow: what was begun is the last line.
    pub(crate) fn end(&mut self) {
        self.has_ended = true;
    }

    /// The number of the line that was cut last, from 1.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// The next line; none: octets are missing, or all is cut.
    pub(crate) fn next(&mut self) -> Option<Line> {
        let Some(length) = self.fed.iter().position(|octet| *octet == b'\n') else {
            self.begin();
            let is_last = self.has_ended && (!self.begun.is_empty() || self.skips);
            return is_last.then(|| self.cut(Bytes::new()));
        };
        let rest = self.fed.split_to(length);
        let _ = self.fed.split_to(1);
        Some(self.cut(rest))
    }

    /// Keeps what is fed as the beginning of a line.
    fn begin(&mut self) {
        let octets = std::mem::take(&mut self.fed);
        self.skips |= self.begun.len() + octets.len() > LINE_OCTETS_MAX;
        if self.skips {
            self.begun = Vec::new();
        } else {
            self.begun.extend_from_slice(&octets);
        }
    }

    fn cut(&mut self, rest: Bytes) -> Line {
        self.number += 1;
        if std::mem::take(&mut self.skips) || self.begun.len() + rest.len() > LINE_OCTETS_MAX {
            self.begun = Vec::new();
            return Line::TooLong;
        }
        let mut whole = rest;
        if !self.begun.is_empty() {
            self.begun.extend_from_slice(&whole);
            whole = std::mem::take(&mut self.begun).into();
        }
        if self.number == 1 && whole.starts_with(MARK) {
            let _ = whole.split_to(MARK.len());
        }
        Line::Whole(whole)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn cut(pieces: &[Vec<u8>]) -> Vec<Line> {
        let (mut lines, mut found) = (Lines::default(), Vec::new());
        for piece in pieces {
            lines.feed(piece.clone().into());
            while let Some(line) = lines.next() {
                found.push(line);
            }
        }
        lines.end();
        while let Some(line) = lines.next() {
            found.push(line);
        }
        assert_eq!(lines.number(), found.len() as u64);
        found
    }

    proptest! {
        #[test]
        fn lines_are_the_same_however_the_octets_are_cut(
            wanted in prop::collection::vec((0usize..40, prop::bool::weighted(0.1)), 0..20),
            cuts in prop::collection::vec(1usize..50_000, 1..20),
        ) {
            let mut octets = Vec::new();
            let mut expected = Vec::new();
            for (length, is_too_long) in wanted {
                let length = if is_too_long { LINE_OCTETS_MAX + 1 + length } else { length };
                octets.extend(std::iter::repeat_n(b'x', length));
                octets.push(b'\n');
                expected.push(match is_too_long {
                    true => Line::TooLong,
                    false => Line::Whole(vec![b'x'; length].into()),
                });
            }
            let mut pieces = Vec::new();
            let mut rest = octets.as_slice();
            for cut in cuts.iter().cycle() {
                if rest.is_empty() {
                    break;
                }
                let (piece, after) = rest.split_at((*cut).min(rest.len()));
                pieces.push(piece.to_vec());
                rest = after;
            }
            prop_assert_eq!(cut(&pieces), expected);
        }
    }

    #[test]
    fn the_last_line_needs_no_end_and_a_mark_before_the_first_is_passed_over() {
        let pieces = [b"\xef\xbb\xbfa".to_vec(), b"\n\nb".to_vec()];
        let whole = |text: &'static str| Line::Whole(Bytes::from_static(text.as_bytes()));
        assert_eq!(cut(&pieces), [whole("a"), whole(""), whole("b")]);
        let long = [vec![b'x'; LINE_OCTETS_MAX], b"x".to_vec()];
        assert_eq!(cut(&long), [Line::TooLong]);
    }
}
