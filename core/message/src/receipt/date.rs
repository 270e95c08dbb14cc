//! Dates of a receipt: `YYMMDDhhmm` and its longer kin (SMPP 3.4, Appendix B).
//!
//! The proleptic Gregorian calendar on integers; no leap seconds, no zone but the offset that the date
//! itself or the carrier's rule names. A year of two digits lies in 2000 to 2099.

const DAY_S: i64 = 86_400;
/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH_DAYS: i64 = 719_468;
/// Days of 400 years.
const ERA_DAYS: i64 = 146_097;

/// Appends `YYMMDDhhmm` of a Unix time in seconds.
pub fn write(utc_s: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(utc_s.div_euclid(DAY_S));
    let minutes = utc_s.rem_euclid(DAY_S) / 60;
    let [y, m, d] = [year.rem_euclid(100), month, day].map(two_digits);
    let [hour, minute] = [minutes / 60, minutes % 60].map(two_digits);
    out.extend_from_slice([y, m, d, hour, minute].as_flattened());
}

/// Appends `YYMMDDhhmmss` of a Unix time in seconds.
pub fn write_seconds(utc_s: i64, out: &mut Vec<u8>) {
    write(utc_s, out);
    out.extend_from_slice(&two_digits(utc_s.rem_euclid(60)));
}

/// A number below 100.
const fn two_digits(number: i64) -> [u8; 2] {
    let number = number as u8;
    [b'0' + number / 10, b'0' + number % 10]
}

/// Unix time in seconds of a date in UTC, or `None` if it is none; as [`parse_at`].
#[must_use]
pub fn parse(date: &[u8]) -> Option<i64> {
    parse_at(date, 0)
}

/// Unix time in seconds of a date, or `None` if it is none. `offset_minutes` east of UTC is where its
/// clock stands, unless the date itself says so.
///
/// Takes the digits, whatever stands between them: 10 (`YYMMDDhhmm`), 12 (with seconds, or with a year
/// of four digits where seconds make no sense), 14 (both); a fraction of a second; `Z`, `+hh:mm` or
/// `-hh:mm` at the end; and the absolute form of SMPP 3.4, 7.1.1 with its quarters of an hour.
#[must_use]
pub fn parse_at(date: &[u8], offset_minutes: i16) -> Option<i64> {
    if let Some(utc_s) = usual(date) {
        return Some(utc_s? - i64::from(offset_minutes) * 60);
    }
    let (date, minutes) = match absolute(date) {
        Some((date, minutes)) => (date, minutes),
        None => zone(date).unwrap_or((date, i64::from(offset_minutes))),
    };
    Some(clock(date)? - minutes * 60)
}

/// Ten digits and nothing else, as nearly every date is written: `YYMMDDhhmm`; `None` for another form.
fn usual(date: &[u8]) -> Option<Option<i64>> {
    let digits: [u8; 10] = date.try_into().ok()?;
    let digits = digits.map(|octet| octet.wrapping_sub(b'0'));
    if digits.iter().any(|digit| *digit > 9) {
        return None;
    }
    let (pairs, _) = digits.as_chunks::<2>();
    let [year, month, day, hour, minute] = pairs else {
        return None;
    };
    let of = |[tens, ones]: &[u8; 2]| i64::from(tens * 10 + ones);
    Some(seconds(
        2000 + of(year),
        of(month),
        of(day),
        of(hour),
        of(minute),
        0,
    ))
}

/// `YYMMDDhhmmsstnnp`: the clock's digits, and minutes east of UTC.
fn absolute(date: &[u8]) -> Option<(&[u8], i64)> {
    let (clock, rest) = date.split_at_checked(12)?;
    let [tenths, tens, ones, sign] = rest else {
        return None;
    };
    let digits = [*tenths, *tens, *ones];
    if !clock.iter().chain(&digits).all(u8::is_ascii_digit) {
        return None;
    }
    let quarters = i64::from(tens - b'0') * 10 + i64::from(ones - b'0');
    match sign {
        b'+' => Some((clock, quarters * 15)),
        b'-' => Some((clock, quarters * -15)),
        _ => None,
    }
}

