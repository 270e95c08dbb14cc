//! TLS over a socket that never blocks, once the handshake is done.

use std::io::{self, ErrorKind, IoSlice, Read as _, Write};

use tokio::net::TcpStream;
use tokio_rustls::rustls::ClientConnection;

/// Octets taken from the socket at a time: one read for several records.
const READ_OCTETS: usize = 64 << 10;

/// One connection's cipher state and what it holds back.
pub(crate) struct TlsPipe {
    connection: ClientConnection,
    received: Vec<u8>,
    taken: usize,
    filled: usize,
}

impl TlsPipe {
    pub(crate) fn new(connection: ClientConnection) -> Self {
        Self {
            connection,
            received: vec![0; READ_OCTETS],
            taken: 0,
            filled: 0,
        }
    }

    /// Fills `into` as far as there is something; 0 at the end, `WouldBlock` where the socket has nothing.
    pub(crate) fn read(&mut self, stream: &TcpStream, into: &mut [u8]) -> io::Result<usize> {
        let mut octets = 0;
        while let Some(rest) = into.get_mut(octets..).filter(|rest| !rest.is_empty()) {
            match self.connection.reader().read(rest) {
                Ok(0) => break,
                Ok(more) => octets += more,
                // SMPP has its own lengths: a close without TLS's goodbye hides nothing.
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => break,
                Err(error) if error.kind() != ErrorKind::WouldBlock => return Err(error),
                Err(_) => match self.receive(stream) {
                    Err(_) if octets > 0 => break,
                    received => received?,
                },
            }
        }
        Ok(octets)
    }

    /// Takes octets from the socket and deciphers what is whole.
    fn receive(&mut self, stream: &TcpStream) -> io::Result<()> {
        if self.taken == self.filled {
            self.taken = 0;
            self.filled = 0;
            self.filled = stream.try_read(&mut self.received)?;
        }
        let mut waiting = self.received.get(self.taken..self.filled).unwrap_or(&[]);
        self.taken += self.connection.read_tls(&mut waiting)?;
        let state = self.connection.process_new_packets();
        // An alert that says why goes out even where nothing more comes in.
        let pushed = self.push(stream);
        state.map_err(|fault| io::Error::new(ErrorKind::InvalidData, fault))?;
        pushed.map(|_| ())
    }

    /// Enciphers from the front of `octets`, as much as there is room for, and sends what the socket takes.
    pub(crate) fn write(&mut self, stream: &TcpStream, octets: &[u8]) -> io::Result<usize> {
        let mut taken = 0;
        loop {
            let rest = octets.get(taken..).unwrap_or(&[]);
            taken += self.connection.writer().write(rest)?;
            if !self.push(stream)? || taken >= octets.len() {
                return Ok(taken);
            }
        }
    }

    /// Sends what is enciphered. False: the socket takes no more for now.
    pub(crate) fn push(&mut self, stream: &TcpStream) -> io::Result<bool> {
        while self.connection.wants_write() {
            match self.connection.write_tls(&mut Socket(stream)) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => return Err(error),
            }
        }
        Ok(true)
    }

    /// Whether something enciphered waits.
    pub(crate) fn holds_back(&self) -> bool {
        self.connection.wants_write()
    }

    /// TLS's goodbye, as far as the socket takes it.
    pub(crate) fn close(&mut self, stream: &TcpStream) {
        self.connection.send_close_notify();
        // A peer that is gone needs no goodbye.
        let _ = self.push(stream);
    }
}

/// The socket as a writer that answers `WouldBlock`.
struct Socket<'a>(&'a TcpStream);

impl Write for Socket<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0.try_write(octets)
    }

    fn write_vectored(&mut self, octets: &[IoSlice<'_>]) -> io::Result<usize> {
        self.0.try_write_vectored(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
