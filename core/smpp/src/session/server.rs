//! The SMSC's side: takes binds and submits, delivers through a window. See [`crate::session`].
//!
//! The peer's unbind is answered once the answers owed to it are written, at the latest after
//! `response_timeout_ns`; then the session closes.

use crate::session::event::{CloseReason, ServerEvent};
use crate::session::link::{KeepAlive, Link, LinkSettings};
use crate::session::settings::ServerSettings;
use crate::session::version::has_tlvs;
use crate::{BindKind, CommandId, CommandStatus};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not connected, or closed.
    Closed,
    /// Waits for a bind.
    Open { deadline_ns: u64 },
    /// The application judges a bind.
    Judging { sequence: u32, kind: BindKind },
    /// Up.
    Bound(BindKind),
    /// Waits for the answer to our unbind.
    Unbinding { deadline_ns: u64 },
    /// The peer unbound; waits for the answers we owe.
    PeerUnbinding { sequence: u32, deadline_ns: u64 },
    /// Will report this at the next tick.
    Ending(CloseReason),
}

/// An SMSC's session over one connection.
#[derive(Debug)]
pub struct ServerSession {
    pub(crate) settings: ServerSettings,
    pub(crate) link: Link,
    pub(crate) phase: Phase,
    pub(crate) owed: u32,
    pub(crate) active_ns: u64,
    pub(crate) peer_version: u8,
}

impl ServerSession {
    /// A session that is not connected. Its first PDU has `first_sequence`, taken into 1 to 0x7FFFFFFF.
    #[must_use]
    pub fn new(settings: ServerSettings, first_sequence: u32) -> Self {
        let link = LinkSettings {
            window: settings.window,
            late_responses_max: settings.late_responses_max,
            response_timeout_ns: settings.response_timeout_ns,
            enquire_link_idle_ns: settings.enquire_link_idle_ns,
            enquire_link_misses_max: settings.enquire_link_misses_max,
            partial_pdu_timeout_ns: settings.partial_pdu_timeout_ns,
            output_octets_max: settings.output_octets_max,
            nacks_unmatched_max: settings.nacks_unmatched_max,
            slot_patience: false,
            error_body_nul: settings.error_body_nul,
        };
        Self {
            settings,
            link: Link::new(link, first_sequence),
            phase: Phase::Closed,
            owed: 0,
            active_ns: 0,
            peer_version: 0,
        }
    }

    /// A connection was accepted: waits for a bind.
    pub fn connected(&mut self, now_ns: u64) {
        self.link.reset(now_ns);
        self.owed = 0;
        self.peer_version = 0;
        self.active_ns = now_ns;
        let deadline_ns = now_ns.saturating_add(self.settings.bind_timeout_ns);
        self.phase = Phase::Open { deadline_ns };
    }

    /// Which bind is up; `None` before it and after an unbind.
    #[must_use]
    #[inline]
    pub const fn bound(&self) -> Option<BindKind> {
        match self.phase {
            Phase::Bound(kind) => Some(kind),
            _ => None,
        }
    }

    /// `interface_version` of the peer's bind; 0 before one.
    #[must_use]
    pub const fn peer_version(&self) -> u8 {
        self.peer_version
    }

    /// Whether the peer's version has optional parameters.
    #[must_use]
    pub const fn has_tlvs(&self) -> bool {
        has_tlvs(self.peer_version)
    }

    /// True when nothing more will come of this connection.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Delivers that the window takes now.
    #[must_use]
    #[inline]
    pub const fn free_slots(&self) -> u32 {
        self.link.window.free()
    }

    /// Delivers sent and not answered.
    #[must_use]
    #[inline]
    pub const fn in_flight(&self) -> u32 {
        self.link.window.in_flight()
    }

    /// Requests received and not answered.
    #[must_use]
    #[inline]
    pub const fn owed(&self) -> u32 {
        self.owed
    }

    /// What was counted.
    #[must_use]
    pub const fn counters(&self) -> &crate::Counters {
        &self.link.counters
    }

    /// Settings it runs by.
    #[must_use]
    pub const fn settings(&self) -> &ServerSettings {
        &self.settings
    }

    /// From now on at most so many requests wait for an answer: an account's window is known only
    /// after its bind.
    pub const fn set_inbound_window_max(&mut self, inbound_window_max: u32) {
        self.settings.inbound_window_max = inbound_window_max;
    }

    /// From now on error responses have one NUL behind the header, or nothing: an account's wish is
    /// known only after its bind.
    pub const fn set_error_body_nul(&mut self, error_body_nul: bool) {
        self.settings.error_body_nul = error_body_nul;
        self.link.settings.error_body_nul = error_body_nul;
    }

