//! One configuration that is tried: how far it is, and what was seen.
//!
//! Promise: after [`Trial::stop`] nothing is shown to it any more. Bound: sums of the size of the two tables, examples as
//! [`Examples`] says, [`FAULTS_SHOWN_MAX`] faults.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use carrack_engine::{Seen, ShadowDoor};
use carrack_message::{Currency, Micros};
use carrack_routing::{Rates, RouteTable};
use carrack_settings as settings;
use carrack_telemetry::names;

use super::example::{Example, Examples, Side, masked, moment};
use super::loaded::Files;
use crate::prices::utc_now_ns;
use crate::rehearsal::{Facts, Judge, Judged, Past, Sums};

/// Faults that the report spells out.
const FAULTS_SHOWN_MAX: usize = 20;

/// A configuration that is tried.
pub(crate) struct Trial {
    pub(super) named: settings::Shadow,
    is_stopped: AtomicBool,
    state: Mutex<State>,
}

/// How far it is.
pub(super) enum State {
    Reading,
    /// It cannot be tried.
    Faulty {
        /// The first of them.
        faults: Vec<String>,
        more: usize,
    },
    Looking(Box<Looking>),
}

/// What was seen.
pub(super) struct Looking {
    pub(super) files: Files,
    pub(super) door: Arc<ShadowDoor>,
    pub(super) table: Arc<RouteTable>,
    pub(super) rates: Option<Rates>,
    /// Whether a register is asked for networks by the table in use.
    pub(super) is_looked_up: bool,
    pub(super) since_utc_ns: u64,
    pub(super) sums: Sums,
    pub(super) examples: Examples,
    /// Messages that would have passed the bound of the sums.
    pub(super) left_out: u64,
}

/// An account by its number, as prices of messages are.
#[derive(Clone, Copy)]
pub(super) struct Payer<'a> {
    pub(super) name: &'a str,
    pub(super) currency: Option<Currency>,
}

impl Trial {
    pub(super) fn of(named: settings::Shadow) -> Self {
        Self {
            named,
            is_stopped: AtomicBool::new(false),
            state: Mutex::new(State::Reading),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it tries what is named, as it stands on the disk now.
    pub(super) fn is_of(&self, named: &settings::Shadow) -> bool {
        let now = (&named.configuration, named.share, named.queue);
        let was = &self.named;
        now == (&was.configuration, was.share, was.queue)
            && matches!(&*self.state(), State::Looking(looking) if looking.files.are_the_same())
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Acquire)
    }

    /// Ends it; `shut` takes its door away, and no other is opened for it after.
    pub(super) fn stop(&self, shut: impl FnOnce()) {
        let _state = self.state();
        self.is_stopped.store(true, Ordering::Release);
        shut();
    }

    /// It cannot be tried. Of one that was stopped nobody asks any more: nothing is told or counted.
    pub(super) fn fail(&self, faults: &[String]) {
        let mut state = self.state();
        if self.is_stopped() {
            return;
        }
        metrics::counter!(names::SHADOW_FAULTS).increment(1);
        for fault in faults {
            tracing::error!("{fault}");
        }
        tracing::error!(
            faults = faults.len(),
            "the configuration of [shadow] has faults; nothing is tried until the next reload, all else goes on"
        );
        *state = State::Faulty {
            faults: faults.iter().take(FAULTS_SHOWN_MAX).cloned().collect(),
            more: faults.len().saturating_sub(FAULTS_SHOWN_MAX),
        };
    }

    /// Begins to look; `open` has messages shown to its door. False: it was stopped before.
    pub(super) fn look(&self, looking: Looking, open: impl FnOnce(Arc<ShadowDoor>)) -> bool {
        let mut state = self.state();
        if self.is_stopped() {
            return false;
        }
        let door = Arc::clone(&looking.door);
        *state = State::Looking(Box::new(looking));
        open(door);
        true
    }

    /// Whether the table in use asks a register now: a reload of the node may change it.
    pub(super) fn take_look_ups(&self, is_looked_up: bool) {
        if let State::Looking(looking) = &mut *self.state() {
            looking.is_looked_up = is_looked_up;
        }
    }

    /// Forgets what was seen.
    pub(super) fn begin_anew(&self) {
        if let State::Looking(looking) = &mut *self.state() {
            looking.begin_anew();
        }
    }
}

impl Looking {
    fn begin_anew(&mut self) {
        self.sums = Sums::new(self.table.carriers());
        self.examples = Examples::default();
        self.left_out = 0;
        self.door.forget_dropped();
        self.since_utc_ns = utc_now_ns();
    }

