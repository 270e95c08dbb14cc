//! The ESME's side: binds, submits through a window, takes delivers. See [`crate::session`].
//!
//! After the peer's unbind nothing more is submitted, what is in flight is waited for (each until its
//! response or time-out), then the session closes. [`ClientSession::leave`] does the same from our side.

use crate::session::event::{ClientEvent, CloseReason};
use crate::session::link::{KeepAlive, Link, LinkSettings};
use crate::session::settings::ClientSettings;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not connected, or closed.
    Closed,
    /// The SMSC connected to us; waits for its outbind and then for the caller's `bind`.
    AwaitingOutbind { deadline_ns: u64 },
    /// Waits for the answer to its bind.
    Binding { sequence: u32, deadline_ns: u64 },
    /// Up.
    Bound,
    /// Submits no more; waits for what is in flight, then says goodbye.
    Leaving,
    /// Waits for the answer to its unbind.
    Unbinding { deadline_ns: u64 },
    /// The peer unbound; waits for what is in flight.
    PeerUnbound,
    /// Will report this at the next tick.
    Ending(CloseReason),
}

/// An ESME's session over one connection at a time; `connected` starts the next one.
#[derive(Debug)]
pub struct ClientSession {
    pub(crate) settings: ClientSettings,
    pub(crate) link: Link,
    pub(crate) phase: Phase,
    /// The version spoken on this connection.
    pub(crate) version: u8,
}

impl ClientSession {
    /// A session that is not connected. Its first PDU has `first_sequence`, taken into 1 to 0x7FFFFFFF.
    #[must_use]
    pub fn new(settings: ClientSettings, first_sequence: u32) -> Self {
        let link = LinkSettings {
            window: settings.window,
            late_responses_max: settings.late_responses_max,
            response_timeout_ns: settings.response_timeout_ns,
            enquire_link_idle_ns: settings.enquire_link_idle_ns,
            enquire_link_misses_max: settings.enquire_link_misses_max,
            partial_pdu_timeout_ns: settings.partial_pdu_timeout_ns,
            output_octets_max: settings.output_octets_max,
            nacks_unmatched_max: settings.nacks_unmatched_max,
            slot_patience: settings.slot_patience,
            error_body_nul: settings.error_body_nul,
        };
        Self {
            version: settings.interface_version,
            settings,
            link: Link::new(link, first_sequence),
            phase: Phase::Closed,
        }
    }

    /// A connection stands: writes the bind. Call `disconnected` for an earlier connection first.
    pub fn connected(&mut self, now_ns: u64) {
        self.reset(now_ns);
        self.write_bind(now_ns);
    }

    /// The SMSC connected to us: waits for its `outbind`, reported as such, and then for [`Self::bind`];
    /// both within `bind_timeout_ns` (3.4 4.1.7). Whether the outbind may be trusted is the caller's
    /// question; [`Self::unbind`] says no.
    pub fn connected_by_peer(&mut self, now_ns: u64) {
        self.reset(now_ns);
        let deadline_ns = now_ns.saturating_add(self.settings.bind_timeout_ns);
        self.phase = Phase::AwaitingOutbind { deadline_ns };
    }

    fn reset(&mut self, now_ns: u64) {
        self.link.reset(now_ns);
        self.version = self.settings.interface_version;
    }

    /// The version spoken: ours, or the peer's where it says one that is lower.
    /// Below 0x34 there are no optional parameters.
    #[must_use]
    pub const fn version(&self) -> u8 {
        self.version
    }

    /// True from the bind's acceptance until `leave`, an unbind of either side or the end.
    #[must_use]
    #[inline]
    pub fn is_bound(&self) -> bool {
        self.phase == Phase::Bound
    }

    /// True when nothing more will come of this connection.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Submits that the window takes now.
    #[must_use]
    #[inline]
    pub const fn free_slots(&self) -> u32 {
        self.link.window.free()
    }

    /// Submits sent and not answered.
    #[must_use]
    #[inline]
    pub const fn in_flight(&self) -> u32 {
        self.link.window.in_flight()
    }

    /// What was counted.
    #[must_use]
    pub const fn counters(&self) -> &crate::Counters {
        &self.link.counters
    }

    /// Settings it runs by.
    #[must_use]
    pub const fn settings(&self) -> &ClientSettings {
        &self.settings
    }

    /// Bytes to send; the edge writes them once a loop turn and removes what it wrote.
    #[inline]
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.link.output
    }

    /// Time passes: response time-outs, keep-alive, bind and unbind time-outs.
    pub fn tick(&mut self, now_ns: u64, on: &mut dyn FnMut(ClientEvent<'_>)) {
        if self.phase == Phase::Closed {
            return;
        }
        // Elsewhere nobody waits for a slot.
        let early = self.phase == Phase::Bound;
        while let Some(ticket) = self.link.expire(now_ns, early) {
            on(ClientEvent::TimedOut { ticket });
        }
        match self.phase {
            Phase::Ending(reason) => self.close(reason, on),
            Phase::Binding { deadline_ns, .. } | Phase::AwaitingOutbind { deadline_ns }
                if now_ns >= deadline_ns =>
            {
                self.close(CloseReason::BindTimedOut, on);
            }
            Phase::Unbinding { deadline_ns } if now_ns >= deadline_ns => {
                self.close(CloseReason::UnbindTimedOut, on);
            }
            Phase::PeerUnbound => self.close_if_done(on),
            Phase::Leaving if self.in_flight() == 0 => self.unbind(now_ns),
            Phase::Bound if self.link.keep_alive(now_ns) == KeepAlive::Lost => {
                self.close(CloseReason::EnquireLinkUnanswered, on);
            }
            _ => {}
        }
        if self.phase != Phase::Closed && self.link.is_partial_overdue(now_ns) {
            self.close(CloseReason::PartialPduTimedOut, on);
        }
    }

    /// When `tick` has something to do next, if nothing comes in.
    #[must_use]
    pub fn next_deadline_ns(&self) -> Option<u64> {
        let own = match self.phase {
            Phase::Closed => return None,
            Phase::Ending(_) => Some(0),
            Phase::Leaving if self.in_flight() == 0 => Some(0),
            Phase::AwaitingOutbind { deadline_ns }
            | Phase::Binding { deadline_ns, .. }
            | Phase::Unbinding { deadline_ns } => Some(deadline_ns),
            Phase::Bound | Phase::Leaving | Phase::PeerUnbound => None,
        };
        let shared = self.link.next_deadline_ns(self.phase == Phase::Bound);
        own.into_iter().chain(shared).min()
    }

    /// The socket is gone: every submit in flight is reported, oldest first.
    pub fn disconnected(&mut self, on: &mut dyn FnMut(ClientEvent<'_>)) {
        self.phase = Phase::Closed;
        self.link.inbox.clear();
        self.link.output.clear();
        while let Some(ticket) = self.link.window.pop_oldest() {
            on(ClientEvent::Unanswered { ticket });
        }
    }

    pub(crate) fn close(&mut self, reason: CloseReason, on: &mut dyn FnMut(ClientEvent<'_>)) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            on(ClientEvent::Close { reason });
        }
    }

    pub(crate) fn close_if_done(&mut self, on: &mut dyn FnMut(ClientEvent<'_>)) {
        if self.phase == Phase::PeerUnbound && self.in_flight() == 0 {
            self.close(CloseReason::PeerUnbound, on);
        }
    }
}
