//! `limit`: how many a list shows.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// A whole number from 1 to `MAX`; another is refused with a sentence that says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Limit<const MAX: usize>(pub(crate) usize);

struct Digits<const MAX: usize>;

impl<const MAX: usize> Visitor<'_> for Digits<MAX> {
    type Value = Limit<MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 1 to {MAX}")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        let is_digits = text.bytes().all(|octet| octet.is_ascii_digit());
        let number = text.parse().ok().filter(|_| is_digits);
        (number.filter(|number| (1..=MAX).contains(number)))
            .map(Limit)
            .ok_or_else(|| E::custom(format!("has to be a whole number from 1 to {MAX}")))
    }
}

impl<'de, const MAX: usize> Deserialize<'de> for Limit<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Digits)
    }
}

#[cfg(test)]
mod tests {
    use serde::de::IntoDeserializer;
    use serde::de::value::{Error, StrDeserializer};

    use super::*;

    #[test]
    fn what_is_no_number_within_is_told_which_numbers_are() {
        let read = |text: &'static str| {
            let text: StrDeserializer<'_, Error> = text.into_deserializer();
            Limit::<1000>::deserialize(text).map_err(|error| error.to_string())
        };
        assert_eq!(read("1"), Ok(Limit(1)));
        assert_eq!(read("1000"), Ok(Limit(1000)));
        for wrong in [
            "-1",
            "+1",
            "0",
            "1001",
            "1.5",
            "",
            "x",
            "99999999999999999999",
        ] {
            let expected = "has to be a whole number from 1 to 1000";
            assert_eq!(read(wrong), Err(expected.to_owned()), "{wrong:?}");
        }
    }
}
