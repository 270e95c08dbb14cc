//! A SIM: who it is, what it asks for, its store, what the operator thinks of it, and what waits for it in the network.

use super::super::settings::{Settings, SimCard};
use super::super::store::Store;
use super::window::Book;
use std::collections::VecDeque;

/// The PUK of every simulated SIM.
pub const PUK: &str = "12345678";
/// Wrong PINs after which the PUK is asked for.
const PIN_TRIES: u8 = 3;
/// Wrong PUKs after which the SIM is dead.
const PUK_TRIES: u8 = 10;

/// What a SIM asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Lock {
    Open,
    Pin,
    Puk,
    Dead,
}

/// Something that the network has for a SIM.
#[derive(Debug, Clone)]
pub(in super::super) enum Arrival {
    Deliver(Vec<u8>),
    Report(Vec<u8>),
}

#[derive(Debug)]
pub(in super::super) struct Sim {
    pub(in super::super) card: SimCard,
    pub(in super::super) store: Store,
    pub(in super::super) lock: Lock,
    pin_tries: u8,
    puk_tries: u8,
    /// Of the last message.
    pub(in super::super) reference: u8,
    /// The error that the operator gives to everything.
    pub(in super::super) blocked: Option<u16>,
    /// The operator takes everything and delivers nothing.
    pub(in super::super) is_mute: bool,
    pub(in super::super) waiting: VecDeque<Arrival>,
    pub(in super::super) book: Book,
    pub(in super::super) taken: u64,
    /// It is in this modem.
    pub(in super::super) seat: Option<usize>,
}

impl Sim {
    pub(in super::super) fn new(card: SimCard, settings: &Settings) -> Self {
        Self {
            lock: if card.pin.is_some() {
                Lock::Pin
            } else {
                Lock::Open
            },
            card,
            store: Store::new(settings.sim_places),
            pin_tries: PIN_TRIES,
            puk_tries: PUK_TRIES,
            reference: 0,
            blocked: None,
            is_mute: false,
            waiting: VecDeque::new(),
            book: Book::new(settings.window_slack_ns),
            taken: 0,
            seat: None,
        }
    }

    /// Power went: it asks for its PIN again.
    pub(in super::super) fn begin(&mut self) {
        if self.lock == Lock::Open && self.card.pin.is_some() {
            self.lock = Lock::Pin;
        }
    }

    /// A PIN, or a PUK with a new PIN. True: right.
    pub(in super::super) fn unlock(&mut self, first: &str, second: Option<&str>) -> bool {
        match (self.lock, second) {
            (Lock::Open, _) => true,
            (Lock::Pin, None) if self.card.pin.as_deref() == Some(first) => self.open(),
            (Lock::Pin, None) => {
                self.pin_tries = self.pin_tries.saturating_sub(1);
                if self.pin_tries == 0 {
                    self.lock = Lock::Puk;
                }
                false
            }
            (Lock::Puk, Some(pin)) if first == PUK => {
                self.card.pin = Some(pin.to_owned());
                self.open()
            }
            (Lock::Puk, Some(_)) => {
                self.puk_tries = self.puk_tries.saturating_sub(1);
                if self.puk_tries == 0 {
                    self.lock = Lock::Dead;
                }
                false
            }
            _ => false,
        }
    }

    fn open(&mut self) -> bool {
        self.lock = Lock::Open;
        self.pin_tries = PIN_TRIES;
        self.puk_tries = PUK_TRIES;
        true
    }

    /// The operator wants nothing of it any more.
    pub(in super::super) fn heal(&mut self) {
        self.blocked = None;
        self.is_mute = false;
    }
}
