//! An open connection, plain or secured, or an open serial port: a small task watches it and wakes the loop; the loop itself reads
//! and writes.
//!
//! Promise: no plain octet is read or written outside the loop's turn, so one read takes all that came and one write
//! sends all that the turn made. Bound: plain, the kernel's buffers only; secured, see [`crate::tls`].

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::serial::OpenPort;
use crate::tls::{TlsPipe, explain};
use crate::transport::{ReadOutcome, TransportState, WriteOutcome};
use crate::wake::Wake;

/// One connection's two ends: of the kernel and, secured, of the cipher.
pub(crate) enum Socket {
    Plain(TcpStream),
    Secured {
        stream: TcpStream,
        pipe: Box<RefCell<TlsPipe>>,
        /// Whom a certificate was asked of, for people.
        name: String,
    },
    /// A serial port, without waiting.
    Serial(AsyncFd<OpenPort>),
}

impl Socket {
    pub(crate) const fn plain(stream: TcpStream) -> Self {
        Self::Plain(stream)
    }

    pub(crate) fn secured(stream: TcpStream, pipe: TlsPipe, name: String) -> Self {
        let pipe = Box::new(RefCell::new(pipe));
        Self::Secured { stream, pipe, name }
    }

    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_read(into),
            Self::Secured { stream, pipe, .. } => pipe.borrow_mut().read(stream, into),
            Self::Serial(port) => port.try_io(Interest::READABLE, |port| port.read(into)),
        }
    }

    fn write(&self, octets: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.try_write(octets),
            Self::Secured { stream, pipe, .. } => pipe.borrow_mut().write(stream, octets),
            Self::Serial(port) => port.try_io(Interest::WRITABLE, |port| port.write(octets)),
        }
    }

    async fn readable(&self) -> io::Result<()> {
        match self {
            Self::Plain(stream) | Self::Secured { stream, .. } => stream.readable().await,
            Self::Serial(port) => port.readable().await.map(|mut ready| ready.retain_ready()),
        }
    }

    async fn writable(&self) -> io::Result<()> {
        match self {
            Self::Plain(stream) | Self::Secured { stream, .. } => stream.writable().await,
            Self::Serial(port) => port.writable().await.map(|mut ready| ready.retain_ready()),
        }
    }

    const fn is_secured(&self) -> bool {
        matches!(self, Self::Secured { .. })
    }

    /// Sends what the cipher holds back. False: some is left.
    fn push(&self) -> io::Result<bool> {
        match self {
            Self::Secured { stream, pipe, .. } => pipe.borrow_mut().push(stream),
            _ => Ok(true),
        }
    }

    fn holds_back(&self) -> bool {
        match self {
            Self::Secured { pipe, .. } => pipe.borrow().holds_back(),
            _ => false,
        }
    }

    fn reason(&self, error: &io::Error) -> String {
        match self {
            Self::Secured { name, .. } if error.get_ref().is_some() => explain(error, name),
            _ => error.to_string(),
        }
    }

    fn end(&self) -> &'static str {
        match self {
            Self::Serial(_) => "the port was hung up",
            _ => "the other side closed the connection",
        }
    }

    fn close(&self) {
        if let Self::Secured { stream, pipe, .. } = self {
            pipe.borrow_mut().close(stream);
        }
    }
}

/// What the loop and the watching task share of one connection.
pub(crate) struct Watched {
    state: RefCell<TransportState>,
    socket: RefCell<Option<Rc<Socket>>>,
    readable: Cell<bool>,
    read_again: Notify,
    write_blocked: Notify,
    wake: Wake,
}

impl Watched {
    pub(crate) fn new(state: TransportState, wake: Wake) -> Rc<Self> {
        Rc::new(Self {
            state: RefCell::new(state),
            socket: RefCell::new(None),
            readable: Cell::new(false),
            read_again: Notify::new(),
            write_blocked: Notify::new(),
            wake,
        })
    }

    pub(crate) fn state(&self) -> TransportState {
        self.state.borrow().clone()
    }

    pub(crate) const fn wake(&self) -> &Wake {
        &self.wake
    }

    fn set(&self, state: TransportState) {
        *self.state.borrow_mut() = state;
        self.wake.wake();
    }

    pub(crate) fn fail(&self, reason: String) {
        self.set(TransportState::Failed(reason));
    }

    /// Serves an open connection until the task is dropped.
    pub(crate) async fn serve(&self, socket: Socket) {
        let socket = Rc::new(socket);
        // The end of a handshake may have brought more than itself.
        self.readable.set(socket.is_secured());
        *self.socket.borrow_mut() = Some(Rc::clone(&socket));
        self.set(TransportState::Open);
        tokio::join!(self.watch_readable(&socket), self.watch_writable(&socket));
    }

    async fn watch_readable(&self, socket: &Socket) {
        while socket.readable().await.is_ok() {
            self.readable.set(true);
            self.wake.wake();
            self.read_again.notified().await;
        }
    }

    async fn watch_writable(&self, socket: &Socket) {
        loop {
            self.write_blocked.notified().await;
            if socket.writable().await.is_err() {
                return;
            }
            // What was enciphered is gone for the loop, which may have nothing more to write.
            if let Ok(false) = socket.push() {
                self.write_blocked.notify_one();
            }
            self.wake.wake();
        }
    }

    fn socket(&self) -> Option<Rc<Socket>> {
        self.socket.borrow().clone()
    }

    pub(crate) fn read(&self, into: &mut [u8]) -> ReadOutcome {
        if !self.readable.get() {
            return ReadOutcome::Nothing;
        }
        let Some(socket) = self.socket() else {
            return ReadOutcome::Nothing;
        };
        match socket.read(into) {
            Ok(0) => ReadOutcome::Closed(socket.end().to_owned()),
            Ok(octets) => ReadOutcome::Octets(octets),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.readable.set(false);
                self.read_again.notify_one();
                ReadOutcome::Nothing
            }
            Err(error) => ReadOutcome::Closed(socket.reason(&error)),
        }
    }

    pub(crate) fn write(&self, octets: &[u8]) -> WriteOutcome {
        let Some(socket) = self.socket() else {
            return WriteOutcome::Octets(0);
        };
        match socket.write(octets) {
            Ok(written) => {
                if written < octets.len() || socket.holds_back() {
                    self.write_blocked.notify_one();
                }
                WriteOutcome::Octets(written)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.write_blocked.notify_one();
                WriteOutcome::Octets(0)
            }
            Err(error) => WriteOutcome::Closed(socket.reason(&error)),
        }
    }

    pub(crate) fn close(&self) {
        if let Some(socket) = self.socket.borrow_mut().take() {
            socket.close();
        }
    }
}
