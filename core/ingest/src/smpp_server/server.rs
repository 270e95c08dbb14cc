//! Starts and stops the door.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use carrack_engine::Engine;
use carrack_runtime::{RuntimeFault, run_local};
use thiserror::Error;
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::spawn_local;

use super::counts::{Counts, SmppServerCounts};
use super::door::Door;
use super::intake::Intake;
use super::post::{Letter, Post};
use super::short_ids::ShortIdBook;
use super::short_marks::ShortIdsFault;
use super::spec::SmppServerSpec;
use crate::accounts::{AccountBook, IdFormat};
use crate::tls::{TlsFault, TlsServer};

const THREAD: &str = "smpp-door";
const BACKLOG: u32 = 4096;
/// Timers of connections are seconds; a tenth of one is near enough.
const TICK: Duration = Duration::from_millis(100);
/// After an accept that failed, for want of file handles mostly.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the door did not open.
#[derive(Debug, Error)]
pub enum SmppServerFault {
    /// The address cannot be listened on.
    #[error(
        "cannot listen on {address}: {source}; change [smpp_server] listen or end what uses it"
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// Certificate or key.
    #[error(transparent)]
    Tls(#[from] TlsFault),
    /// What is reserved of short message ids cannot be read, or no more of them reserved.
    #[error(transparent)]
    ShortIds(#[from] ShortIdsFault),
    /// No runtime for its thread.
    #[error("{0}")]
    Runtime(#[from] RuntimeFault),
    /// No thread, or it ended before it listened.
    #[error("cannot start the thread of the SMPP door: {0}")]
    Thread(io::Error),
}

/// The SMPP front door: one thread that listens, binds clients, takes their messages and tells them the end of each.
pub struct SmppServer<I: Intake = Engine> {
    post: Arc<Post<I::Key>>,
    counts: Arc<Counts>,
    address: SocketAddr,
    tls: Option<Arc<TlsServer>>,
    thread: Option<JoinHandle<()>>,
}

type Started = Result<SocketAddr, SmppServerFault>;

impl<I: Intake> SmppServer<I> {
    /// Opens the door; it listens when this returns.
    ///
    /// # Errors
    /// [`SmppServerFault`].
    pub fn start(
        spec: SmppServerSpec,
        intake: I,
        book: Arc<AccountBook>,
    ) -> Result<Self, SmppServerFault> {
        let files = spec.tls.clone();
        let tls = files
            .map(|files| TlsServer::open(files, &[]).map(Arc::new))
            .transpose()?;
        let post = Arc::new(Post::new());
        let counts = Arc::new(Counts::default());
        let (started, starting) = sync_channel(2);
        let short_ids = short_ids(&spec, &book, &counts)?;
        let door_post = Arc::clone(&post);
        let door_counts = Arc::clone(&counts);
        let door_tls = tls.clone();
        let thread = Builder::new()
            .name(THREAD.to_owned())
            .spawn(move || {
                let make = || {
                    Door::new(
                        spec,
                        intake,
                        book,
                        door_tls,
                        door_post,
                        door_counts,
                        short_ids,
                    )
                };
                run(make, &started);
            })
            .map_err(SmppServerFault::Thread)?;
        let ended = || Err(SmppServerFault::Thread(io::ErrorKind::BrokenPipe.into()));
        let address = starting.recv().unwrap_or_else(|_| ended())?;
        Ok(Self {
            post,
            counts,
            address,
            tls,
            thread: Some(thread),
        })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it counted.
    #[must_use]
    pub fn counts(&self) -> SmppServerCounts {
        self.counts.read()
    }

    /// To be called after the book of accounts was loaded anew: binds take what their account has now, and those whose
    /// account is gone, has another system id, or may not bind so or from there any more are unbound. Certificates are
    /// read anew for the connections to come.
    pub fn reload(&self) {
        if let Some(tls) = &self.tls {
            tls.reload();
        }
        self.take_accounts();
    }

    /// The same without reading certificates: only what the book of accounts says is another.
    pub fn take_accounts(&self) {
        self.post.send(Letter::Reload);
    }

    /// Closes the door: no new connections, binds or submits; clients are unbound once their answers are out, and cut
    /// off after `within`. Blocks until then. The engine must still run, for the answers are its verdicts.
    pub fn stop(mut self, within: Duration) {
        self.end(within);
    }

    fn end(&mut self, within: Duration) {
        let Some(thread) = self.thread.take() else {
            return;
        };
        let within_ns = u64::try_from(within.as_nanos()).unwrap_or(u64::MAX);
        self.post.send(Letter::Stop { within_ns });
        if thread.join().is_err() {
            tracing::error!("the thread of the SMPP door has panicked");
        }
    }
}

impl<I: Intake> Drop for SmppServer<I> {
    fn drop(&mut self) {
        self.end(Duration::ZERO);
    }
}

/// Ready for the accounts of now; those of a reload get theirs while they wait.
fn short_ids(
    spec: &SmppServerSpec,
    book: &AccountBook,
    counts: &Arc<Counts>,
) -> Result<Arc<ShortIdBook>, ShortIdsFault> {
    let short_ids = ShortIdBook::open(&spec.data_dir, spec.short_ids_max, Arc::clone(counts))?;
    for account in book.current().iter() {
        if account.dialect.message_id == IdFormat::Short {
            short_ids.prepare(&account.name)?;
        }
    }
    Ok(Arc::new(short_ids))
}

fn run<I: Intake>(make: impl FnOnce() -> Door<I>, started: &SyncSender<Started>) {
    let door = Rc::new(make());
    let ran = run_local(door.spec.io, THREAD, |_| serve(Rc::clone(&door), started));
    if let Err(fault) = ran {
        // Nobody waits when it had started; it cannot fail after that.
        let _ = started.send(Err(fault.into()));
    }
}

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4(),
        SocketAddr::V6(_) => TcpSocket::new_v6(),
    }?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

async fn serve<I: Intake>(door: Rc<Door<I>>, started: &SyncSender<Started>) {
    let address = door.spec.listen;
    let listening = listen(address).and_then(|listener| Ok((listener.local_addr()?, listener)));
    let listener = match listening {
        Ok((address, listener)) => {
            let _ = started.send(Ok(address));
            listener
        }
        Err(source) => {
            let _ = started.send(Err(SmppServerFault::Listen { address, source }));
            return;
        }
    };
    let accepting = spawn_local(accept(Rc::clone(&door), listener));
    let ticking = spawn_local(tick(Rc::clone(&door)));
    while door.stop_at_ns().is_none() {
        door.post.wake.woken().await;
        door.deliver_mail();
    }
    accepting.abort();
    while !door.is_empty() {
        door.post.wake.woken().await;
        door.deliver_mail();
    }
    ticking.abort();
}

async fn tick<I: Intake>(door: Rc<Door<I>>) {
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        door.tick();
    }
}

async fn accept<I: Intake>(door: Rc<Door<I>>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, address)) => {
                let Some((mut read_half, peer)) = door.welcome(stream, address) else {
                    continue;
                };
                let door = Rc::clone(&door);
                spawn_local(async move {
                    std::future::poll_fn(|context| door.poll_turn(context, &mut read_half, &peer))
                        .await;
                    door.forget(&peer);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "the SMPP door cannot accept a connection; raise the limit of open files");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
