//! Dates of a receipt: `YYMMDDhhmm` and its longer kin (SMPP 3.4, Appendix B), taken as UTC.
//!
//! The proleptic Gregorian calendar on integers; no time zone, no leap seconds. A year of two digits
//! lies in 2000 to 2099.

const DAY_S: i64 = 86_400;
/// Days from 1 March of the year 0 to 1 January 1970.
const EPOCH_DAYS: i64 = 719_468;
/// Days of 400 years.
const ERA_DAYS: i64 = 146_097;

/// Appends `YYMMDDhhmm` of a Unix time in seconds.
pub fn write(utc_s: i64, out: &mut Vec<u8>) {
    let (year, month, day) = civil(utc_s.div_euclid(DAY_S));
    let minutes = utc_s.rem_euclid(DAY_S) / 60;
    for pair in [year.rem_euclid(100), month, day, minutes / 60, minutes % 60] {
        out.extend_from_slice(&[b'0' + (pair / 10) as u8, b'0' + (pair % 10) as u8]);
    }
}

/// Unix time in seconds of a date, or `None` if it is none.
///
/// Takes the digits, whatever stands between them: 10 (`YYMMDDhhmm`), 12 (with seconds, or with a year
/// of four digits where seconds make no sense), 14 (both).
#[must_use]
pub fn parse(date: &[u8]) -> Option<i64> {
    let mut digits = [0_u8; 14];
    let mut count = 0;
    for octet in date.iter().filter(|octet| octet.is_ascii_digit()) {
        *digits.get_mut(count)? = octet - b'0';
        count += 1;
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
    let in_range = (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    let days = days(year, month, day);
    if !in_range || civil(days) != (year, month, day) {
        return None;
    }
    Some(days * DAY_S + hour * 3600 + minute * 60 + second)
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
    let of_era = days.rem_euclid(ERA_DAYS);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year + days.div_euclid(ERA_DAYS) * 400 + i64::from(month <= 2);
    (year, month, day)
}
