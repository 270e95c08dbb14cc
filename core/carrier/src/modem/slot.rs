//! A place of a pool where a modem may come and go: a link that is there all the time, of a modem that is not.
//!
//! Promise: what was submitted to a modem that goes comes back before the next one is served; an answer to what one modem told never
//! reaches another. Bound: one modem. An empty place costs one look at a number a turn.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use carrack_message::{Network, Sender};
use carrack_runtime::{Now, Transport, Wake};

use super::desk::SimDesk;
use super::hooks::ModemHooks;
use super::link::{ModemLink, ModemParts};
use super::panel::ModemPanel;
use super::spec::ModemSpec;
use crate::link::{Link, LinkEvent, LinkState, Outgoing, ReceiptHandle, SubmitRefused};

#[derive(Debug, Default)]
struct Wanted {
    spec: Option<Arc<ModemSpec>>,
    /// Somebody was there before, or is.
    was_used: bool,
    /// Why nobody is there.
    reason: String,
    wake: Option<Wake>,
}

/// Who is to be at a place; whoever finds modems says it, the link follows.
#[derive(Debug, Default)]
pub struct ModemSlot {
    wanted: Mutex<Wanted>,
    changes: AtomicU64,
}

impl ModemSlot {
    /// A modem is to be served here, instead of whoever was.
    pub fn fit(&self, spec: Arc<ModemSpec>) {
        self.change(Some(spec), String::new());
    }

    /// Nobody is here any more; the reason for people.
    pub fn vacate(&self, reason: impl Into<String>) {
        self.change(None, reason.into());
    }

    /// Whether a modem is there, or ever was.
    #[must_use]
    pub fn was_used(&self) -> bool {
        let wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.was_used
    }

    fn change(&self, spec: Option<Arc<ModemSpec>>, reason: String) {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        wanted.was_used |= spec.is_some();
        wanted.spec = spec;
        wanted.reason = reason;
        self.changes.fetch_add(1, Ordering::Release);
        if let Some(wake) = &wanted.wake {
            wake.wake();
        }
    }
}

/// Makes the line to a modem.
pub type LineMaker = Box<dyn FnMut(&ModemSpec) -> Box<dyn Transport>>;

/// What a link of a place is made of.
pub struct SlotParts {
    /// Who is to be there.
    pub slot: Arc<ModemSlot>,
    /// The book of SIMs.
    pub desk: Arc<dyn SimDesk>,
    /// The operator's programs.
    pub hooks: Arc<dyn ModemHooks>,
    /// Where it is seen.
    pub panel: Arc<ModemPanel>,
    /// Its line.
    pub line: LineMaker,
    /// Wakes the loop that polls it.
    pub wake: Wake,
}

/// The link of a place.
pub struct SlotLink {
    parts: SlotParts,
    modem: Option<ModemLink>,
    /// The change that `modem` is of, or that says that there is none.
    served: u64,
    /// Modems that were here: tells their handles apart.
    tenant: u32,
    is_closing: bool,
}

impl SlotLink {
    /// A place with nobody in it yet.
    #[must_use]
    pub fn new(parts: SlotParts) -> Self {
        let mut wanted = parts
            .slot
            .wanted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        wanted.wake = Some(parts.wake.clone());
        drop(wanted);
        Self {
            parts,
            modem: None,
            served: 0,
            tenant: 0,
            is_closing: false,
        }
    }

    /// Whether somebody else, or nobody, is to be here.
    fn is_stale(&self) -> bool {
        self.parts.slot.changes.load(Ordering::Acquire) != self.served
    }

