//! The labels of a receipt, in every spelling that carriers were seen to use.
//!
//! A label counts at the beginning of a word and before a colon or an equals sign.

/// A field of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Id,
    Sub,
    Dlvrd,
    SubmitDate,
    DoneDate,
    Stat,
    Err,
    Text,
}

type Spelling = (&'static [u8], Field);

/// Spellings that begin with a letter, in lower case; a blank stands for any blanks, underscores and
/// hyphens, or none.
const fn spellings(first: u8) -> &'static [Spelling] {
    match first.to_ascii_lowercase() {
        b'i' => &[(b"id", Field::Id)],
        b'm' => &[(b"message id", Field::Id), (b"msg id", Field::Id)],
        b's' => &[
            (b"stat", Field::Stat),
            (b"sub", Field::Sub),
            (b"submit date", Field::SubmitDate),
            (b"status", Field::Stat),
            (b"state", Field::Stat),
            (b"submit time", Field::SubmitDate),
            (b"sub date", Field::SubmitDate),
            (b"submitted date", Field::SubmitDate),
        ],
        b'd' => &[
            (b"dlvrd", Field::Dlvrd),
            (b"done date", Field::DoneDate),
            (b"done time", Field::DoneDate),
            (b"delivrd", Field::Dlvrd),
            (b"dlvd", Field::Dlvrd),
        ],
        b'e' => &[
            (b"err", Field::Err),
            (b"error", Field::Err),
            (b"error code", Field::Err),
        ],
        b't' => &[(b"text", Field::Text), (b"txt", Field::Text)],
        _ => &[],
    }
}

/// Blanks that are looked past within and after a label.
const BLANKS_MAX: usize = 4;

/// The label with which `rest` begins, and the octets it takes with its colon.
pub(super) fn label_of(rest: &[u8]) -> Option<(Field, usize)> {
    let known = spellings(*rest.first()?);
    known
        .iter()
        .find_map(|(spelling, field)| Some((*field, matched(rest, spelling)?)))
}

/// Octets of `rest` that spell the label with its colon.
fn matched(rest: &[u8], spelling: &[u8]) -> Option<usize> {
    let mut at = 0;
    for &letter in spelling {
        if letter == b' ' {
            at += blanks(rest.get(at..)?);
        } else if rest.get(at)?.eq_ignore_ascii_case(&letter) {
            at += 1;
        } else {
            return None;
        }
    }
    at += blanks(rest.get(at..)?);
    matches!(rest.get(at)?, b':' | b'=').then_some(at + 1)
}

fn blanks(rest: &[u8]) -> usize {
    let blank = |octet: &&u8| matches!(octet, b' ' | b'_' | b'-' | b'\t');
    rest.iter().take(BLANKS_MAX).take_while(blank).count()
}
