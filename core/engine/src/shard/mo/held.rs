//! Messages from handsets that a shard holds: parts that wait for others, and whole ones that are not told.
//!
//! Bound: whole ones by a number from settings, parts by number and octets; what comes beyond is not taken, and its
//! carrier brings it again.

use std::sync::Arc;

use carrack_message::MessageId;
use carrack_message::mo::{Mo, MoPart, MoWay, MoWays, Reassembly, ReassemblySettings, Taken};
use carrack_message::wire::TextForm;
use rustc_hash::FxHashMap;
use smallvec::SmallVec;

use crate::notice::{Incoming, News, Notice, NoticeKey, NoticeOf};
use crate::shard::outbox::Party;

/// A whole message that is not told on all its ways.
#[derive(Debug)]
pub(in crate::shard) struct Waiting {
    pub(in crate::shard) account: u32,
    /// The ways on which it is still to be told.
    pub(in crate::shard) open: MoWays,
    /// Who was handed it, by way; 0: nobody.
    bind: u64,
    webhook: u64,
    pub(in crate::shard) message: Arc<Incoming>,
    /// Ids of its parts.
    pub(in crate::shard) parts: SmallVec<[u128; 1]>,
}

impl Waiting {
    pub(in crate::shard) fn new(
        account: u32,
        open: MoWays,
        message: Incoming,
        parts: SmallVec<[u128; 1]>,
    ) -> Self {
        Self {
            account,
            open,
            bind: 0,
            webhook: 0,
            message: Arc::new(message),
            parts,
        }
    }

    /// Who was handed it on this way; 0: nobody.
    pub(in crate::shard) const fn handed_to(&self, way: MoWay) -> u64 {
        match way {
            MoWay::Bind => self.bind,
            MoWay::Webhook => self.webhook,
        }
    }

    const fn hand(&mut self, way: MoWay, subscriber: u64) {
        match way {
            MoWay::Bind => self.bind = subscriber,
            MoWay::Webhook => self.webhook = subscriber,
        }
    }

    /// Whom it is to be told to.
    pub(in crate::shard) fn parties(&self) -> impl Iterator<Item = Party> + use<> {
        let account = self.account;
        self.open.iter().map(move |way| Party { account, way })
    }
}

/// What a shard holds.
#[derive(Debug)]
pub(in crate::shard) struct HeldMo {
    settings: ReassemblySettings,
    /// By the carrier's number.
    reassemblies: FxHashMap<u32, Reassembly>,
    waiting: FxHashMap<MessageId, Waiting>,
    waiting_max: usize,
    /// Of the last part that came.
    now_ns: u64,
}

impl HeldMo {
    pub(in crate::shard) fn new(settings: ReassemblySettings, waiting_max: usize) -> Self {
        Self {
            settings,
            reassemblies: FxHashMap::default(),
            waiting: FxHashMap::default(),
            waiting_max,
            now_ns: 0,
        }
    }

    /// Whether no more is taken.
    pub(in crate::shard) fn is_full(&self) -> bool {
        self.waiting.len() >= self.waiting_max
    }

    /// Whole ones that are not told.
    pub(in crate::shard) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// Takes a part; adds to `out` what is whole by it or had to make room.
    pub(in crate::shard) fn take(
        &mut self,
        now_ns: u64,
        carrier: u32,
        form: &TextForm,
        part: &MoPart<'_>,
        out: &mut Vec<Mo>,
    ) -> Taken {
        // Deadlines ascend in the order of coming, whatever clocks did while we were away.
        self.now_ns = self.now_ns.max(now_ns);
        let settings = self.settings;
        let known = self.reassemblies.entry(carrier);
        let reassembly = known.or_insert_with(|| Reassembly::new(settings));
        reassembly.expire(self.now_ns, out);
        reassembly.take(self.now_ns, form, part, out)
    }

    /// What has waited too long for its parts, with its carrier.
    pub(in crate::shard) fn expire(&mut self, now_ns: u64) -> Vec<(u32, Mo)> {
        self.now_ns = self.now_ns.max(now_ns);
        let (mut found, mut out) = (Vec::new(), Vec::new());
        for (carrier, reassembly) in &mut self.reassemblies {
            reassembly.expire(self.now_ns, &mut out);
            found.extend(out.drain(..).map(|mo| (*carrier, mo)));
        }
        found
    }

    /// When [`Self::expire`] has something to do.
    pub(in crate::shard) fn next_deadline_ns(&self) -> Option<u64> {
        let all = self.reassemblies.values();
        all.filter_map(Reassembly::next_deadline_ns).min()
    }

    pub(in crate::shard) fn keep(&mut self, waiting: Waiting) {
        self.waiting.insert(waiting.message.id, waiting);
    }

    pub(in crate::shard) fn get(&self, id: MessageId) -> Option<&Waiting> {
        self.waiting.get(&id)
    }

    pub(in crate::shard) fn get_mut(&mut self, id: MessageId) -> Option<&mut Waiting> {
        self.waiting.get_mut(&id)
    }

    pub(in crate::shard) fn remove(&mut self, id: MessageId) -> Option<Waiting> {
        self.waiting.remove(&id)
    }

    /// Those that came before this moment, the oldest first.
    pub(in crate::shard) fn before(&self, utc_ns: u64) -> Vec<MessageId> {
        let old = |waiting: &&Waiting| waiting.message.received_utc_ns < utc_ns;
        let found = self.waiting.values().filter(old);
        let mut found: Vec<MessageId> = found.map(|waiting| waiting.message.id).collect();
        found.sort_unstable();
        found
    }

    /// The notice for a subscriber; none where it was told, or has had its time.
    pub(in crate::shard) fn hand(
        &mut self,
        shard: u8,
        id: MessageId,
        party: Party,
        subscriber: u64,
    ) -> Option<Notice> {
        let waiting = self.waiting.get_mut(&id)?;
        waiting.open.iter().find(|way| *way == party.way)?;
        waiting.hand(party.way, subscriber);
        Some(Notice {
            key: NoticeKey {
                shard,
                of: NoticeOf::Mo { id, way: party.way },
            },
            account: waiting.account,
            news: News::Mo(Arc::clone(&waiting.message)),
        })
    }
}
