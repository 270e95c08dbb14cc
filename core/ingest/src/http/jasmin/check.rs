//! Arguments are checked as Jasmin checks them: in its order, by its patterns, with its sentences.

use super::answer::Fault;
use super::arguments::Arguments;

/// What an argument has to be.
#[derive(Clone, Copy)]
pub(crate) struct Field {
    name: &'static str,
    is_mandatory: bool,
    fits: fn(&[u8]) -> bool,
}

const fn mandatory(name: &'static str, fits: fn(&[u8]) -> bool) -> Field {
    Field {
        name,
        is_mandatory: true,
        fits,
    }
}

const fn optional(name: &'static str, fits: fn(&[u8]) -> bool) -> Field {
    Field {
        name,
        is_mandatory: false,
        fits,
    }
}

const TO: Field = mandatory("to", is_number);
const FROM: Field = optional("from", is_anything);
const CODING: Field = optional("coding", is_coding);
const USERNAME: Field = mandatory("username", is_word);
const PASSWORD: Field = mandatory("password", is_word);
const PRIORITY: Field = optional("priority", |value| matches!(value, [b'0'..=b'3']));
const VALIDITY: Field = optional("validity-period", is_digits);
const TAGS: Field = optional("tags", is_tags);
const CONTENT: Field = optional("content", is_anything);
const HEX: Field = optional("hex-content", is_anything);

/// Of `/send`.
pub(crate) const SEND: &[Field] = &[
    TO,
    FROM,
    CODING,
    USERNAME,
    PASSWORD,
    PRIORITY,
    optional("sdt", is_time),
    VALIDITY,
    mandatory("dlr", |value| matches!(value, b"yes" | b"no")),
    optional("dlr-url", is_http),
    optional("dlr-level", |value| matches!(value, [b'1'..=b'3'])),
    optional("dlr-method", |value| {
        value.eq_ignore_ascii_case(b"get") || value.eq_ignore_ascii_case(b"post")
    }),
    TAGS,
    CONTENT,
    HEX,
    optional("custom_tlvs", is_anything),
];

/// Of `/rate`.
pub(crate) const RATE: &[Field] = &[
    TO, FROM, CODING, USERNAME, PASSWORD, PRIORITY, VALIDITY, TAGS, CONTENT, HEX,
];

/// Of `/balance`.
pub(crate) const BALANCE: &[Field] = &[USERNAME, PASSWORD];

/// The first fault, as Jasmin finds it: the name of the first argument, then all values, then the other names.
pub(crate) fn check(arguments: &Arguments, known: &[Field]) -> Result<(), Fault> {
    let is_known = |name: &&[u8]| known.iter().any(|field| field.name.as_bytes() == *name);
    let mut names = arguments.names();
    let Some(first) = names.next() else {
        return Err(Fault::bad(
            "Mandatory arguments not found, please refer to the HTTPAPI specifications.",
        ));
    };
    if !is_known(&first) {
        return Err(Fault::unknown(first));
    }
    for field in known {
        match arguments.get(field.name) {
            Some(value) if !(field.fits)(value) => {
                return Err(Fault::invalid(field.name, value, ""));
            }
            None if field.is_mandatory => return Err(Fault::missing(field.name, "")),
            _ => {}
        }
    }
    match names.find(|name| !is_known(name)) {
        Some(name) => Err(Fault::unknown(name)),
        None => Ok(()),
    }
}

const fn is_anything(_: &[u8]) -> bool {
    true
}

fn is_digits(value: &[u8]) -> bool {
    !value.is_empty() && value.iter().all(u8::is_ascii_digit)
}

fn is_number(value: &[u8]) -> bool {
    is_digits(value.strip_prefix(b"+").unwrap_or(value))
}

fn is_coding(value: &[u8]) -> bool {
    matches!(value, [b'0'..=b'9'] | b"10" | b"13" | b"14")
}

/// Jasmin's own bound is 16; our user names and keys may be longer.
fn is_word(value: &[u8]) -> bool {
    !value.is_empty() && !value.contains(&b'\n')
}

fn is_tags(value: &[u8]) -> bool {
    let fits = |octet: &u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b',');
    value.iter().all(fits)
}

fn is_time(value: &[u8]) -> bool {
    match value {
        [digits @ .., b'+' | b'-' | b'R'] => digits.len() == 15 && is_digits(digits),
        _ => false,
    }
}

fn is_http(value: &[u8]) -> bool {
    value.starts_with(b"http://") || value.starts_with(b"https://")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const WHOLE: &str = "username=foo&password=bar&to=%2B336222172&dlr=no";

    fn text(query: &str, known: &[Field]) -> String {
        check(&Arguments::of(query), known).unwrap_err().text
    }

    #[test]
    fn a_fault_has_jasmins_sentence() {
        for (more, said) in [
            ("&foo=1", "Argument [foo] is unknown."),
            (
                "&coding=12",
                "Argument [coding] has an invalid value: [12].",
            ),
            (
                "&priority=4",
                "Argument [priority] has an invalid value: [4].",
            ),
            ("&sdt=now", "Argument [sdt] has an invalid value: [now]."),
            (
                "&validity-period=1h",
                "Argument [validity-period] has an invalid value: [1h].",
            ),
            (
                "&dlr-url=host",
                "Argument [dlr-url] has an invalid value: [host].",
            ),
            (
                "&dlr-level=4",
                "Argument [dlr-level] has an invalid value: [4].",
            ),
            (
                "&dlr-method=PUT",
                "Argument [dlr-method] has an invalid value: [PUT].",
            ),
            ("&tags=a+b", "Argument [tags] has an invalid value: [a b]."),
        ] {
            assert_eq!(text(&format!("{WHOLE}{more}"), SEND), said);
        }
        assert_eq!(
            text("to=1&dlr=no", SEND),
            "Mandatory argument [username] is not found."
        );
        assert_eq!(
            text("username=a&to=x", SEND),
            "Argument [to] has an invalid value: [x]."
        );
        assert_eq!(
            text("", BALANCE),
            "Mandatory arguments not found, please refer to the HTTPAPI specifications."
        );
    }

    #[test]
    fn an_unknown_name_counts_before_a_bad_value_only_where_it_comes_first() {
        assert_eq!(text("foo=1&to=x", SEND), "Argument [foo] is unknown.");
        assert_eq!(
            text("to=x&foo=1", SEND),
            "Argument [to] has an invalid value: [x]."
        );
    }

    #[test]
    fn documented_values_pass() {
        let more = "&coding=14&priority=2&sdt=000000000100000R&validity-period=1440&dlr-url=http://host/dlr.php\
                    &dlr-level=2&dlr-method=GET&tags=1,702,9901&content=Hello+world+!&from=Jasmin";
        assert_eq!(
            check(&Arguments::of(&format!("{WHOLE}{more}")), SEND),
            Ok(())
        );
    }
}
