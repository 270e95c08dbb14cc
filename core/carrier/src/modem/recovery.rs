//! The steps that bring a modem back, and the way to service: port, `AT`, restart, boot. [`super::escalation`] says which step follows.

use carrack_runtime::Now;

use super::at::{Ask, Final, Outcome};
use super::escalation::{Rung, Trouble};
use super::hooks::{HOOK_MAX_NS, Hook, HookRun};
use super::link::{Job, ModemLink, Phase};

const SECOND_NS: u64 = 1_000_000_000;
/// From a connect to an open port.
const OPEN_MAX_NS: u64 = 30 * SECOND_NS;
/// `AT` is answered at once by a modem that is well.
const SYNC_TIMEOUT_NS: u64 = 2 * SECOND_NS;
const SYNC_TRIES: u8 = 3;
/// From the command to its answer.
const RESTART_TIMEOUT_NS: u64 = 10 * SECOND_NS;
/// A modem that was told to begin anew still answers for a moment.
const BOOT_FIRST_NS: u64 = 5 * SECOND_NS;
const BOOT_EVERY_NS: u64 = 2 * SECOND_NS;
/// What a boot may take beyond what the dialect says.
const BOOT_GRACE_NS: u64 = 15 * SECOND_NS;
/// A device that was reset is there again by then.
const AFTER_HOOK_NS: u64 = 5 * SECOND_NS;
/// Commands that begin anew where the dialect's is refused.
const RESTART_OTHERWISE: [&str; 2] = ["+CFUN=0", "+CFUN=1"];

impl ModemLink {
    /// What time alone brings.
    pub(super) fn advance(&mut self) {
        let Now { mono_ns, .. } = self.now;
        match &self.phase {
            Phase::Waiting { until_ns } if mono_ns >= *until_ns && self.closing.is_none() => {
                self.port.open();
                let until_ns = mono_ns.saturating_add(OPEN_MAX_NS);
                self.phase = Phase::Opening { until_ns };
                self.opening(until_ns);
            }
            Phase::Opening { until_ns } => {
                let until_ns = *until_ns;
                self.opening(until_ns);
            }
            Phase::Hooking { until_ns, run } => {
                let ended = run.ended();
                if ended.is_some() || mono_ns >= *until_ns {
                    self.hook_ended(ended);
                }
            }
            Phase::Booting { until_ns, .. } if mono_ns >= *until_ns => {
                self.fault(Trouble::Silent, "it did not come back after it began anew");
            }
            Phase::SimResting { until_ns } if mono_ns >= *until_ns => self.look_at_sim_again(),
            _ => {}
        }
    }

    fn opening(&mut self, until_ns: u64) {
        match self.port.opened() {
            Some(Ok(())) => {
                self.setup.is_done = false;
                self.escalation.may_begin = true;
                self.phase = Phase::Syncing { tries: 0 };
            }
            Some(Err(reason)) => self.fault(Trouble::Port, &reason),
            None if self.now.mono_ns >= until_ns => {
                self.fault(Trouble::Port, "the port did not open in 30 seconds");
            }
            None => {}
        }
    }

    pub(super) fn port_lost(&mut self, reason: String) {
        self.fault(Trouble::Port, &reason);
    }

    /// Something is wrong with the modem: what is under way ends, and the next step is taken.
    pub(super) fn fault(&mut self, trouble: Trouble, words: &str) {
        let ended = match trouble {
            Trouble::Port => self.port.close(),
            _ => self.port.dialogue.abandon(),
        };
        self.give_up(ended.as_ref(), trouble == Trouble::Port);
        let rung = self.climb(trouble, words);
        self.step(rung);
    }

