//! What the door is started with.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use carrack_runtime::Io;
use carrack_settings::Network;
use carrack_smpp::{ServerSettings, Strictness};

use crate::tls::TlsFiles;

/// Where the door listens and what bounds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmppServerSpec {
    /// Address to listen on; port 0 takes any free port.
    pub listen: SocketAddr,
    /// TLS; none: plain.
    pub tls: Option<TlsFiles>,
    /// From where connections are taken; empty: from anywhere.
    pub allowed_ips: Vec<Network>,
    /// Ring or epoll for its thread.
    pub io: Io,
    /// Name in bind responses, at most 15 octets.
    pub system_id: String,
    /// Silence after which a client is asked whether it is there.
    pub enquire_link: Duration,
    /// Time from the connection to its bind.
    pub bind_timeout: Duration,
    /// Time a client has for the response to a receipt; the longest its unbind waits for answers we owe.
    pub response_timeout: Duration,
    /// Connections at a time, bound or not; more are closed at once.
    pub connections_max: usize,
    /// Binds at a time over all accounts; more are refused with `ESME_RBINDFAIL`.
    pub binds_max: u32,
    /// Longest PDU taken, octets.
    pub pdu_octets_max: u32,
    /// Output of one connection that may wait, octets: above, its input is not read and no receipt is handed to it.
    pub output_octets_max: u32,
    /// The node's folder, for what is reserved of short ids.
    pub data_dir: PathBuf,
    /// Newest short ids of an account that are remembered.
    pub short_ids_max: usize,
}

/// Connections that have no bind yet, beside those that do.
const UNBOUND_MAX: usize = 1_000;
const OUTPUT_OCTETS_MAX: u32 = 1 << 20;
const UNBIND_TIMEOUT_NS: u64 = 2_000_000_000;

impl SmppServerSpec {
    /// The door as configured.
    #[must_use]
    pub fn from_settings(settings: &carrack_settings::SmppServer, io: Io, data_dir: &Path) -> Self {
        let binds_max = settings.binds_max;
        Self {
            listen: settings.listen,
            tls: settings.tls.as_ref().map(TlsFiles::from),
            allowed_ips: settings.allowed_ips.clone(),
            io,
            system_id: settings.system_id.clone(),
            enquire_link: settings.enquire_link,
            bind_timeout: settings.bind_timeout,
            response_timeout: settings.response_timeout,
            connections_max: usize::try_from(binds_max)
                .unwrap_or(usize::MAX)
                .saturating_add(UNBOUND_MAX),
            binds_max,
            pdu_octets_max: settings.pdu_octets_max,
            output_octets_max: OUTPUT_OCTETS_MAX,
            data_dir: data_dir.to_owned(),
            short_ids_max: settings.short_ids_max,
        }
    }

    /// Whether a connection from there is taken.
    pub(crate) fn allows(&self, from: IpAddr) -> bool {
        let listed = || self.allowed_ips.iter().any(|block| block.contains(from));
        self.allowed_ips.is_empty() || listed()
    }

    /// Settings of a new connection's session; its windows come with the bind.
    pub(crate) fn session(&self) -> ServerSettings {
        let enquire_link_idle_ns = nanoseconds(self.enquire_link);
        ServerSettings {
            system_id: self.system_id.clone().into_bytes(),
            response_timeout_ns: nanoseconds(self.response_timeout),
            bind_timeout_ns: nanoseconds(self.bind_timeout),
            unbind_timeout_ns: UNBIND_TIMEOUT_NS,
            partial_pdu_timeout_ns: nanoseconds(self.response_timeout),
            enquire_link_idle_ns,
            enquire_link_misses_max: 2,
            inactivity_ns: 0,
            pdu_octets_max: self.pdu_octets_max,
            output_octets_max: self.output_octets_max,
            strictness: Strictness::Tolerant,
            ..ServerSettings::default()
        }
    }
}

fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}
