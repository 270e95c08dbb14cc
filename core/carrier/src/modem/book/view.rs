//! A SIM as people see it.

use jiff::Timestamp;
use serde::Serialize;

use super::sheet::Sheet;
use super::suspicion::{Ground, Stage};
use crate::modem::{Allowance, Rest, SimNumber};

/// Digits of a card that are shown.
const SHOWN_DIGITS: usize = 6;

/// What is used of a cap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct SimUsed {
    /// Segments, or different recipients.
    pub used: u64,
    /// At most; none: no cap.
    pub cap: Option<u32>,
}

/// A SIM of the book.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SimView {
    /// Its place in the book.
    pub sim: u32,
    /// The last digits of its card's number; none where it tells none.
    pub iccid: Option<String>,
    /// The last digits of its subscriber's number; none where it tells none.
    pub imsi: Option<String>,
    /// Its own number, where the configuration knows it.
    pub number: Option<String>,
    /// The pool that it is in; none: in no modem since the start.
    pub pool: Option<String>,
    /// The modem that it is in.
    pub modem: Option<String>,
    /// `sends`, `rests`, `suspected` or `off`.
    pub state: &'static str,
    /// What it rests for: `minute`, `hour`, `day`, `month`, `recipients`, `turn`, `suspected`, `disabled`, `other_network`.
    pub rest: Option<&'static str>,
    /// The same for people.
    pub reason: Option<String>,
    /// When it goes on, RFC 3339; none: now, or not until somebody says so.
    pub until: Option<String>,
    /// What somebody should look at.
    pub alert: Option<String>,
    /// When one segment tries a suspected one, RFC 3339.
    pub next_trial: Option<String>,
    /// In the last 60 seconds.
    pub minute: SimUsed,
    /// In the last 60 minutes, 61 where the oldest is not over.
    pub hour: SimUsed,
    /// Today.
    pub day: SimUsed,
    /// This month.
    pub month: SimUsed,
    /// Different recipients this month.
    pub recipients: SimUsed,
}

/// RFC 3339 of a moment; none of what no calendar has.
fn shown(utc_ns: u64) -> Option<String> {
    let moment = Timestamp::from_nanosecond(i128::from(utc_ns)).ok()?;
    let seconds = moment.as_second();
    let moment = Timestamp::from_second(seconds).ok()?;
    (utc_ns != u64::MAX).then(|| moment.to_string())
}

/// The last digits, for logs and people.
pub(super) fn last_digits(digits: &str) -> String {
    let kept = digits.len().saturating_sub(SHOWN_DIGITS);
    format!("...{}", digits.get(kept..).unwrap_or_default())
}

impl SimView {
    pub(super) fn of(number: SimNumber, sheet: &mut Sheet, utc_ns: u64) -> Self {
        let used = sheet.used(utc_ns);
        let allowance = sheet.look(utc_ns);
        let terms = sheet.terms.clone();
        let identity = &sheet.kept.identity;
        let (rest, until_ns) = match allowance {
            Allowance::Now => (None, None),
            Allowance::NotBefore { utc_ns, rest } => (Some(rest), Some(utc_ns)),
        };
        let [minute, hour, day, month, recipients] = used;
        let part = |used, cap| SimUsed { used, cap };
        let (next_trial, alert) = sheet.suspected(utc_ns);
        Self {
            sim: number.0,
            iccid: identity.iccid.as_deref().map(last_digits),
            imsi: identity.imsi.as_deref().map(last_digits),
            number: sheet.own_number.map(|number| format!("+{number}")),
            pool: sheet.seat.as_ref().map(|(pool, _)| pool.clone()),
            modem: sheet.seat.as_ref().map(|(_, modem)| modem.clone()),
            state: state(rest),
            rest: rest.map(word),
            reason: rest.map(|rest| sheet.reason(rest, used)),
            until: until_ns.and_then(shown),
            next_trial: next_trial.and_then(shown),
            alert,
            minute: part(minute, Some(u32::from(terms.per_minute))),
            hour: part(hour, terms.per_hour),
            day: part(day, terms.per_day),
            month: part(month, terms.per_month),
            recipients: part(recipients, terms.recipients_per_month),
        }
    }
}

