//! An account as a door is told of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use carrack_message::Class;
use carrack_message::number::NumberKind;
use carrack_routing::{Deck, Numbering};
use carrack_settings::{
    ApiKey, BindKinds, Callbacks, Duplicates, Legacy, Network, SenderPattern, Webhook,
};

use super::Dialect;

/// One account. `Debug` shows no secret.
#[derive(Clone)]
pub struct AccountSpec {
    /// Name, as the engine's directory has it.
    pub name: String,
    /// The group that it belongs to, for routes; empty: none.
    pub group: String,
    /// Key of HTTP requests.
    pub api_key: Option<String>,
    /// More keys of HTTP requests, each for some kinds of call.
    pub api_keys: Vec<ApiKey>,
    /// HTTP requests a second; none: no limit.
    pub requests: Option<u32>,
    /// System id of SMPP binds.
    pub system_id: Option<String>,
    /// Password of SMPP binds.
    pub password: Option<String>,
    /// Class of messages that name none; none: that of the door.
    pub class: Option<Class>,
    /// Sender of messages that name none.
    pub sender: Option<String>,
    /// Country of numbers in national form, two letters.
    pub region: Option<String>,
    /// Segments a second by HTTP and SMPP together; none: no limit. Batches wait in the queue instead.
    pub rate: Option<u32>,
    /// Submits not yet answered, a bind.
    pub window: u32,
    /// SMPP binds at a time.
    pub binds_max: u32,
    /// Price list it is charged by.
    pub deck: Option<Arc<Deck>>,
    /// Whose numbers are, where that list has prices by network.
    pub numbering: Arc<Numbering>,
    /// From where it may come; empty: from anywhere.
    pub allowed_ips: Vec<Network>,
    /// Whether it may see and stop carriers, and see the queue and routes with buy prices.
    pub operator: bool,
    /// Most segments of one message.
    pub segments_max: u8,
    /// Longest life a message may name.
    pub validity_max: Duration,
    /// Kinds of bind it may use.
    pub binds: BindKinds,
    /// What it may put as sender; empty: anything.
    pub senders: Vec<SenderPattern>,
    /// Kinds of number it may not send to; empty: all are taken.
    pub refuse_kinds: Vec<NumberKind>,
    /// Whether the same text to the same number is sent once; none: as often as it comes.
    pub duplicates: Option<Duplicates>,
    /// How its SMPP client is spoken to.
    pub dialect: Dialect,
    /// Where its events are posted; none: nowhere.
    pub webhook: Option<Webhook>,
    /// Where its messages may have themselves told; none: nowhere.
    pub callbacks: Option<Callbacks>,
    /// How it is known where it calls as Kannel or Jasmin is called.
    pub legacy: Legacy,
}

impl AccountSpec {
    /// An account without credentials that has every default.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self {
            name: name.to_owned(),
            group: String::new(),
            api_key: None,
            api_keys: Vec::new(),
            requests: None,
            system_id: None,
            password: None,
            class: None,
            sender: None,
            region: None,
            rate: None,
            window: 100,
            binds_max: 10,
            deck: None,
            numbering: Arc::default(),
            allowed_ips: Vec::new(),
            operator: false,
            segments_max: 10,
            validity_max: Duration::from_secs(7 * 86_400),
            binds: BindKinds::ALL,
            senders: Vec::new(),
            refuse_kinds: Vec::new(),
            duplicates: None,
            dialect: Dialect::default(),
            webhook: None,
            callbacks: None,
            legacy: Legacy::default(),
        }
    }

    /// The account as configured, with what `[delivery]` says where it is silent itself.
    #[must_use]
    pub fn from_settings(
        account: &carrack_settings::Account,
        delivery: &carrack_settings::Delivery,
        deck: Option<Arc<Deck>>,
        numbering: Arc<Numbering>,
    ) -> Self {
        let shown = |secret: &Option<carrack_settings::Secret>| {
            secret.as_ref().map(|secret| secret.expose().to_owned())
        };
        Self {
            name: account.name.clone(),
            group: account.group.clone().unwrap_or_default(),
            api_key: shown(&account.api_key),
            api_keys: account.api_keys.clone(),
            requests: account.requests,
            system_id: account.system_id.clone(),
            password: shown(&account.password),
            class: account.class,
            sender: account.sender.clone(),
            region: account.region.clone().or_else(|| delivery.region.clone()),
            rate: account.rate,
            window: account.window,
            binds_max: account.binds_max,
            deck,
            numbering,
            allowed_ips: account.allowed_ips.clone(),
            operator: account.operator,
            segments_max: delivery.segments_max,
            validity_max: delivery.validity_max,
            binds: account.binds,
            senders: account.senders.clone(),
            refuse_kinds: account.refuse_kinds.clone(),
            duplicates: account.duplicates,
            dialect: Dialect::from_settings(account),
            webhook: account.webhook.clone(),
            callbacks: account.callbacks.clone(),
            legacy: account.legacy.clone(),
        }
    }
}

impl fmt::Debug for AccountSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AccountSpec")
            .field("name", &self.name)
            .field("system_id", &self.system_id)
            .finish_non_exhaustive()
    }
}
