//! Values that only profiles have: offsets of time, statuses, parameters, words of receipts.

use std::collections::BTreeMap;

use carrack_message::receipt::Grammar;
use smallvec::SmallVec;
use toml::de::DeValue;

use super::types::{StatusClass, TonNpiRule};
use super::words::{ADDRESS_KINDS, RECEIPT_STATES, STATUS_CLASSES};
use crate::kind;
use crate::reader::{Read, Section};

/// Labels of one sort in a grammar.
const LABELS_MAX: usize = 16;
/// Words for states in a grammar.
const STATES_MAX: usize = 64;
/// Octets of a label or a word.
const WORD_OCTETS_MAX: usize = 32;
/// Parameters added to a submit, and tags passed on.
const TLVS_MAX: usize = 32;
/// Octets of one such parameter.
const TLV_OCTETS_MAX: usize = 1024;
/// No place on earth is further from UTC.
const OFFSET_MINUTES_MAX: i16 = 14 * 60;

/// Minutes east of UTC, from `"+05:30"`.
pub(super) fn offset(value: &DeValue<'_>) -> Read<i16> {
    let text = kind::text(value)?;
    parse_offset(&text).ok_or_else(|| {
        format!("is {text:?}; write hours and minutes east of UTC, such as \"+00:00\", \"+05:30\" or \"-03:00\"")
            .into()
    })
}