    /// Takes whoever is to be here.
    fn move_in(&mut self) {
        let parts = &mut self.parts;
        let wanted = parts
            .slot
            .wanted
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // Under the lock: what is taken is of this change.
        self.served = parts.slot.changes.load(Ordering::Acquire);
        let Some(spec) = wanted.spec.clone() else {
            return parts.panel.vacated(&wanted.reason);
        };
        drop(wanted);
        self.tenant = self.tenant.wrapping_add(1);
        parts.panel.moved_in(&spec.port);
        let of_modem = ModemParts {
            transport: (parts.line)(&spec),
            desk: Arc::clone(&parts.desk),
            hooks: Arc::clone(&parts.hooks),
            panel: Arc::clone(&parts.panel),
            wake: parts.wake.clone(),
        };
        self.modem = Some(ModemLink::new(spec, of_modem));
    }

    /// Polls the modem; true: it said goodbye.
    fn poll_modem(&mut self, now: Now, events: &mut Vec<LinkEvent>) -> bool {
        let Some(modem) = &mut self.modem else {
            return true;
        };
        let before = events.len();
        modem.poll(now, events);
        for event in events.iter_mut().skip(before) {
            if let LinkEvent::Receipt { handle, .. } | LinkEvent::Mo { handle, .. } = event {
                handle.connection = self.tenant;
            }
        }
        modem.is_closed()
    }
}

impl Link for SlotLink {
    fn state(&self) -> LinkState {
        match &self.modem {
            Some(modem) => modem.state(),
            None if self.is_closing => LinkState::Closing,
            None => LinkState::Down,
        }
    }

    fn free_slots(&self) -> u32 {
        self.modem.as_ref().map_or(0, Link::free_slots)
    }

    fn is_home_of(&self, network: Network) -> bool {
        let modem = self.modem.as_ref();
        modem.is_some_and(|modem| modem.is_home_of(network))
    }

    fn in_flight(&self) -> u32 {
        self.modem.as_ref().map_or(0, Link::in_flight)
    }

    fn window(&self) -> u32 {
        super::link::TEXT_SEGMENTS_MAX
    }

    fn text_max(&self) -> u32 {
        self.modem.as_ref().map_or(0, Link::text_max)
    }

    fn submit(
        &mut self,
        now: Now,
        ticket: u64,
        segment: &Outgoing<'_>,
    ) -> Result<(), SubmitRefused> {
        match &mut self.modem {
            Some(modem) => modem.submit(now, ticket, segment),
            None => Err(SubmitRefused::NotNow),
        }
    }

    fn query(&mut self, _: Now, _: u64, _: &[u8], _: &Sender) -> Result<(), SubmitRefused> {
        Err(SubmitRefused::Unwritable)
    }

    fn poll(&mut self, now: Now, events: &mut Vec<LinkEvent>) {
        let is_stale = self.is_stale() && !self.is_closing;
        if let Some(modem) = self.modem.as_mut().filter(|_| is_stale) {
            modem.close(now);
        }
        let is_gone = self.poll_modem(now, events);
        if is_stale && is_gone {
            self.modem = None;
            self.move_in();
        }
    }

    fn answer(&mut self, handle: ReceiptHandle, taken: bool) {
        if let Some(modem) = &mut self.modem
            && handle.connection == self.tenant
        {
            modem.answer(handle, taken);
        }
    }

    fn flush(&mut self) {
        if let Some(modem) = &mut self.modem {
            modem.flush();
        }
    }

    fn next_deadline_ns(&self) -> Option<u64> {
        self.modem.as_ref().and_then(Link::next_deadline_ns)
    }

    fn close(&mut self, now: Now) {
        self.is_closing = true;
        if let Some(modem) = &mut self.modem {
            modem.close(now);
        }
    }

    fn is_closed(&self) -> bool {
        self.is_closing && self.modem.as_ref().is_none_or(Link::is_closed)
    }

    fn take_oddities(&mut self) -> u64 {
        self.modem.as_mut().map_or(0, Link::take_oddities)
    }
}

impl Drop for SlotLink {
    fn drop(&mut self) {
        let slot = &self.parts.slot;
        slot.wanted
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .wake = None;
    }
}
