//! TCP as a [`Transport`]: a small task watches the socket and wakes the loop; the loop itself reads and writes.
//!
//! Promise: no octet is read or written outside the loop's turn, so one read takes all that came and one write sends all
//! that the turn made. Bound: no buffer here; the kernel's only. Must run inside a `LocalSet` (see `run_local`).

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::rc::Rc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::transport::{ReadOutcome, Transport, TransportState, WriteOutcome};
use crate::wake::Wake;

struct Shared {
    state: RefCell<TransportState>,
    stream: RefCell<Option<Rc<TcpStream>>>,
    readable: Cell<bool>,
    read_again: Notify,
    write_blocked: Notify,
    wake: Wake,
}

/// A TCP connection that we open.
pub struct TcpTransport {
    address: String,
    connect_timeout: Duration,
    shared: Rc<Shared>,
    task: Option<JoinHandle<()>>,
}

impl TcpTransport {
    /// A connection to `address` (`host:port`), not opened yet.
    #[must_use]
    pub fn new(address: String, connect_timeout: Duration, wake: Wake) -> Self {
        Self {
            address,
            connect_timeout,
            shared: Rc::new(Shared::new(wake)),
            task: None,
        }
    }

    fn stream(&self) -> Option<Rc<TcpStream>> {
        self.shared.stream.borrow().clone()
    }
}

impl Shared {
    fn new(wake: Wake) -> Self {
        Self {
            state: RefCell::new(TransportState::Idle),
            stream: RefCell::new(None),
            readable: Cell::new(false),
            read_again: Notify::new(),
            write_blocked: Notify::new(),
            wake,
        }
    }

    fn set(&self, state: TransportState) {
        *self.state.borrow_mut() = state;
        self.wake.wake();
    }

    async fn run(&self, address: String, connect_timeout: Duration) {
        let stream =
            match tokio::time::timeout(connect_timeout, TcpStream::connect(address.as_str())).await
            {
                Ok(Ok(stream)) => Rc::new(stream),
                Ok(Err(error)) => {
                    return self.set(TransportState::Failed(format!(
                        "cannot connect to {address}: {error}"
                    )));
                }
                Err(_) => {
                    return self.set(TransportState::Failed(format!(
                        "cannot connect to {address}: no answer in {connect_timeout:?}"
                    )));
                }
            };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        *self.stream.borrow_mut() = Some(Rc::clone(&stream));
        self.set(TransportState::Open);
        tokio::join!(self.watch_readable(&stream), self.watch_writable(&stream));
    }

    async fn watch_readable(&self, stream: &TcpStream) {
        while stream.readable().await.is_ok() {
            self.readable.set(true);
            self.wake.wake();
            self.read_again.notified().await;
        }
    }

    async fn watch_writable(&self, stream: &TcpStream) {
        loop {
            self.write_blocked.notified().await;
            if stream.writable().await.is_err() {
                return;
            }
            self.wake.wake();
        }
    }
}

impl Transport for TcpTransport {
    fn connect(&mut self) {
        self.close();
        *self.shared.state.borrow_mut() = TransportState::Connecting;
        let (shared, address, timeout) = (
            Rc::clone(&self.shared),
            self.address.clone(),
            self.connect_timeout,
        );
        self.task = Some(tokio::task::spawn_local(async move {
            shared.run(address, timeout).await
        }));
    }

    fn state(&self) -> TransportState {
        self.shared.state.borrow().clone()
    }

    fn read(&mut self, into: &mut [u8]) -> ReadOutcome {
        if !self.shared.readable.get() {
            return ReadOutcome::Nothing;
        }
        let Some(stream) = self.stream() else {
            return ReadOutcome::Nothing;
        };
        match stream.try_read(into) {
            Ok(0) => ReadOutcome::Closed("the other side closed the connection".to_owned()),
            Ok(octets) => ReadOutcome::Octets(octets),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.shared.readable.set(false);
                self.shared.read_again.notify_one();
                ReadOutcome::Nothing
            }
            Err(error) => ReadOutcome::Closed(error.to_string()),
        }
    }

    fn read_later(&mut self) {
        self.shared.wake.wake();
    }

    fn write(&mut self, octets: &[u8]) -> WriteOutcome {
        let Some(stream) = self.stream() else {
            return WriteOutcome::Octets(0);
        };
        match stream.try_write(octets) {
            Ok(written) => {
                if written < octets.len() {
                    self.shared.write_blocked.notify_one();
                }
                WriteOutcome::Octets(written)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                self.shared.write_blocked.notify_one();
                WriteOutcome::Octets(0)
            }
            Err(error) => WriteOutcome::Closed(error.to_string()),
        }
    }

    fn close(&mut self) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        // A new cell for each connection: what an aborted task still holds cannot touch the next one.
        self.shared = Rc::new(Shared::new(self.shared.wake.clone()));
    }
}

impl Drop for TcpTransport {
    fn drop(&mut self) {
        self.close();
    }
}
