//! Numbers of a receipt, and whether they speak of a recipient of ours.
//!
//! Carriers write the recipient in national form, with a prefix of their own, or in the other address: a number agrees
//! where its last seven digits do, in either address. Pure.

use carrack_message::Msisdn;

/// One more than the largest tail: seven digits are compared where not all agree.
const TAIL: u64 = 10_000_000;

/// The last digits of a number: what every way of writing it has.
pub(crate) const fn tail(number: Msisdn) -> u32 {
    // Below ten million.
    (number.as_u64() % TAIL) as u32
}

/// How far the numbers of a receipt speak of a recipient. In order of trust.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Agreement {
    /// Numbers, and all of others.
    Differs,
    /// No numbers.
    Silent,
    /// The last digits.
    Tail,
    /// The whole number.
    Whole,
}

/// The addresses of a receipt that are numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Numbers {
    pub(crate) source: Option<Msisdn>,
    pub(crate) destination: Option<Msisdn>,
}

impl Numbers {
    pub(crate) fn iter(self) -> impl Iterator<Item = Msisdn> {
        [self.source, self.destination].into_iter().flatten()
    }

    pub(crate) fn agree_with(self, to: Msisdn) -> Agreement {
        let one = |number: Msisdn| {
            if number == to {
                Agreement::Whole
            } else if tail(number) == tail(to) {
                Agreement::Tail
            } else {
                Agreement::Differs
            }
        };
        self.iter().map(one).max().unwrap_or(Agreement::Silent)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn numbers(source: u64, destination: u64) -> Numbers {
        Numbers {
            source: Msisdn::from_u64(source),
            destination: Msisdn::from_u64(destination),
        }
    }

    #[test]
    fn national_form_and_turned_addresses_agree() {
        let to = Msisdn::from_u64(447_700_900_001).unwrap();
        for (source, destination, agreement) in [
            (447_700_900_001, 3_312_345, Agreement::Whole),
            (3_312_345, 447_700_900_001, Agreement::Whole),
            (7_700_900_001, 3_312_345, Agreement::Tail),
            (99_447_700_900_001, 0, Agreement::Tail),
            (447_700_900_002, 3_312_345, Agreement::Differs),
            (0, 0, Agreement::Silent),
        ] {
            let found = numbers(source, destination).agree_with(to);
            assert_eq!(found, agreement, "{source} {destination}");
        }
    }
}
