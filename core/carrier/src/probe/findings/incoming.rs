//! Messages from handsets that came meanwhile, and oddities of what is delivered.

use std::collections::BTreeSet;

use carrack_message::receipt;
use carrack_message::segment::parse_concatenation;
use carrack_smpp::{CommandId, ESM_CLASS_UDHI, Oddities, tag};

use super::{Sheet, odd, plain, shown};
use crate::probe::analysis::Analysis;
use crate::probe::observation::DeliverSeen;

const QUESTION: &str = "receipts";
const UCS2: u8 = 8;
/// Parameters that custom puts into `deliver_sm`, and those of the specification (SMPP 3.4, 4.6.1).
const USUAL: [u16; 24] = [
    tag::USER_MESSAGE_REFERENCE,
    tag::SOURCE_PORT,
    tag::DESTINATION_PORT,
    tag::SAR_MSG_REF_NUM,
    tag::SAR_TOTAL_SEGMENTS,
    tag::SAR_SEGMENT_SEQNUM,
    tag::USER_RESPONSE_CODE,
    tag::PRIVACY_INDICATOR,
    tag::PAYLOAD_TYPE,
    tag::MESSAGE_PAYLOAD,
    tag::CALLBACK_NUM,
    tag::SOURCE_SUBADDRESS,
    tag::DEST_SUBADDRESS,
    tag::LANGUAGE_INDICATOR,
    tag::ITS_SESSION_INFO,
    tag::NETWORK_ERROR_CODE,
    tag::MESSAGE_STATE,
    tag::RECEIPTED_MESSAGE_ID,
    tag::DELIVERY_FAILURE_REASON,
    tag::ADDITIONAL_STATUS_INFO_TEXT,
    tag::SOURCE_NETWORK_TYPE,
    tag::DEST_NETWORK_TYPE,
    tag::DEST_ADDR_SUBUNIT,
    tag::SOURCE_ADDR_SUBUNIT,
];

pub(super) fn find(all: &Analysis<'_>, sheet: &mut Sheet) {
    parameters(all, sheet);
    if all.incoming.is_empty() {
        return;
    }
    sheet.add(plain(
        QUESTION,
        format!(
            "{} messages from handsets came meanwhile",
            all.incoming.len()
        ),
    ));
    for (quirk, trap, what, test) in FORMS {
        let mut found = all.incoming.iter().filter(|deliver| test(deliver));
        if let Some(first) = found.next() {
            let seen = shown(first.user_data());
            sheet.add(odd(QUESTION, trap, quirk, *what).seen(seen));
        }
    }
    parts(all, sheet);
}

type Form = (
    &'static str,
    &'static str,
    &'static str,
    fn(&DeliverSeen) -> bool,
);

const FORMS: &[Form] = &[
    (
        "mo-like-receipt",
        "T10",
        "a message from a handset reads like a receipt, and esm_class says that it is none",
        |deliver| receipt::looks_like_receipt(deliver.user_data()),
    ),
    (
        "mo-ucs2-bom",
        "T32",
        "UCS-2 from handsets begins with a byte order mark",
        |deliver| {
            is_ucs2(deliver)
                && (deliver.user_data().starts_with(&[0xFE, 0xFF])
                    || deliver.user_data().starts_with(&[0xFF, 0xFE]))
        },
    ),
    (
        "mo-ucs2-odd",
        "T32",
        "UCS-2 from handsets has an odd number of octets",
        |deliver| is_ucs2(deliver) && deliver.user_data().len() % 2 == 1,
    ),
    (
        "mo-ucs2-little-endian",
        "T32",
        "UCS-2 from handsets has the octets of each unit swapped",
        |deliver| is_ucs2(deliver) && is_swapped(deliver.user_data()),
    ),
    (
        "mo-ucs2-lone",
        "T32",
        "UCS-2 from handsets has half a surrogate pair",
        |deliver| {
            is_ucs2(deliver) && !has_header(deliver) && has_lone_surrogate(deliver.user_data())
        },
    ),
    (
        "mo-flash",
        "T33",
        "messages from handsets are of class 0",
        |deliver| deliver.data_coding & 0xF3 == 0x10 || deliver.data_coding == 0xF0,
    ),
    (
        "mo-both-payload",
        "T34",
        "short_message and message_payload are both there",
        |deliver| deliver.oddities.contains(Oddities::BOTH_PAYLOADS),
    ),
    (
        "mo-payload",
        "T34",
        "messages from handsets are in message_payload",
        |deliver| {
            deliver.tlv(tag::MESSAGE_PAYLOAD).is_some()
                && deliver.short_message.is_empty()
                && deliver.command == CommandId::DELIVER_SM
        },
    ),
    (
        "mo-length-255",
        "T34",
        "sm_length is 255, one more than it may be",
        |deliver| deliver.oddities.contains(Oddities::SM_LENGTH_255),
    ),
    (
        "mo-empty",
        "T34",
        "messages from handsets have no text at all",
        |deliver| deliver.user_data().is_empty(),
    ),
    (
        "mo-data-sm",
        "T09",
        "messages from handsets come as data_sm",
        |deliver| deliver.command == CommandId::DATA_SM,
    ),
    (
        "mo-udhi-false",
        "T36",
        "esm_class announces a header that is none",
        |deliver| deliver.oddities.contains(Oddities::BROKEN_UDH),
    ),
    (
        "mo-udhi-missing",
        "T36",
        "a header is there, and esm_class lacks its bit",
        |deliver| !has_header(deliver) && parse_concatenation(deliver.user_data(), true).is_some(),
    ),
    (
        "mo-trailing-nul",
        "T39",
        "a NUL stands after the text that sm_length does not count",
        |deliver| deliver.oddities.contains(Oddities::EXTRA_NUL),
    ),
    (
        "mo-no-nul",
        "T39",
        "sm_length counts one octet more than there is",
        |deliver| deliver.oddities.contains(Oddities::SM_LENGTH_REPAIRED),
    ),
];

