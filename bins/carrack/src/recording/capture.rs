//! Packets of a capture: pcap and pcapng, whatever carries IP.

use std::io::Read;
use std::net::IpAddr;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader};
use pcap_file::{DataLink, PcapError};

use super::streams::{Segment, Streams};
use super::{OCTETS_MAX, Recording, RecordingFault};

/// Link type of raw IPv4 and IPv6 (libpcap `LINKTYPE_IPV4`, `LINKTYPE_IPV6`).
const LINKTYPE_IPV4: u32 = 228;
const LINKTYPE_IPV6: u32 = 229;
/// Octets before the protocol in a Linux cooked header, and its length.
const COOKED_PROTOCOL: std::ops::Range<usize> = 14..16;
const COOKED_OCTETS: usize = 16;
/// The same in the second version.
const COOKED_2_PROTOCOL: std::ops::Range<usize> = 0..2;
const COOKED_2_OCTETS: usize = 20;
/// BSD loopback: the family in host order.
const NULL_OCTETS: usize = 4;
const LINKTYPE_LINUX_SLL2: u32 = 276;

/// Reads a pcap.
pub(super) fn pcap(file: impl Read) -> Result<Recording, RecordingFault> {
    let mut reader = PcapReader::new(file).map_err(broken)?;
    let link = u32::from(reader.header().datalink);
    let mut streams = Streams::default();
    let mut links = Links::default();
    let mut cut = None;
    while let Some(packet) = reader.next_packet() {
        let packet = match packet {
            Ok(packet) => packet,
            Err(error) => {
                cut = Some(torn(&error, links.packets));
                break;
            }
        };
        links.see(link);
        let utc_ns = u64::try_from(packet.timestamp.as_nanos()).unwrap_or(u64::MAX);
        put(&mut streams, utc_ns, link, &packet.data)?;
    }
    links.finish(streams, cut)
}

/// Reads a pcapng.
pub(super) fn pcapng(file: impl Read) -> Result<Recording, RecordingFault> {
    let mut reader = PcapNgReader::new(file).map_err(broken)?;
    let mut links: Vec<u32> = Vec::new();
    let mut streams = Streams::default();
    let mut seen = Links::default();
    let mut cut = None;
    while let Some(block) = reader.next_block() {
        let block = match block {
            Ok(block) => block,
            Err(error) => {
                cut = Some(torn(&error, seen.packets));
                break;
            }
        };
        match block {
            Block::SectionHeader(_) => links.clear(),
            Block::InterfaceDescription(interface) => links.push(u32::from(interface.linktype)),
            Block::EnhancedPacket(packet) => {
                let link = links
                    .get(packet.interface_id as usize)
                    .copied()
                    .unwrap_or(1);
                seen.see(link);
                let utc_ns = u64::try_from(packet.timestamp.as_nanos()).unwrap_or(u64::MAX);
                put(&mut streams, utc_ns, link, &packet.data)?;
            }
            Block::SimplePacket(packet) => {
                let link = links.first().copied().unwrap_or(1);
                seen.see(link);
                put(&mut streams, 0, link, &packet.data)?;
            }
            _ => {}
        }
    }
    seen.finish(streams, cut)
}

/// Packets that were read, and link types among them that cannot be.
#[derive(Default)]
struct Links {
    packets: u64,
    unknown: Option<u32>,
}

impl Links {
    fn see(&mut self, link: u32) {
        self.packets += 1;
        if !is_known(link) {
            self.unknown.get_or_insert(link);
        }
    }

    /// What was read; a capture with nothing in it says why.
    fn finish(self, streams: Streams, cut: Option<String>) -> Result<Recording, RecordingFault> {
        let recording = streams.finish();
        if recording.pdus.is_empty() {
            if let Some(link) = self.unknown {
                return Err(RecordingFault(format!(
                    "its packets are of link type {link}, which is not read here; capture on Ethernet, Linux cooked, loopback or raw IP"
                )));
            }
            if self.packets == 0 && cut.is_none() {
                let detail = "a capture without packets: there is only its header";
                return Err(RecordingFault(detail.to_owned()));
            }
        }
        Ok(Recording { cut, ..recording })
    }
}

