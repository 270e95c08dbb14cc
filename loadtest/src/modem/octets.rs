//! Octets of TPDUs as the network writes them: SMS-DELIVER and SMS-STATUS-REPORT (3GPP TS 23.040, 9.2.2), written here anew so that
//! nothing of the product's codec judges itself. Alphabets alone are shared.

use carrack_message::alphabet::{gsm7, ucs2};

const INTERNATIONAL: u8 = 0x91;
const NATIONAL_UNKNOWN: u8 = 0x81;
const ALPHANUMERIC: u8 = 0xD0;

/// Digits two an octet, the first low; an odd one with F above it.
pub(super) fn semi_octets(digits: &str) -> Vec<u8> {
    let halves: Vec<u8> = digits
        .bytes()
        .filter(u8::is_ascii_digit)
        .map(|digit| digit - b'0')
        .collect();
    halves
        .chunks(2)
        .map(|pair| match pair {
            [low, high] => high << 4 | low,
            [low] => 0xF0 | low,
            _ => 0xFF,
        })
        .collect()
}

/// An address field: length in half octets, type, value. A leading plus makes it international; letters make it a name.
pub(super) fn address(text: &str) -> Vec<u8> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let digits_only = digits.get(..digits.len().min(20)).unwrap_or(digits);
    if !digits_only.is_empty() && digits_only.bytes().all(|digit| digit.is_ascii_digit()) {
        let kind = if text.starts_with('+') {
            INTERNATIONAL
        } else {
            NATIONAL_UNKNOWN
        };
        let mut out = vec![digits_only.len() as u8, kind];
        out.extend(semi_octets(digits_only));
        return out;
    }
    let mut septets = Vec::new();
    for letter in text.chars() {
        let before = septets.len();
        let mut one = [0; 4];
        // What the alphabet has not is left out of a name.
        if gsm7::encode(letter.encode_utf8(&mut one), &mut septets).is_err() || septets.len() > 11 {
            septets.truncate(before);
        }
    }
    let mut out = vec![(septets.len() * 7).div_ceil(4) as u8, ALPHANUMERIC];
    out.extend(pack(&septets, 0));
    out
}

/// Septets packed behind so many fill bits.
pub(super) fn pack(septets: &[u8], fill_bits: usize) -> Vec<u8> {
    let mut out = vec![0_u8; (fill_bits + septets.len() * 7).div_ceil(8)];
    for (place, septet) in septets.iter().enumerate() {
        for bit in (0..7).filter(|bit| septet >> bit & 1 == 1) {
            let at = fill_bits + place * 7 + bit;
            if let Some(octet) = out.get_mut(at / 8) {
                *octet |= 1 << (at % 8);
            }
        }
    }
    out
}

/// Seven octets of a moment: local time, and its distance from UTC in quarters of an hour (9.2.3.11).
pub(super) fn moment(utc_s: u64, zone_minutes: i32) -> [u8; 7] {
    let local = i64::try_from(utc_s).unwrap_or(0) + i64::from(zone_minutes) * 60;
    let (days, seconds) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, day) = civil(days);
    let quarters = (zone_minutes.unsigned_abs() / 15).min(79) as i64;
    let swapped = |value: i64| ((value % 10) * 16 + value / 10 % 10) as u8;
    let zone = swapped(quarters) | if zone_minutes < 0 { 0x08 } else { 0 };
    [
        swapped(year.rem_euclid(100)),
        swapped(month),
        swapped(day),
        swapped(seconds / 3_600),
        swapped(seconds / 60 % 60),
        swapped(seconds % 60),
        zone,
    ]
}

/// Year, month and day of days since 1970 (Gregorian; the usual reckoning from March of year 0).
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The month of a day since 1970, counted from year 0.
pub(super) fn month_of(days: i64) -> i64 {
    let (year, month, _) = civil(days);
    year * 12 + month
}

/// One SMS-DELIVER for each part of a text; `reference` ties parts together.
pub(super) fn deliver(from: &str, text: &str, reference: u8, scts: [u8; 7]) -> Vec<Vec<u8>> {
    let mut septets = Vec::new();
    let is_gsm = gsm7::encode(text, &mut septets).is_ok();
    let units = if is_gsm {
        septets
    } else {
        let mut octets = Vec::new();
        ucs2::encode(text, &mut octets);
        octets
    };
    let (whole, part) = if is_gsm { (160, 153) } else { (140, 134) };
    let is_long = units.len() > whole;
    let pieces = cut(&units, if is_long { part } else { whole }, is_gsm);
    let total = pieces.len().min(255);
    let scheme = if is_gsm { 0x00 } else { 0x08 };
    let each = pieces.iter().take(total).enumerate().map(|(place, piece)| {
        let header = [0x05, 0x00, 0x03, reference, total as u8, place as u8 + 1];
        let header: &[u8] = if is_long { &header } else { &[] };
        deliver_octets(from, scheme, header, piece, is_gsm, scts)
    });
    each.collect()
}

