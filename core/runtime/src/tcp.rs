//! TCP connections that we open, as a [`Transport`]; must run inside a `LocalSet` (see `run_local`).

use std::rc::Rc;

use tokio::task::JoinHandle;

use crate::connect::{self, ConnectSettings};
use crate::socket::Watched;
use crate::transport::{ReadOutcome, Transport, TransportState, WriteOutcome};
use crate::wake::Wake;

/// A TCP connection that we open, to the next of several hosts after each failure.
pub struct TcpTransport {
    settings: Rc<ConnectSettings>,
    /// Attempts that did not prove good, which moves on to the next host.
    failures: usize,
    is_tried: bool,
    shared: Rc<Watched>,
    task: Option<JoinHandle<()>>,
}

impl TcpTransport {
    /// A connection that is not opened yet.
    #[must_use]
    pub fn new(settings: ConnectSettings, wake: Wake) -> Self {
        Self {
            settings: Rc::new(settings),
            failures: 0,
            is_tried: false,
            shared: Watched::new(TransportState::Idle, wake),
            task: None,
        }
    }

    fn address(&self) -> Option<String> {
        let place = self.failures.checked_rem(self.settings.addresses.len())?;
        self.settings.addresses.get(place).cloned()
    }

    fn end(&mut self, state: TransportState) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.shared.close();
        // A new cell for each connection: what an aborted task still holds cannot touch the next one.
        self.shared = Watched::new(state, self.shared.wake().clone());
    }
}

impl Transport for TcpTransport {
    fn connect(&mut self) {
        self.end(TransportState::Connecting);
        self.failures = self.failures.wrapping_add(usize::from(self.is_tried));
        self.is_tried = true;
        let Some(address) = self.address() else {
            return self.shared.fail("no address to connect to".to_owned());
        };
        let (shared, settings) = (Rc::clone(&self.shared), Rc::clone(&self.settings));
        self.task = Some(tokio::task::spawn_local(async move {
            match connect::open(&settings, &address).await {
                Ok(socket) => shared.serve(socket).await,
                Err(reason) => shared.fail(reason),
            }
        }));
    }

    fn state(&self) -> TransportState {
        self.shared.state()
    }

    fn read(&mut self, into: &mut [u8]) -> ReadOutcome {
        self.shared.read(into)
    }

    fn read_later(&mut self) {
        self.shared.wake().wake();
    }

    fn write(&mut self, octets: &[u8]) -> WriteOutcome {
        self.shared.write(octets)
    }

    fn settled(&mut self) {
        self.is_tried = false;
    }

    fn close(&mut self) {
        self.end(TransportState::Idle);
    }
}

impl Drop for TcpTransport {
    fn drop(&mut self) {
        self.close();
    }
}