/// Why no more packets could be read after so many.
fn torn(error: &PcapError, packets: u64) -> String {
    let next = packets + 1;
    match error {
        PcapError::IncompleteBuffer | PcapError::IoError(_) => {
            format!(
                "the capture was cut: it ends in the middle of packet {next}, or its length is false"
            )
        }
        PcapError::InvalidField(field) => {
            format!("packet {next} has a header that cannot be ({field})")
        }
        other => format!("packet {next} cannot be read: {other}"),
    }
}

/// Whether packets of a link type can be taken apart.
fn is_known(link: u32) -> bool {
    matches!(link, LINKTYPE_IPV4 | LINKTYPE_IPV6 | LINKTYPE_LINUX_SLL2)
        || matches!(
            DataLink::from(link),
            DataLink::RAW
                | DataLink::ETHERNET
                | DataLink::LINUX_SLL
                | DataLink::NULL
                | DataLink::LOOP
        )
}

fn broken(error: impl std::fmt::Display) -> RecordingFault {
    RecordingFault(format!("no capture that can be read: {error}"))
}

fn put(streams: &mut Streams, utc_ns: u64, link: u32, packet: &[u8]) -> Result<(), RecordingFault> {
    let Some(sliced) = sliced(link, packet) else {
        return Ok(());
    };
    let ends = match &sliced.net {
        Some(LaxNetSlice::Ipv4(ip)) => (
            IpAddr::from(ip.header().source()),
            IpAddr::from(ip.header().destination()),
        ),
        Some(LaxNetSlice::Ipv6(ip)) => (
            IpAddr::from(ip.header().source()),
            IpAddr::from(ip.header().destination()),
        ),
        _ => return Ok(()),
    };
    let Some(TransportSlice::Tcp(tcp)) = &sliced.transport else {
        return Ok(());
    };
    streams.put(&Segment {
        utc_ns,
        from: (ends.0, tcp.source_port()),
        to: (ends.1, tcp.destination_port()),
        sequence: tcp.sequence_number(),
        is_first: tcp.syn(),
        octets: tcp.payload(),
    });
    if streams.octets() > OCTETS_MAX {
        let detail =
            "more than 1 GiB of SMPP; cut it into pieces, for example with `editcap -c 1000000`";
        return Err(RecordingFault(detail.to_owned()));
    }
    Ok(())
}

fn sliced(link: u32, packet: &[u8]) -> Option<LaxSlicedPacket<'_>> {
    let protocol = |range: std::ops::Range<usize>| {
        let octets: [u8; 2] = packet.get(range)?.try_into().ok()?;
        Some(EtherType(u16::from_be_bytes(octets)))
    };
    match (link, DataLink::from(link)) {
        (LINKTYPE_IPV4 | LINKTYPE_IPV6, _) | (_, DataLink::RAW) => {
            LaxSlicedPacket::from_ip(packet).ok()
        }
        (LINKTYPE_LINUX_SLL2, _) => Some(LaxSlicedPacket::from_ether_type(
            protocol(COOKED_2_PROTOCOL)?,
            packet.get(COOKED_2_OCTETS..)?,
        )),
        (_, DataLink::ETHERNET) => LaxSlicedPacket::from_ethernet(packet).ok(),
        (_, DataLink::LINUX_SLL) => Some(LaxSlicedPacket::from_ether_type(
            protocol(COOKED_PROTOCOL)?,
            packet.get(COOKED_OCTETS..)?,
        )),
        (_, DataLink::NULL | DataLink::LOOP) => {
            LaxSlicedPacket::from_ip(packet.get(NULL_OCTETS..)?).ok()
        }
        _ => None,
    }
}
