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

/// Spellings in lower case; a blank stands for any blanks, underscores and hyphens, or none.
const SPELLINGS: [(&[u8], Field); 21] = [
    (b"id", Field::Id),
    (b"message id", Field::Id),
    (b"msg id", Field::Id),
    (b"sub", Field::Sub),
    (b"dlvrd", Field::Dlvrd),
    (b"delivrd", Field::Dlvrd),
    (b"dlvd", Field::Dlvrd),
    (b"submit date", Field::SubmitDate),
    (b"submit time", Field::SubmitDate),
    (b"sub date", Field::SubmitDate),
    (b"submitted date", Field::SubmitDate),
    (b"done date", Field::DoneDate),
    (b"done time", Field::DoneDate),
    (b"stat", Field::Stat),
    (b"status", Field::Stat),
    (b"state", Field::Stat),
    (b"err", Field::Err),
    (b"error", Field::Err),
    (b"error code", Field::Err),
    (b"text", Field::Text),
    (b"txt", Field::Text),
];

/// Blanks that are looked past within and after a label.
const BLANKS_MAX: usize = 4;

/// The label that begins at `at`, and where its value begins.
pub(super) fn label_at(octets: &[u8], at: usize) -> Option<(Field, usize)> {
    let in_word = at
        .checked_sub(1)
        .and_then(|before| octets.get(before))
        .is_some_and(|before| before.is_ascii_alphanumeric());
    if in_word {
        return None;
    }
    let rest = octets.get(at..)?;
    SPELLINGS.iter().find_map(|(spelling, field)| {
        let length = matched(rest, spelling)?;
        Some((*field, at + length))
    })
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
