//! The page of `/metrics`: what was recorded, and how carriers stand when it is read.
//!
//! Promise: a series of a network is there while the network is among those shown of its carrier, and gone after: the
//! recorder keeps every series for ever, so these do not go through it. Bound: [`NETWORKS_SHOWN_MAX`] networks a carrier.

use std::fmt::Write;
use std::sync::Arc;

use carrack_engine::{Engine, NETWORKS_SHOWN_MAX};
use carrack_ingest::http::MetricsPage;
use carrack_ingest::loop_probe::{ProbeBoard, ProbeOutcome, ProbeView, ProbesShown};
use carrack_lookup::Counts;
use carrack_routing::CarrierHealth;
use carrack_routing::quality::{CarrierQuality, PERMILLE, Quality};
use carrack_telemetry::names;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::modems::Rack;
use crate::register::Hlr;

/// Words of a carrier's state, each a series.
const STATES: [(CarrierHealth, &str); 5] = [
    (CarrierHealth::Up, "up"),
    (CarrierHealth::Down, "down"),
    (CarrierHealth::Paused, "paused"),
    (CarrierHealth::Refusing, "refusing"),
    (CarrierHealth::Capped, "capped"),
];

/// What gives the page.
pub(crate) fn page(
    recorded: PrometheusHandle,
    engine: Engine,
    register: Option<Arc<Hlr>>,
    probes: ProbeBoard,
) -> MetricsPage {
    Arc::new(move || {
        let mut page = Page(recorded.render());
        page.carriers(&carriers(&engine));
        if let Some(register) = &register {
            page.register(&register.counts());
        }
        page.loop_probes(&probes.shown(0));
        page.0
    })
}

/// The page with the modems of a node behind it, where it has any.
pub(crate) fn with_modems(page: MetricsPage, rack: Option<Arc<Rack>>) -> MetricsPage {
    let Some(rack) = rack else {
        return page;
    };
    Arc::new(move || {
        let mut page = Page(page());
        rack.measured().write(&mut page);
        page.0
    })
}

/// A carrier at this moment.
struct Carrier {
    name: String,
    health: CarrierHealth,
    quality: CarrierQuality,
}

fn carriers(engine: &Engine) -> Vec<Carrier> {
    let (table, quality) = (engine.table(), engine.quality());
    let places = (0u16..).zip(table.carriers());
    places
        .map(|(place, row)| Carrier {
            name: row.name.clone(),
            health: engine.health(place),
            quality: quality.carrier(place).cloned().unwrap_or_default(),
        })
        .collect()
}

/// The page as far as it is written.
#[derive(Default)]
pub(crate) struct Page(String);

