//! Which codes a carrier gives, and how often: statuses of its responses, errors of its receipts.
//!
//! Bound: [`CODES_MAX`] codes a carrier are told apart; what comes beyond is counted as `other`.

use std::cmp::Reverse;

use carrack_telemetry::names;
use rustc_hash::FxHashMap;

use crate::snapshot::ErrorCount;

/// Codes of a carrier that are told apart.
pub(super) const CODES_MAX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Code {
    Submit(u32),
    Receipt(u32),
    OtherSubmit,
    OtherReceipt,
}

impl Code {
    const fn on(self) -> &'static str {
        match self {
            Self::Submit(_) | Self::OtherSubmit => "submit",
            Self::Receipt(_) | Self::OtherReceipt => "receipt",
        }
    }

    fn text(self) -> String {
        match self {
            Self::Submit(status) => format!("{status:#010x}"),
            Self::Receipt(error) => error.to_string(),
            Self::OtherSubmit | Self::OtherReceipt => "other".to_owned(),
        }
    }
}

struct Counted {
    count: u64,
    metric: metrics::Counter,
}

/// Codes of one carrier.
pub(crate) struct ErrorCodes {
    carrier: String,
    counted: FxHashMap<Code, Counted>,
}

impl ErrorCodes {
    pub(super) fn of(carrier: &str) -> Self {
        Self {
            carrier: carrier.to_owned(),
            counted: FxHashMap::default(),
        }
    }

    /// A response refused a segment.
    pub(super) fn on_submit(&mut self, status: u32) {
        self.count(Code::Submit(status), Code::OtherSubmit);
    }

    /// A final receipt says that a segment was not delivered.
    pub(super) fn on_receipt(&mut self, error: u32) {
        self.count(Code::Receipt(error), Code::OtherReceipt);
    }

    fn count(&mut self, code: Code, beyond: Code) {
        let is_full = self.counted.len() >= CODES_MAX && !self.counted.contains_key(&code);
        let code = if is_full { beyond } else { code };
        let carrier = &self.carrier;
        let counted = self.counted.entry(code).or_insert_with(|| Counted {
            count: 0,
            metric: metrics::counter!(names::CARRIER_ERRORS, "carrier" => carrier.clone(), "on" => code.on(), "code" => code.text()),
        });
        counted.count += 1;
        counted.metric.increment(1);
    }

    /// All, the most frequent first.
    pub(super) fn shown(&self) -> Vec<ErrorCount> {
        let shown = self.counted.iter().map(|(code, counted)| ErrorCount {
            on: code.on(),
            code: code.text(),
            count: counted.count,
        });
        let mut shown: Vec<_> = shown.collect();
        shown.sort_by_cached_key(|one| (Reverse(one.count), one.on, one.code.clone()));
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_beyond_the_bound_are_counted_together() {
        let mut codes = ErrorCodes::of("north");
        for _ in 0..3 {
            codes.on_submit(0x58);
        }
        for error in 0..1000 {
            codes.on_receipt(error);
        }
        codes.on_submit(0x58);
        codes.on_submit(0x45);
        let shown = codes.shown();
        assert!(shown.len() <= CODES_MAX + 2, "{}", shown.len());
        let sum: u64 = shown.iter().map(|one| one.count).sum();
        assert_eq!(sum, 1005, "none is lost");
        let count = |on, code: &str| {
            let found = shown.iter().find(|one| one.on == on && one.code == code);
            found.map(|one| one.count)
        };
        assert_eq!(count("submit", "0x00000058"), Some(4));
        assert_eq!(count("submit", "other"), Some(1));
        assert_eq!(count("receipt", "other"), Some(1000 - CODES_MAX as u64 + 1));
    }
}