const fn state(rest: Option<Rest>) -> &'static str {
    match rest {
        None | Some(Rest::Minute) => "sends",
        Some(Rest::Suspected) => "suspected",
        Some(Rest::Disabled | Rest::OtherNetwork) => "off",
        Some(Rest::Hour | Rest::Day | Rest::Month | Rest::Recipients | Rest::Turn) => "rests",
    }
}

const fn word(rest: Rest) -> &'static str {
    match rest {
        Rest::Minute => "minute",
        Rest::Hour => "hour",
        Rest::Day => "day",
        Rest::Month => "month",
        Rest::Recipients => "recipients",
        Rest::Turn => "turn",
        Rest::Suspected => "suspected",
        Rest::Disabled => "disabled",
        Rest::OtherNetwork => "other_network",
    }
}

impl Sheet {
    /// The allowance, without a trace.
    fn look(&mut self, utc_ns: u64) -> Allowance {
        let kept = self.kept.clone();
        let allowance = self.allowance(utc_ns);
        self.kept = kept;
        allowance
    }

    /// Why it rests, for people.
    fn reason(&self, rest: Rest, used: [u64; 5]) -> String {
        let [_, hour, day, month, recipients] = used;
        match rest {
            Rest::Minute => format!("at most {} a minute, evenly", self.terms.per_minute),
            Rest::Hour => format!("sent its {hour} of this hour"),
            Rest::Day => format!("sent its {day} of today"),
            Rest::Month => format!("sent its {month} of this month"),
            Rest::Recipients => {
                format!("sent to its {recipients} different recipients of this month")
            }
            Rest::Turn => "rests after its turn".into(),
            Rest::Suspected => match self.kept.suspicion.stage {
                Stage::Trial { .. } => "one segment tries whether it is still blocked".into(),
                _ => "looks blocked and is left alone".into(),
            },
            Rest::Disabled => {
                "is switched off: enabled = false of its [[sim]], or no place in the book".into()
            }
            Rest::OtherNetwork => "is of a network that is none of the pool's".into(),
        }
    }

    /// When the next trial goes, and what somebody should look at.
    fn suspected(&self, utc_ns: u64) -> (Option<u64>, Option<String>) {
        let suspicion = &self.kept.suspicion;
        if suspicion.stage == Stage::Well {
            return (None, None);
        }
        let trial_ns = self.kept.time.utc_ns(suspicion.next_ns()).max(utc_ns);
        (Some(trial_ns), Some(self.alert()))
    }

    /// What somebody should look at.
    pub(super) fn alert(&self) -> String {
        let suspicion = &self.kept.suspicion;
        let identity = &self.kept.identity;
        let card = identity.iccid.as_deref().or(identity.imsi.as_deref());
        let modem = self.seat.as_ref().map_or(String::new(), |(pool, modem)| {
            format!(" in modem {modem} of {pool}")
        });
        let why = match suspicion.ground {
            Ground::Barred => format!(
                "the network refuses it ({} in a row, the last +CMS ERROR: {})",
                suspicion.barred_run, suspicion.cms
            ),
            Ground::Failing => format!(
                "{} segments in a row failed while others of the pool get through",
                suspicion.failed_run
            ),
            Ground::Undelivered => {
                let (seen, undelivered) = suspicion.outcomes();
                format!(
                    "{undelivered} of its last {seen} receipts say undelivered, far more than others have"
                )
            }
        };
        let trial = shown(self.kept.time.utc_ns(suspicion.next_ns())).unwrap_or_default();
        format!(
            "SIM {}{modem} looks blocked: {why}; one segment tries it at {trial}. Look at its account and credit, or take it out",
            last_digits(card.unwrap_or_default())
        )
    }
}
