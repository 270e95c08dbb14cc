//! A modem as operators see it, and what they ask of it.
//!
//! Promise: looking at it never waits for the modem; an order is answered once, by the modem or because it is gone.
//! Bound: [`ORDERS_MAX`] orders wait; one more is refused.

use std::sync::{Mutex, PoisonError};

use carrack_runtime::Wake;
use crossbeam::queue::ArrayQueue;
use serde::Serialize;
use thiserror::Error;

/// Orders that wait for a modem.
pub const ORDERS_MAX: usize = 4;

/// What a modem did since the node began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ModemCounts {
    /// Segments that it was given.
    pub submitted: u64,
    /// Segments that the network took.
    pub accepted: u64,
    /// Segments that modem or network refused.
    pub refused: u64,
    /// Segments that were written and not answered.
    pub unanswered: u64,
    /// Status reports.
    pub reports: u64,
    /// Messages from handsets, parts counted.
    pub received: u64,
    /// What came and could not be read.
    pub unreadable: u64,
    /// Steps taken to bring it to its senses, by rung: resync, modes, restart, reopen, usb_reset, power_cycle, out.
    pub steps: [u64; 7],
    /// Times that it began anew by itself.
    pub reboots: u64,
    /// Commands that were not answered in time.
    pub commands_timed_out: u64,
    /// Times that it fell out of its network.
    pub registrations_lost: u64,
}

/// A modem as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct ModemView {
    /// Its name.
    pub modem: String,
    /// Its carrier.
    pub pool: String,
    /// Where it is.
    pub port: String,
    /// `up`, `connecting`, `down`, `closing`.
    pub state: &'static str,
    /// Why it is not up; empty: it is.
    pub reason: String,
    /// Its make, as settings name it.
    pub dialect: &'static str,
    /// `+CGMI`.
    pub manufacturer: String,
    /// `+CGMM`.
    pub model: String,
    /// `+CGMR`.
    pub revision: String,
    /// Number of the device.
    pub imei: String,
    /// Number of the card, its last six digits.
    pub iccid: String,
    /// Number of the subscriber, its last six digits.
    pub imsi: String,
    /// The SIM's own number, where it is known.
    pub number: Option<String>,
    /// Country and network of where it is registered, digits.
    pub network: String,
    /// Where it stands in the network.
    pub registration: &'static str,
    /// Signal in dBm; none: not known.
    pub signal_dbm: Option<i16>,
    /// The same as handsets show it, 0 to 4.
    pub signal_bars: Option<u8>,
    /// Messages in its store.
    pub storage_used: u16,
    /// Places of its store; 0: not known.
    pub storage_total: u16,
    /// The last step taken to bring it to its senses; empty: none since it last worked.
    pub rung: &'static str,
    /// What somebody has to look at; empty: nothing.
    pub alert: String,
    /// The last fault.
    pub last_error: String,
    /// The last answer to the question of balance.
    pub balance: String,
    /// When it came, UTC nanoseconds; 0: never.
    pub balance_utc_ns: u64,
    /// What it did.
    pub counts: ModemCounts,
}

impl ModemView {
    fn begun(pool: &str, modem: &str, port: &str, reason: &str) -> Self {
        Self {
            modem: modem.to_owned(),
            pool: pool.to_owned(),
            port: port.to_owned(),
            state: "down",
            reason: reason.to_owned(),
            registration: "unknown",
            ..Self::default()
        }
    }
}

/// What an operator can ask.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Order {
    /// A USSD code is dialled.
    Ussd(String),
    /// The modem begins anew; a PIN that was refused may be tried again.
    Reset,
    /// The modem is looked at.
    Test,
}

/// One thing that a test looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at.
    pub what: &'static str,
    /// Whether it is well.
    pub ok: bool,
    /// What was found.
    pub found: String,
    /// What to do; empty where it is well.
    pub cure: &'static str,
}

/// What came of an order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OrderAnswer {
    /// What the network says.
    Ussd(String),
    /// It begins anew.
    Reset,
    /// What was looked at.
    Test(Vec<Finding>),
}

