//! What a value may be: each function reads one kind of value, or says what it has to be.
//!
//! Every kind has its range here or from the caller; nothing is cut to fit.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use carrack_message::Micros;
use toml::de::DeValue;

use crate::reader::{Read, Wrong, nearest};
use crate::{duration, size};

/// Says what the value has to be and what it is.
fn mismatch(wanted: &str, found: &DeValue<'_>) -> Wrong {
    let article = if found.type_str().starts_with(['a', 'i']) {
        "an"
    } else {
        "a"
    };
    format!("has to be {wanted}, and is {article} {}", found.type_str()).into()
}

/// Any text.
pub(crate) fn text(value: &DeValue<'_>) -> Read<String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| mismatch("a text in quotes", value))
}

/// Printable ASCII of at most `octets_max` octets, as an SMPP field takes it.
pub(crate) fn ascii(octets_max: usize) -> impl Fn(&DeValue<'_>) -> Read<String> {
    move |value| check_ascii(text(value)?, octets_max)
}

pub(crate) fn check_ascii(text: String, octets_max: usize) -> Read<String> {
    if !text
        .bytes()
        .all(|octet| octet.is_ascii_graphic() || octet == b' ')
    {
        return Err("has to be printable ASCII".into());
    }
    if text.len() > octets_max {
        return Err(format!("has {} characters; at most {octets_max} fit", text.len()).into());
    }
    Ok(text)
}

/// A name: 1..=32 of a-z, 0-9, `_`, `.`, `-`.
pub(crate) fn name(value: &DeValue<'_>) -> Read<String> {
    let text = text(value)?;
    let fits =
        |octet: u8| octet.is_ascii_lowercase() || octet.is_ascii_digit() || b"_.-".contains(&octet);
    if (1..=32).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text);
    }
    Err(format!("is {text:?}; use 1 to 32 of a-z, 0-9, _, . and -").into())
}

/// `true` or `false`.
pub(crate) fn boolean(value: &DeValue<'_>) -> Read<bool> {
    value
        .as_bool()
        .ok_or_else(|| mismatch("true or false", value))
}

/// A whole number in a range.
pub(crate) fn integer<T: TryFrom<u64>>(
    range: RangeInclusive<u64>,
) -> impl Fn(&DeValue<'_>) -> Read<T> {
    move |value| {
        let wanted = || format!("a whole number from {} to {}", range.start(), range.end());
        let found = value
            .as_integer()
            .ok_or_else(|| mismatch(&wanted(), value))?;
        u64::from_str_radix(&found.as_str().replace('_', ""), found.radix())
            .ok()
            .filter(|number| range.contains(number))
            .and_then(|number| T::try_from(number).ok())
            .ok_or_else(|| format!("is {found}; it has to be {}", wanted()).into())
    }
}

/// A time with its unit, in a range.
pub(crate) fn time(range: RangeInclusive<Duration>) -> impl Fn(&DeValue<'_>) -> Read<Duration> {
    move |value| {
        let text = value
            .as_str()
            .ok_or_else(|| mismatch("a time with its unit, such as \"30s\"", value))?;
        let found = duration::parse(text).map_err(Wrong::from)?;
        if range.contains(&found) {
            return Ok(found);
        }
        let (from, to) = (
            duration::display(*range.start()),
            duration::display(*range.end()),
        );
        Err(format!("is {text}; it has to be from {from} to {to}").into())
    }
}

/// A count of octets with its unit, in a range.
pub(crate) fn octets(range: RangeInclusive<u64>) -> impl Fn(&DeValue<'_>) -> Read<u64> {
    move |value| {
        let text = value
            .as_str()
            .ok_or_else(|| mismatch("a size with its unit, such as \"64MiB\"", value))?;
        let found = size::parse(text).map_err(Wrong::from)?;
        if range.contains(&found) {
            return Ok(found);
        }
        let (from, to) = (size::display(*range.start()), size::display(*range.end()));
        Err(format!("is {text}; it has to be from {from} to {to}").into())
    }
}

/// One of some words.
pub(crate) fn choice<T: Copy>(
    known: &'static [(&'static str, T)],
) -> impl Fn(&DeValue<'_>) -> Read<T> {
    move |value| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let wanted = || format!("one of {}", names.join(", "));
        let text = value.as_str().ok_or_else(|| mismatch(&wanted(), value))?;
        let found = known
            .iter()
            .find(|(name, _)| *name == text)
            .map(|(_, meaning)| *meaning);
        found.ok_or_else(|| {
            let cure = nearest(text, &names);
            format!(
                "is {text:?}; it has to be {}{}",
                wanted(),
                if cure.starts_with("did") {
                    format!(": {cure}")
                } else {
                    String::new()
                }
            )
            .into()
        })
    }
}

/// A text that another type reads.
pub(crate) fn parsed<T: FromStr>(value: &DeValue<'_>) -> Read<T>
where
    T::Err: std::fmt::Display,
{
    let text = text(value)?;
    text.parse()
        .map_err(|fault| format!("is {text:?}: {fault}").into())
}

/// A text that another type reads, with a cure of ours.
pub(crate) fn parsed_or<T: FromStr>(cure: &'static str) -> impl Fn(&DeValue<'_>) -> Read<T> {
    move |value| {
        let text = text(value)?;
        text.parse()
            .map_err(|_| format!("is {text:?}; {cure}").into())
    }
}

/// An amount of money; a number in the file is read by its digits, never through floating point.
pub(crate) fn money(value: &DeValue<'_>) -> Read<Micros> {
    let digits = match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Float(number) => number.as_str().replace('_', ""),
        DeValue::Integer(number) if number.radix() == 10 => number.as_str().replace('_', ""),
        other => return Err(mismatch("an amount, such as 0.0075", other)),
    };
    let amount: Micros = digits
        .parse()
        .map_err(|fault| format!("is {digits}: {fault}"))?;
    if amount < Micros::ZERO {
        return Err(format!("is {digits}; an amount cannot be below zero").into());
    }
    Ok(amount)
}

/// An ISO 3166 country of two capital letters.
pub(crate) fn region(value: &DeValue<'_>) -> Read<String> {
    let text = text(value)?;
    if text.len() == 2 && text.bytes().all(|octet| octet.is_ascii_uppercase()) {
        return Ok(text);
    }
    Err(
        format!("is {text:?}; write the country's two capital letters (ISO 3166), such as \"GB\"")
            .into(),
    )
}

/// A list; a fault names the line of the element.
pub(crate) fn list<T>(
    read: impl Fn(&DeValue<'_>) -> Read<T>,
) -> impl Fn(&DeValue<'_>) -> Read<Vec<T>> {
    move |value| {
        let elements = value
            .as_array()
            .ok_or_else(|| mismatch("a list, as [\"a\", \"b\"]", value))?;
        let element = |element: &toml::Spanned<DeValue<'_>>| {
            read(element.get_ref()).map_err(|wrong| Wrong {
                span: wrong.span.or(Some(element.span())),
                ..wrong
            })
        };
        elements.iter().map(element).collect()
    }
}

/// A list, or one element without brackets.
pub(crate) fn one_or_list<T>(
    read: impl Fn(&DeValue<'_>) -> Read<T>,
) -> impl Fn(&DeValue<'_>) -> Read<Vec<T>> {
    move |value| {
        if value.is_array() {
            list(&read)(value)
        } else {
            Ok(vec![read(value)?])
        }
    }
}
