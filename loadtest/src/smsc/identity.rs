//! Message ids: unique within one run and, for different seeds, between simulators. The number of the accepted message is inside,
//! so an id needs no storage and leads back to its message.
//!
//! An id has two faces, that of the response and that of the receipt; quirks dress them differently.

use super::quirk::identity::{Base, Ids};
use crate::chance::Digest;

const SHORT_NUMBER_BITS: u32 = 28;
const DECIMAL_BLOCK: u64 = 1_000_000_000_000;
const DIGITS: [u8; 16] = *b"0123456789abcdef";
/// Digits of a number in UUIDs and long ids.
const WIDTH: usize = 16;

/// Where an id stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    /// In the response to its submit, and so in what the client asks.
    Response,
    /// In its receipts.
    Receipt,
}

/// Writes and reads the ids of accepted messages.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    spread: u64,
}

impl Identity {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            spread: Digest::new(seed).field(b"message ids").finish(),
        }
    }

    /// Writes the id of the message with this serial number: by default 16 hexadecimal digits, or 16 decimal ones.
    pub(super) fn write(&self, ids: &Ids, face: Face, serial: u64, id: &mut Vec<u8>) {
        id.clear();
        if *ids == Ids::default() {
            id.extend_from_slice(&hexadecimal(self.hex_number(serial)));
            return;
        }
        let counted = match ids.reuse {
            Some(reuse) => serial.saturating_sub(1) % reuse + 1,
            None => serial,
        };
        if ids.is_uuid {
            self.uuid(counted, id);
        } else if ids.long_octets > 0 {
            self.long(counted, usize::from(ids.long_octets), id);
        } else {
            self.number(ids, face, counted, id);
        }
        if face == Face::Receipt && ids.case_swapped {
            id.make_ascii_uppercase();
        }
    }

    /// True when the response to this message has an empty id.
    pub(super) fn is_withheld(&self, ids: &Ids, serial: u64) -> bool {
        let draw = || Digest::new(self.spread).field(b"id-empty").number(serial);
        !ids.empty.is_never() && ids.empty.takes(draw().finish())
    }

    /// The newest message, up to `newest`, whose response has this id.
    pub(super) fn serial(&self, ids: &Ids, id: &[u8], newest: u64) -> Option<u64> {
        let is_text = ids.is_uuid || ids.long_octets > 0;
        let mut tail = id.to_vec();
        if is_text {
            tail.retain(|octet| *octet != b'-');
            tail.drain(..tail.len().saturating_sub(WIDTH));
        }
        let radix = if !is_text && ids.response == Base::Decimal {
            10
        } else {
            16
        };
        let number = u64::from_str_radix(std::str::from_utf8(&tail).ok()?, radix).ok()?;
        let counted = if is_text || (ids.response == Base::Hex && !ids.is_short) {
            number & 0xFF_FFFF_FFFF
        } else if ids.is_short {
            number & ((1 << SHORT_NUMBER_BITS) - 1)
        } else {
            number % DECIMAL_BLOCK
        };
        let serial = match ids.reuse {
            Some(reuse) => {
                let turns = newest.checked_sub(counted)? / reuse;
                counted + turns * reuse
            }
            None => counted,
        };
        let mut written = Vec::new();
        self.write(ids, Face::Response, serial, &mut written);
        let is_same = (1..=newest).contains(&serial) && written.eq_ignore_ascii_case(id);
        is_same.then_some(serial)
    }

    fn hex_number(&self, counted: u64) -> u64 {
        (self.spread & 0xFFFF_FF00_0000_0000) | (counted & 0xFF_FFFF_FFFF)
    }

    fn number(&self, ids: &Ids, face: Face, counted: u64, id: &mut Vec<u8>) {
        let (number, hex_width) = if ids.is_short {
            let top = (self.spread >> 60) << SHORT_NUMBER_BITS;
            (top | (counted & ((1 << SHORT_NUMBER_BITS) - 1)), 8)
        } else if ids.response == Base::Decimal {
            let block = self.spread % 9_000 + 1_000;
            (block * DECIMAL_BLOCK + counted % DECIMAL_BLOCK, 1)
        } else {
            (self.hex_number(counted), WIDTH)
        };
        let base = match face {
            Face::Response => ids.response,
            Face::Receipt => ids.receipt,
        };
        let (has_more, has_none) = match face {
            Face::Response => (ids.zeros_dropped, ids.zeros_added),
            Face::Receipt => (ids.zeros_added, ids.zeros_dropped),
        };
        if has_more {
            id.extend_from_slice(b"00");
        }
        let (radix, width) = match base {
            Base::Hex => (16, hex_width),
            Base::Decimal => (10, 10),
        };
        digits(number, radix, if has_none { 1 } else { width }, id);
    }

    fn uuid(&self, counted: u64, id: &mut Vec<u8>) {
        let mut high = Digest::new(self.spread).number(counted).finish();
        if high & 1 == 0 {
            high &= u64::MAX >> 4;
        }
        let all = [hexadecimal(high), hexadecimal(self.hex_number(counted))].concat();
        for (place, digit) in all.iter().enumerate() {
            if matches!(place, 8 | 12 | 16 | 20) {
                id.push(b'-');
            }
            id.push(*digit);
        }
    }

    fn long(&self, counted: u64, octets: usize, id: &mut Vec<u8>) {
        id.push(b'0');
        let mut salt = counted;
        while id.len() + WIDTH < octets {
            salt = Digest::new(self.spread).number(salt).finish();
            let missing = octets - WIDTH - id.len();
            id.extend(hexadecimal(salt).iter().take(missing));
        }
        id.extend_from_slice(&hexadecimal(self.hex_number(counted)));
    }
}