/// One SMS-DELIVER; units are septets one an octet where `is_gsm`, octets otherwise.
pub(super) fn deliver_octets(
    from: &str,
    scheme: u8,
    header: &[u8],
    units: &[u8],
    is_gsm: bool,
    scts: [u8; 7],
) -> Vec<u8> {
    let has_header = if header.is_empty() { 0 } else { 0x40 };
    // SMS-DELIVER, no more messages.
    let mut out = vec![0x04 | has_header];
    out.extend(address(from));
    out.extend([0x00, scheme]);
    out.extend(scts);
    if is_gsm {
        let header_septets = (header.len() * 8).div_ceil(7);
        out.push((header_septets + units.len()) as u8);
        out.extend_from_slice(header);
        out.extend(pack(units, header_septets * 7 - header.len() * 8));
    } else {
        out.push((header.len() + units.len()) as u8);
        out.extend_from_slice(header);
        out.extend_from_slice(units);
    }
    out
}

/// Pieces of at most so many units, never through an escape sequence or a surrogate pair.
fn cut(units: &[u8], most: usize, is_gsm: bool) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let mut rest = units;
    while rest.len() > most {
        let at = match (rest.get(most - 1), rest.get(most - 2)) {
            (Some(0x1B), _) if is_gsm => most - 1,
            (_, Some(0xD8..=0xDB)) if !is_gsm => most - 2,
            _ => most,
        };
        let (piece, after) = rest.split_at(at);
        pieces.push(piece);
        rest = after;
    }
    pieces.push(rest);
    pieces
}

/// An SMS-STATUS-REPORT.
pub(super) fn status_report(
    reference: u8,
    recipient: &[u8],
    taken: [u8; 7],
    discharged: [u8; 7],
    status: u8,
) -> Vec<u8> {
    let mut out = vec![0x06, reference];
    out.extend_from_slice(recipient);
    out.extend(taken);
    out.extend(discharged);
    out.push(status);
    out
}

/// As a line: the centre's address, then the TPDU, in hexadecimal digits.
pub(super) fn line(centre: &str, tpdu: &[u8]) -> String {
    let digits = semi_octets(centre);
    let mut octets = vec![digits.len() as u8 + 1, INTERNATIONAL];
    octets.extend(digits);
    octets.extend_from_slice(tpdu);
    hex(&octets)
}

/// Hexadecimal digits.
pub(super) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02X}")).collect()
}

/// Octets of pairs of hexadecimal digits.
pub(super) fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digits: Option<Vec<u8>> = text
        .chars()
        .map(|digit| digit.to_digit(16).map(|half| half as u8))
        .collect();
    let digits = digits.filter(|digits| digits.len().is_multiple_of(2))?;
    Some(
        digits
            .chunks_exact(2)
            .filter_map(|pair| Some(pair.first()? << 4 | pair.last()?))
            .collect(),
    )
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

    #[test]
    fn a_moment_is_what_the_specification_says() {
        // 2026-11-23 10:13:41 UTC, seen an hour east.
        assert_eq!(
            moment(1_795_428_821, 60),
            [0x62, 0x11, 0x32, 0x11, 0x31, 0x14, 0x40]
        );
        assert_eq!(moment(0, -60)[6], 0x48);
        assert_eq!(civil(20_780), (2026, 11, 23));
    }

    #[test]
    fn no_part_of_a_long_text_is_longer_than_140_octets_or_cut_through_a_character() {
        for text in ["€".repeat(200), "😀".repeat(100), "x".repeat(1_000)] {
            for (place, tpdu) in deliver("+447700900001", &text, 9, [0; 7])
                .iter()
                .enumerate()
            {
                let data = &tpdu[1 + 2 + 6 + 2 + 7 + 1..];
                assert!(data.len() <= 140, "{}", data.len());
                assert_eq!(usize::from(data[5]), place + 1);
            }
        }
    }

    #[test]
    fn a_name_is_an_alphanumeric_address() {
        // "ACME": 4 septets, 28 bits, 7 half octets.
        assert_eq!(address("ACME"), [7, 0xD0, 0xC1, 0x61, 0xB3, 0x08]);
        assert_eq!(address("+4477"), [4, 0x91, 0x44, 0x77]);
        assert_eq!(address("123"), [3, 0x81, 0x21, 0xF3]);
    }
}
