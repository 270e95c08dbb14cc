//! One account in use: what it may, and its rate that all doors share.

use std::fmt;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use carrack_message::number::{self, NumberKind};
use carrack_message::{Class, Msisdn, Sender};
use carrack_routing::{Deck, Numbering, PriceHit};
use carrack_runtime::{Clock, SystemClock};
use carrack_settings::{BindKinds, Callbacks, Duplicates, Network, SenderPattern, Webhook};
use carrack_smpp::BindKind;
use carrack_throttle::Bucket;
use tokio::sync::Semaphore;

use super::{AccountSpec, AccountsFault, Dialect};

/// A rate of an account; it outlives a reload that leaves the figure as it is.
pub(super) struct Rate {
    pub(super) per_second: Option<u32>,
    bucket: Mutex<Bucket>,
}

impl Rate {
    pub(super) fn new(per_second: Option<u32>) -> Self {
        Self {
            per_second,
            // A second's worth at once, for a client that was quiet; never more than the rate in any second.
            bucket: Mutex::new(
                per_second.map_or_else(Bucket::unlimited, |rate| Bucket::with_burst(rate, rate)),
            ),
        }
    }

    /// The one before where it says the same.
    pub(super) fn after(before: Option<&Arc<Self>>, per_second: Option<u32>) -> Arc<Self> {
        let same = before.filter(|rate| rate.per_second == per_second);
        same.map_or_else(|| Arc::new(Self::new(per_second)), Arc::clone)
    }

    /// Takes `count`, all or nothing; else the nanoseconds to wait, `u64::MAX` where it never succeeds.
    fn take(&self, clock: &SystemClock, count: u32) -> Result<(), u64> {
        if self.per_second.is_none() {
            return Ok(());
        }
        let now_ns = clock.now().mono_ns;
        let mut bucket = self.bucket.lock().unwrap_or_else(PoisonError::into_inner);
        bucket.take(now_ns, count).map_err(|ready_ns| {
            if ready_ns == carrack_throttle::NEVER_NS {
                u64::MAX
            } else {
                ready_ns.saturating_sub(now_ns)
            }
        })
    }
}

/// An account that was found by its credentials. `Debug` shows no secret.
pub struct Account {
    /// Number in the engine's directory.
    pub number: u32,
    /// Name.
    pub name: String,
    /// The group that it belongs to, for routes; empty: none.
    pub group: String,
    /// System id of its SMPP binds.
    pub system_id: Option<String>,
    /// Class of messages that name none; none: that of the door.
    pub class: Option<Class>,
    /// Sender of messages that name none.
    pub sender: Option<Sender>,
    /// Country of numbers in national form.
    pub region: Option<String>,
    /// Submits not yet answered, a bind.
    pub window: u32,
    /// SMPP binds at a time.
    pub binds_max: u32,
    /// Price list it is charged by.
    pub deck: Option<Arc<Deck>>,
    numbering: Arc<Numbering>,
    /// Most segments of one message.
    pub segments_max: u8,
    /// Longest life a message may name, nanoseconds.
    pub validity_ns_max: u64,
    /// Whether it may see and stop carriers, and see the queue and routes with buy prices.
    pub operator: bool,
    /// Whether the same text to the same number is sent once; none: as often as it comes.
    pub duplicates: Option<Duplicates>,
    /// How its SMPP client is spoken to.
    pub dialect: Dialect,
    /// Where its events are posted; none: nowhere.
    pub webhook: Option<Webhook>,
    /// Where its messages may have themselves told; none: nowhere.
    pub callbacks: Option<Callbacks>,
    /// Whether a password of other gateways' callers is taken from a URL.
    pub legacy_in_url: bool,
    /// Where their receipts go where they do not say.
    pub legacy_dlr_url: Option<String>,
    binds: BindKinds,
    senders: Vec<SenderPattern>,
    refuse_kinds: Vec<NumberKind>,
    allowed_ips: Vec<Network>,
    clock: SystemClock,
    pub(super) rate: Arc<Rate>,
    pub(super) requests: Arc<Rate>,
    /// Its one place at the log.
    pub(crate) reading: Arc<Semaphore>,
}

