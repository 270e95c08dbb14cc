//! Connections that an SMSC opens to us, for outbind (SMPP 3.4, 2.2.1), as a [`Transport`].
//!
//! Promise: each connection goes to one of the links that wait; a stranger's is closed at once. Bound: the kernel's queue
//! of the listener. Must run inside a `LocalSet`.

use std::net::{IpAddr, SocketAddr, TcpListener};
use std::rc::Rc;
use std::sync::Arc;

use tokio::task::JoinHandle;

use crate::socket::{Socket, Watched};
use crate::transport::{ReadOutcome, Transport, TransportState, WriteOutcome};
use crate::wake::Wake;

/// Where and from whom connections are taken.
#[derive(Debug, Clone)]
pub struct AcceptSettings {
    /// Shared by all links of the carrier, in whatever thread.
    pub listener: Arc<TcpListener>,
    /// Hosts (`host:port`, the port does not matter) whose connections are taken; empty: anybody's.
    pub peers: Vec<String>,
}

/// A connection that an SMSC opens.
pub struct AcceptTransport {
    settings: Rc<AcceptSettings>,
    shared: Rc<Watched>,
    task: Option<JoinHandle<()>>,
}

impl AcceptTransport {
    /// A transport that waits from its first `connect` on.
    #[must_use]
    pub fn new(settings: AcceptSettings, wake: Wake) -> Self {
        Self {
            settings: Rc::new(settings),
            shared: Watched::new(TransportState::Idle, wake),
            task: None,
        }
    }

    fn end(&mut self, state: TransportState) {
        if let Some(task) = self.task.take() {
            task.abort();
        }
        self.shared.close();
        self.shared = Watched::new(state, self.shared.wake().clone());
    }
}

async fn accept(settings: &AcceptSettings) -> std::io::Result<Socket> {
    let listener = settings.listener.try_clone()?;
    listener.set_nonblocking(true)?;
    let listener = tokio::net::TcpListener::from_std(listener)?;
    loop {
        let (stream, peer) = listener.accept().await?;
        if !is_known(settings, peer.ip()).await {
            tracing::warn!(%peer, "a connection for outbind from a stranger was closed");
            continue;
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        return Ok(Socket::plain(stream));
    }
}

async fn is_known(settings: &AcceptSettings, peer: IpAddr) -> bool {
    let peer = peer.to_canonical();
    for host in &settings.peers {
        let found = tokio::net::lookup_host(host.as_str()).await;
        let same = |address: SocketAddr| address.ip().to_canonical() == peer;
        if found.is_ok_and(|mut addresses| addresses.any(same)) {
            return true;
        }
    }
    settings.peers.is_empty()
}

impl Transport for AcceptTransport {
    fn connect(&mut self) {
        self.end(TransportState::Connecting);
        let (shared, settings) = (Rc::clone(&self.shared), Rc::clone(&self.settings));
        self.task = Some(tokio::task::spawn_local(async move {
            match accept(&settings).await {
                Ok(socket) => shared.serve(socket).await,
                Err(error) => shared.fail(format!("no connection can be taken: {error}")),
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

    fn close(&mut self) {
        self.end(TransportState::Idle);
    }
}

impl Drop for AcceptTransport {
    fn drop(&mut self) {
        self.close();
    }
}
