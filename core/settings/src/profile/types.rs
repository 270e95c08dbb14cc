//! A carrier's profile as types. Every field is a key of the file; `docs/profiles.md` describes each.

use std::collections::BTreeMap;
use std::time::Duration;

use carrack_message::carrier_id::IdRule;
use carrack_message::receipt::{Grammar, ReceiptSign, ReceiptSource};
use carrack_message::wire::TextForm;

use crate::{Bind, InterfaceVersion};

/// What a segment without response becomes at this carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoResponse {
    /// Sent again after the response time-out.
    Resend,
    /// A receipt is awaited.
    Wait,
    /// The carrier is asked by `query_sm` where its id is known; else as `Wait`.
    Query,
    /// It has failed.
    Fail,
}

/// What a `command_status` means for the message and the link (traps T14 to T16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatusClass {
    /// We are too fast: the link slows, the segment goes again first.
    Throttled,
    /// The carrier's queue is full, for the scope that `queue_full_scope` names.
    QueueFull,
    /// Passing trouble: here again after a pause, then elsewhere.
    RetryHere,
    /// This carrier will not: the next one.
    NextRoute,
    /// No carrier will: the message is at fault.
    MessageFault,
    /// Our account there is at fault (no credit, barred): the next carrier, and this one rests with an alert.
    AccountFault,
    /// The link is not what we think it is: it binds again.
    LinkFault,
}

/// How a carrier's limit is kept to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ThrottleMode {
    /// The rate is found by what is refused, never above the contract.
    Adaptive,
    /// The contract's rate, whatever is refused.
    Fixed,
    /// All stands still for `pause_on_throttle` after a refusal, the refused one first.
    Pause,
}

/// Whom a full queue concerns (trap T15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QueueFullScope {
    /// The whole link.
    Link,
    /// One destination: the message waits, others go on.
    Destination,
}

/// What becomes of the plus sign of international addresses (trap T38).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlusSign {
    /// Never written.
    Never,
    /// Written before international numbers.
    Always,
}

/// What stands in the body of an error response that we send (trap T17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorBody {
    /// Nothing: header only.
    None,
    /// One NUL.
    EmptyId,
}

/// Lengths of strings (trap T37).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecLimits {
    /// As the specification: password of 8 octets.
    Strict,
    /// Up to 64 octets.
    Relaxed,
}

/// Whether links use TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TlsUse {
    /// Plain TCP.
    Off,
    /// TLS always; the carrier's `tls` table may add a CA and a client certificate.
    Required,
}

/// Which addresses a rule speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AddressKind {
    /// Letters in the source address.
    Alphanumeric,
    /// International numbers, source or destination.
    International,
    /// Short codes: at most 8 digits as source.
    Short,
}

/// TON and NPI of one kind of address (trap T38).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TonNpiRule {
    /// Which addresses.
    pub kind: AddressKind,
    /// Type of number.
    pub ton: u8,
    /// Numbering plan.
    pub npi: u8,
}

/// How one carrier behaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name, for people and logs.
    pub name: String,
    /// One sentence on what carrier it fits.
    pub description: String,
    /// What it is drawn from: a public document, reports of users, the specification.
    pub drawn_from: String,
    /// Version that the bind claims.
    pub interface_version: InterfaceVersion,
    /// Whether another version in the bind response is taken without a word (trap T46).
    pub version_lie_ok: bool,
    /// How a link binds.
    pub bind: Bind,
    /// `system_type`.
    pub system_type: String,
    /// `addr_ton` of the bind.
    pub addr_ton: u8,
    /// `addr_npi` of the bind.
    pub addr_npi: u8,
    /// `address_range` of the bind.
    pub addr_range: String,
    /// Links at a time.
    pub binds: u16,
    /// Submits not yet answered, a link.
    pub window: u32,
    /// Time it has for a response.
    pub resp_timeout: Duration,
    /// Whether a slot is given on before `resp_timeout` once the carrier answers later requests (trap T27).
    pub slot_patience: bool,
    /// What a segment without response becomes; none: as the route says.
    pub on_resp_timeout: Option<NoResponse>,
    /// Silence after which `enquire_link` is sent.
    pub enquire_idle: Duration,
    /// Unanswered ones after which the link is closed.
    pub enquire_misses: u8,
    /// First delay before binding again.
    pub rebind_first: Duration,
    /// Longest delay.
    pub rebind_max: Duration,
    /// Least wait after `ESME_RALYBND`, until the carrier gives the old session up (trap T25).
    pub already_bound_wait: Duration,
    /// How ids in receipts relate to ids in responses.
    pub ids: IdRule,
    /// Which source of a receipt wins.
    pub receipt_source: ReceiptSource,
    /// Words and labels of its receipts; `receipt_grammar` and `receipt_tz`.
    pub receipt_grammar: Grammar,
    /// What makes a `deliver_sm` a receipt; `receipt_esm_rule`.
    pub receipt_sign: ReceiptSign,
    /// How long a receipt without its response is kept; none: as `[queue]` says.
    pub early_receipt_hold: Option<Duration>,
    /// A receipt that is missing for so long is asked for by `query_sm`; none: never.
    pub receipt_query_after: Option<Duration>,
    /// Statuses that mean something else here than usual.
    pub status_map: BTreeMap<u32, StatusClass>,
    /// How the limit is kept to.
    pub throttle_mode: ThrottleMode,
    /// Standstill after a refusal in mode `pause`.
    pub pause_on_throttle: Duration,
    /// Whom a full queue concerns.
    pub queue_full_scope: QueueFullScope,
    /// Segments a second over all links; none: no limit.
    pub rate_segments: Option<u32>,
    /// Segments at once; none: as the rate allows.
    pub burst: Option<u32>,
    /// How text travels: `dc0_alphabet`, `dc0_packed`, `dcs_allowed`, `dcs_map`, `latin1`, `flash_form`, `long_method`,
    /// `max_parts`, `ref_bits`, `payload_over`, `national_tables`.
    pub text: TextForm,
    /// TON and NPI by kind of address; the specification's custom where none is named.
    pub ton_npi_rules: Vec<TonNpiRule>,
    /// The plus sign.
    pub plus_sign: PlusSign,
    /// Whether odd PDUs are refused instead of tolerated.
    pub strict: bool,
    /// Lengths of strings.
    pub spec_limits: SpecLimits,
    /// Octets of one inbound PDU at most.
    pub max_pdu: u32,
    /// Parameters added to each `submit_sm`: tag and value.
    pub tlv_out: Vec<(u16, Vec<u8>)>,
    /// Tags of a customer's parameters that are passed on.
    pub tlv_pass: Vec<u16>,
    /// Body of our error responses.
    pub error_body: ErrorBody,
    /// TLS.
    pub tls: TlsUse,
}
