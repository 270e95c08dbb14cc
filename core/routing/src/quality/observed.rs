//! What the owner of a carrier sees of it, and what of that is made public.

use std::sync::Arc;

use carrack_message::{Class, Network};
use rustc_hash::FxHashMap;

use super::published::{CarrierQuality, PERMILLE, Quality};
use super::window::{Counts, Halves, SLICES, Window};

/// How quality is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// What is looked back at, nanoseconds.
    pub window_ns: u64,
    /// A share is made public when it has changed by more than so many of a thousand.
    pub hysteresis_permille: u16,
    /// What a carrier of which nothing is known is believed to deliver.
    pub expected_permille: u16,
    /// What was known before weighs like so many messages.
    pub prior_weight: u32,
    /// From so many messages on they say alone what is known.
    pub settled_by: u32,
    /// Pairs of network and class that are told apart.
    pub cells_max: usize,
    /// Receipts of delivery that come within this time, nearly all of them, are no receipts of handsets, milliseconds.
    pub suspicious_receipt_ms: u32,
    /// Messages that it takes to suspect.
    pub suspicious_min: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            window_ns: 600_000_000_000,
            hysteresis_permille: 30,
            expected_permille: 950,
            prior_weight: 50,
            settled_by: 300,
            cells_max: 4096,
            suspicious_receipt_ms: 300,
            suspicious_min: 200,
        }
    }
}

/// Handsets are off, full and gone: a carrier that delivers more than this to all of them invents receipts.
const SUSPICIOUS_PERMILLE: u32 = 998;

type CellKey = (Network, Class);

/// What the owner of a carrier sees of it.
#[derive(Debug)]
pub struct Observed {
    rules: Rules,
    cells: FxHashMap<CellKey, Window>,
    /// What came beyond the bound.
    rest: Window,
    slice: u64,
    public: Arc<CarrierQuality>,
    changed: bool,
}

impl Observed {
    /// Nothing seen yet.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            cells: FxHashMap::default(),
            rest: Window::default(),
            slice: 0,
            public: Arc::default(),
            changed: false,
        }
    }

    /// What is public now.
    #[must_use]
    pub fn public(&self) -> Arc<CarrierQuality> {
        Arc::clone(&self.public)
    }

    fn note(&mut self, now_ns: u64, cell: CellKey, what: impl FnOnce(&mut Counts, &mut Halves)) {
        self.slice = now_ns / (self.rules.window_ns / SLICES as u64).max(1);
        let full = self.cells.len() >= self.rules.cells_max;
        let window = match full && !self.cells.contains_key(&cell) {
            true => &mut self.rest,
            false => self.cells.entry(cell).or_default(),
        };
        window.move_to(self.slice);
        if let Some((counts, half)) = window.now() {
            what(counts, half);
        }
        self.changed = true;
    }

    /// A submit was taken, so long after it was sent.
    pub fn accepted(&mut self, now_ns: u64, network: Network, class: Class, latency_ms: u64) {
        self.note(now_ns, (network, class), |counts, half| {
            counts.accepted = counts.accepted.saturating_add(1);
            half.response.note(latency_ms);
        });
    }

    /// A submit was refused or not answered.
    pub fn refused(&mut self, now_ns: u64, network: Network, class: Class) {
        self.note(now_ns, (network, class), |counts, _| {
            counts.refused = counts.refused.saturating_add(1);
        });
    }

    /// A message's end came, so long after it was taken.
    pub fn ended(
        &mut self,
        now_ns: u64,
        network: Network,
        class: Class,
        delivered: bool,
        latency_ms: u64,
    ) {
        self.note(now_ns, (network, class), |counts, half| {
            let count = match delivered {
                true => &mut counts.delivered,
                false => &mut counts.failed,
            };
            *count = count.saturating_add(1);
            half.receipt.note(latency_ms);
        });
    }

    /// A message's receipt did not come in the time it has.
    pub fn missing(&mut self, now_ns: u64, network: Network, class: Class) {
        self.note(now_ns, (network, class), |counts, _| {
            counts.missing = counts.missing.saturating_add(1);
        });
    }

    /// What is to be known now; `None` where nothing has changed. To be called now and then, such as once a second: it
    /// looks at every cell.
    pub fn publish(&mut self, now_ns: u64) -> Option<Arc<CarrierQuality>> {
        let slice = now_ns / (self.rules.window_ns / SLICES as u64).max(1);
        if !self.changed && slice == self.slice {
            return None;
        }
        (self.slice, self.changed) = (slice, false);
        let mut sums: FxHashMap<Network, (Counts, Halves)> = FxHashMap::default();
        let mut all = (Counts::default(), Halves::default());
        let mut next = CarrierQuality::default();
        self.rest.move_to(slice);
        add(&mut all, &(self.rest.counts(), self.rest.latencies()));
        for (cell, window) in &mut self.cells {
            window.move_to(slice);
            let seen = (window.counts(), window.latencies());
            add(sums.entry(cell.0).or_default(), &seen);
            add(&mut all, &seen);
            let before = self.public.cells.get(cell);
            let quality = quality(&self.rules, &self.public, before, &seen);
            next.cells.insert(*cell, quality);
        }
        for (network, seen) in &sums {
            let before = self.public.networks.get(network);
            let quality = quality(&self.rules, &self.public, before, seen);
            next.networks.insert(*network, quality);
        }
        next.overall = quality(&self.rules, &self.public, Some(&self.public.overall), &all);
        self.forget_idle();
        self.public = Arc::new(next);
        Some(Arc::clone(&self.public))
    }

    /// Room for others: cells of which nothing came for a window. What is public of them stays until the next time.
    fn forget_idle(&mut self) {
        if self.cells.len() * 2 > self.rules.cells_max {
            self.cells
                .retain(|_, window| window.counts() != Counts::default());
        }
    }
}

