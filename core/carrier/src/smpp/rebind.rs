//! When to bind again, and when no more (traps T24 to T26).
//!
//! Delays double from `rebind_first` to `rebind_max`, spread by a fifth; a connection that worked (a submit was answered on
//! it) or held begins the series anew, one that is dropped as soon as it is bound does not. `ESME_RALYBND` waits at least `already_bound_wait`: the far side holds
//! the old session until its own time-out. Refused credentials are tried five times in all.

use carrack_settings::Profile;
use carrack_smpp::CommandStatus;
use carrack_throttle::Backoff;

use super::spec::nanoseconds;

/// Refused credentials are not tried more often.
const CREDENTIAL_FAILURES_MAX: u32 = 5;
/// "Already bound" so often in a row is no old session any more.
const ALREADY_BOUND_ALERT: u32 = 3;
/// A connection that stood so many first delays was a good one.
const STABLE_DELAYS: u64 = 10;
/// However short the first delay is set: a carrier that drops each connection after one submit is not to be stormed.
const WORKED_FLOOR_NS: u64 = 200_000_000;
/// Waits after "already bound" grow to so many times the first.
const ALREADY_BOUND_GROWTH: u64 = 4;

/// How a connection ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// Lost, or never came to a bind.
    Lost,
    /// The bind was refused.
    Refused(CommandStatus),
}

/// The series of delays of one bind.
#[derive(Debug)]
pub(super) struct Rebind {
    backoff: Backoff,
    already_bound: Backoff,
    already_bound_wait_ns: u64,
    stable_ns: u64,
    random: u64,
    credential_failures: u32,
    bound_ns: Option<u64>,
    /// A submit was answered on this connection.
    has_worked: bool,
}

impl Rebind {
    pub(super) fn new(profile: &Profile, seed: u64) -> Self {
        let first_ns = nanoseconds(profile.rebind_first);
        let max_ns = nanoseconds(profile.rebind_max).max(first_ns);
        let wait_ns = nanoseconds(profile.already_bound_wait);
        let most_ns = wait_ns.saturating_mul(ALREADY_BOUND_GROWTH);
        Self {
            backoff: Backoff::new(first_ns, max_ns),
            already_bound: Backoff::new(wait_ns, most_ns),
            already_bound_wait_ns: wait_ns,
            stable_ns: first_ns.saturating_mul(STABLE_DELAYS),
            random: seed | 1,
            credential_failures: 0,
            bound_ns: None,
            has_worked: false,
        }
    }

    /// The bind was taken.
    pub(super) const fn bound(&mut self, now_ns: u64) {
        self.credential_failures = 0;
        self.already_bound.reset();
        self.bound_ns = Some(now_ns);
        self.has_worked = false;
    }

    /// A submit was answered.
    pub(super) const fn worked(&mut self) {
        self.has_worked = true;
    }

    /// How long to wait, nanoseconds; none: somebody has to mend the credentials first.
    pub(super) fn after(&mut self, now_ns: u64, ending: Ending) -> Option<u64> {
        let bound_ns = self.bound_ns.take();
        let has_worked = std::mem::take(&mut self.has_worked) && bound_ns.is_some();
        let held = bound_ns.is_some_and(|since| now_ns.saturating_sub(since) >= self.stable_ns);
        if held || has_worked {
            self.backoff.reset();
        }
        let random = self.next_random();
        let mut delay_ns = self.backoff.next(random);
        if has_worked && !held {
            delay_ns = delay_ns.max(WORKED_FLOOR_NS);
        }
        match ending {
            Ending::Refused(CommandStatus::ESME_RALYBND) => {
                let wait_ns = self.already_bound.next(random);
                Some(wait_ns.max(self.already_bound_wait_ns).max(delay_ns))
            }
            Ending::Refused(CommandStatus::ESME_RINVPASWD | CommandStatus::ESME_RINVSYSID) => {
                self.credential_failures += 1;
                (self.credential_failures < CREDENTIAL_FAILURES_MAX).then_some(delay_ns)
            }
            Ending::Refused(_) | Ending::Lost => Some(delay_ns),
        }
    }

    /// The refusal in words, after [`Rebind::after`] has counted it.
    pub(super) fn words(&self, status: CommandStatus) -> String {
        let times = self.already_bound.steps();
        if status == CommandStatus::ESME_RALYBND && times >= ALREADY_BOUND_ALERT {
            return format!(
                "bind refused: {status}, {times} times in a row: does another node use this account, or are more links set than it may have?"
            );
        }
        format!("bind refused: {status}")
    }

    const fn next_random(&mut self) -> u64 {
        // xorshift64: jitter needs no more.
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn rebind() -> Rebind {
        let profile = Profile {
            rebind_first: std::time::Duration::from_secs(1),
            ..Profile::default()
        };
        Rebind::new(&profile, 5)
    }

    /// Delays of six connections, each bound for so long.
    fn delays(rebind: &mut Rebind, works: bool, bound_ns: u64) -> Vec<u64> {
        let mut now_ns = 0;
        let delay = |_| {
            rebind.bound(now_ns);
            if works {
                rebind.worked();
            }
            now_ns += bound_ns;
            let delay_ns = rebind.after(now_ns, Ending::Lost).unwrap_or(u64::MAX);
            now_ns += delay_ns;
            delay_ns
        };
        (0..6).map(delay).collect()
    }

    #[test]
    fn t26_a_link_that_worked_binds_again_after_the_first_delay() {
        let delays = delays(&mut rebind(), true, SECOND_NS);
        assert!(
            delays.iter().all(|delay| *delay <= 2 * SECOND_NS),
            "{delays:?}"
        );
    }

    #[test]
    fn t26_a_link_that_only_binds_waits_longer_each_time() {
        let delays = delays(&mut rebind(), false, SECOND_NS);
        assert!(delays.last() > Some(&(8 * SECOND_NS)), "{delays:?}");
    }

    #[test]
    fn t26_a_carrier_that_drops_each_connection_after_a_submit_is_not_stormed() {
        let profile = Profile {
            rebind_first: std::time::Duration::from_millis(10),
            ..Profile::default()
        };
        let delays = delays(&mut Rebind::new(&profile, 5), true, SECOND_NS / 50);
        assert!(
            delays.iter().all(|delay| *delay >= WORKED_FLOOR_NS),
            "{delays:?}"
        );
    }

    #[test]
    fn t26_refused_binds_wait_longer_each_time() {
        let mut rebind = rebind();
        rebind.bound(0);
        rebind.worked();
        let refused = Ending::Refused(CommandStatus::ESME_RBINDFAIL);
        let delays: Vec<u64> = (0..6)
            .filter_map(|_| rebind.after(SECOND_NS, refused))
            .collect();
        assert!(delays.last() > Some(&(8 * SECOND_NS)), "{delays:?}");
    }
}