/// What stands before a zone at the end, and minutes east of UTC.
fn zone(date: &[u8]) -> Option<(&[u8], i64)> {
    if let [clock @ .., b'Z' | b'z'] = date {
        return Some((clock, 0));
    }
    let place = date
        .iter()
        .rposition(|octet| matches!(octet, b'+' | b'-'))?;
    let (clock, zone) = date.split_at_checked(place)?;
    let (sign, zone) = zone.split_first()?;
    // A hyphen before the time of day stands between year and month.
    let after_time = clock.contains(&b':') || clock.iter().all(u8::is_ascii_digit);
    if !after_time || clock.len() < 10 {
        return None;
    }
    let mut digits = zone.iter().filter(|octet| octet.is_ascii_digit());
    let mut next = || digits.next().map(|octet| i64::from(octet - b'0'));
    let hours = next()? * 10 + next()?;
    let minutes = match (next(), next()) {
        (Some(tens), Some(ones)) => tens * 10 + ones,
        _ => 0,
    };
    let east = hours * 60 + minutes;
    Some((clock, if *sign == b'-' { -east } else { east }))
}

/// Unix time of a clock in UTC.
fn clock(date: &[u8]) -> Option<i64> {
    let mut digits = [0_u8; 14];
    let mut count = 0;
    let mut in_time = false;
    for octet in date {
        match octet {
            b'0'..=b'9' => {
                *digits.get_mut(count)? = octet - b'0';
                count += 1;
            }
            b':' => in_time = true,
            // A fraction of a second.
            b'.' if in_time => break,
            _ => {}
        }
    }
    let (pairs, _) = digits.as_chunks::<2>();
    let mut pairs = pairs.iter().map(|[tens, ones]| i64::from(tens * 10 + ones));
    let mut next = || pairs.next().unwrap_or_default();
    let [a, b, c, d, e, f, g] = [next(), next(), next(), next(), next(), next(), next()];
    match count {
        10 => seconds(2000 + a, b, c, d, e, 0),
        12 => seconds(2000 + a, b, c, d, e, f).or_else(|| seconds(a * 100 + b, c, d, e, f, 0)),
        14 => seconds(a * 100 + b, c, d, e, f, g),
        _ => None,
    }
}

fn seconds(year: i64, month: i64, day: i64, hour: i64, minute: i64, second: i64) -> Option<i64> {
    let of_calendar = (1..=month_days(year, month)?).contains(&day);
    let in_range = hour < 24 && minute < 60 && second < 60;
    let days = days(year, month, day);
    (of_calendar && in_range).then(|| days * DAY_S + hour * 3600 + minute * 60 + second)
}

/// Days of a month, 1 to 12.
fn month_days(year: i64, month: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 => Some(28 + i64::from(leap)),
        4 | 6 | 9 | 11 => Some(30),
        1..=12 => Some(31),
        _ => None,
    }
}

/// Days since 1970 of a date; years begin in March, so that the leap day is their last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    year.div_euclid(400) * ERA_DAYS + of_era * 365 + of_era / 4 - of_era / 100 + of_year
        - EPOCH_DAYS
}

/// (year, month, day) of days since 1970.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + EPOCH_DAYS;
    // Within 400 years 32 bits are enough, and their divisions are the cheaper ones.
    let of_era = days.rem_euclid(ERA_DAYS) as u32;
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = i64::from(year) + days.div_euclid(ERA_DAYS) * 400 + i64::from(month <= 2);
    (year, i64::from(month), i64::from(day))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_day_is_taken_if_it_is_one_of_the_calendar(year in 0..10_000_i64, month in 0..14_i64, day in 0..34_i64) {
            let comes_back = (1..=12).contains(&month) && civil(days(year, month, day)) == (year, month, day);
            prop_assert_eq!(seconds(year, month, day, 0, 0, 0).is_some(), comes_back);
        }

        #[test]
        fn ten_digits_are_read_as_any_other_form_is(text in "[0-9]{10}|[0-2][0-9](0[0-9]|1[0-3])[0-3][0-9][0-2][0-9][0-6][0-9]") {
            let date = text.as_bytes();
            prop_assert_eq!(usual(date), Some(clock(date)));
        }
    }
}
