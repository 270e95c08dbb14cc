//! The account of one SIM: what it used, what it may, since when it rests.
//!
//! Promise: no cap is passed in any sliding minute or hour, on any day or in any month of its zone, whatever the order of calls, over
//! restarts and in whichever modem it sits. Pure: what is to be kept is in [`Kept`].

use std::collections::HashSet;
use std::sync::Arc;

use carrack_message::Msisdn;
use carrack_settings::SimTerms;

use super::calendar::{Calendar, Span};
use super::hours::Hours;
use super::marks::{Marks, Totals};
use super::pace::Pace;
use super::pins::Given;
use super::steady::Steady;
use super::suspicion::{Ground, Stage, Suspicion, Verdict};
use crate::modem::{Allowance, Rest, SimEvent, SimIdentity};

/// Of an IMSI: MCC and the shorter MNC.
const NETWORK_DIGITS: usize = 5;

/// What survives a restart.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Kept {
    pub(super) identity: SimIdentity,
    pub(super) time: Steady,
    pub(super) totals: Totals,
    pub(super) pace: Pace,
    pub(super) hours: Hours,
    pub(super) days: Marks,
    pub(super) months: Marks,
    /// Segments since it rested.
    pub(super) turn_used: u32,
    pub(super) turn_until_ns: u64,
    pub(super) suspicion: Suspicion,
    /// Recipients of this month that stand beside the record.
    pub(super) recipients: u32,
    /// When it was last seen, by the clock.
    pub(super) seen_utc_ns: u64,
    pub(super) pins: Given,
}

/// One SIM.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) kept: Kept,
    pub(super) recipients: HashSet<u64>,
    pub(super) recipients_max: u32,
    pub(super) terms: Arc<SimTerms>,
    /// It may not send at all.
    pub(super) never: Option<Rest>,
    pub(super) own_number: Option<Msisdn>,
    calendar: Calendar,
    /// Pool and modem, where it sits in one.
    pub(super) seat: Option<(String, String)>,
    /// Which record was written last.
    pub(super) sequence: u64,
}

/// What a segment added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Spent {
    pub(super) allowance: Allowance,
    /// A recipient to be written at this place.
    pub(super) recipient: Option<(u32, Msisdn)>,
}

/// The latest of several moments.
struct Latest {
    moment_ns: u64,
    rest: Option<Rest>,
}

impl Latest {
    fn at_least(&mut self, moment_ns: u64, rest: Rest) {
        if moment_ns > self.moment_ns {
            (self.moment_ns, self.rest) = (moment_ns, Some(rest));
        }
    }
}

impl Sheet {
    pub(super) fn new(kept: Kept, recipients_max: u32) -> Self {
        let terms = Arc::new(SimTerms::default());
        Self {
            kept,
            recipients: HashSet::default(),
            recipients_max,
            calendar: Calendar::new(terms.zone.clone()),
            terms,
            never: None,
            own_number: None,
            seat: None,
            sequence: 0,
        }
    }

    /// Other terms from now on; what was used stays.
    pub(super) fn take_terms(&mut self, terms: Arc<SimTerms>) {
        if self.terms.zone != terms.zone {
            self.calendar = Calendar::new(terms.zone.clone());
        }
        self.terms = terms;
    }

    /// Whether a segment may go.
    pub(super) fn allowance(&mut self, utc_ns: u64) -> Allowance {
        self.allowance_of(utc_ns, false)
    }

    /// Whether a segment may go; one of a text that has begun goes to a recipient that has been counted.
    fn allowance_of(&mut self, utc_ns: u64, is_begun: bool) -> Allowance {
        if let Some(rest) = self.never {
            return Allowance::NotBefore {
                utc_ns: u64::MAX,
                rest,
            };
        }
        let moment_ns = self.kept.time.at(utc_ns);
        let mut sliding = Latest {
            moment_ns,
            rest: None,
        };
        let (kept, terms) = (&self.kept, &*self.terms);
        sliding.at_least(kept.pace.next_ns(terms.per_minute), Rest::Minute);
        if let Some(cap) = terms.per_hour {
            sliding.at_least(kept.hours.next_ns(moment_ns, cap), Rest::Hour);
        }
        sliding.at_least(kept.turn_until_ns, Rest::Turn);
        sliding.at_least(kept.suspicion.next_ns(), Rest::Suspected);
        let mut latest = Latest {
            moment_ns: utc_ns,
            rest: None,
        };
        if let Some(rest) = sliding.rest {
            latest.at_least(kept.time.utc_ns(sliding.moment_ns), rest);
        }
        self.by_calendar(utc_ns, is_begun, &mut latest);
        match latest.rest {
            None => Allowance::Now,
            Some(rest) => Allowance::NotBefore {
                utc_ns: latest.moment_ns,
                rest,
            },
        }
    }

    /// Segments that may go before a cap of hour, day or month, or the end of its turn; a trial is one.
    pub(super) fn room(&mut self, utc_ns: u64) -> u32 {
        let [_, hour, day, month, _] = self.used(utc_ns);
        let moment_ns = self.kept.time.at(utc_ns);
        let turn = self.turn_used(moment_ns, self.kept.time.last_ns);
        let trial = (self.kept.suspicion.stage != Stage::Well).then_some(1);
        let terms = &*self.terms;
        let left = |cap: Option<u32>, used: u64| cap.map(|cap| u64::from(cap).saturating_sub(used));
        let all = [
            left(terms.per_hour, hour),
            left(terms.per_day, day),
            left(terms.per_month, month),
            left(terms.rest_after, u64::from(turn)),
            trial,
        ];
        let least = all.into_iter().flatten().min().unwrap_or(u64::MAX);
        u32::try_from(least).unwrap_or(u32::MAX)
    }

