//! Receipts that are too good to be true (trap P05): said once when the suspicion comes, and once when it goes.
//!
//! Bound: so many networks are named at a time; the others are counted.

use carrack_message::Network;
use carrack_routing::quality::{CarrierQuality, Quality};
use carrack_telemetry::names;

use super::Carrier;

/// Networks that are named at a time.
const NAMED_MAX: usize = 10;

fn is_suspected(quality: &CarrierQuality, network: Network) -> bool {
    quality
        .networks
        .get(&network)
        .is_some_and(|quality| quality.suspected)
}

/// Networks suspected in the first and not in the second.
fn only_in<'a>(
    one: &'a CarrierQuality,
    other: &CarrierQuality,
) -> impl Iterator<Item = (Network, &'a Quality)> {
    one.networks
        .iter()
        .filter(move |(network, quality)| quality.suspected && !is_suspected(other, **network))
        .map(|(network, quality)| (*network, quality))
}

impl Carrier {
    /// Tells people what has changed of it.
    pub(super) fn note_suspicion(&mut self, before: &CarrierQuality, now: &CarrierQuality) {
        let carrier = self.name.as_str();
        let mut more = 0u32;
        for (place, (network, quality)) in only_in(now, before).enumerate() {
            self.stats.suspicions += 1;
            if place >= NAMED_MAX {
                more += 1;
                continue;
            }
            tracing::warn!(
                carrier,
                network = %network,
                messages = quality.ended,
                delivered_percent = f64::from(quality.delivered_permille) / 10.0,
                receipt_ms_p95 = quality.receipt_ms_p95,
                "receipts are too quick and too good to be of handsets: send to handsets of your own there, compare, and ask the carrier"
            );
        }
        if more > 0 {
            tracing::warn!(carrier, more, "receipts of more networks are suspected");
        }
        let mut cleared = only_in(before, now).map(|(network, _)| network.to_string());
        let named: Vec<String> = cleared.by_ref().take(NAMED_MAX).collect();
        if !named.is_empty() {
            let (more, networks) = (cleared.count(), named.join(", "));
            tracing::info!(
                carrier,
                networks,
                more,
                "receipts are not suspected any more"
            );
        }
        let suspected = now.networks.values().filter(|quality| quality.suspected);
        metrics::gauge!(names::NETWORKS_SUSPECTED, "carrier" => self.name.clone())
            .set(suspected.count() as f64);
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn of(networks: &[(&str, bool)]) -> CarrierQuality {
        let mut quality = CarrierQuality::default();
        for (network, suspected) in networks {
            let one = Quality {
                suspected: *suspected,
                ..Quality::default()
            };
            quality.networks.insert(network.parse().unwrap(), one);
        }
        quality
    }

    #[test]
    fn only_what_changes_is_told() {
        let before = of(&[("234-15", true), ("234-20", false), ("208-01", true)]);
        let now = of(&[("234-15", true), ("234-20", true)]);
        let told: Vec<_> = only_in(&now, &before)
            .map(|(network, _)| network.to_string())
            .collect();
        assert_eq!(told, ["234-20"]);
        let cleared: Vec<_> = only_in(&before, &now)
            .map(|(network, _)| network.to_string())
            .collect();
        assert_eq!(
            cleared,
            ["208-01"],
            "one of which nothing is known any more is not suspected"
        );
        assert_eq!(only_in(&now, &now).count(), 0);
    }
}
