//! The 16-octet header (SMPP 3.4 3.2). Any values are accepted; what is sane is the frame's question.

use crate::{CommandId, CommandStatus};

/// Octets of a header, and so the least `command_length`.
pub const HEADER_OCTETS: usize = 16;

/// The header of one PDU.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Header {
    /// Octets of the whole PDU, header included.
    pub command_length: u32,
    /// Which PDU.
    pub command_id: CommandId,
    /// 0 in requests; the outcome in responses.
    pub command_status: CommandStatus,
    /// Pairs a response with its request. Any inbound value is accepted, 0 too.
    pub sequence_number: u32,
}

impl Header {
    /// Reads the four big-endian fields.
    #[must_use]
    pub const fn decode(octets: &[u8; HEADER_OCTETS]) -> Self {
        let [
            l0,
            l1,
            l2,
            l3,
            i0,
            i1,
            i2,
            i3,
            s0,
            s1,
            s2,
            s3,
            n0,
            n1,
            n2,
            n3,
        ] = *octets;
        Self {
            command_length: u32::from_be_bytes([l0, l1, l2, l3]),
            command_id: CommandId(u32::from_be_bytes([i0, i1, i2, i3])),
            command_status: CommandStatus(u32::from_be_bytes([s0, s1, s2, s3])),
            sequence_number: u32::from_be_bytes([n0, n1, n2, n3]),
        }
    }

    /// The sixteen octets.
    #[must_use]
    pub const fn encode(&self) -> [u8; HEADER_OCTETS] {
        let l = self.command_length.to_be_bytes();
        let i = self.command_id.0.to_be_bytes();
        let s = self.command_status.0.to_be_bytes();
        let n = self.sequence_number.to_be_bytes();
        [
            l[0], l[1], l[2], l[3], i[0], i[1], i[2], i[3], s[0], s[1], s[2], s[3], n[0], n[1],
            n[2], n[3],
        ]
    }
}