fn add(sum: &mut (Counts, Halves), seen: &(Counts, Halves)) {
    sum.0.add(&seen.0);
    sum.1.response.add(&seen.1.response);
    sum.1.receipt.add(&seen.1.receipt);
}

/// What is made public of what was seen, by what was public before.
fn quality(
    rules: &Rules,
    public: &CarrierQuality,
    before: Option<&Quality>,
    (counts, latencies): &(Counts, Halves),
) -> Quality {
    let known = before.filter(|before| before.delivered_permille > 0 || before.ended > 0);
    let settled = |quality: &Quality| Some(quality.settled_permille).filter(|share| *share > 0);
    // Not what was published last: the messages of this window would be counted each time anew.
    let prior = known
        .and_then(settled)
        .or_else(|| settled(&public.overall))
        .unwrap_or(rules.expected_permille);
    let seen = share(counts.delivered, counts.ended(), prior, rules.prior_weight);
    let settled_permille = match counts.ended() >= rules.settled_by {
        true => seen.max(1),
        false => known.map_or(0, |before| before.settled_permille),
    };
    let delivered_permille = match known {
        Some(before) if before.delivered_permille.abs_diff(seen) <= rules.hysteresis_permille => {
            before.delivered_permille
        }
        _ => seen,
    };
    let answered = counts.accepted.saturating_add(counts.refused);
    let at = |latencies: &super::Latencies, permille| latencies.at_permille(permille).unwrap_or(0);
    let receipt_ms_p95 = at(&latencies.receipt, 950);
    let invented = u64::from(counts.delivered) * 1000
        >= u64::from(counts.ended()) * u64::from(SUSPICIOUS_PERMILLE);
    Quality {
        delivered_permille,
        settled_permille,
        ended: counts.ended(),
        accepted_permille: share(counts.accepted, answered, PERMILLE, 0),
        answered,
        response_ms_p50: at(&latencies.response, 500),
        response_ms_p95: at(&latencies.response, 950),
        receipt_ms_p50: at(&latencies.receipt, 500),
        receipt_ms_p95,
        suspected: counts.ended() >= rules.suspicious_min
            && invented
            && receipt_ms_p95 <= rules.suspicious_receipt_ms,
    }
}