    /// The step that follows a fault, counted and told.
    fn climb(&mut self, trouble: Trouble, words: &str) -> Rung {
        let (spec, hooks) = (&self.spec, &self.hooks);
        let has_hook = |rung| hook_of(rung).is_some_and(|hook| hooks.has(&spec.name, hook));
        let before = self.escalation.rung;
        let rung = self.escalation.climb(self.now.mono_ns, trouble, has_hook);
        if let Some(count) = self.counts.steps.get_mut(rung.place()) {
            *count += 1;
        }
        tracing::warn!(
            modem = self.spec.name,
            pool = self.spec.pool,
            port = self.spec.port,
            fault = words,
            step = rung.word(),
            "a modem is at fault"
        );
        if rung == Rung::Out && before != Rung::Out {
            tracing::error!(
                modem = self.spec.name,
                pool = self.spec.pool,
                port = self.spec.port,
                fault = words,
                "a modem is out of its pool: look at its cable, power and port; it is tried again from time to time"
            );
        }
        self.told.fault(words);
        rung
    }

    /// Ends what was under way, with an answer for whoever waits.
    pub(super) fn give_up(&mut self, ended: Option<&Outcome>, gone: bool) {
        let job = std::mem::take(&mut self.job);
        let pdu_written =
            job == Job::Send && matches!(ended, Some(Outcome::Silent { pdu_written: true }));
        self.sending_lost(pdu_written, gone);
        self.orders_failed("the modem was lost in the middle of it");
    }

    fn step(&mut self, rung: Rung) {
        let now_ns = self.now.mono_ns;
        match rung {
            Rung::Bottom | Rung::Resync => self.phase = Phase::Syncing { tries: 0 },
            Rung::Modes => {
                self.setup.is_done = false;
                self.phase = Phase::Syncing { tries: 0 };
            }
            Rung::Restart => self.restart(),
            Rung::Reopen => {
                let random = self.next_random();
                let until_ns = now_ns.saturating_add(self.backoff.next(random));
                self.wait(until_ns);
            }
            Rung::UsbReset | Rung::PowerCycle => self.hook(rung),
            Rung::Out => self.wait(now_ns.saturating_add(self.spec.retry_ns)),
        }
    }

    fn wait(&mut self, until_ns: u64) {
        self.port.close();
        self.setup.is_done = false;
        self.phase = Phase::Waiting { until_ns };
    }

    pub(super) fn restart(&mut self) {
        self.setup.is_done = false;
        self.escalation.may_begin = true;
        self.port.dialogue.escape();
        self.phase = Phase::Restarting { step: 0 };
    }

    fn hook(&mut self, rung: Rung) {
        let Some(hook) = hook_of(rung) else {
            return;
        };
        let until_ns = self.now.mono_ns.saturating_add(HOOK_MAX_NS);
        self.wait(until_ns);
        let run = HookRun::new(self.wake.clone());
        self.hooks.begin(&self.spec.name, hook, run.clone());
        self.phase = Phase::Hooking { until_ns, run };
    }

    fn hook_ended(&mut self, ended: Option<Result<(), String>>) {
        let failed = match ended {
            Some(Ok(())) => None,
            Some(Err(reason)) => Some(reason),
            None => Some("it did not end in 60 seconds".to_owned()),
        };
        if let Some(reason) = failed {
            tracing::warn!(
                modem = self.spec.name,
                reason,
                "the hook of a modem failed; the modem is tried all the same"
            );
            self.told.note_error(&format!("the hook failed: {reason}"));
        }
        self.wait(self.now.mono_ns.saturating_add(AFTER_HOOK_NS));
    }

    /// It began anew: what was under way is gone. By itself it is a fault, and the step of it is the boot where that is enough.
    pub(super) fn booted(&mut self) {
        if matches!(
            self.phase,
            Phase::Waiting { .. } | Phase::Hooking { .. } | Phase::Closed
        ) {
            return;
        }
        let was_asked = matches!(self.phase, Phase::Booting { .. } | Phase::Restarting { .. });
        let may_begin = std::mem::take(&mut self.escalation.may_begin);
        let ended = self.port.dialogue.abandon();
        self.give_up(ended.as_ref(), false);
        if !was_asked {
            self.counts.reboots += 1;
        }
        if !was_asked && !may_begin {
            let rung = self.climb(Trouble::Silent, "it began anew by itself");
            if rung > Rung::Restart {
                return self.step(rung);
            }
        }
        self.boot();
    }

