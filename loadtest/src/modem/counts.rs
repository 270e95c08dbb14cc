//! What one modem counted, and how busy it was.

use super::settings::SECOND_NS;
use serde::Serialize;
use std::collections::BTreeMap;

/// Names of unknown commands that are kept, and octets of one.
const UNKNOWN_KEPT: usize = 64;
const UNKNOWN_OCTETS: usize = 24;

/// Counts of one modem, or of all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Command lines.
    pub commands: u64,
    /// Commands that it does not know.
    pub unknown: u64,
    /// Their names, the first 64 of them.
    pub unknown_commands: BTreeMap<String, u64>,
    /// AT+CMGS and AT+CMSS.
    pub submits: u64,
    /// Prompts that were left by ESC.
    pub escapes: u64,
    /// PDUs that came whole: `taken + refused_by_judge + refused_otherwise + unsent`.
    pub pdus: u64,
    /// Sent to the network.
    pub taken: u64,
    /// Sent to the network, and the host was never told: these may be doubled.
    pub taken_unanswered: u64,
    /// Refused by the judge, all together.
    pub refused_by_judge: u64,
    /// Refused by the judge, by reason.
    pub judge: BTreeMap<&'static str, u64>,
    /// Taken, and odd.
    pub odd: BTreeMap<&'static str, u64>,
    /// Refused by operator, network, SIM or store.
    pub refused_otherwise: u64,
    /// Came whole, and the modem broke before it sent them.
    pub unsent: u64,
    /// `+CMS ERROR` by code.
    pub cms_errors: BTreeMap<u16, u64>,
    /// Messages brought to the host or its store.
    pub messages: u64,
    /// Status reports brought to the host or its store.
    pub reports: u64,
    /// Status reports that the host did not want (+CNMI `<ds>` 0).
    pub reports_unwanted: u64,
    /// Messages deleted by the host.
    pub deleted: u64,
    /// Times that a message found the store full.
    pub store_full: u64,
    /// USSD requests.
    pub ussd: u64,
    /// Boots.
    pub boots: u64,
    /// Silences.
    pub silences: u64,
    /// Octets of the host.
    pub octets_in: u64,
    /// Octets to the host.
    pub octets_out: u64,
    /// Octets that found no room, either way.
    pub octets_lost: u64,
    /// Faults played, by name.
    pub faults: BTreeMap<&'static str, u64>,
}

impl Counts {
    /// Adds those of another modem.
    pub fn add(&mut self, other: &Self) {
        let Self {
            judge,
            odd,
            cms_errors,
            faults,
            unknown_commands,
            ..
        } = self;
        merge(judge, &other.judge);
        merge(odd, &other.odd);
        merge(cms_errors, &other.cms_errors);
        merge(faults, &other.faults);
        merge(unknown_commands, &other.unknown_commands);
        self.commands += other.commands;
        self.unknown += other.unknown;
        self.submits += other.submits;
        self.escapes += other.escapes;
        self.pdus += other.pdus;
        self.taken += other.taken;
        self.taken_unanswered += other.taken_unanswered;
        self.refused_by_judge += other.refused_by_judge;
        self.refused_otherwise += other.refused_otherwise;
        self.unsent += other.unsent;
        self.messages += other.messages;
        self.reports += other.reports;
        self.reports_unwanted += other.reports_unwanted;
        self.deleted += other.deleted;
        self.store_full += other.store_full;
        self.ussd += other.ussd;
        self.boots += other.boots;
        self.silences += other.silences;
        self.octets_in += other.octets_in;
        self.octets_out += other.octets_out;
        self.octets_lost += other.octets_lost;
    }

    /// A command that the modem does not know.
    pub(super) fn unknown(&mut self, name: &str) {
        self.unknown += 1;
        let name: String = name.chars().take(UNKNOWN_OCTETS).collect();
        if self.unknown_commands.len() < UNKNOWN_KEPT || self.unknown_commands.contains_key(&name) {
            *self.unknown_commands.entry(name).or_default() += 1;
        }
    }

    /// A `+CMS ERROR` was given.
    pub(super) fn cms(&mut self, code: u16) {
        *self.cms_errors.entry(code).or_default() += 1;
    }
}

fn merge<K: Ord + Clone>(mine: &mut BTreeMap<K, u64>, other: &BTreeMap<K, u64>) {
    for (key, count) in other {
        *mine.entry(key.clone()).or_default() += count;
    }
}

/// Times of submits. A submit is under way from the end of its AT+CMGS line to the last octet of its result, or to when the modem broke.
#[derive(Debug, Clone)]
pub(super) struct Busy {
    gap_ns: u64,
    first_ns: Option<u64>,
    last_end_ns: u64,
    under_way_ns: u64,
    /// Until when the pace forbids the next one, and how long it has forbidden or a submit was under way.
    paced_until_ns: u64,
    paced_ns: u64,
    begun: u64,
}

impl Busy {
    pub(super) fn new(per_minute: u32) -> Self {
        Self {
            gap_ns: 60 * SECOND_NS / u64::from(per_minute.max(1)),
            first_ns: None,
            last_end_ns: 0,
            under_way_ns: 0,
            paced_until_ns: 0,
            paced_ns: 0,
            begun: 0,
        }
    }

    pub(super) fn count(&mut self, begin_ns: u64, end_ns: u64) {
        self.first_ns.get_or_insert(begin_ns);
        self.begun += 1;
        self.last_end_ns = self.last_end_ns.max(end_ns);
        self.under_way_ns += end_ns.saturating_sub(begin_ns);
        let until_ns = end_ns.max(begin_ns.saturating_add(self.gap_ns));
        self.paced_ns += until_ns.saturating_sub(begin_ns.max(self.paced_until_ns));
        self.paced_until_ns = self.paced_until_ns.max(until_ns);
    }

    /// Shares, 0 to 1, of the time from the first submit to the end of the last: (a submit was under way; or its gap was not over yet; submits
    /// over those that the pace allows).
    pub(super) fn shares(&self) -> (f64, f64, f64) {
        let Some(first_ns) = self.first_ns else {
            return (0.0, 0.0, 0.0);
        };
        let span_ns = self.last_end_ns.saturating_sub(first_ns).max(1) as f64;
        let paced_span_ns = self.paced_until_ns.saturating_sub(first_ns).max(1) as f64;
        (
            self.under_way_ns as f64 / span_ns,
            self.paced_ns as f64 / paced_span_ns,
            (self.begun * self.gap_ns) as f64 / paced_span_ns,
        )
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn a_modem_that_waits_for_its_pace_alone_is_busy_all_the_time() {
        let mut busy = Busy::new(15);
        for number in 0..10 {
            busy.count(number * 4 * SECOND_NS, (number * 4 + 3) * SECOND_NS);
        }
        let (under_way, paced, of_rate) = busy.shares();
        assert!((under_way - 30.0 / 39.0).abs() < 1e-9);
        assert!((paced - 1.0).abs() < 1e-9);
        assert!((of_rate - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_modem_that_stood_idle_half_the_time_says_so() {
        let mut busy = Busy::new(15);
        busy.count(0, 3 * SECOND_NS);
        busy.count(12 * SECOND_NS, 15 * SECOND_NS);
        let (_, paced, of_rate) = busy.shares();
        assert!((paced - 0.5).abs() < 1e-9);
        assert!((of_rate - 0.5).abs() < 1e-9);
    }
}
