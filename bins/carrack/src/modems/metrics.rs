//! Modems and SIMs on the page of `/metrics`, as they stand when it is read.
//!
//! Bound: labels are names of pools and modems, which the configuration bounds, and words; no number of a card or subscriber.

use std::collections::BTreeMap;

use carrack_carrier::modem::book::{BookCounts, SimUsed, SimView};
use carrack_carrier::modem::{ModemCounts, ModemView, Rung};
use carrack_telemetry::names;

use crate::metrics_page::Page;

/// Words of a modem's state, each a series of its pool.
const STATES: [&str; 4] = ["up", "connecting", "down", "closing"];
/// Words of a SIM's state, each a series of its pool.
const SIM_STATES: [&str; 5] = ["ready", "capped", "resting", "suspected", "off"];

/// All that is known of the modems of a node.
pub(crate) struct Modems {
    pub(crate) modems: Vec<ModemView>,
    pub(crate) sims: Vec<SimView>,
    pub(crate) book: BookCounts,
}

impl Modems {
    /// Nothing where there are no modems.
    pub(crate) fn write(&self, page: &mut Page) {
        if self.modems.is_empty() {
            return;
        }
        self.pools(page);
        self.standing(page);
        self.counted(page);
        self.sims(page);
    }

    /// Sums by pool: modems and SIMs by state, those that somebody has to look at.
    fn pools(&self, page: &mut Page) {
        let mut pools: BTreeMap<&str, [f64; STATES.len()]> = BTreeMap::new();
        let mut alerts: BTreeMap<&str, f64> = BTreeMap::new();
        for modem in &self.modems {
            let states = pools.entry(&modem.pool).or_default();
            for (count, _) in states
                .iter_mut()
                .zip(STATES)
                .filter(|(_, s)| *s == modem.state)
            {
                *count += 1.0;
            }
            let is_alert = !modem.alert.is_empty();
            *alerts.entry(&modem.pool).or_default() += f64::from(u8::from(is_alert));
        }
        let mut sims: BTreeMap<&str, [f64; SIM_STATES.len()]> = pools
            .keys()
            .map(|pool| (*pool, Default::default()))
            .collect();
        for (pool, sim) in self
            .sims
            .iter()
            .filter_map(|sim| Some((sim.pool.as_deref()?, sim)))
        {
            let state = sim_state(sim);
            let states = sims.entry(pool).or_default();
            for (count, _) in states
                .iter_mut()
                .zip(SIM_STATES)
                .filter(|(_, s)| *s == state)
            {
                *count += 1.0;
            }
        }
        by_state(page, names::MODEMS, &STATES, &pools);
        page.head(names::MODEM_ALERTS, "gauge");
        for (pool, count) in alerts {
            page.row(names::MODEM_ALERTS, &[("pool", pool)], count);
        }
        page.end();
        by_state(page, names::SIMS, &SIM_STATES, &sims);
    }

    /// How each stands now.
    fn standing(&self, page: &mut Page) {
        self.gauge(page, names::MODEM_UP, |modem| {
            Some(f64::from(u8::from(modem.state == "up")))
        });
        self.gauge(page, names::MODEM_REGISTERED, |modem| {
            let is_in = matches!(
                modem.registration,
                "home" | "roaming" | "short messages only"
            );
            Some(f64::from(u8::from(is_in)))
        });
        self.gauge(page, names::MODEM_SIGNAL, |modem| {
            modem.signal_dbm.map(f64::from)
        });
        self.gauge(page, names::MODEM_STORAGE_USED, |modem| {
            (modem.storage_total > 0).then_some(f64::from(modem.storage_used))
        });
        self.gauge(page, names::MODEM_STORAGE_PLACES, |modem| {
            (modem.storage_total > 0).then_some(f64::from(modem.storage_total))
        });
    }

    /// What each did since the node began.
    fn counted(&self, page: &mut Page) {
        self.counter(page, names::MODEM_SEGMENTS, "outcome", |counts| {
            vec![
                ("accepted", counts.accepted),
                ("refused", counts.refused),
                ("unanswered", counts.unanswered),
            ]
        });
        self.counter(page, names::MODEM_RECEIVED, "what", |counts| {
            vec![
                ("message", counts.received),
                ("report", counts.reports),
                ("unreadable", counts.unreadable),
            ]
        });
        self.counter(page, names::MODEM_STEPS, "step", |counts| {
            let words = Rung::STEPS.map(Rung::word);
            words.into_iter().zip(counts.steps).collect()
        });
        self.counter(page, names::MODEM_FAULTS, "fault", |counts| {
            vec![
                ("command_timed_out", counts.commands_timed_out),
                ("registration_lost", counts.registrations_lost),
                ("began_anew", counts.reboots),
            ]
        });
    }

    fn sims(&self, page: &mut Page) {
        self.used(page, names::SIM_SEGMENTS, |used| Some(used.used as f64));
        self.used(page, names::SIM_CAP, |used| used.cap.map(f64::from));
        page.head(names::SIM_EVENTS, "counter");
        let book = &self.book;
        let events = [
            ("suspected", book.suspected),
            ("trial_failed", book.trials_failed),
            ("cleared", book.cleared),
            ("without_place", book.without_place),
            ("forgotten", book.forgotten),
        ];
        for (event, count) in events {
            page.row(names::SIM_EVENTS, &[("event", event)], count as f64);
        }
        page.end();
    }

