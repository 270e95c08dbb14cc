//! The labels of a receipt, in every spelling that carriers were seen to use, and those of a grammar.
//!
//! A label counts at the beginning of a word and before a colon or an equals sign.

use super::Grammar;

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

/// A label as found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Label {
    pub(super) field: Field,
    /// Octets that it takes with its colon.
    pub(super) length: usize,
    /// The grammar names it: its value goes before that of a usual label.
    pub(super) own: bool,
}

type Spelling = (&'static [u8], Field);

/// Spellings that begin with a letter, in lower case; a blank stands for any blanks, underscores and
/// hyphens, or none.
const fn spellings(first: u8) -> &'static [Spelling] {
    match first.to_ascii_lowercase() {
        b'i' => &[(b"id", Field::Id)],
        b'm' => &[
            (b"message id", Field::Id),
            (b"msg id", Field::Id),
            (b"message state", Field::Stat),
        ],
        b's' => &[
            (b"stat", Field::Stat),
            (b"sub", Field::Sub),
            (b"submit date", Field::SubmitDate),
            (b"status", Field::Stat),
            (b"state", Field::Stat),
            (b"submit time", Field::SubmitDate),
            (b"sub date", Field::SubmitDate),
            (b"submitted date", Field::SubmitDate),
            (b"sms id", Field::Id),
            (b"smsc id", Field::Id),
        ],
        b'd' => &[
            (b"dlvrd", Field::Dlvrd),
            (b"done date", Field::DoneDate),
            (b"done time", Field::DoneDate),
            (b"delivrd", Field::Dlvrd),
            (b"dlvd", Field::Dlvrd),
            (b"delivered", Field::Dlvrd),
            (b"delivery date", Field::DoneDate),
            (b"delivery status", Field::Stat),
            (b"dlr status", Field::Stat),
        ],
        b'e' => &[
            (b"err", Field::Err),
            (b"error", Field::Err),
            (b"error code", Field::Err),
            (b"err code", Field::Err),
        ],
        b'f' => &[
            (b"final date", Field::DoneDate),
            (b"final status", Field::Stat),
        ],
        b't' => &[(b"text", Field::Text), (b"txt", Field::Text)],
        _ => &[],
    }
}

/// Blanks that are looked past within and after a label.
const BLANKS_MAX: usize = 4;

/// The label with which `rest` begins.
pub(super) fn label_of(rest: &[u8], grammar: &Grammar) -> Option<Label> {
    let own = [
        (&grammar.id_labels, Field::Id),
        (&grammar.state_labels, Field::Stat),
        (&grammar.error_labels, Field::Err),
    ];
    for (labels, field) in own {
        for label in labels {
            let spelling = label.trim_end_matches([':', '=', ' ']);
            if !spelling.is_empty()
                && let Some(length) = matched(rest, spelling.as_bytes())
            {
                let own = true;
                return Some(Label { field, length, own });
            }
        }
    }
    // Two letters rule out nearly every word that is no label.
    let (first, second) = (*rest.first()?, rest.get(1)?.to_ascii_lowercase());
    let known = spellings(first).iter();
    let mut likely = known.filter(|(spelling, _)| spelling.get(1) == Some(&second));
    likely.find_map(|(spelling, field)| {
        Some(Label {
            field: *field,
            length: matched(rest, spelling)?,
            own: false,
        })
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