impl Page {
    #[cfg(test)]
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    pub(crate) fn head(&mut self, name: &str, kind: &str) {
        let found = names::HELP.iter().find(|(known, _)| *known == name);
        let help = found.map_or("", |(_, help)| help.trim());
        // Nothing fails that writes into a text.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    pub(crate) fn row(&mut self, name: &str, labels: &[(&str, &str)], value: f64) {
        self.0.push_str(name);
        for (place, (label, text)) in labels.iter().enumerate() {
            let text = escaped(text);
            let before = if place == 0 { '{' } else { ',' };
            let _ = write!(self.0, "{before}{label}=\"{text}\"");
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    pub(crate) fn end(&mut self) {
        self.0.push('\n');
    }

    fn carriers(&mut self, carriers: &[Carrier]) {
        self.head(names::CARRIER_STATE, "gauge");
        for carrier in carriers {
            for (health, state) in STATES {
                let is = f64::from(u8::from(carrier.health == health));
                let labels = [("carrier", carrier.name.as_str()), ("state", state)];
                self.row(names::CARRIER_STATE, &labels, is);
            }
        }
        self.end();
        self.overall(carriers, names::DELIVERED_SHARE, |quality| {
            (quality.ended > 0).then(|| share(quality.delivered_permille))
        });
        self.overall(carriers, names::ACCEPTED_SHARE, |quality| {
            (quality.answered > 0).then(|| share(quality.accepted_permille))
        });
        self.latencies(carriers, names::RESPONSE_SECONDS, |quality| {
            [quality.response_ms_p50, quality.response_ms_p95]
        });
        self.latencies(carriers, names::RECEIPT_SECONDS, |quality| {
            [quality.receipt_ms_p50, quality.receipt_ms_p95]
        });
        self.networks(carriers, names::NETWORK_DELIVERED_SHARE, |quality| {
            (quality.ended > 0).then(|| share(quality.delivered_permille))
        });
        self.networks(carriers, names::NETWORK_MESSAGES, |quality| {
            Some(f64::from(quality.ended))
        });
        self.networks(carriers, names::NETWORK_SUSPECTED, |quality| {
            Some(f64::from(u8::from(quality.suspected)))
        });
    }

    fn overall(&mut self, of: &[Carrier], name: &str, value: fn(&Quality) -> Option<f64>) {
        self.head(name, "gauge");
        for carrier in of {
            if let Some(value) = value(&carrier.quality.overall) {
                self.row(name, &[("carrier", &carrier.name)], value);
            }
        }
        self.end();
    }

    fn latencies(&mut self, of: &[Carrier], name: &str, both: fn(&Quality) -> [u32; 2]) {
        self.head(name, "gauge");
        for carrier in of {
            // A latency is never 0: it is the end of a bucket.
            let both = ["0.5", "0.95"]
                .into_iter()
                .zip(both(&carrier.quality.overall));
            for (quantile, ms) in both.filter(|(_, ms)| *ms > 0) {
                let labels = [("carrier", carrier.name.as_str()), ("quantile", quantile)];
                self.row(name, &labels, f64::from(ms) / 1000.0);
            }
        }
        self.end();
    }

    fn networks(&mut self, of: &[Carrier], name: &str, value: fn(&Quality) -> Option<f64>) {
        self.head(name, "gauge");
        for carrier in of {
            for (network, quality) in carrier.quality.busiest(NETWORKS_SHOWN_MAX) {
                if let Some(value) = value(quality) {
                    let network = network.to_string();
                    let labels = [("carrier", carrier.name.as_str()), ("network", &network)];
                    self.row(name, &labels, value);
                }
            }
        }
        self.end();
    }

    fn register(&mut self, counts: &Counts) {
        let questions = [
            ("remembered", counts.remembered),
            ("joined", counts.joined),
            ("full", counts.full),
            ("over_budget", counts.over_budget),
            ("ledger_failed", counts.ledger_failed),
            ("spared", counts.spared),
            ("too_late", counts.too_late),
        ];
        self.counter(names::HLR_QUESTIONS, "answer", &questions);
        let requests = [("answered", counts.answered), ("failed", counts.failed)];
        self.counter(names::HLR_REQUESTS, "result", &requests);
        self.head(names::HLR_WAITING, "gauge");
        self.row(names::HLR_WAITING, &[], counts.waiting as f64);
        self.end();
        self.head(names::HLR_SPENT, "gauge");
        let spent = counts.spent_today.0 as f64 / 1e6;
        self.row(names::HLR_SPENT, &[], spent);
        self.end();
    }

    /// Nothing where there are no probes.
    fn loop_probes(&mut self, shown: &ProbesShown) {
        let probes = &shown.loop_probes;
        if probes.is_empty() {
            return;
        }
        self.head(names::LOOP_PROBES, "counter");
        for probe in probes {
            let sums = &probe.sums;
            let outcomes = ProbeOutcome::ALL.iter();
            let outcomes = outcomes.map(|outcome| (outcome.name(), sums.of(*outcome)));
            let others = [
                ("not_sent", sums.not_sent),
                ("late", sums.late),
                ("ends_late", sums.ends_late),
                ("repeated", sums.repeated),
            ];
            for (outcome, count) in outcomes.chain(others) {
                self.probe(
                    names::LOOP_PROBES,
                    probe,
                    Some(("outcome", outcome)),
                    count as f64,
                );
            }
        }
        self.end();
        self.head(names::LOOP_PROBE_ALERT, "gauge");
        for probe in probes {
            let alert = f64::from(u8::from(probe.alert));
            self.probe(names::LOOP_PROBE_ALERT, probe, None, alert);
        }
        self.end();
        self.last_loop_probes(probes);
        self.head(names::LOOP_PROBE_STRAYS, "counter");
        self.row(names::LOOP_PROBE_STRAYS, &[], shown.strays as f64);
        self.end();
    }

    fn last_loop_probes(&mut self, probes: &[ProbeView]) {
        self.head(names::LOOP_PROBE_SECONDS, "gauge");
        for (probe, last) in probes.iter().filter_map(|p| Some((p, p.results.first()?))) {
            let steps = [
                ("response", last.response_ms),
                ("receipt", last.receipt_ms),
                ("return", last.return_ms),
            ];
            for (step, ms) in steps {
                let Some(ms) = ms else { continue };
                let seconds = ms as f64 / 1000.0;
                self.probe(
                    names::LOOP_PROBE_SECONDS,
                    probe,
                    Some(("step", step)),
                    seconds,
                );
            }
        }
        self.end();
    }

    fn probe(&mut self, name: &str, of: &ProbeView, more: Option<(&str, &str)>, value: f64) {
        let labels = [
            ("probe", of.name.as_str()),
            ("carrier", of.carrier.as_str()),
        ];
        let labels: Vec<(&str, &str)> = labels.into_iter().chain(more).collect();
        self.row(name, &labels, value);
    }

    fn counter(&mut self, name: &str, label: &str, values: &[(&str, u64)]) {
        self.head(name, "counter");
        for (text, value) in values {
            self.row(name, &[(label, text)], *value as f64);
        }
        self.end();
    }
}

fn share(permille: u16) -> f64 {
    f64::from(permille) / f64::from(PERMILLE)
}

/// A label's text as the page's format has it.
fn escaped(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"");
    text.replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use carrack_message::Network;

    use super::*;

    fn carrier(networks: u16) -> Carrier {
        let mut quality = CarrierQuality::default();
        for code in 0..networks {
            let network: Network = format!("310-{code:03}").parse().unwrap();
            let one = Quality {
                delivered_permille: 875,
                ended: 10 + u32::from(code),
                ..Quality::default()
            };
            quality.networks.insert(network, one);
        }
        quality.overall.response_ms_p95 = 250;
        Carrier {
            name: "no\"rth".to_owned(),
            health: CarrierHealth::Capped,
            quality,
        }
    }

    fn shown(carrier: Carrier) -> String {
        let mut page = Page(String::new());
        page.carriers(&[carrier]);
        page.0
    }

    #[test]
    fn a_page_has_the_busiest_networks_and_no_more() {
        let page = shown(carrier(60));
        let rows = page
            .lines()
            .filter(|line| line.starts_with("carrack_network_messages{"));
        assert_eq!(rows.count(), NETWORKS_SHOWN_MAX);
        assert!(
            page.contains(
                "carrack_network_messages{carrier=\"no\\\"rth\",network=\"310-059\"} 69\n"
            )
        );
        assert!(page.contains(
            "carrack_network_delivered_share{carrier=\"no\\\"rth\",network=\"310-059\"} 0.875\n"
        ));
        assert!(!page.contains("310-009"), "others have more");
    }

    #[test]
    fn one_state_is_1_and_what_is_not_known_is_absent() {
        let page = shown(carrier(0));
        let is = |state: &str, value: u8| {
            let row = format!(
                "carrack_carrier_state{{carrier=\"no\\\"rth\",state=\"{state}\"}} {value}\n"
            );
            page.contains(&row)
        };
        assert!(is("capped", 1) && is("up", 0) && is("down", 0));
        assert!(!page.contains("carrack_carrier_delivered_share{"));
        assert!(!page.contains("quantile=\"0.5\""));
        assert!(page.contains("quantile=\"0.95\"} 0.25\n"));
    }

    #[test]
    fn every_metric_has_its_help_and_each_name_once() {
        let page = shown(carrier(1));
        let mut heads: Vec<&str> = page
            .lines()
            .filter_map(|line| line.strip_prefix("# HELP "))
            .collect();
        assert!(
            heads.iter().all(|head| head
                .split_once(' ')
                .is_some_and(|(_, help)| help.len() > 20)),
            "{heads:?}"
        );
        let count = heads.len();
        heads.dedup();
        assert_eq!((heads.len(), count), (8, 8));
    }
}
