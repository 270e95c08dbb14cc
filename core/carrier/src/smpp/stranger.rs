//! Who answers on a port where no SMSC is (traps T41 and T47).

use carrack_smpp::CloseReason;

/// The first octets of a connection.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Opening {
    octets: [u8; 5],
    length: usize,
}

impl Opening {
    /// More octets came.
    pub(super) fn see(&mut self, octets: &[u8]) {
        let room = self.octets.iter_mut().skip(self.length);
        let mut seen = 0;
        for (place, octet) in room.zip(octets) {
            *place = *octet;
            seen += 1;
        }
        self.length += seen;
    }

    /// Why the connection ends: the session's reason, or a better one where another protocol was spoken before the bind.
    pub(super) fn words(&self, is_binding: bool, reason: CloseReason) -> String {
        let protocol = match self.octets {
            // Alert or handshake record of TLS 1.x (RFC 8446, 5.1).
            [0x15 | 0x16, 3, ..] => "TLS: set `tls` for this carrier",
            [b'H', b'T', b'T', b'P', b'/'] => "HTTP: is it the right port?",
            [b'S', b'S', b'H', b'-', _] => "SSH: is it the right port?",
            [b'A', b'M', b'Q', b'P', _] => "AMQP: is it the right port?",
            _ => return reason.to_string(),
        };
        if is_binding && matches!(reason, CloseReason::Frame(_)) {
            format!("the other side speaks {protocol}")
        } else {
            reason.to_string()
        }
    }
}