    /// From now on at most so many delivers in flight; raised above its first value only before the
    /// first deliver.
    pub fn set_window(&mut self, window: u32) {
        self.settings.window = window;
        self.link.window.set_limit(window);
    }

    /// Bytes to send; the edge writes them once a loop turn and removes what it wrote.
    #[inline]
    pub const fn output(&mut self) -> &mut Vec<u8> {
        &mut self.link.output
    }

    /// Says goodbye; unbound peers are closed at the next tick.
    pub fn unbind(&mut self, now_ns: u64) {
        match self.phase {
            Phase::Bound(_) => {
                self.link.request(CommandId::UNBIND);
                let deadline_ns = now_ns.saturating_add(self.settings.unbind_timeout_ns);
                self.phase = Phase::Unbinding { deadline_ns };
            }
            Phase::Open { .. } | Phase::Judging { .. } => {
                self.phase = Phase::Ending(CloseReason::Unbound);
            }
            _ => {}
        }
    }

    /// Time passes: response time-outs, keep-alive, inactivity, bind, unbind and partial PDU time-outs.
    pub fn tick(&mut self, now_ns: u64, on: &mut dyn FnMut(ServerEvent<'_>)) {
        if self.phase == Phase::Closed {
            return;
        }
        while let Some(ticket) = self.link.expire(now_ns, false) {
            on(ServerEvent::DeliverTimedOut { ticket });
        }
        match self.phase {
            Phase::Ending(reason) => self.close(reason, on),
            Phase::Open { deadline_ns } if now_ns >= deadline_ns => {
                self.close(CloseReason::BindTimedOut, on);
            }
            Phase::Unbinding { deadline_ns } if now_ns >= deadline_ns => {
                self.close(CloseReason::UnbindTimedOut, on);
            }
            Phase::PeerUnbinding {
                sequence,
                deadline_ns,
            } if self.owed == 0 || now_ns >= deadline_ns => self.let_go(sequence, on),
            Phase::Bound(_) if self.link.keep_alive(now_ns) == KeepAlive::Lost => {
                self.close(CloseReason::EnquireLinkUnanswered, on);
            }
            Phase::Bound(_) if self.inactive_ns().is_some_and(|at| now_ns >= at) => {
                self.close(CloseReason::Inactive, on);
            }
            _ => {}
        }
        if self.phase != Phase::Closed && self.link.is_partial_overdue(now_ns) {
            self.close(CloseReason::PartialPduTimedOut, on);
        }
    }

    fn inactive_ns(&self) -> Option<u64> {
        let after = self.settings.inactivity_ns;
        (after > 0).then(|| self.active_ns.saturating_add(after))
    }

    /// When `tick` has something to do next, if nothing comes in.
    #[must_use]
    pub fn next_deadline_ns(&self) -> Option<u64> {
        let own = match self.phase {
            Phase::Closed => return None,
            Phase::Ending(_) => Some(0),
            Phase::PeerUnbinding { .. } if self.owed == 0 => Some(0),
            Phase::Open { deadline_ns }
            | Phase::Unbinding { deadline_ns }
            | Phase::PeerUnbinding { deadline_ns, .. } => Some(deadline_ns),
            Phase::Judging { .. } => None,
            Phase::Bound(_) => self.inactive_ns(),
        };
        let keeps_alive = matches!(self.phase, Phase::Bound(_));
        let shared = self.link.next_deadline_ns(keeps_alive);
        own.into_iter().chain(shared).min()
    }

    /// The socket is gone: every deliver in flight is reported, oldest first.
    pub fn disconnected(&mut self, on: &mut dyn FnMut(ServerEvent<'_>)) {
        self.phase = Phase::Closed;
        self.owed = 0;
        self.link.inbox.clear();
        self.link.output.clear();
        while let Some(ticket) = self.link.window.pop_oldest() {
            on(ServerEvent::DeliverUnanswered { ticket });
        }
    }

    pub(crate) fn close(&mut self, reason: CloseReason, on: &mut dyn FnMut(ServerEvent<'_>)) {
        if self.phase != Phase::Closed {
            self.phase = Phase::Closed;
            on(ServerEvent::Close { reason });
        }
    }

    /// Answers the peer's unbind and ends.
    pub(crate) fn let_go(&mut self, sequence: u32, on: &mut dyn FnMut(ServerEvent<'_>)) {
        let status = CommandStatus::ESME_ROK;
        self.link
            .header_only(CommandId::UNBIND_RESP, status, sequence);
        self.close(CloseReason::PeerUnbound, on);
    }
}