fn is_ucs2(deliver: &DeliverSeen) -> bool {
    deliver.data_coding == UCS2 || deliver.data_coding & 0xFC == 0x18
}

fn has_header(deliver: &DeliverSeen) -> bool {
    deliver.esm_class & ESM_CLASS_UDHI != 0
}

/// More units are letters of the first 256 characters when they are turned round.
fn is_swapped(octets: &[u8]) -> bool {
    let (pairs, _) = octets.as_chunks::<2>();
    let little = pairs.iter().filter(|[_, high]| *high == 0).count();
    let big = pairs.iter().filter(|[high, _]| *high == 0).count();
    little > big
}

fn has_lone_surrogate(octets: &[u8]) -> bool {
    let (pairs, _) = octets.as_chunks::<2>();
    char::decode_utf16(pairs.iter().map(|pair| u16::from_be_bytes(*pair))).any(|each| each.is_err())
}

/// Long texts in parts.
fn parts(all: &Analysis<'_>, sheet: &mut Sheet) {
    let mut seen = BTreeSet::new();
    let mut last_part = 0;
    for deliver in &all.incoming {
        let by_header =
            parse_concatenation(deliver.user_data(), true).filter(|_| has_header(deliver));
        let by_sar = deliver.tlv(tag::SAR_SEGMENT_SEQNUM).and_then(<[u8]>::last);
        let is_wide = deliver.user_data().get(1) == Some(&8);
        let mut note = |quirk: &'static str, what: &'static str| {
            if seen.insert(quirk) {
                let trap = if quirk == "mo-split-pair" {
                    "T32"
                } else {
                    "T35"
                };
                sheet.add(odd(QUESTION, trap, quirk, what));
            }
        };
        let part = match (by_header, by_sar) {
            (Some(header), Some(_)) => {
                note(
                    "mo-two-methods",
                    "parts of long texts have a header and SAR parameters at once",
                );
                header.part
            }
            (Some(header), None) => {
                if is_wide {
                    note(
                        "mo-udh16",
                        "parts of long texts have a header with 16 bits of reference",
                    );
                } else {
                    note(
                        "mo-udh8",
                        "parts of long texts have a header with 8 bits of reference",
                    );
                }
                let text = deliver
                    .user_data()
                    .get(usize::from(deliver.user_data().first().copied().unwrap_or(0)) + 1..)
                    .unwrap_or(&[]);
                if is_ucs2(deliver) && has_lone_surrogate(text) {
                    note("mo-split-pair", "a surrogate pair is cut between two parts");
                }
                header.part
            }
            (None, Some(part)) => {
                note("mo-sar", "parts of long texts have SAR parameters");
                *part
            }
            (None, None) => continue,
        };
        if part == last_part {
            note("mo-repeated-part", "a part of a long text comes twice");
        } else if part < last_part && part != 1 || last_part == 0 && part > 1 {
            note(
                "mo-out-of-order",
                "parts of long texts come in another order",
            );
        }
        last_part = part;
    }
}

/// Parameters of receipts and messages, whatever they are.
fn parameters(all: &Analysis<'_>, sheet: &mut Sheet) {
    let delivers = &all.seen.delivers;
    let answers = all.seen.submits.iter().filter_map(|submit| submit.answer());
    let in_answers = |test: fn(carrack_smpp::Tlvs<'_>) -> bool| {
        answers
            .clone()
            .any(|answer| test(carrack_smpp::MessageIdBody::decode(&answer.body).value.tlvs))
    };
    let unknown = |number: &u16| tag::name(*number).is_none() || !USUAL.contains(number);
    let strange: BTreeSet<u16> = delivers
        .iter()
        .flat_map(|deliver| deliver.tlvs.iter().map(|(number, _)| *number))
        .filter(unknown)
        .collect();
    if !strange.is_empty() {
        let tags = strange.iter().map(|number| {
            format!(
                "{number:#06x} {}",
                tag::name(*number).unwrap_or("of a vendor")
            )
        });
        sheet.add(
            odd(
                QUESTION,
                "T40",
                "tlv-unknown",
                "what it delivers has parameters that do not belong there",
            )
            .examples(tags)
            .keys(&["tlv_pass"]),
        );
    }
    let repeats = |deliver: &DeliverSeen| {
        let tags: BTreeSet<u16> = deliver.tlvs.iter().map(|(number, _)| *number).collect();
        tags.len() < deliver.tlvs.len()
    };
    if delivers.iter().any(repeats) {
        sheet.add(odd(
            QUESTION,
            "T40",
            "tlv-repeated",
            "what it delivers has parameters of one tag twice",
        ));
    }
    let is_cut = |deliver: &DeliverSeen| deliver.oddities.contains(Oddities::CUT_TLV);
    if delivers.iter().any(is_cut) || in_answers(|tlvs| tlvs.is_cut()) {
        sheet.add(odd(
            QUESTION,
            "T40",
            "tlv-cut",
            "PDUs end inside a parameter",
        ));
    }
    if delivers
        .iter()
        .any(|deliver| deliver.oddities.contains(Oddities::STRAY_OCTETS))
    {
        sheet.add(odd(
            QUESTION,
            "T39",
            "stray-octets",
            "PDUs end in octets that belong to nothing",
        ));
    }
}
