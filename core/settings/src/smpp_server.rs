//! `[smpp_server]`: the SMPP front door. Absent: none.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use crate::reader::Section;
use crate::{Network, Tls, address, kind};

/// `[smpp_server]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmppServer {
    /// Where it listens; required; port 0 takes any free port.
    pub listen: SocketAddr,
    /// TLS; none: plain.
    pub tls: Option<Tls>,
    /// From where connections are taken; empty: from anywhere.
    pub allowed_ips: Vec<Network>,
    /// What it calls itself in bind responses, at most 15 octets (SMPP 3.4, 5.2.1).
    pub system_id: String,
    /// Silence after which a client is asked whether it is there.
    pub enquire_link: Duration,
    /// Time a new connection has for its bind.
    pub bind_timeout: Duration,
    /// Time a client has for the response to what we send.
    pub response_timeout: Duration,
    /// Most binds at a time.
    pub binds_max: u32,
    /// Longest PDU taken, in octets.
    pub pdu_octets_max: u32,
    /// Newest ids of an account with short ones by which its messages are found; 0: none.
    pub short_ids_max: usize,
}

impl SmppServer {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        const SECOND: Duration = Duration::from_secs(1);
        const HOUR: Duration = Duration::from_secs(3_600);
        let listen = section.required("listen", "\"127.0.0.1:2775\"", address::listen);
        Self {
            listen: listen.unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 2775))),
            tls: section.inner("tls").and_then(|inner| Tls::read(&inner)),
            allowed_ips: section.or("allowed_ips", Vec::new(), kind::one_or_list(kind::parsed)),
            system_id: section.or("system_id", "carrack".to_owned(), kind::ascii(15)),
            enquire_link: section.or("enquire_link", SECOND * 30, kind::time(SECOND..=HOUR)),
            bind_timeout: section.or("bind_timeout", SECOND * 5, kind::time(SECOND..=HOUR)),
            response_timeout: section.or(
                "response_timeout",
                SECOND * 10,
                kind::time(SECOND..=HOUR),
            ),
            binds_max: section.or("binds_max", 1_000, kind::integer(1..=100_000)),
            pdu_octets_max: section.or("pdu_octets_max", 69_632, kind::integer(1_024..=1 << 20)),
            short_ids_max: section.or("short_ids_max", 100_000, kind::integer(0..=10_000_000)),
        }
    }
}
