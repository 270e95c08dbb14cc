//! A modem in service: what it is given to do next, where its line is free.
//!
//! Order: what is owed for what came, the segment, what came, the network, orders, schedule. A full store is emptied before
//! anything is sent. Between two segments one of the later ones has its turn, so that none is forgotten under load.

use super::link::{Job, ModemLink, Phase};

impl ModemLink {
    pub(super) fn serve(&mut self) {
        self.escalation.in_service(self.now.mono_ns);
        self.end_overdue_ussd();
        if self.is_doubted() && self.closing.is_some() {
            self.take_back();
        } else if self.is_doubted() && !self.ussd.is_awaited() {
            return self.set_up_again();
        }
        if self.settle_incoming() || self.send() {
            return;
        }
        // A goodbye waits for what is under way, not for what is new.
        if self.closing.is_some() {
            return;
        }
        // A segment that waits to be tried once more has nothing else before it but what is short.
        let _asked =
            self.read_incoming() || self.ask_network() || self.ask_test() || self.ask_ussd();
    }

    /// Nothing is sent before it was looked at again.
    pub(super) const fn is_doubted(&self) -> bool {
        self.setup.is_stale || self.network.is_card_doubted
    }

    /// Also between two segments of a text: what is behind goes on where the same card is in it.
    fn set_up_again(&mut self) {
        if self.setup.is_stale {
            self.setup.is_done = false;
            self.begin_setup();
        } else {
            self.look_at_sim_again();
        }
        self.set_up();
    }

    /// Ends the link where goodbye was said and nothing is left to wait for, or the time for it is over.
    pub(super) fn end_if_closing(&mut self) {
        let Some(until_ns) = self.closing else {
            return;
        };
        if matches!(self.phase, Phase::Closed) {
            return;
        }
        let is_idle = self.sending.is_none()
            && (!matches!(self.phase, Phase::Serving)
                || (self.job == Job::Nothing && self.incoming.is_settled()));
        if !is_idle && self.now.mono_ns < until_ns {
            return;
        }
        let ended = self.port.close();
        self.give_up(ended.as_ref(), true);
        self.drop_waiting_ussd("the node ends");
        self.phase = Phase::Closed;
        self.panel.leave();
        self.told.is_changed = true;
    }
}
