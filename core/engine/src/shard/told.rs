//! What follows when a customer has taken a notice, or whoever had it for him is gone.
//!
//! Promise: of one message its customer hears that a carrier has it before he hears its end; what he was told he is not told again, and
//! what nobody took waits again, before the rest. Bound: that of the outbox. Does not fail.

use std::cmp::Reverse;

use carrack_message::MessageId;
use carrack_message::record::{Told, ToldSubmitted};
use carrack_runtime::Now;

use super::Shard;
use super::live::{Key, Phase};
use super::outbox::{Party, ToTell};
use crate::notice::{NoticeKey, NoticeOf};
use crate::telling::SubmittedNews;

impl Shard {
    /// The customer has taken a notice.
    pub(super) fn told(&mut self, now: Now, key: NoticeKey) {
        match key.of {
            NoticeOf::End { slot, generation } => self.told_end(now, Key { slot, generation }),
            NoticeOf::Submitted { slot, generation } => {
                self.told_submitted(now, Key { slot, generation });
            }
            NoticeOf::Mo { id, way } => self.told_mo(now, id, way),
        }
    }

    fn told_end(&mut self, now: Now, key: Key) {
        let Some(live) = self
            .live
            .get(key)
            .filter(|live| live.phase == Phase::Untold)
        else {
            return;
        };
        let (id, party, epoch) = (live.id, live.party(), live.home.epoch);
        let handed_to = live.end.as_ref().map_or(0, |end| end.handed_to);
        self.outbox.free_end(party, handed_to, key);
        let told = Told {
            id: id.0,
            epoch,
            at_utc_ns: now.utc_ns,
        };
        if !self.note(&told) {
            return;
        }
        self.frames.summary().add_closed(epoch);
        self.close(key);
    }

    /// That a carrier has it: durable from now on, and to be told where there is room; else with its end.
    pub(super) fn submitted_is_durable(&mut self, key: Key) {
        let most = self.shared.settings.untold_live_max;
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let party = live.party();
        let is_news = live.submitted == SubmittedNews::Due && live.end.is_none();
        if is_news && !self.outbox.is_crowded(party, most) {
            live.submitted = SubmittedNews::Queued;
            let submitted = true;
            self.outbox.push(party, ToTell { key, submitted });
        }
    }

    fn told_submitted(&mut self, now: Now, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let (id, party) = (live.id, live.party());
        if live.submitted != SubmittedNews::Queued || !self.outbox.free_submitted(party, key) {
            return;
        }
        live.submitted = SubmittedNews::Told;
        self.note(&ToldSubmitted {
            id: id.0,
            at_utc_ns: now.utc_ns,
        });
        self.end_is_held_no_more(key);
    }

    /// It goes where nobody knows that this is on its way: it is to be told from there.
    pub(super) fn take_news_back(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        if live.submitted == SubmittedNews::Queued {
            live.submitted = SubmittedNews::Due;
            let party = live.party();
            self.outbox.free_submitted(party, key);
        }
    }

    /// Its end waited only for what comes before it.
    fn end_is_held_no_more(&mut self, key: Key) {
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        let held = live
            .end
            .as_mut()
            .map(|end| std::mem::take(&mut end.is_held));
        if held == Some(true) {
            let (party, submitted) = (live.party(), false);
            self.outbox.push(party, ToTell { key, submitted });
        }
    }

    /// A subscriber is gone: what it was handed and did not take waits again, before the rest.
    pub(super) fn revoke(&mut self, party: Party, subscriber: u64) {
        let Some((mut handed, mut handed_mo)) = self.outbox.remove(party, subscriber) else {
            return;
        };
        handed.sort_unstable_by_key(|what| Reverse(self.live.get(what.key).map(|live| live.id)));
        for what in handed {
            let end = self
                .live
                .get_mut(what.key)
                .and_then(|live| live.end.as_mut());
            if let Some(end) = end.filter(|_| !what.submitted) {
                end.handed_to = 0;
            }
            self.outbox.push_again(party, what);
        }
        handed_mo.sort_unstable_by_key(|id: &MessageId| Reverse(*id));
        for id in handed_mo {
            self.outbox.push_mo_again(party, id);
        }
    }
}
