//! Binding, and binding again: how often, how long, and when to stop.

use carrack_smpp::{BindKind, CommandStatus};

use super::conversation::{Order, Outcome, Probe, Turn};
use super::observation::{Instead, Observations};
use super::plan::Question;
use super::script::{Step, Wire};
use super::wire::{Line, Phase};

/// Times that a lost link is bound again.
const REBINDS_MAX: usize = 20;
/// Refusals of one bind that are neither of credentials nor `ESME_RALYBND`.
const REFUSALS_MAX: u32 = 4;

impl Probe {
    pub(super) fn bind(
        &mut self,
        now_ns: u64,
        begun_ns: u64,
        wire: Wire,
        kind: BindKind,
        is_needed: bool,
    ) -> Turn {
        let kind = if wire == Wire::Main {
            self.main_kind
        } else {
            kind
        };
        let index = Self::index(wire);
        let Some(line) = self.lines.get_mut(index) else {
            return Turn::Done;
        };
        let give_up_ns = begun_ns.saturating_add(self.plan.bind_wait_ns);
        if line.phase == Phase::Idle && wire == Wire::Main && losses(&self.seen) > REBINDS_MAX {
            return self.end(
                "the link is lost again and again; what was seen until then is in the report"
                    .to_owned(),
            );
        }
        match line.phase {
            Phase::Bound if line.kind == kind => return Turn::Done,
            Phase::Bound => {
                line.unbind(now_ns, &mut self.seen);
                return Turn::Wait(give_up_ns);
            }
            Phase::Connecting | Phase::Binding | Phase::Leaving | Phase::Draining { .. } => {
                return Turn::Wait(give_up_ns);
            }
            Phase::Idle => {}
        }
        let tried = self.seen.binds.iter().skip(self.binds_before);
        let answer = tried.rev().find(|bind| bind.wire == wire);
        let refusal = answer
            .and_then(|bind| bind.answer.as_ref())
            .map(|answer| answer.status);
        // Each try is judged once, however often it is looked at, and one that was taken is no refusal.
        let is_new = self.seen.binds.len() > self.binds_judged;
        let is_taken = refusal.is_some_and(CommandStatus::is_ok);
        let is_refused = answer.is_some() && !is_taken && (is_new || !is_needed);
        let is_retry = answer.is_some();
        let instead = answer.and_then(|bind| bind.instead.clone());
        if is_refused || self.last_failure.is_some() {
            self.binds_judged = self.seen.binds.len();
            if !is_needed {
                self.last_failure = None;
                return Turn::Done;
            }
            if let Some(turn) = self.refused(now_ns, give_up_ns, refusal, instead) {
                return turn;
            }
        } else if is_needed && is_retry && now_ns >= give_up_ns {
            if is_taken {
                let why = "the bind is taken, and the link is lost at once, again and again";
                return self.end(why.to_owned());
            }
            if let Some(turn) = self.refused(now_ns, give_up_ns, refusal, instead) {
                return turn;
            }
        }
        // Binds that come too fast are an offence to many carriers; the same one again, or one that was lost, the more.
        let apart_ns = if is_retry || wire == Wire::Main {
            self.plan.bind_retry_ns
        } else {
            self.plan.interval_ns.min(self.plan.bind_retry_ns)
        };
        let due_ns = self
            .last_bind_ns
            .map_or(0, |last| last.saturating_add(apart_ns));
        if now_ns < due_ns {
            return Turn::Wait(due_ns);
        }
        self.last_bind_ns = Some(now_ns);
        if let Some(line) = self.lines.get_mut(index) {
            line.kind = kind;
            line.phase = Phase::Connecting;
            self.orders.push_back(Order::Connect(index));
        }
        Turn::Wait(give_up_ns)
    }

    /// A bind that is needed was refused: whether to stop, try another kind, or (none) the same again.
    fn refused(
        &mut self,
        now_ns: u64,
        give_up_ns: u64,
        refusal: Option<CommandStatus>,
        instead: Option<Instead>,
    ) -> Option<Turn> {
        if let Some(failure) = self.last_failure.take() {
            let first = self.seen.binds.is_empty();
            self.refusals += 1;
            return (first || self.refusals > REFUSALS_MAX || now_ns >= give_up_ns)
                .then(|| self.end(failure));
        }
        let credentials = [
            CommandStatus::ESME_RINVPASWD,
            CommandStatus::ESME_RINVSYSID,
            CommandStatus::ESME_RINVSYSTYP,
        ];
        self.refusals += 1;
        let is_waiting = refusal == Some(CommandStatus::ESME_RALYBND);
        match refusal {
            Some(status) if credentials.contains(&status) => {
                let what = match status {
                    CommandStatus::ESME_RINVSYSTYP => {
                        "give the --system-type that the carrier named"
                    }
                    _ => {
                        "check --system-id and --password; it is not tried again, for many carriers lock accounts"
                    }
                };
                return Some(self.end(format!("the bind was refused with {status}; {what}")));
            }
            Some(CommandStatus::ESME_RINVCMDID | CommandStatus::ESME_RINVBNDSTS) => {
                self.refusals = REFUSALS_MAX + 1
            }
            _ => {}
        }
        let is_settled = self.refusals > 1 && instead.as_ref().is_some_and(Instead::is_settled);
        let is_over = now_ns >= give_up_ns || is_settled;
        if is_over || (self.refusals > REFUSALS_MAX && !is_waiting) {
            if self.main_kind == BindKind::Transceiver && !is_waiting && !is_over {
                self.main_kind = BindKind::Transmitter;
                self.refusals = 0;
                self.steps.insert(
                    self.at + 1,
                    (
                        Question::Binds,
                        Step::Bind {
                            wire: Wire::Beside,
                            kind: BindKind::Receiver,
                            is_needed: false,
                        },
                    ),
                );
                return None;
            }
            let what = match (refusal, instead) {
                (Some(status), _) => format!("the bind was refused with {status} again and again"),
                (None, Some(instead)) => format!("the bind has no answer: {instead}"),
                (None, None) => "the bind has no answer".to_owned(),
            };
            return Some(self.end(format!(
                "{what}; check --address, ask the carrier, or allow more time with --bind-wait"
            )));
        }
        None
    }

    pub(super) fn end(&mut self, why: String) -> Turn {
        self.outcome = Some(Outcome::Stopped(why));
        Turn::Wait(u64::MAX)
    }

    /// The main connection, bound; none while it is not.
    pub(super) fn main(&mut self, now_ns: u64, begun_ns: u64) -> Result<(), Turn> {
        if self.line(Wire::Main).is_some_and(Line::is_bound) {
            self.refusals = 0;
            return Ok(());
        }
        match self.bind(now_ns, begun_ns, Wire::Main, self.main_kind, true) {
            Turn::Done => Ok(()),
            wait => Err(wait),
        }
    }
}

/// Times that the main connection was lost after its bind was taken.
fn losses(seen: &Observations) -> usize {
    let ends = seen.ends.iter();
    ends.filter(|end| end.wire == Wire::Main && end.was_bound && !end.was_wanted)
        .count()
}
