//! A modem played by hand: a line in memory, a book of SIMs, and time that goes when it is told to.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use carrack_carrier::modem::{ModemHooks, ModemLink, ModemPanel, ModemParts, ModemSpec, NoHooks};
use carrack_carrier::{Link, LinkEvent, LinkState, Outgoing, ReceiptHandle, SubmitRefused};
use carrack_message::{Msisdn, Sender};
use carrack_runtime::{Now, ReadOutcome, Transport, TransportState, Wake, WriteOutcome};

use crate::book::Book;
use crate::fake::Fake;

pub const SECOND: u64 = 1_000_000_000;
pub const MS: u64 = 1_000_000;
/// Any moment of 2026.
pub const UTC_NS: u64 = 1_780_000_000 * SECOND;

/// The line as the modem sees it.
pub struct Pipe {
    pub state: TransportState,
    /// What a connect comes to.
    pub next_state: TransportState,
    pub connects: u32,
    pub reads: u32,
    /// Octets that one write takes at most.
    pub room: usize,
    pub gone: Option<String>,
    pub inbound: VecDeque<u8>,
    pub outbound: Vec<u8>,
}

impl Pipe {
    pub fn new() -> Rc<RefCell<Self>> {
        Rc::new(RefCell::new(Self {
            state: TransportState::Idle,
            next_state: TransportState::Open,
            connects: 0,
            reads: 0,
            room: usize::MAX,
            gone: None,
            inbound: VecDeque::new(),
            outbound: Vec::new(),
        }))
    }

    /// The modem at its end hears what was written, and answers. Whether anything was said.
    pub fn turn(&mut self, modem: &mut Fake) -> bool {
        let written = std::mem::take(&mut self.outbound);
        if self.state == TransportState::Open {
            let answer = modem.take(&written);
            self.inbound.extend(answer);
        } else {
            // What is said to nobody is lost.
            self.inbound.clear();
        }
        !written.is_empty() || !self.inbound.is_empty()
    }
}

pub struct InMemory(pub Rc<RefCell<Pipe>>);

impl Transport for InMemory {
    fn connect(&mut self) {
        let mut pipe = self.0.borrow_mut();
        pipe.connects += 1;
        pipe.inbound.clear();
        pipe.outbound.clear();
        pipe.gone = None;
        pipe.state = pipe.next_state.clone();
    }

    fn state(&self) -> TransportState {
        self.0.borrow().state.clone()
    }

    fn read(&mut self, into: &mut [u8]) -> ReadOutcome {
        let mut pipe = self.0.borrow_mut();
        pipe.reads += 1;
        let octets = pipe.inbound.len().min(into.len());
        if octets > 0 {
            for place in into.iter_mut().take(octets) {
                *place = pipe.inbound.pop_front().unwrap();
            }
            return ReadOutcome::Octets(octets);
        }
        match pipe.gone.clone() {
            Some(reason) => ReadOutcome::Closed(reason),
            None => ReadOutcome::Nothing,
        }
    }

    fn read_later(&mut self) {}

    fn write(&mut self, octets: &[u8]) -> WriteOutcome {
        let mut pipe = self.0.borrow_mut();
        let taken = octets.len().min(pipe.room);
        pipe.outbound.extend_from_slice(&octets[..taken]);
        WriteOutcome::Octets(taken)
    }

    fn close(&mut self) {
        self.0.borrow_mut().state = TransportState::Idle;
    }
}

/// A link, its modem and its book.
pub struct Rig {
    pub link: ModemLink,
    pub pipe: Rc<RefCell<Pipe>>,
    pub modem: Fake,
    pub book: Arc<Book>,
    pub panel: Arc<ModemPanel>,
    pub now: Now,
    pub events: Vec<LinkEvent>,
}

pub fn to() -> Msisdn {
    Msisdn::from_digits(b"491701234567").unwrap()
}

pub fn spec() -> ModemSpec {
    ModemSpec {
        seed: 7,
        ..ModemSpec::new("rack", "m1", "/dev/ttyUSB0")
    }
}

/// A segment of plain text.
pub fn text<'a>(from: &'a Sender, octets: &'a [u8]) -> Outgoing<'a> {
    Outgoing {
        from,
        to: to(),
        octets,
        data_coding: 0,
        esm_class: 0,
        sar: None,
        payload: false,
        flash_subunit: false,
        tlvs: b"",
        validity_s: 3600,
    }
}

pub fn sender() -> Sender {
    Sender::parse("Carrack").unwrap()
}

impl Rig {
    pub fn new(spec: ModemSpec, modem: Fake) -> Self {
        Self::with_hooks(spec, modem, Arc::new(NoHooks))
    }

    pub fn with_hooks(spec: ModemSpec, modem: Fake, hooks: Arc<dyn ModemHooks>) -> Self {
        Self::with_book(spec, modem, hooks, Arc::new(Book::default()))
    }

