//! A mobile network by its country and network code (ITU-T E.212: MCC-MNC).
//!
//! Promise: three digits of country and two or three of network, and `01` is another network than `001`; anything else
//! is refused with a typed fault. Four octets; [`Network::UNKNOWN`] is none.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Room for the network code: two digits are 0..=99, three are 1000..=1999.
const MNC_SPACE: u32 = 2_000;
const LONG_MNC: u32 = 1_000;

/// A mobile network, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Network(u32);

/// Why a text names no network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error(
    "a network is its country code of three digits and its network code of two or three, such as 23415 or 310-410"
)]
pub struct NetworkFault;

impl Network {
    /// No network is known.
    pub const UNKNOWN: Self = Self(0);

    /// Whether a network is known.
    #[must_use]
    pub const fn is_known(self) -> bool {
        self.0 != 0
    }

    /// The country code (MCC), 0 where no network is known.
    #[must_use]
    pub const fn country(self) -> u16 {
        (self.0 / MNC_SPACE) as u16
    }

    /// As it is stored; [`Network::from_u32`] takes it back.
    #[must_use]
    pub const fn as_u32(self) -> u32 {
        self.0
    }

    /// What [`Network::as_u32`] gave; anything else is no network.
    #[must_use]
    pub const fn from_u32(value: u32) -> Self {
        let (country, code) = (value / MNC_SPACE, value % MNC_SPACE);
        let is_code = code < 100 || code >= LONG_MNC;
        if country >= 1 && country <= 999 && is_code {
            Self(value)
        } else {
            Self::UNKNOWN
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (country, code) = (self.0 / MNC_SPACE, self.0 % MNC_SPACE);
        match (self.is_known(), code.checked_sub(LONG_MNC)) {
            (false, _) => f.write_str("unknown"),
            (true, Some(long)) => write!(f, "{country:03}-{long:03}"),
            (true, None) => write!(f, "{country:03}-{code:02}"),
        }
    }
}

impl FromStr for Network {
    type Err = NetworkFault;

    /// `23415`, `234-15`, `310410` or `310-410`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (country, code) = text.split_at_checked(3).ok_or(NetworkFault)?;
        let code = code.strip_prefix('-').unwrap_or(code);
        let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
        if !digits(country) || !digits(code) || country == "000" {
            return Err(NetworkFault);
        }
        let long = match code.len() {
            2 => 0,
            3 => LONG_MNC,
            _ => return Err(NetworkFault),
        };
        let country: u32 = country.parse().map_err(|_| NetworkFault)?;
        let code: u32 = code.parse().map_err(|_| NetworkFault)?;
        Ok(Self(country * MNC_SPACE + long + code))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn two_and_three_digits_of_network_code_are_two_networks() {
        let (short, long): (Network, Network) =
            ("310-04".parse().unwrap(), "310004".parse().unwrap());
        assert_ne!(short, long);
        assert_eq!(short.to_string(), "310-04");
        assert_eq!(long.to_string(), "310-004");
        assert_eq!(long.country(), 310);
    }

    #[test]
    fn no_network_is_none() {
        for text in [
            "", "234", "2341", "234-1", "2341567", "000-01", "23a15", "234--15", "é3415",
        ] {
            assert_eq!(text.parse::<Network>(), Err(NetworkFault), "{text}");
        }
        assert_eq!(Network::UNKNOWN.to_string(), "unknown");
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(country in 1u32..=999, code in 0u32..=999, long: bool) {
            let text = match long {
                true => format!("{country:03}{code:03}"),
                false => format!("{country:03}{:02}", code % 100),
            };
            let network: Network = text.parse().unwrap();
            prop_assert_eq!(network.to_string().parse::<Network>(), Ok(network));
            prop_assert_eq!(Network::from_u32(network.as_u32()), network);
            prop_assert!(network.is_known());
        }

        #[test]
        fn any_number_is_a_network_or_none(value: u32) {
            let network = Network::from_u32(value);
            prop_assert!(!network.is_known() || network.to_string().parse::<Network>() == Ok(network));
        }
    }
}
