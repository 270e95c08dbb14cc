//! A numbering plan: ranges of numbers and the network each was given to.
//!
//! Promise: the longest prefix of a number that the plan knows gives its network, with no allocation. A list with faults
//! gives no plan, but all its faults ([`NumberPlan::from_csv`]).

use carrack_message::{Msisdn, Network};

use crate::Prefix;
use crate::ranges::Ranges;

/// Two letters of a country, or zeros.
pub(super) type Country = [u8; 2];

/// One line of the list.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) prefix: Prefix,
    pub(super) network: Network,
    pub(super) country: Country,
    /// Place in the names plus one; 0 where the line has none.
    pub(super) operator: u32,
}

/// Prefixes and their networks, compiled for look-up.
#[derive(Clone, Debug)]
pub struct NumberPlan {
    pub(super) rows: Vec<Row>,
    pub(super) operators: Vec<Box<str>>,
    pub(super) ranges: Ranges,
}

/// The range of a plan that holds a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlanRange<'a> {
    /// The longest prefix that matches.
    pub prefix: Prefix,
    /// Whose range it is.
    pub network: Network,
    /// Its country (ISO 3166, two letters), where the plan says.
    pub country: Option<&'a str>,
    /// What its operator is called, where the plan says.
    pub operator: Option<&'a str>,
}

impl NumberPlan {
    /// The network whose range the number lies in.
    #[inline]
    #[must_use]
    pub fn network(&self, to: Msisdn) -> Network {
        self.row(to).map_or(Network::UNKNOWN, |row| row.network)
    }

    /// The range the number lies in.
    #[must_use]
    pub fn range(&self, to: Msisdn) -> Option<PlanRange<'_>> {
        let row = self.row(to)?;
        let operator = row.operator.checked_sub(1);
        Some(PlanRange {
            prefix: row.prefix,
            network: row.network,
            country: std::str::from_utf8(&row.country)
                .ok()
                .filter(|letters| *letters != "\0\0"),
            operator: operator
                .and_then(|place| self.operators.get(place as usize))
                .map(|name| &**name),
        })
    }

    #[inline]
    fn row(&self, to: Msisdn) -> Option<&Row> {
        let row = self.ranges.find(to.as_u64())?;
        self.rows.get(row as usize)
    }

    /// How many prefixes it knows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it knows none; no plan read from a file is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }
}
