//! Writes PDUs as TCP of a made-up network: the node is 192.0.2.1, the carrier 198.51.100.1 with port 2775, each connection
//! has a port of ours and sequence numbers that fit, so that every tool follows the streams.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;
use carrack_carrier::trace::{Direction, Stream};
use etherparse::PacketBuilder;
use pcap_file::pcap::{PcapHeader, PcapPacket, PcapWriter};
use pcap_file::{DataLink, TsResolution};

use super::SMPP_PORT;

const NODE: [u8; 4] = [192, 0, 2, 1];
const CARRIER: [u8; 4] = [198, 51, 100, 1];
const NODE_PORT_FIRST: u16 = 20_000;
const TTL: u8 = 64;
const TCP_WINDOW: u16 = 65_535;
/// Octets of a TCP segment; a PDU may be longer than an IP packet.
const SEGMENT_OCTETS: usize = 32 << 10;

/// Where the two directions of a connection stand.
#[derive(Debug, Clone, Copy)]
struct Ends {
    port: u16,
    out_next: u32,
    in_next: u32,
}

/// A capture on its way to the disk.
pub(crate) struct PcapFile {
    writer: PcapWriter<Disk>,
    disk: Disk,
    connections: HashMap<Stream, Ends>,
}

/// Flags of a TCP segment.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Flags {
    Syn,
    SynAck,
    Ack,
    PshAck,
}

impl PcapFile {
    /// Begins a file; one that is there is replaced.
    pub(crate) fn create(path: &Path) -> anyhow::Result<Self> {
        let shown = || format!("{} cannot be written", path.display());
        let file = File::create(path).with_context(shown)?;
        let header = PcapHeader {
            datalink: DataLink::RAW,
            ts_resolution: TsResolution::NanoSecond,
            ..PcapHeader::default()
        };
        let disk = Disk(Rc::new(RefCell::new(BufWriter::new(file))));
        let writer = PcapWriter::with_header(disk.clone(), header).with_context(shown)?;
        Ok(Self {
            writer,
            disk,
            connections: HashMap::new(),
        })
    }

    /// Writes one PDU.
    pub(crate) fn put(
        &mut self,
        utc_ns: u64,
        stream: Stream,
        direction: Direction,
        octets: &[u8],
    ) -> anyhow::Result<()> {
        let mut ends = match self.connections.get(&stream) {
            Some(ends) => *ends,
            None => self.open(utc_ns)?,
        };
        for piece in octets.chunks(SEGMENT_OCTETS) {
            self.segment(utc_ns, ends, direction, Flags::PshAck, piece)?;
            let next = match direction {
                Direction::Out => &mut ends.out_next,
                Direction::In => &mut ends.in_next,
            };
            *next = next.wrapping_add(u32::try_from(piece.len())?);
        }
        self.connections.insert(stream, ends);
        Ok(())
    }

    /// The handshake of a connection; it was there before the trace began, yet tools like to see one.
    fn open(&mut self, utc_ns: u64) -> anyhow::Result<Ends> {
        let number = u16::try_from(self.connections.len() % 40_000)?;
        let mut ends = Ends {
            port: NODE_PORT_FIRST + number,
            out_next: 1,
            in_next: 1,
        };
        self.segment(utc_ns, ends, Direction::Out, Flags::Syn, &[])?;
        ends.out_next += 1;
        self.segment(utc_ns, ends, Direction::In, Flags::SynAck, &[])?;
        ends.in_next += 1;
        self.segment(utc_ns, ends, Direction::Out, Flags::Ack, &[])?;
        Ok(ends)
    }

    fn segment(
        &mut self,
        utc_ns: u64,
        ends: Ends,
        direction: Direction,
        flags: Flags,
        octets: &[u8],
    ) -> anyhow::Result<()> {
        let (from, to, from_port, to_port, sequence, acknowledged) = match direction {
            Direction::Out => (
                NODE,
                CARRIER,
                ends.port,
                SMPP_PORT,
                ends.out_next,
                ends.in_next,
            ),
            Direction::In => (
                CARRIER,
                NODE,
                SMPP_PORT,
                ends.port,
                ends.in_next,
                ends.out_next,
            ),
        };
        let tcp = PacketBuilder::ipv4(from, to, TTL).tcp(from_port, to_port, sequence, TCP_WINDOW);
        let tcp = match flags {
            Flags::Syn => tcp.syn(),
            Flags::SynAck => tcp.syn().ack(acknowledged),
            Flags::Ack => tcp.ack(acknowledged),
            Flags::PshAck => tcp.psh().ack(acknowledged),
        };
        let mut packet = Vec::with_capacity(tcp.size(octets.len()));
        tcp.write(&mut packet, octets)?;
        let length = u32::try_from(packet.len())?;
        let record = PcapPacket::new(Duration::from_nanos(utc_ns), length, &packet);
        self.writer.write_packet(&record)?;
        Ok(())
    }

    /// Gives what is written to the system: whatever happens to us, the file is whole up to here.
    pub(crate) fn flush(&mut self) -> anyhow::Result<()> {
        Ok(self.disk.flush()?)
    }
}

/// The file, which the writer of packets does not give out.
#[derive(Clone)]
struct Disk(Rc<RefCell<BufWriter<File>>>);

impl Write for Disk {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.borrow_mut().flush()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{Recorded, read};
    use super::*;

    fn pdu(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
        let length = 16 + u32::try_from(body.len()).unwrap();
        let head = [length, command, 0, sequence].map(u32::to_be_bytes);
        [head.as_flattened(), body].concat()
    }

    #[test]
    fn what_is_written_is_read_back_on_its_connection() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.pcap");
        let first = Stream {
            link: 0,
            session: 0,
            connection: 1,
        };
        let second = Stream {
            link: 3,
            session: 1,
            connection: 9,
        };
        // The second is longer than an IP packet.
        let long = pdu(0x0000_0004, 2, &vec![0; 68_000]);
        let pdus = [
            (
                1_760_000_000_000_000_001,
                first,
                Direction::Out,
                pdu(9, 1, b"user\0"),
            ),
            (
                1_760_000_000_000_000_002,
                first,
                Direction::In,
                pdu(0x8000_0009, 1, b"smsc\0"),
            ),
            (1_760_000_000_000_000_003, second, Direction::Out, long),
            (
                1_760_000_000_000_000_004,
                first,
                Direction::In,
                pdu(5, 7, b""),
            ),
            (
                1_760_000_000_000_000_005,
                second,
                Direction::In,
                pdu(0x8000_0004, 2, b"id\0"),
            ),
        ];
        let mut file = PcapFile::create(&path).unwrap();
        for (utc_ns, stream, direction, octets) in &pdus {
            file.put(*utc_ns, *stream, *direction, octets).unwrap();
        }
        file.flush().unwrap();
        // While it is still open.
        let read = read(&path).unwrap();
        let wanted = pdus.map(|(utc_ns, stream, direction, octets)| {
            let connection = u32::from(stream == second);
            let stream = Stream {
                link: 0,
                session: 0,
                connection,
            };
            Recorded {
                utc_ns,
                stream,
                direction,
                octets,
            }
        });
        assert_eq!(read.pdus, wanted);
        assert_eq!(read.passed_over, 0);
    }
}
