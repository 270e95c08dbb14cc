//! Numbers, amounts and moments as octets of a line. No allocation beyond the line's own; nothing fails.

use carrack_message::Micros;

const UNIT: u64 = 1_000_000;
const NS_A_MS: u64 = 1_000_000;
const MS_A_DAY: u64 = 86_400_000;

/// Decimal digits.
pub(super) fn push_number(out: &mut Vec<u8>, mut number: u64) {
    // As many as the largest has.
    let mut digits = [0; 20];
    let mut count = 0;
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
        count += 1;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(digits.get(20 - count..).unwrap_or_default());
}

/// Sixteen hexadecimal digits.
pub(super) fn push_hex(out: &mut Vec<u8>, number: u64) {
    for place in (0..16).rev() {
        let digit = (number >> (place * 4)) as u8 & 0xf;
        out.push(if digit < 10 {
            b'0' + digit
        } else {
            b'a' + digit - 10
        });
    }
}

/// The shortest exact decimal, as [`Micros`] shows it.
pub(super) fn push_micros(out: &mut Vec<u8>, amount: Micros) {
    if amount.0 < 0 {
        out.push(b'-');
    }
    let magnitude = amount.0.unsigned_abs();
    push_number(out, magnitude / UNIT);
    let rest = magnitude % UNIT;
    if rest > 0 {
        out.push(b'.');
        for unit in [100_000, 10_000, 1_000, 100, 10, 1] {
            out.push(digit(rest / unit));
        }
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// The last digit of a number.
const fn digit(number: u64) -> u8 {
    b'0' + (number % 10) as u8
}

/// RFC 3339 in UTC, to the millisecond.
pub(super) fn push_moment(out: &mut Vec<u8>, utc_ns: u64) {
    let utc_ms = utc_ns / NS_A_MS;
    let (year, month, day) = civil(utc_ms / MS_A_DAY);
    let ms = utc_ms % MS_A_DAY;
    let (hour, minute, second) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    out.extend_from_slice(&[
        digit(year / 1_000),
        digit(year / 100),
        digit(year / 10),
        digit(year),
        b'-',
        digit(month / 10),
        digit(month),
        b'-',
        digit(day / 10),
        digit(day),
        b'T',
        digit(hour / 10),
        digit(hour),
        b':',
        digit(minute / 10),
        digit(minute),
        b':',
        digit(second / 10),
        digit(second),
        b'.',
        digit(ms / 100),
        digit(ms / 10),
        digit(ms),
        b'Z',
    ]);
}

/// Second of a moment without marks between its parts, as file names have it: `20261122T171500Z`.
pub(super) fn push_stamp(out: &mut Vec<u8>, utc_ns: u64) {
    let begin = out.len();
    push_moment(out, utc_ns);
    // Up to the millisecond.
    out.truncate(begin + 19);
    let mut place = 0;
    out.retain(|octet| {
        place += 1;
        place <= begin || !b"-:".contains(octet)
    });
    out.push(b'Z');
}

/// Year, month and day of a day since 1970 (Howard Hinnant's `civil_from_days`, for days that are not negative).
fn civil(day: u64) -> (u64, u64, u64) {
    let day = day + 719_468;
    let era = day / 146_097;
    let of_era = day % 146_097;
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day_of_month = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    (year, month, day_of_month)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    fn shown(push: impl FnOnce(&mut Vec<u8>)) -> String {
        let mut out = b"before-:".to_vec();
        push(&mut out);
        String::from_utf8(out.split_off(8)).unwrap()
    }

    #[test]
    fn moments_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.007Z"),
            (951_782_399, "2000-02-28T23:59:59.007Z"),
            (951_782_400, "2000-02-29T00:00:00.007Z"),
            (1_709_164_800, "2024-02-29T00:00:00.007Z"),
            (1_795_367_700, "2026-11-22T17:15:00.007Z"),
            (4_107_542_400, "2100-03-01T00:00:00.007Z"),
        ] {
            let utc_ns = seconds * 1_000_000_000 + 7_999_999;
            assert_eq!(shown(|out| push_moment(out, utc_ns)), text);
        }
        let stamp = shown(|out| push_stamp(out, 1_795_367_700_999_999_999));
        assert_eq!(stamp, "20261122T171500Z");
    }

    proptest! {
        #[test]
        fn amounts_are_shown_as_everywhere_else(amount: i64) {
            prop_assert_eq!(shown(|out| push_micros(out, Micros(amount))), Micros(amount).to_string());
        }

        #[test]
        fn numbers_read_back(number: u64) {
            prop_assert_eq!(shown(|out| push_number(out, number)), number.to_string());
            prop_assert_eq!(shown(|out| push_hex(out, number)), format!("{number:016x}"));
        }
    }
}
