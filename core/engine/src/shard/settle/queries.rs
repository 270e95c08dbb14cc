//! Questions about parts whose receipt is missing (`query_sm`): few, spaced, and only where the window has room to spare.

use carrack_carrier::{LinkState, SubmitRefused};
use carrack_message::{ReceiptState, Sender};
use carrack_routing::OnNoResponse;
use carrack_runtime::Now;

use super::receipts::{How, Report};
use crate::shard::Shard;
use crate::shard::live::{Key, SegmentState};
use crate::shard::numbers::Numbers;

/// Questions about one part; each waits twice as long as the one before.
const QUERIES_MAX: u8 = 3;
/// When a missing receipt is asked for where the policy is to ask and the carrier has no time of its own.
const QUERY_AFTER_NS: u64 = 300_000_000_000;

impl Shard {
    /// After what time a missing receipt of a message is asked for; `None`: never.
    pub(in crate::shard) fn query_after_ns(&self, key: Key, place: u16) -> Option<u64> {
        let rules = &self.carriers.get(&place)?.rules;
        rules.receipt_query_after_ns.or_else(|| {
            let asks = self.policy(key, Some(place)) == OnNoResponse::Query;
            asks.then_some(QUERY_AFTER_NS)
        })
    }

    /// Asks about the parts of a message that are overdue, within a budget.
    pub(in crate::shard) fn ask(&mut self, now: Now, key: Key, budget: &mut u32) {
        let Some(place) = self.live.get(key).and_then(|live| live.carrier) else {
            return;
        };
        let Some(after_ns) = self.query_after_ns(key, place) else {
            return;
        };
        let Some((live, carrier)) = self.live.get_mut(key).zip(self.carriers.get_mut(&place))
        else {
            return;
        };
        let Some(Ok(from)) = live.from.as_deref().map(Sender::parse) else {
            return;
        };
        for (part, segment) in (0..=u8::MAX).zip(&mut live.segments) {
            let SegmentState::Submitted { at_ns } = segment.state else {
                continue;
            };
            let wait_ns = after_ns.saturating_mul(1 << segment.queries.min(QUERIES_MAX));
            if *budget == 0
                || segment.carrier_id.is_empty()
                || segment.queries >= QUERIES_MAX
                || now.mono_ns.saturating_sub(at_ns) < wait_ns
            {
                continue;
            }
            let roomy = carrier.link_where(|link| {
                link.state() == LinkState::Up && link.free_slots() > link.window() / 2
            });
            let Some(link) = roomy.and_then(|link| carrier.links.get_mut(link)) else {
                return;
            };
            match link.query(now, key.ticket(part), &segment.carrier_id, &from) {
                Ok(()) => {
                    segment.queries += 1;
                    carrier.stats.queries_sent += 1;
                    *budget -= 1;
                }
                Err(SubmitRefused::NotNow) => return,
                Err(SubmitRefused::Unwritable) => segment.queries = QUERIES_MAX,
            }
        }
    }

    /// The carrier answered a question. That it does not know is no news.
    pub(in crate::shard) fn queried(
        &mut self,
        now: Now,
        place: u16,
        ticket: u64,
        state: Option<ReceiptState>,
        error: u32,
    ) {
        let (key, segment) = Key::of_ticket(ticket);
        let Some(state) = state.filter(|state| {
            state.is_final() && !matches!(state, ReceiptState::Unknown | ReceiptState::Skipped)
        }) else {
            return;
        };
        let waits = self.live.get(key).is_some_and(|live| {
            let found = live.segments.get(usize::from(segment));
            live.carrier == Some(place)
                && found.is_some_and(|found| matches!(found.state, SegmentState::Submitted { .. }))
        });
        if waits {
            let numbers = Numbers::default();
            let report = Report {
                state,
                error,
                numbers,
            };
            self.receipt_matched(now, place, key, segment, report, How::Asked);
        }
    }
}