/// So many of so many in thousandths, `weight` of them as `prior` says.
fn share(part: u32, whole: u32, prior: u16, weight: u32) -> u16 {
    let whole = u64::from(whole) + u64::from(weight);
    if whole == 0 {
        return prior;
    }
    let part = u64::from(part) * 1000 + u64::from(prior) * u64::from(weight);
    u16::try_from((part + whole / 2) / whole).map_or(PERMILLE, |share| share.min(PERMILLE))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn one() -> Network {
        "234-15".parse().unwrap()
    }

    fn ends(observed: &mut Observed, now_ns: u64, delivered: u32, failed: u32) {
        for (delivered, count) in [(true, delivered), (false, failed)] {
            for _ in 0..count {
                observed.ended(now_ns, one(), Class::Bulk, delivered, 2_000);
            }
        }
    }

    #[test]
    fn a_share_is_believed_as_far_as_there_are_messages() {
        let mut observed = Observed::new(Rules::default());
        ends(&mut observed, 0, 0, 1);
        let public = observed.publish(0).unwrap();
        let few = public.of(one(), Class::Bulk, 1).delivered_permille;
        assert!((890..950).contains(&few), "{few}");
        ends(&mut observed, SECOND_NS, 600, 399);
        let public = observed.publish(SECOND_NS).unwrap();
        let many = public.of(one(), Class::Bulk, 1).delivered_permille;
        assert!((590..630).contains(&many), "{many}");
    }

    #[test]
    fn small_changes_are_not_made_public() {
        let mut observed = Observed::new(Rules::default());
        ends(&mut observed, 0, 900, 100);
        let first = observed.publish(0).unwrap().overall.delivered_permille;
        ends(&mut observed, SECOND_NS, 880, 120);
        let second = observed.publish(SECOND_NS).unwrap();
        assert_eq!(second.overall.delivered_permille, first);
        ends(&mut observed, 2 * SECOND_NS, 0, 1000);
        let third = observed.publish(2 * SECOND_NS).unwrap();
        assert!(third.overall.delivered_permille < first - 200);
    }

    #[test]
    fn what_was_known_stays_when_the_window_has_passed() {
        let rules = Rules::default();
        let mut observed = Observed::new(rules);
        ends(&mut observed, 0, 300, 700);
        let poor = observed
            .publish(0)
            .unwrap()
            .of(one(), Class::Bulk, 50)
            .delivered_permille;
        let later = observed.publish(2 * rules.window_ns).unwrap();
        let cell = later.of(one(), Class::Bulk, 0);
        assert_eq!((cell.delivered_permille, cell.ended), (poor, 0));
    }

    #[test]
    fn other_networks_do_not_suffer() {
        let other: Network = "234-20".parse().unwrap();
        let mut observed = Observed::new(Rules::default());
        ends(&mut observed, 0, 100, 900);
        for _ in 0..1000 {
            observed.ended(0, other, Class::Bulk, true, 2_000);
        }
        let public = observed.publish(0).unwrap();
        assert!(public.of(one(), Class::Bulk, 50).delivered_permille < 200);
        assert!(public.of(other, Class::Bulk, 50).delivered_permille > 980);
    }

    #[test]
    fn beyond_the_bound_only_the_carrier_is_known() {
        let mut observed = Observed::new(Rules {
            cells_max: 1,
            ..Rules::default()
        });
        ends(&mut observed, 0, 10, 0);
        let other: Network = "234-20".parse().unwrap();
        observed.ended(0, other, Class::Bulk, true, 5);
        let public = observed.publish(0).unwrap();
        assert_eq!(public.cells.len(), 1);
        assert_eq!(public.overall.ended, 11);
    }

    #[test]
    fn receipts_too_quick_and_too_good_are_suspected() {
        let mut observed = Observed::new(Rules::default());
        for _ in 0..1000 {
            observed.ended(0, one(), Class::Bulk, true, 20);
        }
        assert!(observed.publish(0).unwrap().overall.suspected);
        let mut honest = Observed::new(Rules::default());
        ends(&mut honest, 0, 1000, 0);
        assert!(!honest.publish(0).unwrap().overall.suspected);
    }

    #[test]
    fn nothing_new_is_not_published_twice() {
        let mut observed = Observed::new(Rules::default());
        ends(&mut observed, 0, 1, 0);
        assert!(observed.publish(0).is_some());
        assert!(observed.publish(1).is_none());
    }
}
