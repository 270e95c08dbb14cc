//! Shows the shadow what became of new messages.
//!
//! Promise: a message is shown once, when it is accepted or refused for want of a route; what has to come again (a full
//! queue, another row of its chunk) is shown when it comes again. Bound: one chunk of copies.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use carrack_routing::{Choice, Policy};
use carrack_runtime::Now;

use super::Shard;
use crate::shadow::{Seen, SeenWay, ShadowDoor};
use crate::submission::{Refusal, Submission, Verdict};

/// What a shard has to do with a shadow.
#[derive(Debug, Default)]
pub(super) struct Shadowing {
    door: Option<Arc<ShadowDoor>>,
    version: u64,
    /// Of the chunk at hand, a place for each message.
    copies: Vec<Option<Seen>>,
}

impl Shadowing {
    pub(super) const fn is_on(&self) -> bool {
        self.door.is_some()
    }

    /// Makes a place for the next message.
    pub(super) fn next(&mut self) {
        self.copies.push(None);
    }
}

impl Shard {
    /// Takes another shadow where there is one.
    pub(super) fn look_at_shadow(&mut self) {
        let version = self.shared.shadow_version.load(Ordering::Acquire);
        if version != self.shadowing.version {
            self.shadowing.version = version;
            self.shadowing.door = self.shared.shadow();
        }
    }

    /// Keeps a copy of the message at hand until it is known what becomes of it.
    pub(super) fn copy_for_shadow(
        &mut self,
        now: Now,
        submission: &Submission,
        choice: Option<&Choice>,
    ) {
        let Some(door) = &self.shadowing.door else {
            return;
        };
        let way = choice.and_then(|choice| self.seen_way(choice));
        let network = self.remembered_network(submission.to);
        let copy = door.copy(submission, now.utc_ns, network, way);
        if let Some(place) = self.shadowing.copies.last_mut() {
            *place = copy;
        }
    }

    fn seen_way(&self, choice: &Choice) -> Option<SeenWay> {
        let policy = &self.table.route(choice.route)?.policy;
        let draws = matches!(policy, Policy::Weighted { sticky: false, .. });
        Some(SeenWay {
            table: Arc::clone(&self.table),
            route: choice.route,
            carrier: choice.candidates.first()?.carrier,
            network: choice.network,
            draw: draws.then(|| self.draws.last(choice.route)),
        })
    }

    /// Shows what has its verdict.
    pub(super) fn show_shadow(&mut self, verdicts: &[Verdict]) {
        let Some(door) = &self.shadowing.door else {
            return;
        };
        for (copy, verdict) in self.shadowing.copies.drain(..).zip(verdicts) {
            let is_decided = matches!(
                verdict,
                Verdict::Accepted(_) | Verdict::Refused(Refusal::NoRoute(_))
            );
            if let Some(seen) = copy.filter(|_| is_decided) {
                door.show(seen);
            }
        }
    }
}
