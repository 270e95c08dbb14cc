//! The form that nearly every carrier sends, read by position: labels of Appendix B in its order, one
//! blank between fields, values of letters and digits.
//!
//! What it reads, the scanner would read the same; what it does not, is left to the scanner. That no
//! label hides in a value holds because a label ends in a colon or an equals sign, which no value here
//! has, and no label of two words ends in the name of a field that follows.

use super::{Grammar, Receipt, ReceiptState};

/// The receipt, if it has this form to the octet.
pub(super) fn parse<'a>(grammar: &Grammar, octets: &'a [u8]) -> Option<Receipt<'a>> {
    if grammar.has_labels() {
        return None;
    }
    let (id, rest) = value(octets.strip_prefix(b"id:")?, is_of_id)?;
    let (sub, rest) = counted(rest, b" sub:")?;
    let (dlvrd, rest) = counted(rest, b" dlvrd:")?;
    let (submit_date, rest) = value(rest.strip_prefix(b" submit date:")?, is_digit)?;
    let (done_date, rest) = value(rest.strip_prefix(b" done date:")?, is_digit)?;
    let (word, rest) = value(rest.strip_prefix(b" stat:")?, is_letter)?;
    let (error, rest) = value(rest.strip_prefix(b" err:")?, is_letter)?;
    let text = match rest {
        [] => None,
        [b' ', b't' | b'T', b'e', b'x', b't', b':', text @ ..] => Some(super::scan::trim(text)),
        _ => return None,
    };
    let state = grammar.state_of(word);
    Some(Receipt {
        id: Some(id),
        sub,
        dlvrd,
        submit_date: Some(submit_date),
        done_date: Some(done_date),
        state: state.or(Some(ReceiptState::Unknown)),
        state_word: Some(word),
        state_known: state.is_some(),
        error: Some(error),
        text,
    })
}

/// The octets at the beginning that may be in the value, and what follows; `None` if there are none.
fn value(octets: &[u8], may_hold: impl Fn(u8) -> bool) -> Option<(&[u8], &[u8])> {
    let end = octets.iter().position(|octet| !may_hold(*octet));
    let (value, rest) = octets.split_at_checked(end.unwrap_or(octets.len()))?;
    (!value.is_empty()).then_some((value, rest))
}

/// A count, which some carriers leave out.
#[allow(clippy::type_complexity, reason = "a field and what follows it")]
#[inline]
fn counted<'a>(octets: &'a [u8], label: &[u8]) -> Option<(Option<&'a [u8]>, &'a [u8])> {
    let Some(octets) = octets.strip_prefix(label) else {
        return Some((None, octets));
    };
    let (count, rest) = value(octets, is_digit)?;
    Some((Some(count), rest))
}

const fn is_digit(octet: u8) -> bool {
    octet.is_ascii_digit()
}

const fn is_letter(octet: u8) -> bool {
    octet.is_ascii_alphanumeric()
}

const fn is_of_id(octet: u8) -> bool {
    octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'_' | b'.')
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]
    use super::super::scan::scan;
    use super::*;
    use proptest::prelude::*;

    fn grammar() -> impl Strategy<Value = Grammar> {
        let states = |word: &str, state| [(word.into(), state)].into_iter().collect();
        prop_oneof![
            4 => Just(Grammar::default()),
            1 => "(id|sub|err|submit)".prop_map(|label| Grammar {
                id_labels: [label.into()].into_iter().collect(),
                ..Grammar::default()
            }),
            1 => "(DELIVRD|FAILED|to|7)".prop_map(move |word| Grammar {
                states: states(&word, ReceiptState::Expired),
                ..Grammar::default()
            }),
        ]
    }

    /// What stands in fields, words that are labels or parts of labels among it.
    fn value_of() -> impl Strategy<Value = String> {
        prop_oneof![
            4 => "[0-9]{1,12}",
            2 => "[A-Za-z0-9._-]{0,12}",
            2 => "(message|msg|sms|smsc|submit|sub|done|delivery|dlr|error|err|final|stat|state|status|id|txt|dlvrd)([ _-]?(id|state|date|time|status|code|text))?",
            1 => "(DELIVRD|delivered|UNDELIV|DELIVERED TO|FAILED|2|7|x)",
            1 => "[ -~]{0,6}",
        ]
    }

    /// The usual labels, now and then in another dress.
    fn label(usual: &'static str) -> impl Strategy<Value = String> {
        prop_oneof![
            12 => Just(usual.to_owned()),
            1 => Just(String::new()),
            1 => "( |  |,|)(id|sub|dlvrd|submit date|done date|stat|err|text|Text|error code)(:|=| :)? ?",
        ]
    }

    fn receipt() -> impl Strategy<Value = String> {
        let fields = [
            "id:",
            " sub:",
            " dlvrd:",
            " submit date:",
            " done date:",
            " stat:",
            " err:",
            " text:",
        ];
        let field = |usual| (label(usual), value_of());
        let fields: Vec<_> = fields.into_iter().map(field).collect();
        fields.prop_map(|fields| {
            let parts = fields.iter().flat_map(|(label, value)| [label, value]);
            parts.map(String::as_str).collect()
        })
    }

    /// Every field a word of its own kind, so that nearly all are read by position.
    fn usual() -> impl Strategy<Value = String> {
        let word = "(message|msg|sms|smsc|submit|sub|done|delivery|error|err|final|stat|id|DELIVRD|[A-Za-z0-9]{1,7})";
        let counts = "( sub:[0-9]{1,3})?( dlvrd:[0-9]{1,3})?";
        let dates = " submit date:[0-9]{1,14} done date:[0-9]{1,14}";
        let text = "( [tT]ext:[ -~]{0,30})?";
        let form = format!("id:{word}(-{word}|_|[.])?{counts}{dates} stat:{word} err:{word}{text}");
        proptest::string::string_regex(&form).unwrap()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        #[test]
        fn what_has_the_usual_form_is_read_by_position_as_it_is_scanned(text in usual(), grammar in grammar()) {
            let found = parse(&grammar, text.as_bytes());
            prop_assert_eq!(found.is_some(), !grammar.has_labels());
            if let Some(found) = found {
                prop_assert_eq!(found, scan(&grammar, text.as_bytes()));
            }
        }

        #[test]
        fn what_is_read_by_position_at_all_is_as_it_is_scanned(
            text in receipt(),
            grammar in grammar(),
            at in any::<prop::sample::Index>(),
            octet in any::<Option<u8>>(),
        ) {
            let mut octets = text.into_bytes();
            if let Some(octet) = octet && !octets.is_empty() {
                let at = at.index(octets.len());
                octets[at] = octet;
            }
            if let Some(found) = parse(&grammar, &octets) {
                prop_assert_eq!(found, scan(&grammar, &octets));
            }
        }
    }
}
