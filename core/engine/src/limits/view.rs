//! How a limit does, for people and programs.

use std::sync::atomic::Ordering;

use serde::Serialize;
use utoipa::ToSchema;

use super::Limit;

/// A limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct LimitView {
    /// Its name.
    pub name: String,
    /// For whom there is one bucket: `all`, `sender`, `network` or `recipient`.
    pub each: &'static str,
    /// How many, as the configuration has it: `10/min`, `3 in 1h`.
    pub rate: String,
    /// Buckets that there are now, or recipients that are known.
    pub in_use: usize,
    /// Messages that wait under it.
    pub waiting: usize,
    /// Segments sent under it since the start.
    pub granted: u64,
    /// Messages that it refused since the start.
    pub refused: u64,
    /// Messages that had no bucket of their own since the start: `buckets_max` was reached.
    pub beyond: u64,
    /// Recipients that were forgotten before their window was over: `recipients_max` was reached.
    pub forgotten: u64,
}

impl LimitView {
    pub(super) fn of(limit: &Limit, in_use: usize) -> Self {
        let done = &limit.done;
        Self {
            name: limit.rule.name.clone(),
            each: limit.rule.kind.each(),
            rate: limit.rule.shown.clone(),
            in_use,
            waiting: 0,
            granted: done.granted.load(Ordering::Relaxed),
            refused: done.refused.load(Ordering::Relaxed),
            beyond: done.beyond.load(Ordering::Relaxed),
            forgotten: done.forgotten.load(Ordering::Relaxed),
        }
    }
}
