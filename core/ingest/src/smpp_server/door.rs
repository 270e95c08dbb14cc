//! The door's one thread: moves bytes between sockets and connections, submissions and receipts between connections
//! and the engine.
//!
//! Promise: all submits of one read leave as one chunk; all answers of one turn leave by one write; no client waits
//! for another that does not read. Bound: connections and the bytes of each. A socket that fails ends its connection
//! and nothing else.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::pin::Pin;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Poll, ready};

use carrack_engine::Chunk;
use carrack_runtime::{Clock, Now, SystemClock};
use carrack_smpp::CloseReason;
use carrack_telemetry::names;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedReadHalf;

use super::binds::verifications_max;
use super::clerks::Clerks;
use super::connection::Connection;
use super::counts::{Counts, add};
use super::intake::Intake;
use super::judgement::Judgement;
use super::peer::{GOODBYE_NS, Peer};
use super::post::{Letter, Post};
use super::reception::Reception;
use super::register::Register;
use super::requests::Submits;
use super::short_ids::ShortIdBook;
use super::spec::SmppServerSpec;
use super::wire::{Received, Wire};
use crate::accounts::AccountBook;
use crate::tls::TlsServer;

const READ_OCTETS: usize = 64 * 1024;
/// Subscribers of the engine are told apart by door: this one's numbers begin with "SM".
const NUMBER_FIRST: u64 = 0x534D << 48;

pub(crate) struct Door<I: Intake> {
    pub(crate) spec: SmppServerSpec,
    intake: I,
    pub(crate) book: Arc<AccountBook>,
    tls: Option<Arc<TlsServer>>,
    pub(crate) post: Arc<Post<I::Key>>,
    counts: Arc<Counts>,
    pub(crate) clock: SystemClock,
    pub(crate) peers: RefCell<HashMap<u64, Rc<Peer<I::Key>>>>,
    register: RefCell<Register>,
    clerks: Clerks,
    short_ids: Arc<ShortIdBook>,
    pub(crate) judgement: RefCell<Judgement>,
    buffer: RefCell<Box<[u8]>>,
    letters: RefCell<Vec<Letter<I::Key>>>,
    listed: RefCell<Vec<Rc<Peer<I::Key>>>>,
    next_number: Cell<u64>,
    stop_at_ns: Cell<Option<u64>>,
}

impl<I: Intake> Door<I> {
    pub(crate) fn new(
        spec: SmppServerSpec,
        intake: I,
        book: Arc<AccountBook>,
        tls: Option<Arc<TlsServer>>,
        post: Arc<Post<I::Key>>,
        counts: Arc<Counts>,
        short_ids: Arc<ShortIdBook>,
    ) -> Self {
        let register = RefCell::new(Register::new(spec.binds_max));
        Self {
            spec,
            intake,
            book,
            tls,
            post,
            counts,
            clock: SystemClock::default(),
            peers: RefCell::default(),
            register,
            clerks: Clerks::new(),
            short_ids,
            judgement: RefCell::new(Judgement::new(verifications_max())),
            buffer: RefCell::new(vec![0; READ_OCTETS].into_boxed_slice()),
            letters: RefCell::default(),
            listed: RefCell::default(),
            next_number: Cell::new(NUMBER_FIRST),
            stop_at_ns: Cell::new(None),
        }
    }

    /// Whether the door is to end; then until when.
    pub(crate) fn stop_at_ns(&self) -> Option<u64> {
        self.stop_at_ns.get()
    }

    /// Whether nobody is connected.
    pub(crate) fn is_empty(&self) -> bool {
        self.peers.borrow().is_empty()
    }

