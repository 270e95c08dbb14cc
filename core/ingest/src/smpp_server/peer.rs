//! One client's socket and its connection.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;

use carrack_telemetry::names;
use tokio::net::tcp::OwnedWriteHalf;
use tokio_rustls::rustls::Error;

use super::connection::Connection;
use super::counts::{Counts, add};
use super::intake::TellingSink;
use super::post::{Letter, Post};
use super::wire::{Received, Wire};

/// For a client to take what was said before its connection ended.
pub(crate) const GOODBYE_NS: u64 = 2_000_000_000;
/// Output memory that is kept when it has been sent.
const KEPT_OCTETS_MAX: usize = 64 * 1024;

/// A client.
pub(crate) struct Peer<K> {
    pub(crate) number: u64,
    pub(crate) address: SocketAddr,
    pub(crate) connection: RefCell<Connection<K>>,
    pub(crate) sink: TellingSink<K>,
    pub(crate) write_half: OwnedWriteHalf,
    wire: RefCell<Wire>,
    /// Was granted credits under this account.
    pub(crate) subscribed: Cell<Option<u32>>,
    /// The client sends nothing more; what it is owed is still said.
    pub(crate) ended: Cell<bool>,
    /// The kernel takes no more for now.
    pub(crate) blocked: Cell<bool>,
    /// The socket failed or must go.
    pub(crate) broken: Cell<bool>,
    /// On the list of those whose turn must be ended.
    pub(crate) listed: Cell<bool>,
    /// Since when its output waits to be taken before the socket closes.
    leaving_ns: Cell<Option<u64>>,
    waker: Cell<Option<Waker>>,
}

impl<K: Copy + Send + 'static> Peer<K> {
    pub(crate) fn new(
        number: u64,
        address: SocketAddr,
        connection: Connection<K>,
        write_half: OwnedWriteHalf,
        wire: Wire,
        post: &Arc<Post<K>>,
    ) -> Self {
        let post = Arc::clone(post);
        let sink: TellingSink<K> = Arc::new(move |tellings| {
            post.send(Letter::Tellings {
                connection: number,
                tellings,
            });
        });
        Self {
            number,
            address,
            connection: RefCell::new(connection),
            sink,
            write_half,
            wire: RefCell::new(wire),
            subscribed: Cell::new(None),
            ended: Cell::new(false),
            blocked: Cell::new(false),
            broken: Cell::new(false),
            listed: Cell::new(false),
            leaving_ns: Cell::new(None),
            waker: Cell::new(None),
        }
    }

    /// Remembers whom to wake.
    pub(crate) fn watch(&self, waker: &Waker) {
        let kept = self.waker.take().filter(|kept| kept.will_wake(waker));
        self.waker.set(Some(kept.unwrap_or_else(|| waker.clone())));
    }

    /// Whether a client whose connection has ended takes too long to read the last of it.
    pub(crate) fn outstays(&self, now_ns: u64) -> bool {
        let since = self.leaving_ns.get().unwrap_or(now_ns);
        self.leaving_ns.set(Some(since));
        now_ns.saturating_sub(since) >= GOODBYE_NS
    }

    /// Wakes this client's task.
    pub(crate) fn wake(&self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }

    /// Octets came in: shows `on` what the client meant by them.
    pub(crate) fn receive(&self, octets: &[u8], on: &mut dyn FnMut(&[u8])) -> Received {
        self.wire.borrow_mut().receive(octets, on)
    }

    /// TLS has ended, or never began: what is to be said of it was written.
    #[cold]
    pub(crate) fn hang_up(&self, received: &Received, counts: &Counts) {
        self.broken.set(true);
        let Received::Failed(error) = received else {
            return;
        };
        add(&counts.tls_failed, 1);
        metrics::counter!(names::CUSTOMER_TLS_FAILED).increment(1);
        match error {
            Error::InvalidCertificate(_) | Error::NoCertificatesPresented => {
                tracing::warn!(peer = %self.address, %error, "a client shows no certificate that is taken");
            }
            // Scanners, health checks, and clients that do not speak TLS.
            _ => tracing::debug!(peer = %self.address, %error, "TLS failed"),
        }
    }

    /// Whether nothing waits to be written.
    pub(crate) fn is_drained(&self, connection: &mut Connection<K>) -> bool {
        connection.output().is_empty() && self.wire.borrow().is_empty()
    }

    /// Writes; what the kernel does not take stays.
    pub(crate) fn flush(&self, connection: &mut Connection<K>) {
        let mut wire = self.wire.borrow_mut();
        let tls = match &mut *wire {
            Wire::Plain => return self.put(connection.output()),
            Wire::Tls(tls) => tls,
        };
        loop {
            let last = connection.closing().is_some();
            tls.seal(connection.output(), last);
            let waiting = tls.sealed().len();
            self.put(tls.sealed());
            // Until the kernel takes no more, or there is no more.
            if waiting == 0 || self.blocked.get() || self.broken.get() {
                return;
            }
        }
    }

    /// Writes once.
    fn put(&self, output: &mut Vec<u8>) {
        if output.is_empty() || self.blocked.get() {
            return;
        }
        match self.write_half.try_write(output) {
            Ok(written) if written >= output.len() => {
                output.clear();
                output.shrink_to(KEPT_OCTETS_MAX);
            }
            Ok(written) => {
                output.drain(..written);
                self.block();
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.block(),
            Err(error) => {
                tracing::debug!(peer = %self.address, %error, "client lost");
                self.end();
            }
        }
    }

    fn block(&self) {
        self.blocked.set(true);
        self.wake();
    }

    /// The socket must go whatever still waits.
    pub(crate) fn end(&self) {
        self.broken.set(true);
        self.wake();
    }
}