    /// The same modem in another link, as after a new plug or a restart.
    pub fn linked_anew(self) -> Self {
        let now = self.now;
        let mut rig = Self::with_book(spec(), self.modem, Arc::new(NoHooks), self.book);
        rig.now = now;
        rig
    }

    fn with_book(
        spec: ModemSpec,
        modem: Fake,
        hooks: Arc<dyn ModemHooks>,
        book: Arc<Book>,
    ) -> Self {
        let pipe = Pipe::new();
        let panel = Arc::new(ModemPanel::new("rack", "m1", "/dev/ttyUSB0"));
        let parts = ModemParts {
            desk: book.clone(),
            hooks,
            panel: panel.clone(),
            transport: Box::new(InMemory(pipe.clone())),
            wake: Wake::default(),
        };
        Self {
            link: ModemLink::new(Arc::new(spec), parts),
            pipe,
            modem,
            book,
            panel,
            now: Now {
                mono_ns: 1,
                utc_ns: UTC_NS,
            },
            events: Vec::new(),
        }
    }

    /// A modem that is up.
    pub fn up() -> Self {
        Self::up_as(Fake::default())
    }

    pub fn up_as(modem: Fake) -> Self {
        let mut rig = Self::new(spec(), modem);
        rig.settle();
        assert_eq!(rig.link.state(), LinkState::Up, "{:?}", rig.panel.view());
        rig.events();
        rig
    }

    /// One turn of the loop; the modem answers at once.
    pub fn turn(&mut self) -> bool {
        self.link.poll(self.now, &mut self.events);
        self.link.flush();
        self.pipe.borrow_mut().turn(&mut self.modem)
    }

    /// Turns until nothing is said any more, time standing still.
    pub fn settle(&mut self) {
        for _ in 0..500 {
            if !self.turn() {
                return;
            }
        }
        let asked = self.modem.asked.iter().rev().take(8).collect::<Vec<_>>();
        panic!("they never stop talking: {asked:?}");
    }

    /// Time goes on, as the link's own deadlines have it.
    pub fn run(&mut self, ns: u64) {
        let until_ns = self.now.mono_ns + ns;
        for _ in 0..20_000 {
            self.settle();
            let next_ns = self.link.next_deadline_ns().unwrap_or(u64::MAX);
            if next_ns > until_ns {
                self.to(until_ns);
                self.settle();
                return;
            }
            assert!(
                next_ns > self.now.mono_ns,
                "a deadline that is over is no deadline"
            );
            self.to(next_ns);
        }
        panic!("it never rests");
    }

    /// To a moment, without a turn.
    pub fn to(&mut self, mono_ns: u64) {
        let ns = mono_ns - self.now.mono_ns;
        self.now.mono_ns += ns;
        self.now.utc_ns += ns;
    }

    /// Time goes on until something holds; says how long it took.
    pub fn until(&mut self, most_ns: u64, holds: impl Fn(&Self) -> bool) -> u64 {
        let began_ns = self.now.mono_ns;
        while self.now.mono_ns - began_ns <= most_ns {
            self.settle();
            if holds(self) {
                return self.now.mono_ns - began_ns;
            }
            let next_ns = self.link.next_deadline_ns().expect("nothing is awaited");
            self.to(next_ns.max(self.now.mono_ns + 1));
        }
        panic!(
            "it did not happen in {} s: {:?}",
            most_ns / SECOND,
            self.panel.view()
        );
    }

    /// What happened since the last call.
    pub fn events(&mut self) -> Vec<LinkEvent> {
        std::mem::take(&mut self.events)
    }

    pub fn downs(&mut self) -> Vec<String> {
        let events = self.events().into_iter();
        events
            .filter_map(|event| match event {
                LinkEvent::Down(reason) => Some(reason),
                _ => None,
            })
            .collect()
    }

    pub fn try_submit(&mut self, ticket: u64) -> Result<(), SubmitRefused> {
        let from = sender();
        self.link.submit(self.now, ticket, &text(&from, b"hello"))
    }

    pub fn submit(&mut self, ticket: u64) {
        self.try_submit(ticket).expect("the link takes no segment");
        self.settle();
    }

    /// The modem writes, and the loop turns.
    pub fn says(&mut self, line: &str) {
        let said = format!("\r\n{line}\r\n");
        self.pipe.borrow_mut().inbound.extend(said.bytes());
        self.settle();
    }

    /// The line is lost.
    pub fn cut(&mut self) {
        self.pipe.borrow_mut().gone = Some("the port is gone".to_owned());
        self.turn();
    }

    pub fn handles(events: &[LinkEvent]) -> Vec<ReceiptHandle> {
        let found = events.iter().filter_map(|event| match event {
            LinkEvent::Mo { handle, .. } | LinkEvent::Receipt { handle, .. } => Some(*handle),
            _ => None,
        });
        found.collect()
    }
}
