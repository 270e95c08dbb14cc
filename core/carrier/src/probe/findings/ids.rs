//! Ids: what they look like in responses, and in what clothes they come back.

use std::collections::{BTreeMap, BTreeSet};

use carrack_message::carrier_id::{IdBase, IdCase, IdPad};

use super::{Sheet, odd, plain, shown, trouble};
use crate::probe::analysis::{Analysis, Dressing};

const QUESTION: &str = "receipts";
/// Octets of an id that SMPP 3.3 has.
const SHORT_OCTETS: usize = 8;
/// Digits that a number of 64 bits has at most.
const NUMBER_DIGITS_MAX: usize = 20;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Look {
    Decimal,
    Hex,
    Uuid,
    Long,
    Text,
}

impl Look {
    fn of(id: &[u8]) -> Self {
        let all = |test: fn(&u8) -> bool| id.iter().all(test);
        let hyphens = id.iter().filter(|octet| **octet == b'-').count();
        if id.len() == 36 && hyphens == 4 {
            Self::Uuid
        } else if id.len() > NUMBER_DIGITS_MAX - 1 {
            Self::Long
        } else if all(u8::is_ascii_digit) {
            Self::Decimal
        } else if all(u8::is_ascii_hexdigit) {
            Self::Hex
        } else {
            Self::Text
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Decimal => "decimal digits",
            Self::Hex => "hexadecimal digits",
            Self::Uuid => "UUIDs",
            Self::Long => "texts longer than any number",
            Self::Text => "texts",
        }
    }
}

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    responses(all, sheet);
    reuse(all, sheet);
    dressings(all, sheet);
}

fn responses(all: &Analysis<'_>, sheet: &mut Sheet) {
    let ids: Vec<&[u8]> = all.accepted().map(|(_, _, id)| id).collect();
    let empty = ids.iter().filter(|id| id.is_empty()).count();
    if empty > 0 {
        let bare = all
            .accepted()
            .filter(|(_, seen, _)| seen.answer().is_some_and(|answer| answer.body.is_empty()));
        let bare = bare.count();
        if bare > 0 {
            sheet.add(trouble(
                QUESTION,
                "T03",
                "response-bare",
                format!(
                    "{bare} of {} submits were taken with a response that has no body",
                    ids.len()
                ),
            ));
        }
        if empty > bare {
            let count = empty - bare;
            sheet.add(trouble(QUESTION, "T03", "id-empty", format!("{count} of {} submits were taken without an id: their receipts can be matched by number only", ids.len())));
        }
    }
    let ids: Vec<&[u8]> = ids.into_iter().filter(|id| !id.is_empty()).collect();
    let Some(look) = ids.iter().map(|id| Look::of(id)).max() else {
        return;
    };
    let lengths: BTreeSet<usize> = ids.iter().map(|id| id.len()).collect();
    let lengths = match (lengths.first(), lengths.last()) {
        (Some(least), Some(most)) if least == most => least.to_string(),
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => String::new(),
    };
    let what = format!(
        "ids in responses are {} of {lengths} characters",
        look.name()
    );
    let examples = ids.iter().map(|id| shown(id));
    let is_short = ids.iter().all(|id| id.len() <= SHORT_OCTETS);
    let finding = match look {
        Look::Uuid => odd(QUESTION, "T02", "id-uuid", what),
        Look::Long => odd(QUESTION, "T03", "id-long", what),
        Look::Hex if is_short => odd(QUESTION, "T03", "id-short", what),
        Look::Decimal if is_short => odd(QUESTION, "T03", "id-short", what),
        Look::Decimal => odd(QUESTION, "", "decimal-ids", what),
        Look::Hex | Look::Text => plain(QUESTION, what),
    };
    let no_nul = all.accepted().any(|(_, seen, id)| {
        seen.answer()
            .is_some_and(|answer| !id.is_empty() && answer.body.len() == id.len())
    });
    sheet.add(finding.examples(examples));
    if no_nul {
        sheet.add(odd(
            QUESTION,
            "T39",
            "id-no-nul",
            "ids in responses have no NUL at their end",
        ));
    }
    if matches!(look, Look::Uuid | Look::Long | Look::Text) {
        (sheet.profile.ids.submit, sheet.profile.ids.receipt) = (IdBase::Text, IdBase::Text);
    }
}

