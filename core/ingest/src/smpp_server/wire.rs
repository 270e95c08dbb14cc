//! The octets of one client's socket: as they are, or under TLS. No socket here.
//!
//! Promise: the plain way costs one look at what it is. Bound: octets under TLS that wait to be written are at most what
//! one turn makes of [`SEALED_OCTETS_MAX`]; the handshake has the time that the bind has. Fails by [`Wire::receive`]: what
//! is to be written then is the alert that says so to the client.

use std::io::{BufRead, Write};
use std::sync::Arc;

use tokio_rustls::rustls::{Error, ServerConfig, ServerConnection};

/// Output is sealed no further while so much of it waits.
const SEALED_OCTETS_MAX: usize = 64 * 1024;

/// How a client's octets travel.
pub(crate) enum Wire {
    Plain,
    Tls(Box<Tls>),
}

/// What became of octets that came in.
#[derive(Debug)]
pub(crate) enum Received {
    /// More may come.
    Open,
    /// The client has ended TLS: nothing comes any more.
    Ended,
    /// TLS has failed.
    Failed(Error),
}

impl Wire {
    /// TLS where there is a configuration for it.
    pub(crate) fn new(config: Option<Arc<ServerConfig>>) -> Result<Self, Error> {
        let Some(config) = config else {
            return Ok(Self::Plain);
        };
        Ok(Self::Tls(Box::new(Tls {
            connection: ServerConnection::new(config)?,
            sealed: Vec::new(),
            parted: false,
        })))
    }

    /// Octets came in: shows `on` what the client meant by them.
    pub(crate) fn receive(&mut self, octets: &[u8], on: &mut dyn FnMut(&[u8])) -> Received {
        match self {
            Self::Plain => {
                on(octets);
                Received::Open
            }
            Self::Tls(tls) => tls.receive(octets, on),
        }
    }

    /// Whether nothing sealed waits to be written.
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Plain => true,
            Self::Tls(tls) => tls.sealed.is_empty(),
        }
    }
}

/// One client's TLS.
pub(crate) struct Tls {
    connection: ServerConnection,
    /// To be written to the socket.
    sealed: Vec<u8>,
    /// The client was told that this is the end.
    parted: bool,
}

impl Tls {
    fn receive(&mut self, mut octets: &[u8], on: &mut dyn FnMut(&[u8])) -> Received {
        let mut received = Received::Open;
        while !octets.is_empty() {
            let taken = self.connection.read_tls(&mut octets);
            let state = match (taken, self.connection.process_new_packets()) {
                (_, Err(error)) => {
                    received = Received::Failed(error);
                    break;
                }
                (Err(error), _) => {
                    received = Received::Failed(Error::General(error.to_string()));
                    break;
                }
                (Ok(_), Ok(state)) => state,
            };
            self.open(on);
            if state.peer_has_closed() {
                received = Received::Ended;
                break;
            }
        }
        self.drain();
        received
    }

    fn open(&mut self, on: &mut dyn FnMut(&[u8])) {
        let mut reader = self.connection.reader();
        while let Ok(plain) = reader.fill_buf() {
            let length = plain.len();
            if length == 0 {
                return;
            }
            on(plain);
            reader.consume(length);
        }
    }

    /// Seals output, as much as may wait; at the end of it says goodbye where `last`.
    pub(crate) fn seal(&mut self, output: &mut Vec<u8>, last: bool) {
        let mut taken = 0;
        while let Some(rest) = output.get(taken..).filter(|rest| !rest.is_empty()) {
            if self.sealed.len() >= SEALED_OCTETS_MAX {
                break;
            }
            match self.connection.writer().write(rest) {
                Ok(octets) if octets > 0 => taken += octets,
                _ => break,
            }
            self.drain();
        }
        output.drain(..taken);
        if last && output.is_empty() && !self.parted {
            self.parted = true;
            self.connection.send_close_notify();
            self.drain();
        }
    }

    /// What is to be written to the socket.
    pub(crate) const fn sealed(&mut self) -> &mut Vec<u8> {
        &mut self.sealed
    }

    fn drain(&mut self) {
        // A vector takes everything.
        while self.connection.wants_write() && self.connection.write_tls(&mut self.sealed).is_ok() {
        }
    }
}
