//! The text of receipts: whether it is the form of Appendix B, and whether it is always the same one.

use std::collections::BTreeMap;

use carrack_message::receipt::{self, Receipt, date};

use super::{Sheet, odd, plain, shown, trouble};
use crate::probe::analysis::Analysis;

const QUESTION: &str = "receipts";
/// Digits of a date in Appendix B: YYMMDDhhmm.
const DATE_DIGITS: usize = 10;
const COUNT_DIGITS: usize = 3;

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    let mut shapes: BTreeMap<Vec<String>, Vec<&[u8]>> = BTreeMap::new();
    let mut unknown: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for seen in all.receipts.iter().filter(|seen| !seen.text.is_empty()) {
        let said = receipt::parse(&seen.text);
        if let Some(word) = said.state_word.filter(|_| !said.state_known) {
            *unknown.entry(word.to_vec()).or_default() += 1;
        }
        shapes
            .entry(differences(&said, &seen.text))
            .or_default()
            .push(&seen.text);
    }
    if let Some((word, count)) = unknown.iter().next() {
        let what = format!(
            "{count} receipts have a state that nobody knows: {}; ask the carrier what it means and write it into receipt_grammar",
            shown(word)
        );
        sheet.add(
            trouble(QUESTION, "T07", "", what)
                .without_quirk()
                .keys(&["receipt_grammar"]),
        );
    }
    let differing: usize = shapes
        .iter()
        .filter(|(shape, _)| !shape.is_empty())
        .map(|(_, texts)| texts.len())
        .sum();
    if differing == 0 {
        if let Some(texts) = shapes.values().next() {
            let example = texts.first().map(|text| shown(text));
            sheet.add(
                plain(
                    QUESTION,
                    "the text of receipts has the form of SMPP 3.4, appendix B",
                )
                .examples(example),
            );
        }
        return;
    }
    let what = match shapes.len() {
        1 => "the text of receipts is another dialect than that of SMPP 3.4, appendix B".to_owned(),
        count => format!("the text of receipts comes in {count} dialects"),
    };
    let examples = shapes
        .iter()
        .filter(|(shape, _)| !shape.is_empty())
        .filter_map(|(shape, texts)| {
            let text = texts.first()?;
            Some(format!("{}: {}", shape.join(", "), shown(text)))
        });
    sheet.add(
        odd(QUESTION, "T07", "receipt-dialects", what)
            .examples(examples)
            .keys(&["receipt_grammar"]),
    );
}

/// How a text differs from `id:... sub:001 dlvrd:001 submit date:YYMMDDhhmm done date:YYMMDDhhmm stat:DELIVRD err:000 text:...`.
fn differences(said: &Receipt<'_>, text: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    let mut note = |is_different: bool, what: &str| {
        if is_different {
            found.push(what.to_owned());
        }
    };
    for (name, value) in [
        ("id", said.id),
        ("sub", said.sub),
        ("dlvrd", said.dlvrd),
        ("submit date", said.submit_date),
        ("done date", said.done_date),
        ("err", said.error),
    ] {
        note(value.is_none(), &format!("no {name}"));
    }
    note(said.state_word.is_none(), "no state");
    note(!contains(text, b"stat:"), "no label `stat:`");
    let is_usual = said.state_word.is_none_or(|word| {
        said.state
            .is_some_and(|state| state.word().as_bytes() == word)
    });
    note(!is_usual, "another word for the state");
    for (name, value) in [
        ("sub", said.sub),
        ("dlvrd", said.dlvrd),
        ("err", said.error),
    ] {
        note(
            value.is_some_and(|value| value.len() != COUNT_DIGITS),
            &format!("{name} not of three characters"),
        );
    }
    let dates = [said.submit_date, said.done_date];
    let odd_date =
        |value: &[u8]| value.len() != DATE_DIGITS || !value.iter().all(u8::is_ascii_digit);
    note(
        dates.iter().flatten().any(|value| odd_date(value)),
        "dates of another form",
    );
    note(
        dates
            .iter()
            .flatten()
            .any(|value| date::parse(value).is_none()),
        "dates that cannot be read",
    );
    note(contains(text, b": "), "blanks after colons");
    found
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}
