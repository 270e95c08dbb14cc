//! How to bind to one SMSC: credentials, and the profile that says how it behaves.

use std::sync::Arc;
use std::time::Duration;

use carrack_settings::{self as settings, Bind, ErrorBody, Profile};
use carrack_smpp::{BindKind, ClientSettings, SpecLimits, Strictness};

use crate::trace::Tap;

/// Who an SMSC must say it is in its `outbind` (SMPP 3.4, 4.1.7).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct OutbindPeer {
    /// Its `system_id`; empty: any.
    pub system_id: Vec<u8>,
    /// Its password; empty: any.
    pub password: Vec<u8>,
}

impl OutbindPeer {
    /// Whether an `outbind` with these comes from it.
    pub(super) fn is(&self, system_id: &[u8], password: &[u8]) -> bool {
        (self.system_id.is_empty() || self.system_id == system_id)
            && (self.password.is_empty() || self.password == password)
    }
}

impl std::fmt::Debug for OutbindPeer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The password stays out of logs.
        f.debug_struct("OutbindPeer")
            .field("system_id", &String::from_utf8_lossy(&self.system_id))
            .finish_non_exhaustive()
    }
}

/// How to bind to one SMSC.
#[derive(Clone)]
pub struct SmppSpec {
    /// Who we are to it.
    pub system_id: Vec<u8>,
    /// Our password there.
    pub password: Vec<u8>,
    /// How it behaves; window, timers and bind mode are here too.
    pub profile: Arc<Profile>,
    /// From our unbind to its response, nanoseconds.
    pub unbind_timeout_ns: u64,
    /// The SMSC connects to us and sends `outbind`; none: we connect.
    pub outbind: Option<OutbindPeer>,
    /// Where copies of the octets go while somebody listens.
    pub tap: Option<Arc<Tap>>,
    /// Number of the link within its carrier, for the tap.
    pub link: u32,
    /// Seed for jitter; links of one carrier need different ones.
    pub seed: u64,
}

impl SmppSpec {
    /// A link as `profile` says, that connects itself and is not listened to.
    #[must_use]
    pub fn new(system_id: Vec<u8>, password: Vec<u8>, profile: Arc<Profile>) -> Self {
        Self {
            system_id,
            password,
            profile,
            unbind_timeout_ns: ClientSettings::default().unbind_timeout_ns,
            outbind: None,
            tap: None,
            link: 0,
            seed: 0,
        }
    }

    /// Binds of one link, the sending one first.
    pub(super) fn kinds(&self) -> &'static [BindKind] {
        match self.profile.bind {
            Bind::Transceiver => &[BindKind::Transceiver],
            Bind::TransmitterReceiver => &[BindKind::Transmitter, BindKind::Receiver],
            Bind::Transmitter => &[BindKind::Transmitter],
            Bind::Receiver => &[BindKind::Receiver],
        }
    }

    /// Settings of the session of one bind.
    pub(super) fn session(&self, bind: BindKind) -> ClientSettings {
        let profile = &*self.profile;
        let response_timeout_ns = nanoseconds(profile.resp_timeout);
        ClientSettings {
            bind,
            system_id: self.system_id.clone(),
            password: self.password.clone(),
            system_type: profile.system_type.clone().into_bytes(),
            interface_version: profile.interface_version.octet(),
            address_ton: profile.addr_ton,
            address_npi: profile.addr_npi,
            address_range: profile.addr_range.clone().into_bytes(),
            window: profile.window,
            response_timeout_ns,
            bind_timeout_ns: response_timeout_ns,
            enquire_link_idle_ns: nanoseconds(profile.enquire_idle),
            enquire_link_misses_max: u32::from(profile.enquire_misses),
            unbind_timeout_ns: self.unbind_timeout_ns,
            pdu_octets_max: profile.max_pdu,
            strictness: if profile.strict {
                Strictness::Strict
            } else {
                Strictness::Tolerant
            },
            slot_patience: profile.slot_patience,
            error_body_nul: profile.error_body == ErrorBody::EmptyId,
            spec_limits: match profile.spec_limits {
                settings::SpecLimits::Strict => SpecLimits::Strict,
                settings::SpecLimits::Relaxed => SpecLimits::Relaxed,
            },
            version_lie_ok: profile.version_lie_ok,
            ..ClientSettings::default()
        }
    }
}

impl std::fmt::Debug for SmppSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The password stays out of logs.
        f.debug_struct("SmppSpec")
            .field("system_id", &String::from_utf8_lossy(&self.system_id))
            .field("profile", &self.profile.name)
            .field("link", &self.link)
            .finish_non_exhaustive()
    }
}

pub(super) fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