    pub(crate) fn reception(&self, peer: &Peer<I::Key>) -> Reception<'_> {
        Reception {
            register: &self.register,
            judgement: &self.judgement,
            book: &self.book,
            counts: &self.counts,
            clock: self.clock,
            connection: peer.number,
            from: peer.address.ip(),
        }
    }

    /// A client has connected: gives back what its task needs, or nothing when there are too many.
    pub(crate) fn welcome(
        &self,
        stream: TcpStream,
        address: std::net::SocketAddr,
    ) -> Option<(OwnedReadHalf, Rc<Peer<I::Key>>)> {
        let full = self.peers.borrow().len() >= self.spec.connections_max;
        let stranger = !self.spec.allows(address.ip());
        if full || stranger || self.stop_at_ns.get().is_some() {
            add(&self.counts.connections_refused, 1);
            return None;
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        let tls = self.tls.as_ref().map(|tls| tls.current());
        let wire = Wire::new(tls)
            .inspect_err(|error| tracing::error!(%error, "TLS cannot be begun"))
            .ok()?;
        let number = self.next_number.get();
        self.next_number.set(number + 1);
        let now_ns = self.clock.now().mono_ns;
        let connection = Connection::new(self.spec.session(), 1, now_ns)
            .with_short_ids(Arc::clone(&self.short_ids));
        let (read_half, write_half) = stream.into_split();
        let peer = Peer::new(number, address, connection, write_half, wire, &self.post);
        let peer = Rc::new(peer);
        self.peers.borrow_mut().insert(number, Rc::clone(&peer));
        self.counts.connections.fetch_add(1, Ordering::Relaxed);
        Some((read_half, peer))
    }

    /// One turn of a client's task; ready when the client is gone.
    pub(crate) fn poll_turn(
        &self,
        context: &mut Context<'_>,
        read_half: &mut OwnedReadHalf,
        peer: &Peer<I::Key>,
    ) -> Poll<()> {
        peer.watch(context.waker());
        if self.post.has_mail() {
            self.deliver_mail();
        }
        while peer.blocked.get() && !peer.broken.get() {
            match peer.write_half.as_ref().poll_write_ready(context) {
                Poll::Pending => break,
                Poll::Ready(Ok(())) => {
                    peer.blocked.set(false);
                    self.end_turn(peer, self.clock.now());
                }
                Poll::Ready(Err(_)) => peer.broken.set(true),
            }
        }
        if self.is_over(peer) {
            return Poll::Ready(());
        }
        // A client that does not take its answers is not asked for more.
        if !self.may_read(peer) {
            return Poll::Pending;
        }
        ready!(self.poll_read(context, read_half, peer));
        if self.is_over(peer) {
            return Poll::Ready(());
        }
        // One read a turn: the others are next.
        context.waker().wake_by_ref();
        Poll::Pending
    }

    fn may_read(&self, peer: &Peer<I::Key>) -> bool {
        let mut connection = peer.connection.borrow_mut();
        let waiting = connection.output().len();
        connection.closing().is_none()
            && !peer.ended.get()
            && waiting <= usize::try_from(self.spec.output_octets_max).unwrap_or(usize::MAX)
    }

    fn is_over(&self, peer: &Peer<I::Key>) -> bool {
        let mut connection = peer.connection.borrow_mut();
        let all_said = peer.ended.get() && connection.has_said_all();
        let is_last = connection.closing().is_some() || all_said;
        peer.broken.get() || (is_last && peer.is_drained(&mut connection))
    }

    fn poll_read(
        &self,
        context: &mut Context<'_>,
        read_half: &mut OwnedReadHalf,
        peer: &Peer<I::Key>,
    ) -> Poll<()> {
        let mut buffer = self.buffer.borrow_mut();
        let mut into = ReadBuf::new(&mut buffer);
        let read = ready!(Pin::new(read_half).poll_read(context, &mut into));
        let octets = into.filled();
        if read.is_err() {
            peer.broken.set(true);
            return Poll::Ready(());
        }
        let now = self.clock.now();
        if octets.is_empty() {
            self.end_of_input(peer, now);
            return Poll::Ready(());
        }
        let received = peer.receive(octets, &mut |octets| {
            peer.connection
                .borrow_mut()
                .receive(now, octets, &mut self.reception(peer));
        });
        self.end_turn(peer, now);
        if self.judgement.borrow().is_waiting() {
            self.verify_next(now);
        }
        if !matches!(received, Received::Open) {
            peer.hang_up(&received, &self.counts);
        }
        Poll::Ready(())
    }

    /// A client that only closed its sending side is told what became of what it sent.
    fn end_of_input(&self, peer: &Peer<I::Key>, now: Now) {
        peer.ended.set(true);
        let owed = peer.connection.borrow().session().owed();
        if owed == 0 {
            return peer.broken.set(true);
        }
        let until_ns = now.mono_ns.saturating_add(GOODBYE_NS);
        peer.connection.borrow_mut().drain(until_ns);
        self.end_turn(peer, now);
    }

    /// After anything came in for a client: hands on what came of it and writes once.
    fn end_turn(&self, peer: &Peer<I::Key>, now: Now) {
        let connection = &mut *peer.connection.borrow_mut();
        connection.settle(now.mono_ns, &mut self.reception(peer));
        while let Some(submits) = connection.take_submits(self.intake.submissions_max()) {
            self.hand_in(peer.number, connection, submits);
        }
        while let Some(question) = connection.next_question() {
            let (sequence_number, command) = (question.sequence_number, question.command());
            let (intake, post) = (&self.intake, &self.post);
            if !self.clerks.ask(intake, post, peer.number, question) {
                connection.unasked(sequence_number, command);
            }
        }
        self.tell(peer, connection);
        peer.flush(connection);
        if connection.closing().is_some() || peer.ended.get() {
            peer.wake();
        }
    }

    fn hand_in(&self, number: u64, connection: &mut Connection<I::Key>, submits: Submits) {
        let Submits { asked, submissions } = submits;
        let post = Arc::clone(&self.post);
        let asked = Arc::new(asked);
        let answers = Arc::clone(&asked);
        let chunk = Chunk {
            submissions,
            progress: None,
            parts: 1,
            reply: Box::new(move |verdicts| {
                post.send(Letter::Verdicts {
                    connection: number,
                    asked: answers,
                    verdicts,
                });
            }),
        };
        if self.intake.submit_to(number, chunk).is_err() {
            add(&self.counts.chunks_throttled, 1);
            connection.throttle(&asked);
        }
    }

    fn tell(&self, peer: &Peer<I::Key>, connection: &mut Connection<I::Key>) {
        let news = connection.news();
        for key in &news.told {
            self.intake.told(key);
        }
        self.count_refused(news.refused);
        let Some(account) = connection.account() else {
            return;
        };
        if news.revoke {
            tracing::warn!(account = account.name, peer = %peer.address,
                "client does not answer what it is told; it is told nothing for a minute");
            self.intake.revoke(account.number, peer.number);
        }
        if news.credits > 0 && connection.closing().is_none() {
            self.intake
                .grant(account.number, peer.number, news.credits, &peer.sink);
            peer.subscribed.set(Some(account.number));
        }
    }

    fn count_refused(&self, refused: u64) {
        if refused > 0 {
            add(&self.counts.receipts_refused, refused);
            metrics::counter!(names::CUSTOMER_REFUSED).increment(refused);
        }
    }

    /// The client's task has ended.
    pub(crate) fn forget(&self, peer: &Peer<I::Key>) {
        let mut connection = peer.connection.borrow_mut();
        connection.disconnected(&mut self.reception(peer));
        // Answers of the last read count.
        let news = connection.news();
        for key in &news.told {
            self.intake.told(key);
        }
        self.count_refused(news.refused);
        if let Some(account) = peer.subscribed.take() {
            self.intake.revoke(account, peer.number);
        }
        self.say_goodbye(peer, &connection);
        self.peers.borrow_mut().remove(&peer.number);
        self.counts.connections.fetch_sub(1, Ordering::Relaxed);
        if self.stop_at_ns.get().is_some() {
            self.post.wake.wake();
        }
    }

    fn say_goodbye(&self, peer: &Peer<I::Key>, connection: &Connection<I::Key>) {
        if matches!(connection.closing(), Some(CloseReason::Frame(_))) {
            add(&self.counts.connections_malformed, 1);
        }
        let reason = connection
            .closing()
            .map_or_else(|| "connection lost".to_owned(), |reason| reason.to_string());
        match connection.account() {
            Some(account) => {
                let counters = connection.session().counters();
                tracing::info!(account = account.name, peer = %peer.address, reason,
                    throttled = counters.throttled, malformed = counters.malformed_bodies, "SMPP client gone");
            }
            // Scanners and health checks come by the thousand.
            None => {
                tracing::debug!(peer = %peer.address, reason, "SMPP connection without bind gone")
            }
        }
    }

    pub(crate) fn list(&self, peer: &Rc<Peer<I::Key>>) {
        if !peer.listed.replace(true) {
            self.listed.borrow_mut().push(Rc::clone(peer));
        }
    }

    fn end_listed_turns(&self, now: Now) {
        let mut listed = self.listed.take();
        for peer in listed.drain(..) {
            peer.listed.set(false);
            self.end_turn(&peer, now);
        }
        self.listed.replace(listed);
    }

    /// Reads all letters, then ends the turns of all they were for.
    pub(crate) fn deliver_mail(&self) {
        let mut letters = self.letters.take();
        self.post.take(&mut letters);
        let now = self.clock.now();
        for letter in letters.drain(..) {
            self.open(letter, now);
        }
        self.letters.replace(letters);
        self.end_listed_turns(now);
    }

    fn open(&self, letter: Letter<I::Key>, now: Now) {
        match letter {
            Letter::Verdicts {
                connection,
                asked,
                verdicts,
            } => self.with_peer(connection, |connection| {
                connection.verdicts(&asked, &verdicts);
            }),
            Letter::Answer { connection, answer } => {
                self.with_peer(connection, |connection| connection.answer(&answer));
            }
            Letter::Tellings {
                connection,
                tellings,
            } => self.with_peer(connection, |connection| connection.tellings(tellings)),
            Letter::Verified { connection, right } => self.verified(connection, right, now),
            Letter::Reload => self.reload(now),
            Letter::Stop { within_ns } => self.stop(now, within_ns),
        }
    }

    pub(crate) fn with_peer(&self, number: u64, act: impl FnOnce(&mut Connection<I::Key>)) {
        let peers = self.peers.borrow();
        if let Some(peer) = peers.get(&number) {
            act(&mut peer.connection.borrow_mut());
            self.list(peer);
        }
    }

    fn stop(&self, now: Now, within_ns: u64) {
        let stop_at_ns = now.mono_ns.saturating_add(within_ns);
        self.stop_at_ns.set(Some(stop_at_ns));
        for peer in self.peers.borrow().values() {
            let until_ns = now.mono_ns.saturating_add(within_ns / 2);
            peer.connection.borrow_mut().drain(until_ns);
            self.list(peer);
        }
    }

    /// Time passes for every connection.
    pub(crate) fn tick(&self) {
        let now = self.clock.now();
        self.answer_held(now);
        let over = self.stop_at_ns.get().is_some_and(|at| now.mono_ns >= at);
        for peer in self.peers.borrow().values() {
            let connection = peer.connection.borrow();
            let due = connection.next_deadline_ns();
            let unread = connection.closing().is_some() && peer.outstays(now.mono_ns);
            if over || unread {
                peer.end();
            } else if due.is_some_and(|due| due <= now.mono_ns) {
                self.list(peer);
            }
        }
        self.end_listed_turns(now);
    }
}