    /// Adds a message. True: the tables do not agree on it.
    pub(super) fn add(&mut self, seen: &Seen, payer: Payer<'_>, judge: &Judge<'_>) -> bool {
        let (facts, past) = (facts(seen, payer), past(seen, payer));
        let judged = judge.judge(&facts);
        if self.sums.add(&facts, &past, &judged).is_err() {
            self.left_out += 1;
            return false;
        }
        let taken = judged.verdict.as_ref().ok();
        let taken = taken.and_then(|taken| self.table.carrier(taken.carrier));
        let differs = taken.map(|row| row.name.as_str()) != past.carrier;
        if differs {
            let example = self.example(seen, &facts, &past, &judged);
            self.examples.add(example);
        }
        differs
    }

    fn example(&self, seen: &Seen, facts: &Facts<'_>, past: &Past<'_>, judged: &Judged) -> Example {
        let way = seen.way.as_ref();
        let route = way.and_then(|way| way.table.route(way.route));
        let said = |currency: Option<Currency>| currency.map(|currency| currency.to_string());
        let before = Side {
            route: route.map(|route| route.name.clone()),
            carrier: past.carrier.map(str::to_owned),
            cost: way.map(|_| past.cost.to_string()),
            currency: said(past.cost_currency),
            refused: None,
        };
        let after = match &judged.verdict {
            Ok(taken) => Side {
                route: self.table.route(taken.route).map(|row| row.name.clone()),
                carrier: self
                    .table
                    .carrier(taken.carrier)
                    .map(|row| row.name.clone()),
                cost: Some(taken.cost.to_string()),
                currency: said(taken.cost_currency),
                refused: None,
            },
            Err(refusal) => Side {
                refused: Some(refusal.name().to_owned()),
                ..Side::default()
            },
        };
        Example {
            at: moment(seen.at_utc_ns),
            account: facts.account.to_owned(),
            class: facts.class.name().to_owned(),
            to: masked(seen.to),
            segments: seen.segments,
            before,
            after,
        }
    }
}

fn facts<'a>(seen: &'a Seen, payer: Payer<'a>) -> Facts<'a> {
    Facts {
        account: payer.name,
        class: seen.class,
        to: seen.to,
        from: seen.from.as_str(),
        segments: seen.segments,
        is_text: seen.text.is_some(),
        text: seen.text.as_deref(),
        tag: Some(&seen.tag),
        at_utc_ns: seen.at_utc_ns,
        network: seen.network,
        draw: seen.way.as_ref().and_then(|way| way.draw),
    }
}

/// What it costs at the carrier that was chosen, all its segments.
fn past<'a>(seen: &'a Seen, payer: Payer<'_>) -> Past<'a> {
    let way = seen.way.as_ref();
    let row = way.and_then(|way| way.table.carrier(way.carrier));
    let segments = u32::from(seen.segments);
    let cost = way
        .zip(row)
        .and_then(|(way, row)| row.cost(seen.to, way.network, segments));
    Past {
        carrier: row.map(|row| row.name.as_str()),
        segments_sent: segments,
        price: seen.price,
        charged: seen.price.unwrap_or(Micros::ZERO),
        currency: payer.currency,
        cost: cost.unwrap_or(Micros::ZERO),
        cost_currency: row.and_then(|row| row.currency()),
    }
}
