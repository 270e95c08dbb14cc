//! Settings of a session. Times are nanoseconds; 0 switches an idle timer off.

use crate::{BindKind, PDU_OCTETS_MAX_DEFAULT, Strictness};

/// Late responses that can be told, unless set otherwise.
const LATE_RESPONSES_MAX: u32 = 65_536;

const SECOND_NS: u64 = 1_000_000_000;

/// How long the strings of our bind may be (trap T37).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
pub enum SpecLimits {
    /// As SMPP 3.4 4.1: a password of 8 octets, a `system_id` of 15, a `system_type` of 12.
    Strict,
    /// Up to 64 octets each: carriers hand out longer ones.
    #[default]
    Relaxed,
}

/// Settings of an ESME's session.
#[derive(Clone, PartialEq, Eq)]
pub struct ClientSettings {
    /// Which bind to send.
    pub bind: BindKind,
    /// Who we are.
    pub system_id: Vec<u8>,
    /// Our secret.
    pub password: Vec<u8>,
    /// What the carrier wants as `system_type`.
    pub system_type: Vec<u8>,
    /// 0x34 for SMPP 3.4.
    pub interface_version: u8,
    /// Type of number of `address_range`.
    pub address_ton: u8,
    /// Numbering plan of `address_range`.
    pub address_npi: u8,
    /// Addresses we serve.
    pub address_range: Vec<u8>,
    /// Submits in flight at most; 1 to 65,536.
    pub window: u32,
    /// A submit without response for so long has timed out.
    pub response_timeout_ns: u64,
    /// From `connected` to the bind response.
    pub bind_timeout_ns: u64,
    /// Silence of the peer after which we send `enquire_link`; 0: never.
    pub enquire_link_idle_ns: u64,
    /// So many unanswered `enquire_link` in a row close the session.
    pub enquire_link_misses_max: u32,
    /// From our unbind to its response.
    pub unbind_timeout_ns: u64,
    /// A PDU begun but not finished for so long closes the session; 0: never.
    pub partial_pdu_timeout_ns: u64,
    /// Octets of one inbound PDU at most.
    pub pdu_octets_max: u32,
    /// Octets of undrained output above which submits are refused; twice that closes.
    pub output_octets_max: u32,
    /// Timed-out submits whose late response can still be told, at most.
    pub late_responses_max: u32,
    /// `generic_nack` that name no request after which we close; a response that fits one begins the
    /// count anew.
    pub nacks_unmatched_max: u32,
    /// How inbound bodies are read.
    pub strictness: Strictness,
    /// A slot is given on before `response_timeout_ns` once the carrier answers later requests. The
    /// request is then reported as timed out, and a response to it as late (trap T27).
    pub slot_patience: bool,
    /// Our error responses have one NUL behind the header instead of nothing (trap T17).
    pub error_body_nul: bool,
    /// How long the strings of the bind may be; a longer one is `BindUnwritable`.
    pub spec_limits: SpecLimits,
    /// Another version in the bind response is not counted. The lower of both holds either way
    /// (trap T46).
    pub version_lie_ok: bool,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            bind: BindKind::Transceiver,
            system_id: Vec::new(),
            password: Vec::new(),
            system_type: Vec::new(),
            interface_version: 0x34,
            address_ton: 0,
            address_npi: 0,
            address_range: Vec::new(),
            window: 100,
            response_timeout_ns: 60 * SECOND_NS,
            bind_timeout_ns: 30 * SECOND_NS,
            enquire_link_idle_ns: 30 * SECOND_NS,
            enquire_link_misses_max: 2,
            unbind_timeout_ns: 5 * SECOND_NS,
            partial_pdu_timeout_ns: 60 * SECOND_NS,
            pdu_octets_max: PDU_OCTETS_MAX_DEFAULT,
            output_octets_max: 4 << 20,
            late_responses_max: LATE_RESPONSES_MAX,
            nacks_unmatched_max: 16,
            strictness: Strictness::Tolerant,
            slot_patience: false,
            error_body_nul: false,
            spec_limits: SpecLimits::Relaxed,
            version_lie_ok: true,
        }
    }
}

impl std::fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The password stays out of logs.
        f.debug_struct("ClientSettings")
            .field("bind", &self.bind)
            .field("system_id", &String::from_utf8_lossy(&self.system_id))
            .field("window", &self.window)
            .finish_non_exhaustive()
    }
}

/// Settings of an SMSC's session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// Our name in bind responses.
    pub system_id: Vec<u8>,
    /// Delivers in flight at most; 1 to 65,536.
    pub window: u32,
    /// A deliver without response for so long has timed out; also the longest an unbind waits for answers we owe.
    pub response_timeout_ns: u64,
    /// From `connected` to a bind request.
    pub bind_timeout_ns: u64,
    /// From our unbind to its response.
    pub unbind_timeout_ns: u64,
    /// A PDU begun but not finished for so long closes the session; 0: never.
    pub partial_pdu_timeout_ns: u64,
    /// Silence of the peer after which we send `enquire_link`; 0: never.
    pub enquire_link_idle_ns: u64,
    /// So many unanswered `enquire_link` in a row close the session.
    pub enquire_link_misses_max: u32,
    /// Nothing but `enquire_link` for so long closes the session; 0: never.
    pub inactivity_ns: u64,
    /// Octets of one inbound PDU at most.
    pub pdu_octets_max: u32,
    /// Octets of undrained output above which delivers are refused; twice that closes.
    pub output_octets_max: u32,
    /// Requests received and not answered at most; above: `ESME_RTHROTTLED` at once.
    pub inbound_window_max: u32,
    /// Timed-out delivers whose late response can still be told, at most.
    pub late_responses_max: u32,
    /// `generic_nack` that name no request after which we close; a response that fits one begins the
    /// count anew.
    pub nacks_unmatched_max: u32,
    /// How inbound bodies are read.
    pub strictness: Strictness,
    /// Our error responses have one NUL behind the header instead of nothing (trap T17).
    pub error_body_nul: bool,
}

impl Default for ServerSettings {
    fn default() -> Self {
        Self {
            system_id: Vec::new(),
            window: 100,
            response_timeout_ns: 30 * SECOND_NS,
            bind_timeout_ns: 10 * SECOND_NS,
            unbind_timeout_ns: 5 * SECOND_NS,
            partial_pdu_timeout_ns: 10 * SECOND_NS,
            enquire_link_idle_ns: 30 * SECOND_NS,
            enquire_link_misses_max: 2,
            inactivity_ns: 0,
            pdu_octets_max: PDU_OCTETS_MAX_DEFAULT,
            output_octets_max: 4 << 20,
            inbound_window_max: 1000,
            late_responses_max: LATE_RESPONSES_MAX,
            nacks_unmatched_max: 16,
            strictness: Strictness::Tolerant,
            error_body_nul: false,
        }
    }
}