impl Account {
    pub(super) fn new(
        spec: &AccountSpec,
        number: u32,
        clock: SystemClock,
        before: Option<&Self>,
    ) -> Result<Self, AccountsFault> {
        let sender = spec.sender.as_deref().map(Sender::parse).transpose();
        Ok(Self {
            number,
            name: spec.name.clone(),
            group: spec.group.clone(),
            system_id: spec.system_id.clone(),
            class: spec.class,
            sender: sender.map_err(|fault| AccountsFault::Sender {
                account: spec.name.clone(),
                reason: fault.to_string(),
            })?,
            region: spec.region.clone(),
            window: spec.window,
            binds_max: spec.binds_max,
            deck: spec.deck.clone(),
            numbering: Arc::clone(&spec.numbering),
            segments_max: spec.segments_max,
            validity_ns_max: u64::try_from(spec.validity_max.as_nanos()).unwrap_or(u64::MAX),
            operator: spec.operator,
            duplicates: spec.duplicates,
            dialect: spec.dialect,
            webhook: spec.webhook.clone(),
            callbacks: spec.callbacks.clone(),
            legacy_in_url: spec.legacy.in_url,
            legacy_dlr_url: spec.legacy.dlr_url.as_ref().map(ToString::to_string),
            binds: spec.binds,
            senders: spec.senders.clone(),
            refuse_kinds: spec.refuse_kinds.clone(),
            allowed_ips: spec.allowed_ips.clone(),
            clock,
            rate: Rate::after(before.map(|account| &account.rate), spec.rate),
            requests: Rate::after(before.map(|account| &account.requests), spec.requests),
            reading: before.map_or_else(
                || Arc::new(Semaphore::new(1)),
                |account| Arc::clone(&account.reading),
            ),
        })
    }

    /// What its list says of a number; none without a list, or where that has no price for it.
    #[must_use]
    pub fn price(&self, to: Msisdn) -> Option<PriceHit> {
        let deck = self.deck.as_ref()?;
        let network = match deck.has_networks() {
            true => self.numbering.network(to),
            false => carrack_message::Network::UNKNOWN,
        };
        deck.price_for(to, network)
    }

    /// Whether it may come from this address.
    #[must_use]
    pub fn allows(&self, address: IpAddr) -> bool {
        self.allowed_ips.is_empty()
            || self
                .allowed_ips
                .iter()
                .any(|network| network.contains(address))
    }

    /// Whether its binds have this system id, as they had when they were let in.
    #[must_use]
    pub fn binds_as(&self, system_id: &Option<String>) -> bool {
        self.system_id.is_some() && self.system_id == *system_id
    }

    /// Whether it may bind so.
    #[must_use]
    pub const fn may_bind(&self, kind: BindKind) -> bool {
        match kind {
            BindKind::Transmitter => self.binds.transmitter,
            BindKind::Receiver => self.binds.receiver,
            BindKind::Transceiver => self.binds.transceiver,
        }
    }

    /// Whether it may say that a message is from this one.
    #[must_use]
    pub fn may_send_as(&self, sender: &Sender) -> bool {
        self.senders.is_empty() || self.senders.iter().any(|pattern| pattern.takes(sender))
    }

    /// What it may put as sender, for people; empty: anything.
    #[must_use]
    pub fn senders(&self) -> &[SenderPattern] {
        &self.senders
    }

    /// The kind of a number, where it may not send to such; costs nothing to accounts that may send to all.
    #[must_use]
    pub fn refused_kind(&self, to: Msisdn) -> Option<NumberKind> {
        if self.refuse_kinds.is_empty() {
            return None;
        }
        let kind = number::origin(to).kind;
        self.refuse_kinds.contains(&kind).then_some(kind)
    }

    /// Segments a second it may submit; none: no limit.
    #[must_use]
    pub fn rate(&self) -> Option<u32> {
        self.rate.per_second
    }

    /// Takes `segments` out of its rate, all or nothing.
    ///
    /// # Errors
    /// Nanoseconds to wait until asking again may succeed; `u64::MAX` where it never does, because `segments` is more
    /// than a whole second's rate.
    pub fn take_segments(&self, segments: u32) -> Result<(), u64> {
        self.rate.take(&self.clock, segments)
    }

    /// Takes one HTTP request out of its rate of those.
    ///
    /// # Errors
    /// Nanoseconds to wait until asking again may succeed.
    pub fn take_request(&self) -> Result<(), u64> {
        self.requests.take(&self.clock, 1)
    }
}

impl fmt::Debug for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Account")
            .field("number", &self.number)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
