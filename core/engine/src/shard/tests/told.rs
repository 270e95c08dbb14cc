//! Subscribers of a rig: what customers are told.

use std::sync::{Arc, Mutex};

use carrack_message::mo::MoWay;

use super::rig::{ACCOUNT, Rig};
use crate::notice::{Notice, NoticeSink};
use crate::shard::Party;

pub(super) const BIND: Party = Party::binds(ACCOUNT);

impl Rig {
    /// Credits of a subscriber for the account; what it is told appears in the shared vector.
    pub(super) fn subscribe(
        &mut self,
        way: MoWay,
        subscriber: u64,
        credits: u32,
    ) -> Arc<Mutex<Vec<Notice>>> {
        let taken = Arc::new(Mutex::new(Vec::new()));
        let into = Arc::clone(&taken);
        let sink: NoticeSink = Arc::new(move |notices| into.lock().unwrap().extend(notices));
        let party = Party { way, ..BIND };
        self.shard.outbox.grant(party, subscriber, credits, sink);
        taken
    }
}
