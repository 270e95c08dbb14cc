//! A message whose route wants to know the recipient's network better: a register is asked while it waits.
//!
//! Promise: the message is durable before anybody is asked, waits [`EngineSettings`](crate::EngineSettings)'
//! `lookup_wait_ns` at the most, and goes by what tables say where no answer came. After a restart what is not remembered
//! is not asked again for what waited.

use std::cmp::Reverse;
use std::time::Duration;

use carrack_message::{Network, Status};
use carrack_runtime::Now;

use super::Shard;
use super::lanes::LaneKey;
use super::live::{Key, Phase};
use super::timers::Timer;
use crate::mail::Mail;

/// An answer has this long to come through a full mailbox.
const SLACK_NS: u64 = 1_000_000_000;

impl Shard {
    /// What the register remembers of a number; nothing without one.
    pub(super) fn remembered_network(&self, to: carrack_message::Msisdn) -> Network {
        let register = self.shared.register.get();
        let register = register.filter(|_| self.table.looks_up());
        let known = register.and_then(|register| register.known(to));
        known.unwrap_or(Network::UNKNOWN)
    }

    /// Asks for the network of a message that is to wait for it. False: it need not wait.
    pub(super) fn look_up(&mut self, now: Now, key: Key) -> bool {
        let Some(register) = self.shared.register.get().cloned() else {
            return false;
        };
        let Some(live) = self.live.get_mut(key).filter(|live| live.policy.looks_up) else {
            return false;
        };
        if register.known(live.to).is_some() {
            return false;
        }
        let wait_ns = self.shared.settings.lookup_wait_ns;
        let Some(mail) = self.peers.get(usize::from(self.number)).cloned() else {
            return false;
        };
        live.phase = Phase::Pausing;
        let due_ns = now.mono_ns.saturating_add(wait_ns + SLACK_NS);
        self.timers.push(Reverse((due_ns, key, Timer::Pause)));
        let reply = Box::new(move |network| {
            // Where there is no room for it the timer ends the wait.
            let _ = mail.send(Mail::Looked(key, network));
        });
        register.ask(live.to, Duration::from_nanos(wait_ns), reply);
        true
    }

    /// The register said, or nobody did: the message goes on by what is known now.
    pub(super) fn looked_up(&mut self, now: Now, key: Key, network: Option<Network>) {
        let waits = |live: &&mut super::Live| live.phase == Phase::Pausing && live.end.is_none();
        if self.live.get_mut(key).filter(waits).is_none() {
            return;
        }
        let way = match network {
            Some(_) => self.way_looked_up(now, key),
            None => Ok(None),
        };
        let way = match way {
            Ok(way) => way,
            Err(loss) => return self.finish(now, key, Status::Rejected, &loss.to_string()),
        };
        let Some(live) = self.live.get_mut(key) else {
            return;
        };
        if let Some(way) = way {
            live.follow(&way);
            live.plan = way.plan;
        }
        live.phase = Phase::Waiting;
        let lane = LaneKey::of(live);
        self.lanes.push_back(lane, key);
    }
}