/// Why nothing came of it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OrderFault {
    /// Too many orders wait: later.
    #[error("{ORDERS_MAX} orders wait for this modem already; try again later")]
    Busy,
    /// No link serves the modem: its carrier is switched off, or the node ends.
    #[error("nothing serves this modem; is its pool enabled?")]
    NotServed,
    /// The modem, the SIM or the network would not; words for people.
    #[error("{0}")]
    Failed(String),
}

/// Told once what came of an order, on the shard's thread: it must not block.
pub type OrderReply = Box<dyn FnOnce(Result<OrderAnswer, OrderFault>) + Send>;

/// Where operators and a modem meet.
pub struct ModemPanel {
    view: Mutex<ModemView>,
    orders: ArrayQueue<(Order, OrderReply)>,
    wake: Mutex<Option<Wake>>,
}

impl ModemPanel {
    /// The panel of a modem that nothing serves yet.
    #[must_use]
    pub fn new(pool: &str, modem: &str, port: &str) -> Self {
        Self {
            view: Mutex::new(ModemView::begun(pool, modem, port, "not begun yet")),
            orders: ArrayQueue::new(ORDERS_MAX),
            wake: Mutex::new(None),
        }
    }

    /// Whether it is of the modem of this name.
    #[must_use]
    pub fn is_of(&self, modem: &str) -> bool {
        let view = self.view.lock().unwrap_or_else(PoisonError::into_inner);
        view.modem == modem
    }

    /// How it stands.
    #[must_use]
    pub fn view(&self) -> ModemView {
        self.view
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Asks something of it; `reply` is told what came of it.
    ///
    /// # Errors
    /// [`OrderFault::Busy`] and [`OrderFault::NotServed`]; `reply` is not called then.
    pub fn order(&self, order: Order, reply: OrderReply) -> Result<(), OrderFault> {
        let wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(wake) = wake.as_ref() else {
            return Err(OrderFault::NotServed);
        };
        self.orders
            .push((order, reply))
            .map_err(|_| OrderFault::Busy)?;
        wake.wake();
        Ok(())
    }

    /// What it may do has changed: it is to look again now.
    pub fn look_again(&self) {
        let wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(wake) = wake.as_ref() {
            wake.wake();
        }
    }

    /// What the modem did since the node began, whoever served it.
    pub(super) fn counts(&self) -> ModemCounts {
        self.view
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .counts
    }

    /// Another modem is in its place.
    pub(super) fn moved_in(&self, port: &str) {
        self.anew(port, "not begun yet");
    }

    /// No modem is in its place.
    pub(super) fn vacated(&self, reason: &str) {
        self.anew("", reason);
    }

    fn anew(&self, port: &str, reason: &str) {
        self.change(|view| {
            *view = ModemView {
                counts: view.counts,
                ..ModemView::begun(&view.pool, &view.modem, port, reason)
            };
        });
    }

    pub(super) fn serve(&self, wake: Wake) {
        *self.wake.lock().unwrap_or_else(PoisonError::into_inner) = Some(wake);
    }

    /// Nobody serves it any more: what waits is answered so.
    pub(super) fn leave(&self) {
        let mut wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        *wake = None;
        while let Some((_, reply)) = self.orders.pop() {
            reply(Err(OrderFault::NotServed));
        }
    }

    /// The first reset that waits, past what stands before it.
    pub(super) fn next_reset(&self) -> Option<OrderReply> {
        if self.orders.is_empty() {
            return None;
        }
        // Whoever orders holds it too: all have their room again.
        let _wake = self.wake.lock().unwrap_or_else(PoisonError::into_inner);
        let mut found = None;
        for _ in 0..self.orders.len() {
            match self.orders.pop()? {
                (Order::Reset, reply) if found.is_none() => found = Some(reply),
                other => drop(self.orders.push(other)),
            }
        }
        found
    }

    pub(super) fn next_order(&self) -> Option<(Order, OrderReply)> {
        self.orders.pop()
    }

    pub(super) fn change(&self, with: impl FnOnce(&mut ModemView)) {
        with(&mut self.view.lock().unwrap_or_else(PoisonError::into_inner));
    }
}

impl std::fmt::Debug for ModemPanel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ModemPanel").finish_non_exhaustive()
    }
}