    /// Of the SIM in each modem, by span.
    fn used(&self, page: &mut Page, name: &str, value: fn(&SimUsed) -> Option<f64>) {
        page.head(name, "gauge");
        for sim in &self.sims {
            let seat = sim.pool.as_deref().zip(sim.modem.as_deref());
            let Some((pool, modem)) = seat else { continue };
            let spans = [
                ("hour", &sim.hour),
                ("day", &sim.day),
                ("month", &sim.month),
            ];
            for (span, used) in spans {
                let Some(value) = value(used) else { continue };
                let labels = [("pool", pool), ("modem", modem), ("span", span)];
                page.row(name, &labels, value);
            }
        }
        page.end();
    }

    fn gauge(&self, page: &mut Page, name: &str, value: fn(&ModemView) -> Option<f64>) {
        page.head(name, "gauge");
        for modem in &self.modems {
            if let Some(value) = value(modem) {
                let labels = [("pool", modem.pool.as_str()), ("modem", &modem.modem)];
                page.row(name, &labels, value);
            }
        }
        page.end();
    }

    fn counter(
        &self,
        page: &mut Page,
        name: &str,
        label: &str,
        values: fn(&ModemCounts) -> Vec<(&'static str, u64)>,
    ) {
        page.head(name, "counter");
        for modem in &self.modems {
            for (text, count) in values(&modem.counts) {
                let labels = [
                    ("pool", modem.pool.as_str()),
                    ("modem", &modem.modem),
                    (label, text),
                ];
                page.row(name, &labels, count as f64);
            }
        }
        page.end();
    }
}

fn by_state<const STATES: usize>(
    page: &mut Page,
    name: &str,
    words: &[&str; STATES],
    pools: &BTreeMap<&str, [f64; STATES]>,
) {
    page.head(name, "gauge");
    for (pool, counts) in pools {
        for (state, count) in words.iter().zip(counts) {
            page.row(name, &[("pool", pool), ("state", state)], *count);
        }
    }
    page.end();
}

fn sim_state(sim: &SimView) -> &'static str {
    match sim.rest {
        None | Some("minute") => "ready",
        Some("hour" | "day" | "month" | "recipients") => "capped",
        Some("turn") => "resting",
        Some("suspected") => "suspected",
        Some(_) => "off",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn modem(pool: &str, name: &str, state: &'static str) -> ModemView {
        ModemView {
            pool: pool.to_owned(),
            modem: name.to_owned(),
            state,
            ..ModemView::default()
        }
    }

    fn shown(modems: Vec<ModemView>) -> String {
        let mut page = Page::default();
        let all = Modems {
            modems,
            sims: Vec::new(),
            book: BookCounts::default(),
        };
        all.write(&mut page);
        page.into_text()
    }

    #[test]
    fn a_node_without_modems_says_nothing_of_them() {
        assert_eq!(shown(Vec::new()), "");
    }

    #[test]
    fn modems_are_counted_by_pool_and_state_and_what_is_not_known_is_absent() {
        let mut third = modem("other", "c", "up");
        third.signal_dbm = Some(-71);
        third.counts.steps = [1, 2, 3, 4, 5, 6, 7];
        let page = shown(vec![
            modem("rack", "a", "up"),
            modem("rack", "b", "down"),
            third,
        ]);
        for row in [
            "carrack_modems{pool=\"rack\",state=\"up\"} 1\n",
            "carrack_modems{pool=\"rack\",state=\"down\"} 1\n",
            "carrack_modems{pool=\"other\",state=\"down\"} 0\n",
            "carrack_sims{pool=\"rack\",state=\"ready\"} 0\n",
            "carrack_modem_signal_dbm{pool=\"other\",modem=\"c\"} -71\n",
            "carrack_modem_steps_total{pool=\"other\",modem=\"c\",step=\"resync\"} 1\n",
            "carrack_modem_steps_total{pool=\"other\",modem=\"c\",step=\"out\"} 7\n",
        ] {
            assert!(page.contains(row), "{row} {page}");
        }
        assert!(!page.contains("carrack_modem_signal_dbm{pool=\"rack\""));
        assert!(!page.contains("carrack_modem_storage_used{"));
    }

    #[test]
    fn every_metric_has_its_help_and_each_name_once() {
        let page = shown(vec![modem("rack", "a", "up")]);
        let heads = page.lines().filter_map(|line| line.strip_prefix("# HELP "));
        let mut heads: Vec<&str> = heads.collect();
        let has_help = |head: &&str| {
            head.split_once(' ')
                .is_some_and(|(_, help)| help.len() > 20)
        };
        assert!(heads.iter().all(has_help), "{heads:?}");
        let count = heads.len();
        heads.sort_unstable();
        heads.dedup();
        assert_eq!((heads.len(), count), (15, 15));
    }
}
