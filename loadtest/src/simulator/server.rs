//! Sockets and the clock around one SMSC, on one thread. Each connection is a task; all share the state machine, which they hold
//! only between two waits.

use super::smsc;
use crate::smsc::quirk::stream::Stream;
use crate::smsc::{BindKey, Settings, Smsc};
use crate::wire::{Pieces, Read, Wire, tls_server};
use std::cell::{Cell, RefCell};
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_rustls::rustls::ServerConfig;

/// How long the last words of a connection may take when it is to be closed.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// Above that rate, segments a second, the short reads that it takes would cost more than they tell.
const RATE_NOTED_MAX: u32 = 10_000;
/// A pause after the system refused a connection, for want of descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// A pause before an ESME is called again.
const OUTBIND_PAUSE: Duration = Duration::from_millis(500);

#[derive(Debug)]
pub(super) struct Server {
    smsc: RefCell<Smsc>,
    tls: Option<Arc<ServerConfig>>,
    /// It counts a rate by when octets came, not by when they were read.
    notes_arrivals: bool,
    started: Instant,
    wakers: RefCell<Vec<Rc<Notify>>>,
    dirty: RefCell<Vec<BindKey>>,
    timer: Notify,
    armed_ns: Cell<u64>,
}

impl Server {
    /// Starts to accept. Must be called inside a `LocalSet`; the tasks end with it.
    pub(super) fn start(
        settings: Settings,
        tls: Option<Arc<ServerConfig>>,
        listener: TcpListener,
    ) -> Rc<Self> {
        let notes_arrivals = settings.rate.is_some_and(|rate| rate <= RATE_NOTED_MAX);
        let server = Rc::new(Self {
            notes_arrivals,
            smsc: RefCell::new(smsc(settings)),
            tls,
            started: Instant::now(),
            wakers: RefCell::default(),
            dirty: RefCell::default(),
            timer: Notify::new(),
            armed_ns: Cell::new(0),
        });
        tokio::task::spawn_local(Rc::clone(&server).keep_time());
        tokio::task::spawn_local(Rc::clone(&server).accept(listener));
        let esme = server.smsc.borrow().outbind_address();
        if let Some(esme) = esme {
            tokio::task::spawn_local(Rc::clone(&server).call(esme));
        }
        server
    }

    /// Asks the SMSC something that changes nothing.
    pub(super) fn ask<T>(&self, question: impl FnOnce(&Smsc) -> T) -> T {
        question(&self.smsc.borrow())
    }

    /// Tells the SMSC something, with the time.
    pub(super) fn tell<T>(&self, order: impl FnOnce(&mut Smsc, u64) -> T) -> T {
        let told = order(&mut self.smsc.borrow_mut(), self.now_ns());
        self.wake(None);
        told
    }

    fn now_ns(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    async fn accept(self: Rc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    let key = self.smsc.borrow_mut().connect(self.now_ns());
                    if let Some(key) = key {
                        let waker = self.waker(key);
                        let tls = self.tls.clone();
                        tokio::task::spawn_local(Rc::clone(&self).serve(stream, tls, key, waker));
                        self.wake(None);
                    }
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
        }
    }

    /// Calls an ESME again and again, and asks it to bind.
    async fn call(self: Rc<Self>, esme: SocketAddr) {
        loop {
            if let Ok(stream) = TcpStream::connect(esme).await {
                let key = self.smsc.borrow_mut().connect_outbind(self.now_ns());
                if let Some(key) = key {
                    let waker = self.waker(key);
                    Rc::clone(&self).serve(stream, None, key, waker).await;
                }
            }
            tokio::time::sleep(OUTBIND_PAUSE).await;
        }
    }

    /// A new waker at the place of this connection.
    fn waker(&self, key: BindKey) -> Rc<Notify> {
        let waker = Rc::new(Notify::new());
        let mut wakers = self.wakers.borrow_mut();
        while wakers.len() <= key.slot() {
            wakers.push(Rc::new(Notify::new()));
        }
        if let Some(place) = wakers.get_mut(key.slot()) {
            place.clone_from(&waker);
        }
        waker
    }

