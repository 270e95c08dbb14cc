//! From shard to shard: a message lives where its best carrier that is up lives.
//!
//! Bound: `MOVED_A_TURN_MAX` messages a lane and turn; a full mailbox keeps them here.

use carrack_runtime::Now;

use super::Shard;
use super::lanes::LaneKey;
use crate::mail::Mail;

const MOVED_A_TURN_MAX: usize = 256;

impl Shard {
    /// Gives messages to the shard that owns their best carrier. True: more wait to go.
    pub(super) fn move_lane(&mut self, now: Now, lane: usize, owner: u8) -> bool {
        let Some(peer) = self.peers.get(usize::from(owner)).cloned() else {
            return false;
        };
        let mut moved = Vec::new();
        while moved.len() < MOVED_A_TURN_MAX {
            let Some(key) = self.take_waiting(lane) else {
                break;
            };
            // Segments that went to a carrier of ours cannot be followed from there.
            self.send_again(now, key);
            self.take_news_back(key);
            if let Some(live) = self.live.remove(key) {
                let (plan, route) = (
                    self.plans.carriers(live.plan).to_vec(),
                    self.plans.carriers(live.route_plan).to_vec(),
                );
                moved.push((live, plan, route));
            }
        }
        if moved.is_empty() {
            return false;
        }
        let more = moved.len() == MOVED_A_TURN_MAX;
        // What we wrote of them comes before what the other shard will write.
        self.frames.seal();
        if let Err(full) = peer.send(Mail::Moved(moved))
            && let Mail::Moved(moved) = full.0
        {
            self.take_moved(now, moved);
            return false;
        }
        more
    }

    /// Messages from another shard (or our own, when the other's mailbox was full).
    pub(super) fn take_moved(&mut self, now: Now, moved: Vec<(super::Live, Vec<u16>, Vec<u16>)>) {
        for (mut live, plan, route) in moved {
            let plans = (self.plans.intern(&plan), self.plans.intern(&route));
            if let (Ok(plan), Ok(route_plan)) = plans {
                (live.plan, live.route_plan, live.carrier) = (plan, route_plan, None);
            }
            let lane = LaneKey::of(&live);
            let key = self.live.insert(live);
            let lane = match now.mono_ns < self.repace_until_ns {
                true => self.lane_by_new_limits(now, key, lane),
                false => lane,
            };
            self.lanes.push_back(lane, key);
            self.job_sees_live(key);
        }
    }
}