    fn boot(&mut self) {
        self.setup.is_done = false;
        let now_ns = self.now.mono_ns;
        let boot_ns = self.identity.dialect().boot_s * SECOND_NS;
        let until_ns = match self.phase {
            // One that begins over and over does not come back.
            Phase::Booting { until_ns, .. } => until_ns,
            _ => now_ns.saturating_add(boot_ns + BOOT_GRACE_NS),
        };
        self.phase = Phase::Booting {
            until_ns,
            next_ns: now_ns.saturating_add(BOOT_FIRST_NS),
        };
    }

    /// The next command on the way to service, where the line is free for one.
    pub(super) fn work(&mut self) {
        if !self.port.is_open() || !self.port.dialogue.is_free() {
            return;
        }
        match self.phase {
            Phase::Syncing { tries } => {
                if tries == 0 {
                    self.port.dialogue.escape();
                }
                self.ask(Job::Sync, "", SYNC_TIMEOUT_NS);
            }
            Phase::Booting { next_ns, .. } if self.now.mono_ns >= next_ns => {
                self.ask(Job::BootCheck, "", SYNC_TIMEOUT_NS);
            }
            Phase::Restarting { step } => {
                let otherwise = usize::from(step).checked_sub(1);
                let command = otherwise.and_then(|place| RESTART_OTHERWISE.get(place));
                let command = command.copied().unwrap_or(self.identity.dialect().reset);
                self.ask(Job::Restart, command, RESTART_TIMEOUT_NS);
            }
            Phase::SettingUp => self.set_up(),
            Phase::Serving => self.serve(),
            _ => {}
        }
    }

    pub(super) fn ask(&mut self, job: Job, command: &str, timeout_ns: u64) {
        self.ask_for(job, Ask::plain(command, timeout_ns));
    }

    pub(super) fn ask_for(&mut self, job: Job, ask: Ask) {
        if self.port.dialogue.ask(self.now.mono_ns, ask) {
            self.job = job;
        }
    }

    pub(super) fn sync_ended(&mut self, outcome: &Outcome) {
        let Phase::Syncing { tries } = self.phase else {
            return;
        };
        match outcome {
            Outcome::Answered(..) if self.setup.is_done => self.phase = Phase::Serving,
            Outcome::Answered(..) => self.begin_setup(),
            Outcome::Silent { .. } if tries + 1 < SYNC_TRIES => {
                self.phase = Phase::Syncing { tries: tries + 1 };
            }
            Outcome::Silent { .. } => {
                self.fault(
                    Trouble::Silent,
                    "it does not answer AT; is it on, and its speed right?",
                );
            }
        }
    }

    pub(super) fn boot_check_ended(&mut self, outcome: &Outcome) {
        let Phase::Booting { until_ns, .. } = self.phase else {
            return;
        };
        if matches!(outcome, Outcome::Answered(Final::Ok, _)) {
            self.begin_setup();
            return;
        }
        let next_ns = self.now.mono_ns.saturating_add(BOOT_EVERY_NS);
        self.phase = Phase::Booting { until_ns, next_ns };
    }

    pub(super) fn restart_ended(&mut self, outcome: &Outcome) {
        let Phase::Restarting { step } = self.phase else {
            return;
        };
        let is_refused = matches!(outcome, Outcome::Answered(found, _) if *found != Final::Ok);
        let has_more = usize::from(step) < RESTART_OTHERWISE.len();
        // `+CFUN=0` is half of a restart: the other half follows.
        let is_half = step == 1;
        if has_more && (is_refused || is_half) {
            self.phase = Phase::Restarting { step: step + 1 };
        } else {
            self.boot();
        }
    }
}

const fn hook_of(rung: Rung) -> Option<Hook> {
    match rung {
        Rung::UsbReset => Some(Hook::UsbReset),
        Rung::PowerCycle => Some(Hook::PowerCycle),
        _ => None,
    }
}
