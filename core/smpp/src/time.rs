//! SMPP times (3.4 7.1.1): `YYMMDDhhmmsstnnp`, absolute with a quarter-hour offset or relative.
//!
//! Read leniently: twelve digits are enough, the offset counts when it is there. Written exactly: 16
//! characters. A relative month is 30 days and a relative year 365, in both directions.

use thiserror::Error;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// A time in a `schedule_delivery_time` or `validity_period`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmppTime {
    /// So many seconds from when the SMSC takes the message.
    Relative {
        /// Seconds from now.
        seconds: u64,
    },
    /// A point in time.
    Absolute {
        /// Seconds since 1970-01-01T00:00:00Z.
        utc_seconds: i64,
    },
}

/// Not an SMPP time. The peer is at fault; the same text will fail again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("not an SMPP time: twelve digits, then tenths, quarter hours and one of + - R")]
pub struct TimeError;

/// Reads a time; `Ok(None)` for an empty one.
///
/// # Errors
/// [`TimeError`] when the digits are missing or the date does not exist.
pub fn parse(text: &[u8]) -> Result<Option<SmppTime>, TimeError> {
    if text.is_empty() {
        return Ok(None);
    }
    let mut numbers = [0u64; 6];
    for (index, number) in numbers.iter_mut().enumerate() {
        *number = two_digits(text, index * 2).ok_or(TimeError)?;
    }
    let [years, months, days, hours, minutes, seconds] = numbers;
    let sign = text.get(12..).and_then(<[u8]>::last).copied();
    if matches!(sign, Some(b'R' | b'r')) {
        let days = years * 365 + months * 30 + days;
        let seconds = days * DAY + hours * HOUR + minutes * MINUTE + seconds;
        return Ok(Some(SmppTime::Relative { seconds }));
    }
    let exists = (1..=12).contains(&months)
        && (1..=days_in_month(years, months)).contains(&days)
        && hours < 24
        && minutes < 60
        && seconds <= 60;
    if !exists {
        return Err(TimeError);
    }
    let whole_days = days_since_1970(years, months, days);
    // A leap second is the second after it.
    let local = whole_days * DAY + hours * HOUR + minutes * MINUTE + seconds;
    let quarters = two_digits(text, 13).unwrap_or_default().min(48);
    let offset = (quarters * 15 * MINUTE).cast_signed();
    let utc_seconds = match sign {
        Some(b'+') => local.cast_signed() - offset,
        Some(b'-') => local.cast_signed() + offset,
        _ => local.cast_signed(),
    };
    Ok(Some(SmppTime::Absolute { utc_seconds }))
}

/// Writes a relative time, 16 characters. Above 99 years: 99 years.
#[must_use]
pub fn relative(seconds: u64) -> [u8; 16] {
    let seconds = seconds.min(99 * 365 * DAY);
    let days = seconds / DAY;
    // Up to 31 days need no month, whose length peers do not agree on.
    let (years, months, days) = if days <= 31 {
        (0, 0, days)
    } else {
        let in_year = days % 365;
        let months = (in_year / 30).min(12);
        (days / 365, months, in_year - months * 30)
    };
    let rest = seconds % DAY;
    let fields = [
        years,
        months,
        days,
        rest / HOUR,
        rest % HOUR / MINUTE,
        rest % MINUTE,
    ];
    write(fields, *b"000R")
}

/// Writes a point in time as UTC, 16 characters. Outside 2000 to 2099: the nearest end of it.
#[must_use]
pub fn absolute(utc_seconds: i64) -> [u8; 16] {
    let first = days_since_1970(0, 1, 1) * DAY;
    let last = days_since_1970(99, 12, 31) * DAY + DAY - 1;
    let utc = u64::try_from(utc_seconds)
        .unwrap_or_default()
        .clamp(first, last);
    let mut days = (utc - first) / DAY;
    let mut year = 0;
    while days >= days_in_year(year) {
        days -= days_in_year(year);
        year += 1;
    }
    let mut month = 1;
    while days >= days_in_month(year, month) {
        days -= days_in_month(year, month);
        month += 1;
    }
    let rest = utc % DAY;
    let fields = [
        year,
        month,
        days + 1,
        rest / HOUR,
        rest % HOUR / MINUTE,
        rest % MINUTE,
    ];
    write(fields, *b"000+")
}

fn two_digits(text: &[u8], at: usize) -> Option<u64> {
    let [tens, ones] = text.get(at..)?.first_chunk::<2>().copied()?;
    (tens.is_ascii_digit() && ones.is_ascii_digit())
        .then(|| u64::from(tens - b'0') * 10 + u64::from(ones - b'0'))
}

fn write(fields: [u64; 6], ending: [u8; 4]) -> [u8; 16] {
    let mut text = [b'0'; 16];
    let (pairs, end) = text.split_at_mut(12);
    for (pair, value) in pairs.chunks_exact_mut(2).zip(fields) {
        let value = u8::try_from(value.min(99)).unwrap_or_default();
        pair.copy_from_slice(&[b'0' + value / 10, b'0' + value % 10]);
    }
    end.copy_from_slice(&ending);
    text
}

/// Leap years of 2000 to 2099: every fourth.
const fn days_in_year(year: u64) -> u64 {
    if year.is_multiple_of(4) { 366 } else { 365 }
}

const fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        2 => days_in_year(year) - 337,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to a date of 20`year`.
fn days_since_1970(year: u64, month: u64, day: u64) -> u64 {
    const TO_2000: u64 = 10_957;
    let years: u64 = (0..year).map(days_in_year).sum();
    let months: u64 = (1..month).map(|m| days_in_month(year, m)).sum();
    TO_2000 + years + months + day - 1
}
