//! Sockets and the clock around one SMSC, on one thread. Each connection is a task; all share the state machine, which they hold
//! only between two waits.

use super::smsc;
use crate::smsc::{BindKey, Report, Settings, Smsc};
use crate::wire::{Read, Wire};
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long the last words of a connection may take when it is to be closed.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// A pause after the system refused a connection, for want of descriptors for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[derive(Debug)]
pub(super) struct Server {
    smsc: RefCell<Smsc>,
    started: Instant,
    wakers: RefCell<Vec<Rc<Notify>>>,
    dirty: RefCell<Vec<BindKey>>,
    timer: Notify,
    armed_ns: Cell<u64>,
}

impl Server {
    /// Starts to accept. Must be called inside a `LocalSet`; the tasks end with it.
    pub(super) fn start(settings: Settings, listener: TcpListener) -> Rc<Self> {
        let server = Rc::new(Self {
            smsc: RefCell::new(smsc(settings)),
            started: Instant::now(),
            wakers: RefCell::default(),
            dirty: RefCell::default(),
            timer: Notify::new(),
            armed_ns: Cell::new(0),
        });
        tokio::task::spawn_local(Rc::clone(&server).keep_time());
        tokio::task::spawn_local(Rc::clone(&server).accept(listener));
        server
    }

    pub(super) fn report(&self) -> Report {
        self.smsc.borrow().report()
    }

    pub(super) fn toggle_link(&self) {
        let mut smsc = self.smsc.borrow_mut();
        let is_down = !smsc.is_link_down();
        smsc.set_link_down(is_down);
        drop(smsc);
        self.wake(None);
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
                        tokio::task::spawn_local(Rc::clone(&self).serve(stream, key, waker));
                        self.wake(None);
                    }
                }
                Err(_) => tokio::time::sleep(ACCEPT_PAUSE).await,
            }
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

    async fn serve(self: Rc<Self>, stream: TcpStream, key: BindKey, waker: Rc<Notify>) {
        if let Ok(mut wire) = Wire::new(stream) {
            // A connection that fails is simply gone: its receipts wait for the next one.
            let _ = self.talk(&mut wire, key, &waker).await;
        }
        self.smsc.borrow_mut().disconnect(self.now_ns(), key);
        self.wake(None);
    }

    async fn talk(&self, wire: &mut Wire, key: BindKey, waker: &Notify) -> io::Result<()> {
        loop {
            let mut is_closing = false;
            if wire.has_room() {
                is_closing = self.smsc.borrow_mut().take_output(key, wire.outbox());
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
                Read::Octets(octets) => {
                    self.smsc.borrow_mut().receive(self.now_ns(), key, octets);
                    self.wake(Some(key));
                }
                Read::Nothing => {}
                Read::End => return Ok(()),
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
