//! Texts that a handset joins only where all parts come from one sender: one link for all of them, and all that they need is there before the first
//! is written.
//!
//! Promise: a part never waits for a token or a slot while one before it is under way; a text that no link has room for goes to another carrier, and
//! where there is none it stands aside, so that shorter ones go. Bounds: [`ASIDE_MAX`] texts stand aside, and each is looked at again
//! after [`ASIDE_NS`]. It never fails.

use std::cmp::Reverse;

use carrack_runtime::Now;

use super::{Shard, Unsendable, Went};
use crate::shard::carriers::Roomy;
use crate::shard::live::{Key, Phase, SegmentState};
use crate::shard::timers::Timer;

/// Room comes back by the minute, the hour or the day, and nobody says when.
const ASIDE_NS: u64 = 5_000_000_000;
/// As many texts of a shard stand aside; with more, those behind wait for them.
const ASIDE_MAX: usize = 1_024;

/// Whether all of a text may go.
pub(super) enum Gate {
    /// Over this link; the tokens of all its parts are taken.
    Open(usize),
    /// Nothing was taken.
    Shut(Went),
}

impl Shard {
    /// A link for all parts of a text, with the tokens and journal entries that they need.
    pub(super) fn gate(
        &mut self,
        now: Now,
        key: Key,
        place: u16,
        parts: u8,
    ) -> Result<Gate, Unsendable> {
        let segments = u32::from(parts.max(1));
        let is_begun = |state| state != SegmentState::Unsent;
        if self
            .live
            .get(key)
            .is_none_or(|live| live.count(is_begun) > 0)
        {
            // What is under way is waited for; then all of the text goes again.
            return Ok(Gate::Shut(self.aside_until(now)));
        }
        let journal = self.journal.free();
        let network = self.live.get(key).map(|live| live.network);
        let Some(carrier) = self.carriers.get_mut(&place) else {
            return Ok(Gate::Shut(Went::CarrierFull));
        };
        if carrier.is_due(now.mono_ns, segments).is_err() {
            carrier.wants = segments;
            return Ok(Gate::Shut(Went::CarrierFull));
        }
        if journal < usize::from(parts) || carrier.breaker.room(now.mono_ns) == 0 {
            return Ok(Gate::Shut(Went::CarrierFull));
        }
        let link = match carrier.link_for(segments, network.unwrap_or_default()) {
            Roomy::Link(link) => link,
            Roomy::Later => return Ok(Gate::Shut(Went::CarrierFull)),
            Roomy::Never if self.has_another(key, place) => {
                let reason = format!("no link of it takes a text of {parts} parts now");
                return Err(Unsendable::Here(reason));
            }
            Roomy::Never => return Ok(Gate::Shut(self.aside_until(now))),
        };
        let pace = self.live.get(key).and_then(|live| live.pace.as_ref());
        if let Some(Err(dry)) = pace.map(|pace| pace.take(now.mono_ns, segments)) {
            return Ok(Gate::Shut(Went::Dry(dry)));
        }
        if let Some(carrier) = self.carriers.get_mut(&place) {
            carrier.pay(now.mono_ns, segments);
        }
        Ok(Gate::Open(link))
    }

    fn aside_until(&self, now: Now) -> Went {
        match self.texts_aside < ASIDE_MAX {
            true => Went::Aside(now.mono_ns.saturating_add(ASIDE_NS)),
            false => Went::CarrierFull,
        }
    }

    /// It holds up nobody until then.
    pub(in crate::shard) fn stand_aside(&mut self, key: Key, until_ns: u64) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        live.unfinished = true;
        live.phase = Phase::Sending;
        self.texts_aside += 1;
        self.timers.push(Reverse((until_ns, key, Timer::Room)));
    }

    /// There may be room for it now.
    pub(in crate::shard) fn no_more_aside(&mut self, key: Key) {
        self.texts_aside = self.texts_aside.saturating_sub(1);
        self.goes_on_at_carrier(key);
    }

    /// Parts that were paid for and did not go.
    pub(super) fn not_sent(&self, key: Key, segments: u32) {
        let pace = self.live.get(key).and_then(|live| live.pace.as_ref());
        pace.into_iter().for_each(|pace| pace.give_back(segments));
    }
}
