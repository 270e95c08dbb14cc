//! A shard's part of the node's snapshot.

use carrack_carrier::{Link, LinkState};
use carrack_message::carrier_id::IdTransform;
use carrack_throttle::DayCap;
use hdrhistogram::Histogram;

use super::{Carrier, Shard};
use crate::shared::Health;
use crate::snapshot::{CarrierSnapshot, LaneSnapshot, LinkSnapshot, Networks, ShardSnapshot};

impl Shard {
    pub(super) fn view(&self) -> ShardSnapshot {
        let carriers = self.owned.iter().filter_map(|place| {
            let carrier = self.carriers.get(place)?;
            Some((*place, view_carrier(carrier, self.shared.health(*place))))
        });
        let lanes = self
            .lanes
            .iter()
            .filter(|lane| lane.waiting() > 0)
            .map(|lane| LaneSnapshot {
                carriers: self
                    .plans
                    .carriers(lane.key.plan)
                    .iter()
                    .filter_map(|place| self.directory.carrier(*place))
                    .map(|entry| entry.name.clone())
                    .collect(),
                class: lane.key.class.name(),
                waiting: lane.waiting(),
            });
        ShardSnapshot {
            untold: self.outbox.waiting(),
            receipts_parked: self.early.len(),
            receipts_awaited: self.correlation.len(),
            carriers: carriers.collect(),
            lanes: lanes.collect(),
            limits: self.waiting_by_limit(),
        }
    }
}

fn view_carrier(carrier: &Carrier, health: Health) -> CarrierSnapshot {
    let stats = &carrier.stats;
    let seen = carrier.observed.public();
    let at = |histogram: &Option<Histogram<u64>>, quantile: f64, unit: f64| {
        histogram.as_ref().map_or(0.0, |histogram| {
            histogram.value_at_quantile(quantile) as f64 / unit
        })
    };
    CarrierSnapshot {
        name: carrier.name.clone(),
        health: health.name(),
        paused: health == Health::Paused,
        links: carrier
            .links
            .iter()
            .map(|link| view_link(link.as_ref()))
            .collect(),
        rate: carrier.throttle.rate(),
        rate_max: carrier.throttle.nominal(),
        day_cap: carrier.cap.as_ref().map(DayCap::cap),
        day_used: carrier.cap.as_ref().map(DayCap::used),
        quality: seen.overall,
        networks: Networks(seen),
        errors: carrier.errors.shown(),
        segments_sent: stats.segments_sent,
        segments_accepted: stats.segments_accepted,
        segments_refused: stats.segments_refused,
        segments_throttled: stats.segments_throttled,
        segments_uncertain: stats.segments_uncertain,
        segments_untracked: stats.segments_untracked,
        segments_doubled: stats.segments_doubled,
        slots_given_early: stats.slots_given_early,
        destination_full: stats.destination_full,
        account_faults: stats.account_faults,
        account_fault: carrier.account_fault,
        messages_delivered: stats.messages_delivered,
        messages_failed: stats.messages_failed,
        receipts_matched: stats.receipts_matched,
        receipts_early: stats.receipts_early,
        receipts_unmatched: stats.receipts_unmatched,
        receipts_ambiguous: stats.receipts_ambiguous,
        receipts_by_number: stats.receipts_by_number,
        receipts_again: stats.receipts_again,
        queries_sent: stats.queries_sent,
        receipt_ids: IdTransform::ALL.map(|transform| carrier.ids.learning.matched(transform)),
        profile_proposal: carrier.ids.proposal(),
        cost_micros: stats.cost_micros,
        response_ms_p50: at(&stats.response_us, 0.5, 1000.0),
        response_ms_p99: at(&stats.response_us, 0.99, 1000.0),
        receipt_ms_p50: at(&stats.receipt_ms, 0.5, 1.0),
        receipt_ms_p99: at(&stats.receipt_ms, 0.99, 1.0),
    }
}

fn view_link(link: &dyn Link) -> LinkSnapshot {
    let state = match link.state() {
        LinkState::Down => "down",
        LinkState::Connecting => "connecting",
        LinkState::Up => "up",
        LinkState::Closing => "closing",
        LinkState::Refused => "refused",
    };
    LinkSnapshot {
        state,
        in_flight: link.in_flight(),
        window: link.window(),
    }
}
