//! URLs that callers gave: what cannot stand in a request line is escaped, what escapes are there stay.

use percent_encoding::{AsciiSet, CONTROLS, NON_ALPHANUMERIC, percent_encode, utf8_percent_encode};

/// What a URI never holds (RFC 3986, 2); outside ASCII everything.
const FOREIGN: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');
/// What Kannel and Python leave as it is in a parameter.
const PARAMETER: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'_')
    .remove(b'.')
    .remove(b'*');

/// The URL as it can be asked.
pub(crate) fn askable(url: &str) -> String {
    utf8_percent_encode(url, FOREIGN).to_string()
}

/// Appends a value as it stands in a query or a form: a blank is `+`.
pub(super) fn push_value(value: &[u8], out: &mut String) {
    for (place, word) in value.split(|octet| *octet == b' ').enumerate() {
        if place > 0 {
            out.push('+');
        }
        out.extend(percent_encode(word, PARAMETER));
    }
}

/// Whether a sign cannot stand in a request line.
pub(super) fn is_foreign(sign: char) -> bool {
    !sign.is_ascii_graphic() || matches!(sign, '"' | '<' | '>' | '\\' | '^' | '`' | '{' | '|' | '}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_callers_of_both_gateways_read_them() {
        let mut out = String::new();
        push_value("a b+é/%-_.*~".as_bytes(), &mut out);
        assert_eq!(out, "a+b%2B%C3%A9%2F%25-_.*%7E");
        assert_eq!(
            askable("http://h/a b?x=%d&y={\u{e9}}"),
            "http://h/a%20b?x=%d&y=%7B%C3%A9%7D"
        );
    }
}
