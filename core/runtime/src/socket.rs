//! An open connection, plain or secured: a small task watches it and wakes the loop; the loop itself reads and writes.
//!
//! Promise: no plain octet is read or written outside the loop's turn, so one read takes all that came and one write
//! sends all that the turn made. Bound: plain, the kernel's buffers only; secured, see [`crate::tls`].

use std::cell::{Cell, RefCell};
use std::io::{self, ErrorKind};
use std::rc::Rc;

use tokio::net::TcpStream;
use tokio::sync::Notify;

use crate::tls::{TlsPipe, explain};
use crate::transport::{ReadOutcome, TransportState, WriteOutcome};
use crate::wake::Wake;

/// One connection's two ends: of the kernel and, secured, of the cipher.
pub(crate) struct Socket {
    stream: TcpStream,
    tls: Option<RefCell<TlsPipe>>,
    /// Whom a certificate was asked of, for people.
    name: String,
}

impl Socket {
    pub(crate) const fn plain(stream: TcpStream) -> Self {
        Self {
            stream,
            tls: None,
            name: String::new(),
        }
    }

    pub(crate) const fn secured(stream: TcpStream, pipe: TlsPipe, name: String) -> Self {
        Self {
            stream,
            tls: Some(RefCell::new(pipe)),
            name,
        }
    }

    fn read(&self, into: &mut [u8]) -> io::Result<usize> {
        match &self.tls {
            None => self.stream.try_read(into),
            Some(pipe) => pipe.borrow_mut().read(&self.stream, into),
        }
    }

    fn write(&self, octets: &[u8]) -> io::Result<usize> {
        match &self.tls {
            None => self.stream.try_write(octets),
            Some(pipe) => pipe.borrow_mut().write(&self.stream, octets),
        }
    }

    /// Sends what the cipher holds back. False: some is left.
    fn push(&self) -> io::Result<bool> {
        match &self.tls {
            None => Ok(true),
            Some(pipe) => pipe.borrow_mut().push(&self.stream),
        }
    }

    fn holds_back(&self) -> bool {
        let held = |pipe: &RefCell<TlsPipe>| pipe.borrow().holds_back();
        self.tls.as_ref().is_some_and(held)
    }

    fn reason(&self, error: &io::Error) -> String {
        let of_cipher = error.get_ref().is_some() && self.tls.is_some();
        if of_cipher {
            explain(error, &self.name)
        } else {
            error.to_string()
        }
    }

    fn close(&self) {
        if let Some(pipe) = &self.tls {
            pipe.borrow_mut().close(&self.stream);
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
        self.readable.set(socket.tls.is_some());
        *self.socket.borrow_mut() = Some(Rc::clone(&socket));
        self.set(TransportState::Open);
        tokio::join!(self.watch_readable(&socket), self.watch_writable(&socket));
    }

    async fn watch_readable(&self, socket: &Socket) {
        while socket.stream.readable().await.is_ok() {
            self.readable.set(true);
            self.wake.wake();
            self.read_again.notified().await;
        }
    }

    async fn watch_writable(&self, socket: &Socket) {
        loop {
            self.write_blocked.notified().await;
            if socket.stream.writable().await.is_err() {
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
            Ok(0) => ReadOutcome::Closed("the other side closed the connection".to_owned()),
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
