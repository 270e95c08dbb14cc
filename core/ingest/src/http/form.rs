//! Parameters of a query or of a form, as octets: callers of other gateways send what is no UTF-8.
//!
//! Promise: what is no escape stands for itself, as browsers and both gateways have it. Pure. Bound:
//! [`PARAMETERS_MAX`]; what is beyond is not read.

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// Far more than any caller has.
const PARAMETERS_MAX: usize = 128;

/// Parameters in the order of the request.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Form {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Form {
    /// Reads `name=value&...`; `+` is a blank.
    pub(crate) fn read(octets: &[u8]) -> Self {
        let mut form = Self::default();
        form.add(octets);
        form
    }

    /// Reads more of them, behind what is there.
    pub(crate) fn add(&mut self, octets: &[u8]) {
        let pairs = octets.split(|octet| *octet == b'&');
        for pair in pairs.filter(|pair| !pair.is_empty()) {
            let mut halves = pair.splitn(2, |octet| *octet == b'=');
            let name = decoded(halves.next().unwrap_or_default());
            let value = decoded(halves.next().unwrap_or_default());
            self.push(name, value);
        }
    }

    /// Appends one.
    pub(crate) fn push(&mut self, name: Vec<u8>, value: Vec<u8>) {
        if self.pairs.len() < PARAMETERS_MAX {
            self.pairs.push((name, value));
        }
    }

    /// The first of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        let mut pairs = self.pairs.iter();
        let (_, value) = pairs.find(|(found, _)| found == name.as_bytes())?;
        Some(value)
    }

    /// The first of this name as text; what is no UTF-8 is shown by U+FFFD.
    pub(crate) fn text(&self, name: &str) -> Option<Cow<'_, str>> {
        self.get(name).map(String::from_utf8_lossy)
    }

    /// All names in their order.
    pub(crate) fn names(&self) -> impl Iterator<Item = &[u8]> {
        self.pairs.iter().map(|(name, _)| name.as_slice())
    }
}

fn decoded(octets: &[u8]) -> Vec<u8> {
    let blanks: Vec<u8> = octets
        .iter()
        .map(|octet| if *octet == b'+' { b' ' } else { *octet })
        .collect();
    percent_decode(&blanks).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_escape_stands_for_itself() {
        let form = Form::read(b"a=100%+sure&b=%e9%ZZ%4&&c&=x&a=2&d=1=2%26");
        assert_eq!(form.get("a"), Some(&b"100% sure"[..]));
        assert_eq!(form.get("b"), Some(&b"\xe9%ZZ%4"[..]));
        assert_eq!(form.get("c"), Some(&b""[..]));
        assert_eq!(form.get("d"), Some(&b"1=2&"[..]));
        assert_eq!(form.get("e"), None);
        assert_eq!(form.text("b").as_deref(), Some("\u{fffd}%ZZ%4"));
        let names: Vec<&[u8]> = form.names().collect();
        assert_eq!(names, [&b"a"[..], b"b", b"c", b"", b"a", b"d"]);
    }

    #[test]
    fn a_flood_of_parameters_is_not_kept() {
        let flood = "a=1&".repeat(100_000);
        assert_eq!(Form::read(flood.as_bytes()).names().count(), PARAMETERS_MAX);
    }
}