    async fn serve(
        self: Rc<Self>,
        stream: TcpStream,
        tls: Option<Arc<ServerConfig>>,
        key: BindKey,
        waker: Rc<Notify>,
    ) {
        if let Ok(mut wire) = wire(stream, tls) {
            if self.notes_arrivals {
                // A kernel without stamps: what is read counts when it is read.
                let _ = wire.note_arrivals();
            }
            // A connection that fails is simply gone: its parcels wait for the next one.
            let _ = self.talk(&mut wire, key, &waker).await;
            if wire.is_handshaking() {
                self.smsc.borrow_mut().count_tls_failure();
            }
        }
        self.smsc.borrow_mut().disconnect(self.now_ns(), key);
        self.wake(None);
    }

    async fn talk(&self, wire: &mut Wire, key: BindKey, waker: &Notify) -> io::Result<()> {
        loop {
            let mut is_closing = false;
            if wire.has_room() {
                let mut smsc = self.smsc.borrow_mut();
                is_closing = smsc.take_output(key, wire.outbox());
                wire.cut(match smsc.stream() {
                    Stream::Whole => Pieces::Whole,
                    Stream::Drip => Pieces::Single,
                    Stream::SplitHeader => Pieces::headers(),
                });
            }
            wire.flush()?;
            if is_closing {
                return last_words(wire).await;
            }
            tokio::select! {
                ready = wire.ready() => ready?,
                () = waker.notified() => {}
            }
            match wire.read()? {
                Read::Octets { octets, age } => {
                    let now_ns = self.now_ns();
                    let age_ns = u64::try_from(age.as_nanos()).unwrap_or(0);
                    let arrived_ns = now_ns.saturating_sub(age_ns);
                    let mut smsc = self.smsc.borrow_mut();
                    smsc.receive_late(now_ns, arrived_ns, key, octets);
                    drop(smsc);
                    self.wake(Some(key));
                }
                Read::Nothing => {}
                Read::End => return Ok(()),
            }
            if self.smsc.borrow().stream() != Stream::Whole {
                // Each piece is on its way before the next.
                tokio::task::yield_now().await;
            }
        }
    }

    /// Wakes every connection that has something to write, and the timer when something is due earlier than it thinks.
    fn wake(&self, except: Option<BindKey>) {
        let mut dirty = self.dirty.borrow_mut();
        let mut smsc = self.smsc.borrow_mut();
        smsc.take_dirty(&mut dirty);
        let wakers = self.wakers.borrow();
        for key in dirty.drain(..) {
            if Some(key) != except
                && let Some(waker) = wakers.get(key.slot())
            {
                waker.notify_one();
            }
        }
        if smsc
            .next_deadline_ns()
            .is_some_and(|deadline_ns| deadline_ns < self.armed_ns.get())
        {
            self.timer.notify_one();
        }
    }

    async fn keep_time(self: Rc<Self>) {
        loop {
            let deadline_ns = self.smsc.borrow().next_deadline_ns();
            self.armed_ns.set(deadline_ns.unwrap_or(u64::MAX));
            match deadline_ns {
                None => self.timer.notified().await,
                Some(deadline_ns) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(self.started + Duration::from_nanos(deadline_ns)) => {}
                        () = self.timer.notified() => {}
                    }
                }
            }
            let now_ns = self.now_ns();
            if self
                .smsc
                .borrow()
                .next_deadline_ns()
                .is_some_and(|deadline_ns| deadline_ns <= now_ns)
            {
                self.smsc.borrow_mut().tick(now_ns);
                self.wake(None);
            }
        }
    }
}

fn wire(stream: TcpStream, tls: Option<Arc<ServerConfig>>) -> io::Result<Wire> {
    match tls {
        None => Wire::new(stream),
        Some(config) => Wire::sealed(stream, tls_server(&config).map_err(io::Error::other)?),
    }
}

async fn last_words(wire: &mut Wire) -> io::Result<()> {
    let write = async {
        while wire.backlog() > 0 {
            wire.ready().await?;
            wire.flush()?;
        }
        Ok(())
    };
    tokio::time::timeout(LAST_WORDS, write)
        .await
        .unwrap_or(Ok(()))
}
