//! When the price of a message becomes a charge.
//!
//! Until then it is reserved; what does not become a charge goes back to its account.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// The event that an account pays for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChargeOn {
    /// Every message that was accepted, whatever becomes of it.
    Accepted,
    /// Segments that a carrier took.
    #[default]
    Submitted,
    /// Messages that were delivered.
    Delivered,
}

/// A text that names no such event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("unknown event; use one of accepted, submitted, delivered")]
pub struct ChargeOnFault;

impl ChargeOn {
    /// The lower-case name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Submitted => "submitted",
            Self::Delivered => "delivered",
        }
    }

    /// What is charged of a price (micro-units, all segments) at the end of a message: carriers took `taken` of the
    /// `segments` it was priced as. Never more than the price, never negative.
    #[must_use]
    pub fn charge(self, price_micros: i64, segments: u8, taken: u8, delivered: bool) -> i64 {
        let price = price_micros.max(0);
        match self {
            Self::Accepted => price,
            Self::Submitted => {
                let segments = segments.max(1);
                // Segments that were sent again cost the customer nothing; of a whole text no rest is left.
                let part = i128::from(price) * i128::from(taken.min(segments));
                i64::try_from(part / i128::from(segments)).unwrap_or(price)
            }
            Self::Delivered if delivered => price,
            Self::Delivered => 0,
        }
    }
}

impl fmt::Display for ChargeOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for ChargeOn {
    type Err = ChargeOnFault;

    fn from_str(text: &str) -> Result<Self, ChargeOnFault> {
        let all = [Self::Accepted, Self::Submitted, Self::Delivered];
        all.into_iter()
            .find(|event| event.name() == text)
            .ok_or(ChargeOnFault)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_event_charges_what_its_name_says() {
        let charges = |event: &str, taken, delivered| {
            let event: ChargeOn = event.parse().unwrap();
            event.charge(30, 3, taken, delivered)
        };
        assert_eq!(charges("accepted", 0, false), 30);
        assert_eq!(charges("submitted", 0, false), 0);
        assert_eq!(charges("submitted", 2, false), 20);
        assert_eq!(
            charges("submitted", 7, true),
            30,
            "sent again is not paid again"
        );
        assert_eq!(charges("delivered", 3, false), 0);
        assert_eq!(charges("delivered", 3, true), 30);
        assert!("paid".parse::<ChargeOn>().is_err());
    }

    proptest! {
        #[test]
        fn charge_is_within_the_price(price: i64, segments: u8, taken: u8, delivered: bool, which in 0..3usize) {
            let events = [ChargeOn::Accepted, ChargeOn::Submitted, ChargeOn::Delivered];
            let event = events.get(which).unwrap();
            let charge = event.charge(price, segments, taken, delivered);
            prop_assert!((0..=price.max(0)).contains(&charge));
            if taken >= segments && taken > 0 && delivered {
                prop_assert_eq!(charge, price.max(0), "all segments are the whole price");
            }
        }
    }
}