    fn by_calendar(&mut self, utc_ns: u64, is_begun: bool, latest: &mut Latest) {
        let terms = &*self.terms;
        if let Some(cap) = terms.per_day {
            let (day, _) = self.calendar.at(utc_ns);
            let used = self.kept.days.used(day.label, self.kept.totals);
            if used.segments >= u64::from(cap) {
                latest.at_least(day.until_ns, Rest::Day);
            }
        }
        if terms.per_month.is_none() && terms.recipients_per_month.is_none() {
            return;
        }
        let (_, month) = self.calendar.at(utc_ns);
        let used = self.kept.months.used(month.label, self.kept.totals);
        let is_at = |cap: Option<u32>, used| cap.is_some_and(|cap| used >= u64::from(cap));
        if !is_begun && is_at(terms.recipients_per_month, used.recipients) {
            latest.at_least(month.until_ns, Rest::Recipients);
        }
        if is_at(terms.per_month, used.segments) {
            latest.at_least(month.until_ns, Rest::Month);
        }
    }

    /// Counts a segment, if it may go; `is_begun`: another one of the same text went before it.
    pub(super) fn spend(&mut self, to: Msisdn, utc_ns: u64, is_begun: bool) -> Spent {
        let allowance = self.allowance_of(utc_ns, is_begun);
        let mut spent = Spent {
            allowance,
            recipient: None,
        };
        if allowance != Allowance::Now {
            return spent;
        }
        let moment_ns = self.kept.time.at(utc_ns);
        let (day, month) = self.calendar.at(utc_ns);
        let (kept, terms) = (&mut self.kept, &*self.terms);
        let before_ns = kept.time.last_ns;
        kept.time.note(moment_ns);
        kept.pace.add(moment_ns, terms.per_minute);
        kept.hours.add(moment_ns);
        kept.days.enter(day.label, kept.totals);
        if kept.months.enter(month.label, kept.totals) {
            self.recipients.clear();
            kept.recipients = 0;
        }
        kept.totals.segments += 1;
        kept.suspicion.spent(moment_ns);
        kept.seen_utc_ns = utc_ns;
        self.take_turn(moment_ns, before_ns);
        spent.recipient = self.meet(to);
        spent
    }

    /// Segments of its turn. A SIM that was idle for the length of a rest has rested.
    fn turn_used(&self, moment_ns: u64, before_ns: u64) -> u32 {
        let rest_ns = self.terms.rest.as_nanos() as u64;
        if moment_ns.saturating_sub(before_ns) >= rest_ns {
            return 0;
        }
        self.kept.turn_used
    }

    fn take_turn(&mut self, moment_ns: u64, before_ns: u64) {
        let rest_ns = self.terms.rest.as_nanos() as u64;
        let used = self.turn_used(moment_ns, before_ns);
        let kept = &mut self.kept;
        kept.turn_used = used.saturating_add(1);
        let rests = self
            .terms
            .rest_after
            .is_some_and(|after| kept.turn_used >= after);
        if rests {
            kept.turn_used = 0;
            kept.turn_until_ns = moment_ns.saturating_add(rest_ns);
        }
    }

    /// A recipient; its place in the list where it is a new one that has room. Beyond the room each counts as new.
    fn meet(&mut self, to: Msisdn) -> Option<(u32, Msisdn)> {
        if self.recipients.contains(&to.as_u64()) {
            return None;
        }
        self.kept.totals.recipients += 1;
        if self.kept.recipients >= self.recipients_max {
            return None;
        }
        self.recipients.insert(to.as_u64());
        let place = self.kept.recipients;
        self.kept.recipients += 1;
        Some((place, to))
    }

    /// Used of minute, hour, day, month, recipients.
    pub(super) fn used(&mut self, utc_ns: u64) -> [u64; 5] {
        let (day, month): (Span, Span) = self.calendar.at(utc_ns);
        let mut kept = self.kept.clone();
        let moment_ns = kept.time.at(utc_ns);
        let of_month = kept.months.used(month.label, kept.totals);
        [
            u64::from(kept.pace.used(moment_ns)),
            u64::from(kept.hours.used(moment_ns)),
            kept.days.used(day.label, kept.totals).segments,
            of_month.segments,
            of_month.recipients,
        ]
    }
}

impl Sheet {
    /// What came of a segment.
    pub(super) fn note(&mut self, event: SimEvent, utc_ns: u64) -> Verdict {
        let moment_ns = self.kept.time.at(utc_ns);
        self.kept.suspicion.note(event, moment_ns, &self.terms)
    }

    /// It is left alone from now on.
    pub(super) fn suspect(&mut self, ground: Ground, utc_ns: u64) -> Verdict {
        let moment_ns = self.kept.time.at(utc_ns);
        self.kept.suspicion.suspect(ground, moment_ns, &self.terms);
        Verdict::Suspected
    }

    /// Country and network, as far as five digits say it.
    pub(super) fn network(&self) -> Option<String> {
        let imsi = self.kept.identity.imsi.as_deref()?;
        imsi.get(..NETWORK_DIGITS).map(str::to_owned)
    }
}
