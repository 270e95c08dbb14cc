//! The configuration as types, read from TOML.
//!
//! Promise: [`Settings::load`] gives settings that hold together, or all their faults at once, each as
//! `file:line: what and how to mend`. Unknown keys are faults that name the nearest known one. Secrets are never
//! shown by `Debug`. Paths are relative to the folder of the configuration file.

mod account;
mod address;
mod api_key;
mod batch;
mod carrier;
mod cdr;
mod connection;
mod consent;
mod currency;
mod customer;
mod delivery;
mod drop_folder;
mod duplicates;
mod durability;
mod duration;
mod fault;
mod hlr;
mod http;
mod kind;
mod legacy;
mod limit;
mod log;
mod loop_probe;
mod mo;
mod mo_route;
mod modem;
mod modem_pool;
mod node;
mod numbers;
mod password;
mod pem;
mod profile;
mod quality;
mod queue;
mod quiet;
mod reader;
mod route;
mod route_match;
mod runtime;
#[cfg(test)]
mod sample;
mod secret;
mod settings;
mod shadow;
mod shutdown;
mod sim;
mod sim_terms;
mod size;
mod smpp_server;
mod source;
mod suppression;
mod tls;
mod webhook;

pub use account::{Account, Ack};
pub use address::{Address, Network};
pub use api_key::{ApiKey, Scope, Scopes};
pub use batch::Batch;
pub use carrier::{Bind, Carrier, CarrierKind, InterfaceVersion, Price};
pub use cdr::{Cdr, CdrFormat};
pub use connection::CarrierTls;
pub use consent::Consent;
pub use currency::Currencies;
pub use customer::{
    BindKinds, DefaultAlphabet, IdFormat, MoForm, ReceiptDialect, ReceiptError, SenderPattern,
};
pub use delivery::{Delivery, Multipart, OnNoResponse};
pub use drop_folder::DropFolder;
pub use duplicates::{Duplicates, DuplicatesAnswer, DuplicatesOf};
pub use durability::{Durability, DurabilityMode};
pub use fault::{Fault, Faults};
pub use hlr::Hlr;
pub use http::Http;
pub use legacy::Legacy;
pub use limit::{Each, Limit, LimitKind, Limits};
pub use log::{Log, LogFormat, LogLevel};
pub use loop_probe::{LoopProbe, ProbeReturns};
pub use mo::Mo;
pub use mo_route::{MoMatch, MoPattern, MoRoute, deliver_name};
pub use modem::{Modem, ModemDialect, ModemPort};
pub use modem_pool::{ModemPool, ModemPorts, Modems};
pub use node::{Node, Shards};
pub use numbers::Numbers;
pub use password::{PASSWORD_CHARACTERS_MAX, is_hash, md5_of};
pub use profile::{
    AddressKind, ErrorBody, NoResponse, PlusSign, Profile, ProfileKey, QueueFullScope, SpecLimits,
    StatusClass, ThrottleMode, TlsUse, TonNpiRule,
};
pub use quality::Quality;
pub use queue::Queue;
pub use quiet::Quiet;
pub use route::{Delivered, Margin, Policy, Route};
pub use route_match::{Hours, Match, NetworkPattern};
pub use runtime::{Io, Runtime};
pub use secret::Secret;
pub use settings::Settings;
pub use shadow::Shadow;
pub use shutdown::Shutdown;
pub use sim::Sim;
pub use sim_terms::{PER_MINUTE_MAX, SimTerms};
pub use smpp_server::SmppServer;
pub use source::Source;
pub use suppression::{Suppression, SuppressionHash, SuppressionScope, Suppressions};
pub use tls::Tls;
pub use webhook::{Callbacks, HostPattern, PostingTerms, SmppReceipts, Webhook};
