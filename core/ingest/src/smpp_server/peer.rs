//! One client's socket and its connection.

use std::cell::{Cell, RefCell};
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::sync::Arc;
use std::task::Waker;

use tokio::net::tcp::OwnedWriteHalf;

use super::connection::Connection;
use super::intake::TellingSink;
use super::post::{Letter, Post};

/// For a client to take what was said before its connection ended.
const GOODBYE_NS: u64 = 2_000_000_000;
/// Output memory that is kept when it has been sent.
const KEPT_OCTETS_MAX: usize = 64 * 1024;

/// A client.
pub(crate) struct Peer<K> {
    pub(crate) number: u64,
    pub(crate) address: SocketAddr,
    pub(crate) connection: RefCell<Connection<K>>,
    pub(crate) sink: TellingSink<K>,
    pub(crate) write_half: OwnedWriteHalf,
    /// Was granted credits under this account.
    pub(crate) subscribed: Cell<Option<u32>>,
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
            subscribed: Cell::new(None),
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

    /// Writes once; what the kernel does not take stays.
    pub(crate) fn flush(&self, connection: &mut Connection<K>) {
        let output = connection.output();
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
