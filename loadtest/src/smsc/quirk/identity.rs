//! How message ids look, in responses and in receipts (T01, T02, T03, T45).

use super::{Kind, Quirk};
use crate::chance::Percent;

/// How the number of a message is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Base {
    /// Hexadecimal digits.
    #[default]
    Hex,
    /// Decimal digits.
    Decimal,
}

/// The spelling of message ids.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Ids {
    /// In responses.
    pub response: Base,
    /// In receipts.
    pub receipt: Base,
    /// Responses have leading zeros that receipts drop.
    pub zeros_dropped: bool,
    /// Receipts have leading zeros that responses lack.
    pub zeros_added: bool,
    /// Receipts are in capitals.
    pub case_swapped: bool,
    /// 8 hexadecimal digits, as SMPP 3.3 wants them.
    pub is_short: bool,
    /// A UUID.
    pub is_uuid: bool,
    /// So many octets; 0: as usual.
    pub long_octets: u8,
    /// Share of accepted messages whose response has an empty id.
    pub empty: Percent,
    /// After so many messages the ids come again.
    pub reuse: Option<u64>,
}

pub(super) const FAMILY: &[Quirk] = &[
    Quirk {
        name: "decimal-ids",
        traps: &[],
        takes: &[],
        line: "message ids are decimal numbers instead of 16 hexadecimal digits",
        set: |quirks, _| {
            quirks.identity.response = Base::Decimal;
            quirks.identity.receipt = Base::Decimal;
        },
    },
    Quirk {
        name: "ids-hex-decimal",
        traps: &["T01"],
        takes: &[],
        line: "ids are hexadecimal in responses and decimal in receipts",
        set: |quirks, _| {
            quirks.identity.response = Base::Hex;
            quirks.identity.receipt = Base::Decimal;
        },
    },
    Quirk {
        name: "ids-decimal-hex",
        traps: &["T01"],
        takes: &[],
        line: "ids are decimal in responses and hexadecimal in receipts",
        set: |quirks, _| {
            quirks.identity.response = Base::Decimal;
            quirks.identity.receipt = Base::Hex;
        },
    },
    Quirk {
        name: "id-zeros-dropped",
        traps: &["T02"],
        takes: &[],
        line: "ids have leading zeros in responses that receipts drop",
        set: |quirks, _| quirks.identity.zeros_dropped = true,
    },
    Quirk {
        name: "id-zeros-added",
        traps: &["T02"],
        takes: &[],
        line: "ids have leading zeros in receipts that responses lack",
        set: |quirks, _| quirks.identity.zeros_added = true,
    },
    Quirk {
        name: "id-case-swapped",
        traps: &["T02"],
        takes: &[],
        line: "ids have small letters in responses and capitals in receipts",
        set: |quirks, _| quirks.identity.case_swapped = true,
    },
    Quirk {
        name: "id-uuid",
        traps: &["T02", "T03"],
        takes: &[],
        line: "ids are UUIDs, half of them with a leading zero",
        set: |quirks, _| quirks.identity.is_uuid = true,
    },
    Quirk {
        name: "id-long",
        traps: &["T03"],
        takes: &[Kind::Count(65)],
        line: "ids have N characters, 20 to 255",
        set: |quirks, values| {
            quirks.identity.long_octets = values.count.clamp(20, 255) as u8;
        },
    },
    Quirk {
        name: "id-short",
        traps: &["T03"],
        takes: &[],
        line: "ids are 8 hexadecimal digits, as SMPP 3.3 has them (10 decimal ones where they are decimal)",
        set: |quirks, _| quirks.identity.is_short = true,
    },
    Quirk {
        name: "id-empty",
        traps: &["T03"],
        takes: &[Kind::Percent(5.0)],
        line: "this share of successful responses has an empty id, by the number of the message",
        set: |quirks, values| quirks.identity.empty = values.percent,
    },
    Quirk {
        name: "id-reuse",
        traps: &["T45"],
        takes: &[Kind::Count(1_000)],
        line: "the ids come again after N messages",
        set: |quirks, values| quirks.identity.reuse = Some(values.count),
    },
];
