//! Messages that the two tables do not agree on, the last few of them.

use std::collections::VecDeque;

use carrack_message::Msisdn;
use carrack_routing::show_instant;
use serde::{Deserialize, Serialize};

/// Examples that are kept.
pub(crate) const EXAMPLES_MAX: usize = 20;

const SECOND_NS: u64 = 1_000_000_000;
/// Last digits of a number that are not shown, as in traces.
const NUMBER_END: usize = 4;

/// One of them.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Example {
    pub(crate) at: String,
    pub(crate) account: String,
    pub(crate) class: String,
    /// Without its end.
    pub(crate) to: String,
    pub(crate) segments: u8,
    pub(crate) before: Side,
    pub(crate) after: Side,
}

/// By one table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Side {
    pub(crate) route: Option<String>,
    /// None: it is refused.
    pub(crate) carrier: Option<String>,
    pub(crate) cost: Option<String>,
    pub(crate) currency: Option<String>,
    /// Why it is refused, where that is known.
    pub(crate) refused: Option<String>,
}

/// A moment, to the second.
pub(crate) fn moment(utc_ns: u64) -> String {
    show_instant(utc_ns / SECOND_NS * SECOND_NS)
}

/// A number without its end.
pub(crate) fn masked(to: Msisdn) -> String {
    let digits = to.to_string();
    let kept = digits.len().saturating_sub(NUMBER_END);
    let shown = digits.get(..kept).unwrap_or_default();
    format!("{shown}{}", "x".repeat(digits.len() - shown.len()))
}

/// The last of them, the newest first.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Examples(pub(crate) VecDeque<Example>);

impl Examples {
    pub(crate) fn add(&mut self, example: Example) {
        self.0.push_front(example);
        self.0.truncate(EXAMPLES_MAX);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_number_keeps_what_routes_look_at_and_loses_whose_it_is() {
        let shown = |digits: &[u8]| masked(Msisdn::from_digits(digits).unwrap());
        assert!(shown(b"447700900123").ends_with("44770090xxxx"));
        assert!(shown(b"1234567").ends_with("123xxxx"));
    }
}
