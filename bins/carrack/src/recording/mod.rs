//! PDUs on disk: captures for Wireshark, and lines of hexadecimal for people and tests.
//!
//! Promise: what is written here is read back the same, and shows as SMPP in Wireshark without being told so; captures of
//! other tools (pcap and pcapng, any link type with IP) are read, too. Bound: [`OCTETS_MAX`] of PDUs in memory.

mod capture;
mod file;
mod hex;
mod pcap;
mod streams;

use carrack_carrier::trace::{Direction, Stream};

pub(crate) use file::read;
pub(crate) use hex::line;
pub(crate) use pcap::PcapFile;

/// Octets of PDUs that are held when a file is read.
const OCTETS_MAX: usize = 1 << 30;
/// Where carriers listen by custom, and where Wireshark looks for SMPP by itself.
const SMPP_PORT: u16 = 2775;

/// One PDU of a recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Recorded {
    /// When, UTC nanoseconds; 0 where the recording does not say.
    pub(crate) utc_ns: u64,
    /// On which connection.
    pub(crate) stream: Stream,
    /// Which way.
    pub(crate) direction: Direction,
    /// The whole PDU.
    pub(crate) octets: Vec<u8>,
}

/// All PDUs of a recording, in its order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Recording {
    /// The PDUs.
    pub(crate) pdus: Vec<Recorded>,
    /// Octets that belong to no PDU that could be recognised.
    pub(crate) passed_over: u64,
    /// Why it was not read to its end, where it was not.
    pub(crate) cut: Option<String>,
}

/// Why a recording could not be read.
#[derive(Debug)]
pub(crate) struct RecordingFault(String);

impl std::fmt::Display for RecordingFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordingFault {}