fn reuse(all: &Analysis<'_>, sheet: &mut Sheet) {
    let mut counts: BTreeMap<&[u8], u32> = BTreeMap::new();
    for (_, _, id) in all.accepted().filter(|(_, _, id)| !id.is_empty()) {
        *counts.entry(id).or_default() += 1;
    }
    let again: Vec<String> = counts
        .iter()
        .filter(|(_, count)| **count > 1)
        .map(|(id, count)| format!("{} {count} times", shown(id)))
        .collect();
    if !again.is_empty() {
        sheet.add(
            trouble(
                QUESTION,
                "T45",
                "id-reuse",
                format!("{} ids were given to more than one message", again.len()),
            )
            .examples(again),
        );
    }
}

fn dressings(all: &Analysis<'_>, sheet: &mut Sheet) {
    let with_id = all
        .receipts
        .iter()
        .filter(|receipt| receipt.ids().next().is_some());
    let (joined, lost): (Vec<_>, Vec<_>) = with_id.partition(|receipt| receipt.dressing.is_some());
    if joined.is_empty() && lost.is_empty() {
        return;
    }
    let mut counts: BTreeMap<Dressing, usize> = BTreeMap::new();
    for receipt in &joined {
        if let Some(dressing) = receipt.dressing {
            *counts.entry(dressing).or_default() += 1;
        }
    }
    // Messages whose response had no id have receipts, too.
    let nameless = all.accepted().filter(|(_, _, id)| id.is_empty()).count();
    if lost.len() > nameless && all.accepted().any(|(_, _, id)| !id.is_empty()) {
        let examples = lost
            .iter()
            .filter_map(|receipt| receipt.ids().next())
            .map(shown);
        let finding = trouble(
            QUESTION,
            "T01",
            "",
            format!("{} receipts name an id that no response had", lost.len()),
        );
        sheet.add(finding.without_quirk().examples(examples));
    }
    let is_different = counts.keys().any(|dressing| *dressing != Dressing::Same);
    if !is_different {
        if !joined.is_empty() {
            let ids = &mut sheet.profile.ids;
            (ids.submit, ids.receipt) = (IdBase::Text, IdBase::Text);
            sheet.add(
                plain(
                    QUESTION,
                    "ids come back in receipts as they were in responses",
                )
                .keys(&["id_submit_base", "id_receipt_base"]),
            );
        }
        return;
    }
    for (dressing, count) in counts {
        let example = joined
            .iter()
            .find(|receipt| receipt.dressing == Some(dressing));
        let pair = example.and_then(|receipt| {
            let id = all.ids.get(receipt.submit?)?.as_deref()?;
            Some(format!(
                "response {}, receipt {}",
                shown(id),
                shown(receipt.ids().next()?)
            ))
        });
        dress(dressing, count, pair, sheet);
    }
}

fn dress(dressing: Dressing, count: usize, pair: Option<String>, sheet: &mut Sheet) {
    let ids = &mut sheet.profile.ids;
    let (quirk, trap, what) = match dressing {
        Dressing::Same => return,
        Dressing::CaseSwapped => {
            (ids.submit, ids.receipt, ids.case) = (IdBase::Text, IdBase::Text, IdCase::Ignore);
            (
                "id-case-swapped",
                "T02",
                "ids change between small letters and capitals on their way to the receipt",
            )
        }
        Dressing::ZerosDropped => {
            (ids.submit, ids.receipt, ids.pad) = (IdBase::Text, IdBase::Text, IdPad::Ignore);
            (
                "id-zeros-dropped",
                "T02",
                "ids lose their leading zeros on their way to the receipt",
            )
        }
        Dressing::ZerosAdded => {
            (ids.submit, ids.receipt, ids.pad) = (IdBase::Text, IdBase::Text, IdPad::Ignore);
            (
                "id-zeros-added",
                "T02",
                "ids gain leading zeros on their way to the receipt",
            )
        }
        Dressing::HexToDecimal => {
            (ids.submit, ids.receipt) = (IdBase::Hex, IdBase::Decimal);
            (
                "ids-hex-decimal",
                "T01",
                "ids are hexadecimal in responses and decimal in receipts",
            )
        }
        Dressing::DecimalToHex => {
            (ids.submit, ids.receipt) = (IdBase::Decimal, IdBase::Hex);
            (
                "ids-decimal-hex",
                "T01",
                "ids are decimal in responses and hexadecimal in receipts",
            )
        }
    };
    let finding = odd(QUESTION, trap, quirk, format!("{what} ({count} receipts)"));
    sheet.add(
        finding
            .examples(pair)
            .keys(&["id_submit_base", "id_receipt_base"]),
    );
}
