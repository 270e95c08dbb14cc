//! A socket that is read big and written once a turn. Its backlog is bounded by its user: stop adding at [`BACKLOG_OCTETS_MAX`].
//!
//! Nothing here waits but [`Wire::ready`], which is safe to drop at any time.

use std::io;
use tokio::io::Interest;
use tokio::net::TcpStream;

/// Octets of one read.
const READ_OCTETS: usize = 256 * 1024;
/// Backlog above which nothing should be added and nothing is read: the peer does not read its answers.
pub const BACKLOG_OCTETS_MAX: usize = 1024 * 1024;

/// What a read found.
#[derive(Debug)]
pub enum Read<'a> {
    /// These octets.
    Octets(&'a [u8]),
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
        })
    }

    /// Octets that wait to be written.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.outbox.len() - self.written
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
    /// As the socket.
    pub fn read(&mut self) -> io::Result<Read<'_>> {
        if !self.has_room() {
            return Ok(Read::Nothing);
        }
        match self.stream.try_read(&mut self.inbox) {
            Ok(0) => Ok(Read::End),
            Ok(length) => Ok(Read::Octets(self.inbox.get(..length).unwrap_or_default())),
            Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => Ok(Read::Nothing),
            Err(fault) => Err(fault),
        }
    }

    /// Writes what the socket takes, without waiting.
    ///
    /// # Errors
    /// As the socket.
    pub fn flush(&mut self) -> io::Result<()> {
        while let Some(rest) = self.outbox.get(self.written..)
            && !rest.is_empty()
        {
            match self.stream.try_write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => self.written += length,
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => {
                    self.outbox.drain(..self.written);
                    self.written = 0;
                    return Ok(());
                }
                Err(fault) => return Err(fault),
            }
        }
        self.outbox.clear();
        self.written = 0;
        Ok(())
    }
}
