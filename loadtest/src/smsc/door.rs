//! Who is let in: credentials, and what quirks of the door demand (T25, T26, T37, T46).
//!
//! Remembers at most [`ATTEMPTS_MAX`] attempts and [`HELD_MAX`] sessions believed to live.

use super::desk::Desk;
use carrack_smpp::{Bind, CommandStatus};
use std::collections::VecDeque;

/// Time over which binds are counted for a lockout.
const ATTEMPTS_WITHIN_NS: u64 = 10_000_000_000;
const ATTEMPTS_MAX: usize = 10_000;
const HELD_MAX: usize = 10_000;
/// A lockout also comes of so many times the binds it names, of any kind, in that time.
const FREQUENT: usize = 3;
const PASSWORD_OCTETS_MAX: usize = 8;
const VERSION_34: u8 = 0x34;

/// What the door remembers.
#[derive(Debug, Default)]
pub(super) struct Doorkeeper {
    /// (system, until): sessions that ended without unbind and are believed to live.
    held: VecDeque<(usize, u64)>,
    attempts_ns: VecDeque<u64>,
    refused_in_a_row: u64,
    refused: u64,
    locked_until_ns: u64,
}

impl Desk {
    /// True while no connection is taken.
    pub(super) fn is_locked(&mut self, now_ns: u64) -> bool {
        let is_locked = now_ns < self.door.locked_until_ns;
        if is_locked {
            self.counts.locked_out += 1;
            self.played.count("lockout");
        }
        is_locked
    }

    /// Judges a bind; the index of its system_id.
    ///
    /// # Errors
    /// The status to refuse it with.
    pub(super) fn judge_bind(
        &mut self,
        now_ns: u64,
        bind: &Bind<'_>,
    ) -> Result<usize, CommandStatus> {
        let verdict = self
            .refuses_early()
            .map_or_else(|| self.credentials(bind), Err)
            .and_then(|system| self.is_free(now_ns, system));
        if let Some(lockout) = self.settings.quirks.door.lockout {
            let door = &mut self.door;
            let is_locked = door.attempt(now_ns, verdict.is_ok(), lockout.binds);
            if is_locked {
                door.locked_until_ns = now_ns.saturating_add(lockout.time_ns);
                door.refused_in_a_row = 0;
                door.attempts_ns.clear();
            }
        }
        verdict
    }

    fn refuses_early(&mut self) -> Option<CommandStatus> {
        let (count, status) = self.settings.quirks.door.refuses?;
        if self.door.refused >= count {
            return None;
        }
        self.door.refused += 1;
        self.played.count("bind-refuse");
        Some(status)
    }

    fn credentials(&mut self, bind: &Bind<'_>) -> Result<usize, CommandStatus> {
        let settings = &self.settings;
        let rules = &settings.quirks.door;
        let played = &mut self.played;
        let is_other = |expected: &Option<String>, given: &[u8]| {
            let bytes = expected.as_ref().map(|expected| expected.as_bytes());
            bytes.is_some_and(|expected| expected != given)
        };
        let is_version_wrong = rules.only_34 && bind.interface_version != VERSION_34;
        if played.when(is_version_wrong, "version-34-only") {
            return Err(CommandStatus::ESME_RBINDFAIL);
        }
        let is_type_wrong = is_other(&rules.system_type, bind.system_type);
        if played.when(is_type_wrong, "system-type-required") {
            return Err(CommandStatus::ESME_RINVSYSTYP);
        }
        if is_other(&settings.system_id, bind.system_id) {
            return Err(CommandStatus::ESME_RINVSYSID);
        }
        let is_long = rules.password_8 && bind.password.len() > PASSWORD_OCTETS_MAX;
        if played.when(is_long, "password-8") || is_other(&settings.password, bind.password) {
            return Err(CommandStatus::ESME_RINVPASWD);
        }
        self.post
            .system(bind.system_id)
            .ok_or(CommandStatus::ESME_RBINDFAIL)
    }

    fn is_free(&mut self, now_ns: u64, system: usize) -> Result<usize, CommandStatus> {
        if self.settings.quirks.door.already_bound_ns.is_none() {
            return Ok(system);
        }
        let held = &mut self.door.held;
        held.retain(|(_, until_ns)| *until_ns > now_ns);
        let is_held = held.iter().any(|(holder, _)| *holder == system);
        if self.played.when(is_held, "already-bound") {
            Err(CommandStatus::ESME_RALYBND)
        } else {
            Ok(system)
        }
    }

    /// Notes that a session ended without unbind.
    pub(super) fn hold(&mut self, now_ns: u64, system: usize) {
        self.counts.drops += 1;
        if let Some(time_ns) = self.settings.quirks.door.already_bound_ns
            && self.door.held.len() < HELD_MAX
        {
            let until_ns = now_ns.saturating_add(time_ns);
            self.door.held.push_back((system, until_ns));
        }
    }
}

impl Doorkeeper {
    /// Notes a bind. True when it brings a lockout.
    fn attempt(&mut self, now_ns: u64, is_taken: bool, binds: u64) -> bool {
        self.refused_in_a_row = if is_taken {
            0
        } else {
            self.refused_in_a_row + 1
        };
        self.attempts_ns.push_back(now_ns);
        while self.attempts_ns.len() > ATTEMPTS_MAX
            || self
                .attempts_ns
                .front()
                .is_some_and(|at_ns| now_ns.saturating_sub(*at_ns) >= ATTEMPTS_WITHIN_NS)
        {
            self.attempts_ns.pop_front();
        }
        let frequent = usize::try_from(binds)
            .unwrap_or(usize::MAX)
            .saturating_mul(FREQUENT);
        self.refused_in_a_row >= binds || self.attempts_ns.len() > frequent
    }
}
