//! What a trial has seen, as a document.

use serde::{Deserialize, Serialize};

use super::example::{Examples, moment};
use super::trial::{Looking, State, Trial};
use crate::prices::utc_now_ns;
use crate::rehearsal::{Comparison, Made, Refusal};

/// The document.
#[derive(Serialize, Deserialize)]
pub(crate) struct Report {
    pub(super) configuration: String,
    /// `reading`, `looking` or `faulty`.
    pub(super) state: String,
    /// The first of them, each `file:line: what`.
    pub(super) faults: Vec<String>,
    pub(super) faults_more: usize,
    pub(super) share_percent: u8,
    #[serde(flatten)]
    pub(super) seen: Option<SeenSoFar>,
}

/// What was seen since it began.
#[derive(Serialize, Deserialize)]
pub(super) struct SeenSoFar {
    pub(super) since: String,
    pub(super) prices_at: String,
    /// Messages that were looked at.
    pub(super) messages: u64,
    /// Messages that found the queue full.
    pub(super) dropped: u64,
    pub(super) left_out: u64,
    /// The same carrier has them.
    pub(super) same: u64,
    /// Another one would have them.
    pub(super) other: u64,
    /// Only the table in use has a carrier for them.
    pub(super) only_now: u64,
    /// Only the new table has.
    pub(super) only_then: u64,
    /// Neither has.
    pub(super) neither: u64,
    /// Of `only_now`: the new table's carriers do not leave the margin that it asks for.
    pub(super) refused_for_margin: u64,
    #[serde(flatten)]
    pub(super) comparison: Comparison,
    pub(super) examples: Examples,
}

impl Trial {
    pub(crate) fn report(&self) -> Report {
        let mut report = Report {
            configuration: self.named.configuration.display().to_string(),
            state: String::new(),
            faults: Vec::new(),
            faults_more: 0,
            share_percent: self.named.share,
            seen: None,
        };
        report.state = match &*self.state() {
            State::Reading => "reading",
            State::Faulty { faults, more } => {
                (report.faults, report.faults_more) = (faults.clone(), *more);
                "faulty"
            }
            State::Looking(looking) => {
                report.seen = Some(looking.seen());
                "looking"
            }
        }
        .to_owned();
        report
    }
}

impl Looking {
    fn seen(&self) -> SeenSoFar {
        let (sums, now) = (&self.sums, utc_now_ns());
        let parts = sums.parts();
        let margin = sums.refused.get(&Refusal::Margin);
        SeenSoFar {
            since: moment(self.since_utc_ns),
            prices_at: moment(now),
            messages: parts.all(),
            dropped: self.door.dropped(),
            left_out: self.left_out,
            same: parts.same,
            other: parts.other,
            only_now: parts.only_before,
            only_then: parts.only_after,
            neither: parts.neither,
            refused_for_margin: margin.map_or(0, |side| side.messages),
            comparison: Comparison::of(&Made {
                at_utc_ns: now,
                table: &self.table,
                rates: self.rates.as_ref(),
                sums,
                is_measured: true,
                is_looked_up: self.is_looked_up,
            }),
            examples: self.examples.clone(),
        }
    }
}
