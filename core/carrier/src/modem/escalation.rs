//! What is done with a modem that is silent, garbles, or says that it is at fault (trap P22): one step after the other, each stronger.
//!
//! Promise: each fault climbs one rung; what works begins again at the bottom. Every step has a deadline, and a step that fails is a fault:
//!
//! | rung | what is done | at most |
//! | --- | --- | --- |
//! | resync | ESC, then `AT` up to three times | 6 s |
//! | modes | all settings are made again | 60 s |
//! | restart | `+CFUN=1,1` or as the dialect says, then the boot | 25 s and the dialect's boot |
//! | reopen | the port is closed and opened, up to four times with growing delays | 30 s each |
//! | usb_reset | the operator's program, where there is one, then the port | 60 s and 40 s |
//! | power_cycle | the same | 60 s and 40 s |
//! | out | the modem rests, with an alert, and is tried again every `retry` | |
//!
//! A segment that the network answered is what works, or five minutes in service without a fault. A modem that answers, but wrongly,
//! climbs no further than restart: it is not what a power cycle mends. One that begins anew by itself has failed as one that is silent
//! (a power supply that is too weak for sending). Nothing here has a clock.

/// In service so long without a fault, the next fault begins at the bottom.
const SETTLED_NS: u64 = 300_000_000_000;
/// Tries to open a port before stronger means.
const REOPENS_MAX: u32 = 4;

/// A step.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rung {
    /// Nothing is wrong.
    #[default]
    Bottom,
    /// `ESC`, `AT`.
    Resync,
    /// All modes again.
    Modes,
    /// The modem begins anew.
    Restart,
    /// The port is opened anew.
    Reopen,
    /// The operator's hook for the USB port.
    UsbReset,
    /// The operator's hook for power.
    PowerCycle,
    /// Out of the pool.
    Out,
}

impl Rung {
    /// As people and metrics name it; empty at the bottom.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Bottom => "",
            Self::Resync => "resync",
            Self::Modes => "modes",
            Self::Restart => "restart",
            Self::Reopen => "reopen",
            Self::UsbReset => "usb_reset",
            Self::PowerCycle => "power_cycle",
            Self::Out => "out",
        }
    }

    /// All but the bottom, as steps are counted.
    pub const STEPS: [Self; 7] = [
        Self::Resync,
        Self::Modes,
        Self::Restart,
        Self::Reopen,
        Self::UsbReset,
        Self::PowerCycle,
        Self::Out,
    ];

    /// Its place among the counts of steps; the bottom has none.
    pub(super) const fn place(self) -> usize {
        (self as usize).wrapping_sub(1)
    }

    const fn above(self) -> Self {
        match self {
            Self::Bottom => Self::Resync,
            Self::Resync => Self::Modes,
            Self::Modes => Self::Restart,
            Self::Restart => Self::Reopen,
            Self::Reopen => Self::UsbReset,
            Self::UsbReset => Self::PowerCycle,
            Self::PowerCycle | Self::Out => Self::Out,
        }
    }
}

/// What kind of fault it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trouble {
    /// It does not answer, or cannot be understood.
    Silent,
    /// It answers that it cannot.
    Wrong,
    /// The port cannot be opened, or was lost.
    Port,
}

/// Where a modem stands on the ladder.
#[derive(Debug, Default)]
pub(super) struct Escalation {
    pub(super) rung: Rung,
    reopens: u32,
    /// In service since, without a fault.
    well_since_ns: Option<u64>,
    /// The modem may say once that it began: its port was just opened, or it was told to begin anew.
    pub(super) may_begin: bool,
}

impl Escalation {
    /// The step that follows a fault. `has_hook`: whether there is one for a rung.
    pub(super) fn climb(
        &mut self,
        now_ns: u64,
        trouble: Trouble,
        has_hook: impl Fn(Rung) -> bool,
    ) -> Rung {
        if self.is_settled(now_ns) {
            self.worked();
        }
        self.well_since_ns = None;
        if self.rung == Rung::Out {
            return Rung::Out;
        }
        let next = match trouble {
            Trouble::Silent => self.rung.above(),
            Trouble::Wrong => self.rung.above().min(Rung::Restart),
            Trouble::Port if self.reopens < REOPENS_MAX => self.rung.max(Rung::Reopen),
            Trouble::Port => self.rung.max(Rung::Reopen).above(),
        };
        let is_missing =
            |rung| matches!(rung, Rung::UsbReset | Rung::PowerCycle) && !has_hook(rung);
        let mut found = next;
        while is_missing(found) {
            found = found.above();
        }
        self.reopens = match (trouble, found) {
            (Trouble::Port, Rung::Reopen) => self.reopens + 1,
            (Trouble::Port, _) => self.reopens,
            _ => 0,
        };
        self.rung = found;
        found
    }

    /// It is in service.
    pub(super) fn in_service(&mut self, now_ns: u64) {
        self.well_since_ns.get_or_insert(now_ns);
        self.may_begin = false;
    }

    pub(super) fn is_settled(&self, now_ns: u64) -> bool {
        self.well_since_ns
            .is_some_and(|since| now_ns.saturating_sub(since) >= SETTLED_NS)
    }

    /// It works: the next fault begins at the bottom. True: that is news.
    pub(super) fn worked(&mut self) -> bool {
        self.reopens = 0;
        std::mem::take(&mut self.rung) != Rung::Bottom
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_climbs_rung_by_rung_and_success_begins_at_the_bottom() {
        let mut ladder = Escalation::default();
        let mut climbed = Vec::new();
        while ladder.rung != Rung::Out {
            climbed.push(ladder.climb(0, Trouble::Silent, |_| true));
        }
        assert_eq!(
            climbed,
            [
                Rung::Resync,
                Rung::Modes,
                Rung::Restart,
                Rung::Reopen,
                Rung::UsbReset,
                Rung::PowerCycle,
                Rung::Out
            ]
        );
        assert_eq!(ladder.climb(0, Trouble::Silent, |_| true), Rung::Out);
        assert!(ladder.worked());
        assert_eq!(ladder.climb(0, Trouble::Silent, |_| true), Rung::Resync);
    }

    #[test]
    fn steps_are_counted_at_their_places() {
        for (place, rung) in Rung::STEPS.into_iter().enumerate() {
            assert_eq!(rung.place(), place);
        }
    }

    #[test]
    fn modem_that_answers_wrongly_is_never_taken_from_power() {
        let mut ladder = Escalation::default();
        for _ in 0..20 {
            assert!(ladder.climb(0, Trouble::Wrong, |_| true) <= Rung::Restart);
        }
    }

    #[test]
    fn port_that_stays_away_is_tried_before_hooks_and_hooks_that_are_not_there_are_passed_over() {
        let mut ladder = Escalation::default();
        for _ in 0..REOPENS_MAX {
            assert_eq!(ladder.climb(0, Trouble::Port, |_| false), Rung::Reopen);
        }
        assert_eq!(ladder.climb(0, Trouble::Port, |_| false), Rung::Out);
    }

    #[test]
    fn five_minutes_of_service_are_a_success() {
        let mut ladder = Escalation::default();
        ladder.climb(0, Trouble::Silent, |_| true);
        ladder.in_service(5);
        let settled_ns = 5 + SETTLED_NS;
        assert_eq!(
            ladder.climb(settled_ns - 1, Trouble::Silent, |_| true),
            Rung::Modes
        );
        ladder.in_service(settled_ns);
        let again_ns = settled_ns + SETTLED_NS;
        assert_eq!(
            ladder.climb(again_ns, Trouble::Silent, |_| true),
            Rung::Resync
        );
    }
}
