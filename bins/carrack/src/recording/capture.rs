//! Packets of a capture: pcap and pcapng, whatever carries IP.

use std::io::Read;
use std::net::IpAddr;

use etherparse::{EtherType, LaxNetSlice, LaxSlicedPacket, TransportSlice};
use pcap_file::DataLink;
use pcap_file::pcap::PcapReader;
use pcap_file::pcapng::{Block, PcapNgReader};

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
    while let Some(packet) = reader.next_packet() {
        // A capture that was cut ends in half a packet.
        let Ok(packet) = packet else { break };
        let utc_ns = u64::try_from(packet.timestamp.as_nanos()).unwrap_or(u64::MAX);
        put(&mut streams, utc_ns, link, &packet.data)?;
    }
    Ok(streams.finish())
}

/// Reads a pcapng.
pub(super) fn pcapng(file: impl Read) -> Result<Recording, RecordingFault> {
    let mut reader = PcapNgReader::new(file).map_err(broken)?;
    let mut links: Vec<u32> = Vec::new();
    let mut streams = Streams::default();
    while let Some(block) = reader.next_block() {
        let Ok(block) = block else { break };
        match block {
            Block::SectionHeader(_) => links.clear(),
            Block::InterfaceDescription(interface) => links.push(u32::from(interface.linktype)),
            Block::EnhancedPacket(packet) => {
                let link = links
                    .get(packet.interface_id as usize)
                    .copied()
                    .unwrap_or(1);
                let utc_ns = u64::try_from(packet.timestamp.as_nanos()).unwrap_or(u64::MAX);
                put(&mut streams, utc_ns, link, &packet.data)?;
            }
            Block::SimplePacket(packet) => {
                let link = links.first().copied().unwrap_or(1);
                put(&mut streams, 0, link, &packet.data)?;
            }
            _ => {}
        }
    }
    Ok(streams.finish())
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