fn hexadecimal(number: u64) -> [u8; WIDTH] {
    let mut written = [b'0'; WIDTH];
    for (place, digit) in written.iter_mut().rev().enumerate() {
        let value = (number >> (4 * place)) & 0xF;
        *digit = DIGITS.get(value as usize).copied().unwrap_or(b'0');
    }
    written
}

fn digits(mut number: u64, radix: u64, width: usize, id: &mut Vec<u8>) {
    let begin = id.len();
    while number > 0 || id.len() - begin < width {
        let value = (number % radix) as usize;
        id.push(DIGITS.get(value).copied().unwrap_or(b'0'));
        number /= radix;
    }
    if let Some(written) = id.get_mut(begin..) {
        written.reverse();
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

    use super::*;
    use crate::smsc::Quirks;
    use std::collections::HashSet;

    fn ids(quirks: &[&str]) -> Ids {
        Quirks::parse(quirks).unwrap().identity
    }

    fn id(identity: Identity, ids: &Ids, face: Face, serial: u64) -> String {
        let mut id = Vec::new();
        identity.write(ids, face, serial, &mut id);
        String::from_utf8(id).unwrap()
    }

    fn both(seed: u64, quirks: &[&str], serial: u64) -> (String, String) {
        let (identity, ids) = (Identity::new(seed), ids(quirks));
        (
            id(identity, &ids, Face::Response, serial),
            id(identity, &ids, Face::Receipt, serial),
        )
    }

    const DRESSES: &[&[&str]] = &[
        &[],
        &["decimal-ids"],
        &["ids-hex-decimal"],
        &["ids-decimal-hex"],
        &["id-zeros-dropped"],
        &["id-zeros-added"],
        &["id-case-swapped"],
        &["id-uuid"],
        &["id-long"],
        &["id-long=255"],
        &["id-short"],
        &["id-short", "ids-hex-decimal"],
        &["ids-decimal-hex", "id-zeros-added", "id-case-swapped"],
    ];

    #[test]
    fn ids_are_unique_in_every_dress_and_lead_back_to_their_message() {
        for quirks in DRESSES {
            let ids = ids(quirks);
            let mut seen = HashSet::new();
            for seed in 0..20 {
                let identity = Identity::new(seed);
                for serial in 1..200 {
                    let response = id(identity, &ids, Face::Response, serial);
                    assert_eq!(
                        identity.serial(&ids, response.as_bytes(), 1_000),
                        Some(serial),
                        "{quirks:?} {response}"
                    );
                    assert_eq!(identity.serial(&ids, response.as_bytes(), serial - 1), None);
                    let is_short = ids.is_short;
                    assert!(seen.insert(response) || is_short, "{quirks:?}");
                }
            }
        }
    }

    #[test]
    fn an_id_that_was_never_given_leads_nowhere() {
        let identity = Identity::new(1);
        for quirks in DRESSES {
            for id in ["", "x", "1", "ffffffffffffffff", "99999999999999999999"] {
                assert_eq!(identity.serial(&ids(quirks), id.as_bytes(), 1_000), None);
            }
        }
    }

    #[test]
    fn faces_differ_as_the_quirk_says_and_mean_the_same_number() {
        for serial in [1, 77, 1_000_000] {
            let (response, receipt) = both(5, &["ids-hex-decimal"], serial);
            let number = u64::from_str_radix(&response, 16).unwrap();
            assert_eq!(receipt.parse::<u64>().unwrap(), number);
            let (response, receipt) = both(5, &["ids-decimal-hex"], serial);
            let number: u64 = response.parse().unwrap();
            assert_eq!(u64::from_str_radix(&receipt, 16).unwrap(), number);
            let (response, receipt) = both(5, &["id-zeros-dropped"], serial);
            assert!(response.starts_with("00") && !receipt.starts_with('0'));
            assert_eq!(response.trim_start_matches('0'), receipt);
            let (response, receipt) = both(5, &["id-zeros-added"], serial);
            assert!(receipt.starts_with("00") && !response.starts_with('0'));
            assert_eq!(receipt.trim_start_matches('0'), response);
            let (response, receipt) = both(5, &["id-case-swapped"], serial);
            assert_eq!(receipt, response.to_uppercase());
        }
    }

    #[test]
    fn lengths_are_those_of_the_quirk() {
        let length = |quirks: &[&str]| both(9, quirks, 3).0.len();
        assert_eq!(length(&[]), 16);
        assert_eq!(length(&["id-short"]), 8);
        assert_eq!(length(&["id-uuid"]), 36);
        assert_eq!(length(&["id-long"]), 65);
        assert_eq!(length(&["id-long=200"]), 200);
        assert_eq!(both(9, &["id-short", "ids-hex-decimal"], 3).1.len(), 10);
        let zeros = (1..100)
            .filter(|serial| both(9, &["id-uuid"], *serial).0.starts_with('0'))
            .count();
        assert!((30..70).contains(&zeros), "{zeros}");
    }

    #[test]
    fn ids_that_come_again_lead_to_the_newest_message() {
        let (identity, ids) = (Identity::new(1), ids(&["id-reuse=40"]));
        let of = |serial| id(identity, &ids, Face::Response, serial);
        assert_eq!(of(3), of(43));
        assert_ne!(of(3), of(4));
        assert_eq!(identity.serial(&ids, of(3).as_bytes(), 42), Some(3));
        assert_eq!(identity.serial(&ids, of(3).as_bytes(), 100), Some(83));
    }
}