fn parse_offset(text: &str) -> Option<i16> {
    let (sign, rest) = match text.as_bytes().first()? {
        b'+' => (1, text.get(1..)?),
        b'-' => (-1, text.get(1..)?),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let digits = |part: &str| part.len() == 2 && part.bytes().all(|octet| octet.is_ascii_digit());
    if !digits(hours) || !digits(minutes) {
        return None;
    }
    let (hours, minutes): (i16, i16) = (hours.parse().ok()?, minutes.parse().ok()?);
    let whole = hours * 60 + minutes;
    (minutes < 60 && whole <= OFFSET_MINUTES_MAX).then_some(sign * whole)
}

/// The form that [`offset`] reads.
pub(super) fn offset_text(minutes: i16) -> String {
    let sign = if minutes < 0 { '-' } else { '+' };
    let whole = minutes.unsigned_abs();
    format!("{sign}{:02}:{:02}", whole / 60, whole % 60)
}

/// Words and labels of receipts; `receipt_grammar`.
pub(super) fn grammar(section: &Section<'_>) -> Grammar {
    let Some(inner) = section.inner("receipt_grammar") else {
        return Grammar::default();
    };
    let labels = |key| inner.or(key, SmallVec::new(), labels);
    let grammar = Grammar {
        id_labels: labels("id_labels"),
        state_labels: labels("state_labels"),
        error_labels: labels("error_labels"),
        states: states(&inner),
        ..Grammar::default()
    };
    inner.finish();
    grammar
}

fn labels(value: &DeValue<'_>) -> Read<SmallVec<[Box<str>; 2]>> {
    let list = kind::one_or_list(|value| receipt_word(&kind::text(value)?))(value)?;
    if list.len() > LABELS_MAX {
        return Err(format!("has {} labels; at most {LABELS_MAX} are taken", list.len()).into());
    }
    Ok(list.into_iter().collect())
}

/// A label or word as it stands in a receipt: no colon, no blanks around it.
fn receipt_word(text: &str) -> Read<Box<str>> {
    let printable = |octet: u8| octet.is_ascii_graphic() || octet == b' ';
    let fits = (1..=WORD_OCTETS_MAX).contains(&text.len())
        && text.bytes().all(|octet| printable(octet) && octet != b':')
        && text.trim() == text;
    if fits {
        return Ok(text.into());
    }
    Err(format!(
        "has {text:?}; write 1 to {WORD_OCTETS_MAX} printable ASCII characters without colon and without blanks around"
    )
    .into())
}

fn states(section: &Section<'_>) -> SmallVec<[(Box<str>, carrack_message::ReceiptState); 4]> {
    let mut states = SmallVec::new();
    for entry in section.entries("states") {
        let word = entry.checked(receipt_word(entry.key));
        let state = entry.checked(kind::choice(RECEIPT_STATES)(entry.value));
        let (Some(word), Some(state)) = (word, state) else {
            continue;
        };
        if states.len() == STATES_MAX {
            section.fault(
                "states",
                format!("has more than {STATES_MAX} words; take some away"),
            );
            break;
        }
        states.push((word, state));
    }
    states
}

/// Statuses that mean something else than usual; `status_map`.
pub(super) fn status_map(section: &Section<'_>) -> BTreeMap<u32, StatusClass> {
    let mut map = BTreeMap::new();
    for entry in section.entries("status_map") {
        let status = entry.checked(status(entry.key));
        let class = entry.checked(kind::choice(STATUS_CLASSES)(entry.value));
        let (Some(status), Some(class)) = (status, class) else {
            continue;
        };
        if map.insert(status, class).is_some() {
            entry.fault(format!(
                "is {status:#x}, which has a class already; keep one of the two"
            ));
        }
    }
    map
}

/// A `command_status` as a key: hexadecimal with `0x`, or decimal.
fn status(text: &str) -> Read<u32> {
    let number = text.strip_prefix("0x").map_or_else(
        || text.parse().ok(),
        |digits| u32::from_str_radix(digits, 16).ok(),
    );
    match number {
        Some(0) => Err("is 0, which is success and no refusal; take it away".into()),
        Some(number) => Ok(number),
        None => Err(format!(
            "is {text:?}; write the command_status as a number, such as 0x58 or 88"
        )
        .into()),
    }
}

/// TON and NPI by kind of address; `ton_npi_rules`.
pub(super) fn ton_npi_rules(section: &Section<'_>) -> Vec<TonNpiRule> {
    let mut rules: Vec<TonNpiRule> = Vec::new();
    for inner in section.inners("ton_npi_rules") {
        let kind = inner.required("kind", "\"alphanumeric\"", kind::choice(ADDRESS_KINDS));
        let ton = inner.required("ton", "5", kind::integer(0..=255));
        let npi = inner.required("npi", "0", kind::integer(0..=255));
        inner.finish();
        let (Some(kind), Some(ton), Some(npi)) = (kind, ton, npi) else {
            continue;
        };
        if rules.iter().any(|rule| rule.kind == kind) {
            inner.fault("kind", "has a rule already; keep one of the two");
        } else {
            rules.push(TonNpiRule { kind, ton, npi });
        }
    }
    rules
}

/// Tags and values added to each submit; `tlv_out`.
pub(super) fn tlv_out(section: &Section<'_>) -> Vec<(u16, Vec<u8>)> {
    let inners = section.inners("tlv_out");
    if inners.len() > TLVS_MAX {
        section.fault(
            "tlv_out",
            format!("has more than {TLVS_MAX} parameters; take some away"),
        );
    }
    let mut tlvs: Vec<(u16, Vec<u8>)> = Vec::new();
    for inner in inners {
        let tag = inner.required("tag", "0x1400", |value| {
            let tag = tag(value)?;
            const USER_MESSAGE_REFERENCE: u16 = 0x0204;
            if tag == USER_MESSAGE_REFERENCE {
                return Err("is user_message_reference, which would be one and the same for all messages; take it away".into());
            }
            Ok(tag)
        });
        let value = tlv_value(&inner);
        inner.finish();
        let (Some(tag), Some(value)) = (tag, value) else {
            continue;
        };
        if tlvs.iter().any(|(other, _)| *other == tag) {
            inner.fault(
                "tag",
                format!("is {tag:#06x}, which stands above already; keep one of the two"),
            );
        } else {
            tlvs.push((tag, value));
        }
    }
    tlvs
}

/// The one value of a parameter, in one of its forms.
fn tlv_value(section: &Section<'_>) -> Option<Vec<u8>> {
    let octets = |number: Option<u32>, count: usize| {
        number.map(|number| number.to_be_bytes().into_iter().skip(4 - count).collect())
    };
    let text = kind::ascii(TLV_OCTETS_MAX);
    let c_string = |value: &DeValue<'_>| {
        let mut octets = text(value)?.into_bytes();
        octets.push(0);
        Ok(octets)
    };
    let given = [
        section.optional("text", |value| Ok(text(value)?.into_bytes())),
        section.optional("c_string", c_string),
        section.optional("hex", hex),
        octets(section.optional("u8", kind::integer(0..=0xff)), 1),
        octets(section.optional("u16", kind::integer(0..=0xffff)), 2),
        octets(section.optional("u32", kind::integer(0..=0xffff_ffff)), 4),
    ];
    let forms = ["text", "c_string", "hex", "u8", "u16", "u32"];
    if forms.iter().filter(|form| section.holds(form)).count() != 1 {
        section.fault(
            "tag",
            "has to have one value beside it: one of text, c_string, hex, u8, u16, u32",
        );
        return None;
    }
    given.into_iter().flatten().next()
}

