//! Where people and programs see how probes do: replaced whole by the door, read by others.

use std::sync::{Arc, Mutex, PoisonError};

use carrack_settings::ProbeReturns;
use serde::Serialize;
use utoipa::ToSchema;

use super::course::Course;
use super::courses::Courses;
use super::outcome::{ProbeResult, ProbeSums};

/// How a probe does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProbeView {
    /// Its name.
    pub name: String,
    /// Its carrier.
    pub carrier: String,
    /// Recipient.
    pub to: String,
    /// Sender.
    pub from: String,
    /// `mo` or `receipt`.
    pub returns: &'static str,
    /// Time from one to the next, milliseconds.
    pub every_ms: u64,
    /// The outcome of the last one; `new` while there is none; why none is sent where none is.
    pub state: String,
    /// One is on its way.
    pub on_its_way: bool,
    /// So many in a row did not come back.
    pub bad_in_a_row: u32,
    /// That is an alert.
    pub alert: bool,
    /// Seconds since the last one that is over was sent.
    pub age_seconds: Option<u64>,
    /// The last ones, the newest first.
    pub results: Vec<ProbeResult>,
    /// All of them.
    pub sums: ProbeSums,
}

impl ProbeView {
    fn of(course: &Course) -> Self {
        let spec = &course.spec;
        let last = course.results.back();
        let state = match (course.held, last) {
            (Some(held), _) => held,
            (None, Some(last)) => last.outcome.name(),
            (None, None) => "new",
        };
        Self {
            name: spec.name.clone(),
            carrier: spec.carrier.clone(),
            to: spec.to.to_string(),
            from: spec.from.as_str().to_owned(),
            returns: match spec.returns {
                ProbeReturns::Mo => "mo",
                ProbeReturns::Receipt => "receipt",
            },
            every_ms: spec.every_ns / 1_000_000,
            state: state.to_owned(),
            on_its_way: course.is_on_its_way(),
            bad_in_a_row: course.bad_in_a_row,
            alert: course.alert,
            age_seconds: None,
            results: course.results.iter().rev().cloned().collect(),
            sums: course.sums.clone(),
        }
    }
}

/// All probes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ProbesShown {
    /// In the order of the configuration.
    pub loop_probes: Vec<ProbeView>,
    /// Ends and messages of no probe that is known: of before the start, or of one that is gone.
    pub strays: u64,
}

/// What all of them are read from; a copy is the same board.
#[derive(Debug, Clone, Default)]
pub struct ProbeBoard(Arc<Mutex<ProbesShown>>);

impl ProbeBoard {
    /// How they do, at this moment.
    #[must_use]
    pub fn shown(&self, utc_ns: u64) -> ProbesShown {
        let shown = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut shown = shown.clone();
        for probe in &mut shown.loop_probes {
            let last = probe.results.first();
            let age_ns = last.map(|last| utc_ns.saturating_sub(last.sent_utc_ns));
            probe.age_seconds = age_ns.map(|age_ns| age_ns / 1_000_000_000);
        }
        shown
    }

    pub(super) fn put(&self, courses: &Courses) {
        let fresh = ProbesShown {
            loop_probes: courses.all().iter().map(ProbeView::of).collect(),
            strays: courses.strays,
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fresh;
    }
}
