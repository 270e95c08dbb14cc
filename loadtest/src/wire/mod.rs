//! A socket that is read big and written once a turn, in plain text or TLS. Its backlog is bounded by its user: stop adding at
//! [`BACKLOG_OCTETS_MAX`].
//!
//! Nothing here waits but [`Wire::ready`], which is safe to drop at any time.

mod arrival;
mod pieces;
mod seal;

pub use pieces::Pieces;
pub use seal::{TlsFault, TlsFiles, TlsTrust, server as tls_server};

use arrival::Arrival;
use seal::Seal;
use std::io;
use std::time::Duration;
use tokio::io::Interest;
use tokio::net::TcpStream;
use tokio_rustls::rustls::Connection;

/// Octets of one read.
const READ_OCTETS: usize = 256 * 1024;
/// Backlog above which nothing should be added and nothing is read: the peer does not read its answers.
pub const BACKLOG_OCTETS_MAX: usize = 1024 * 1024;

/// What a read found.
#[derive(Debug)]
pub enum Read<'a> {
    /// Something.
    Octets {
        /// What it is.
        octets: &'a [u8],
        /// How long the last of it had been on this machine; zero where that is not noted.
        age: Duration,
    },
    /// Nothing yet.
    Nothing,
    /// The peer has closed.
    End,
}

/// One connection.
#[derive(Debug)]
pub struct Wire {
    stream: TcpStream,
    inbox: Vec<u8>,
    outbox: Vec<u8>,
    written: usize,
    seal: Option<Box<Seal>>,
    pieces: Pieces,
    arrival: Option<Arrival>,
}

impl Wire {
    /// Takes a connected socket.
    ///
    /// # Errors
    /// When the socket refuses TCP_NODELAY, which means that it is gone.
    pub fn new(stream: TcpStream) -> io::Result<Self> {
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            inbox: vec![0; READ_OCTETS],
            outbox: Vec::new(),
            written: 0,
            seal: None,
            pieces: Pieces::default(),
            arrival: None,
        })
    }

    /// From now on it is said how long what is read had been here.
    ///
    /// # Errors
    /// As the socket.
    pub fn note_arrivals(&mut self) -> io::Result<()> {
        self.arrival = Some(Arrival::noted(&self.stream)?);
        Ok(())
    }

    /// Takes a connected socket on which TLS is spoken, from either side.
    ///
    /// # Errors
    /// As [`Wire::new`].
    pub fn sealed(stream: TcpStream, connection: Connection) -> io::Result<Self> {
        Ok(Self {
            seal: Some(Box::new(Seal::new(connection))),
            ..Self::new(stream)?
        })
    }

    /// From now on octets are written in such pieces, one in each turn.
    pub fn cut(&mut self, pieces: Pieces) {
        if !self.pieces.is_like(&pieces) {
            self.pieces = pieces;
        }
    }

    /// True while TLS is not agreed on.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.seal.as_ref().is_some_and(|seal| seal.is_handshaking())
    }

    /// Octets that wait to be written.
    #[must_use]
    pub fn backlog(&self) -> usize {
        let sealed = self.seal.as_ref().map_or(0, |seal| seal.backlog());
        self.outbox.len() - self.written + sealed
    }

    /// True when more output may be added.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.backlog() < BACKLOG_OCTETS_MAX
    }

    /// Where output is added, at the end.
    pub fn outbox(&mut self) -> &mut Vec<u8> {
        &mut self.outbox
    }

    /// Waits until there is something to read, or room for what waits to be written.
    ///
    /// # Errors
    /// As the socket.
    pub async fn ready(&self) -> io::Result<()> {
        let interest = match (self.has_room(), self.backlog() > 0) {
            (true, true) => Interest::READABLE | Interest::WRITABLE,
            (true, false) => Interest::READABLE,
            (false, _) => Interest::WRITABLE,
        };
        self.stream.ready(interest).await.map(|_| ())
    }

    /// Reads once, without waiting.
    ///
    /// # Errors
    /// As the socket; `InvalidData` for what is no TLS where it should be.
    pub fn read(&mut self) -> io::Result<Read<'_>> {
        if !self.has_room() {
            return Ok(Read::Nothing);
        }
        let read = match &mut self.arrival {
            None => self.stream.try_read(&mut self.inbox),
            Some(arrival) => arrival.read(&self.stream, &mut self.inbox),
        };
        let length = match read {
            Ok(0) => return Ok(Read::End),
            Ok(length) => length,
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => return Ok(Read::Nothing),
            Err(fault) => return Err(fault),
        };
        let age = self.arrival.as_ref().map_or(Duration::ZERO, Arrival::age);
        let octets = self.inbox.get(..length).unwrap_or_default();
        let Some(seal) = &mut self.seal else {
            return Ok(Read::Octets { octets, age });
        };
        if let Err(fault) = seal.open(octets) {
            // The alert that says why; a peer that is gone needs none.
            let _ = seal.write_sealed(&self.stream);
            return Err(fault);
        }
        match seal.opened() {
            [] => Ok(Read::Nothing),
            opened => Ok(Read::Octets {
                octets: opened,
                age,
            }),
        }
    }

    /// Writes what the socket takes, without waiting; where octets are cut, one piece.
    ///
    /// # Errors
    /// As the socket.
    pub fn flush(&mut self) -> io::Result<()> {
        loop {
            if let Some(seal) = &mut self.seal
                && !seal.write_sealed(&self.stream)?
            {
                return Ok(());
            }
            let rest = self.outbox.get(self.written..).unwrap_or_default();
            if rest.is_empty() {
                self.outbox.clear();
                self.written = 0;
                return Ok(());
            }
            let piece = self.pieces.next(rest);
            let taken = match &mut self.seal {
                Some(seal) => seal.close(piece)?,
                None => match self.stream.try_write(piece) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(length) => length,
                    Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
                        self.outbox.drain(..self.written);
                        self.written = 0;
                        return Ok(());
                    }
                    Err(fault) => return Err(fault),
                },
            };
            self.written += taken;
            self.pieces.wrote(taken);
            if self.pieces.is_cut() {
                if let Some(seal) = &mut self.seal {
                    seal.write_sealed(&self.stream)?;
                }
                return Ok(());
            }
        }
    }
}