/// Octets in hexadecimal.
fn hex(value: &DeValue<'_>) -> Read<Vec<u8>> {
    let text = kind::text(value)?;
    let digits: Option<Vec<u32>> = text.chars().map(|digit| digit.to_digit(16)).collect();
    let digits = digits
        .filter(|digits| digits.len().is_multiple_of(2) && digits.len() <= 2 * TLV_OCTETS_MAX)
        .ok_or_else(|| {
            format!(
                "is {text:?}; write pairs of hexadecimal digits, at most {TLV_OCTETS_MAX} pairs"
            )
        })?;
    let octet = |pair: &[u32]| pair.iter().fold(0, |whole, digit| whole * 16 + digit);
    Ok(digits
        .chunks_exact(2)
        .filter_map(|pair| u8::try_from(octet(pair)).ok())
        .collect())
}

/// Tags that are passed on; `tlv_pass`.
pub(super) fn tags(value: &DeValue<'_>) -> Read<Vec<u16>> {
    let list = kind::one_or_list(tag)(value)?;
    if list.len() > TLVS_MAX {
        return Err(format!("has {} tags; at most {TLVS_MAX} are taken", list.len()).into());
    }
    Ok(list)
}

/// Parameters that say how the text travels (SMPP 3.4, 5.3.2): another value would contradict it.
const OF_THE_TEXT: [(u16, &str); 4] = [
    (0x020C, "sar_msg_ref_num"),
    (0x020E, "sar_total_segments"),
    (0x020F, "sar_segment_seqnum"),
    (0x0424, "message_payload"),
];

/// A tag of an optional parameter (SMPP 3.4, 5.3.2) that leaves the text alone.
fn tag(value: &DeValue<'_>) -> Read<u16> {
    let tag = kind::integer(1..=0xffff)(value)?;
    match OF_THE_TEXT.iter().find(|(own, _)| *own == tag) {
        Some((_, name)) => Err(format!(
            "is {tag:#06x}, {name}, which says how the text travels; long_method and payload_over decide that: take it away"
        )
        .into()),
        None => Ok(tag),
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn an_offset_reads_back(minutes in -OFFSET_MINUTES_MAX..=OFFSET_MINUTES_MAX) {
            prop_assert_eq!(parse_offset(&offset_text(minutes)), Some(minutes));
        }

        #[test]
        fn no_offset_panics(text in ".{0,8}|[+-][0-9:é]{0,8}") {
            let _ = (parse_offset(&text), status(&text), receipt_word(&text));
        }
    }

    #[test]
    fn an_offset_of_another_form_is_refused() {
        for text in [
            "", "0", "+1", "+1:00", "+14:01", "+00:60", "UTC", "+0130", "01:00", "+ 1:00",
        ] {
            assert_eq!(parse_offset(text), None, "{text}");
        }
        assert_eq!(parse_offset("-03:30"), Some(-210));
    }
}
