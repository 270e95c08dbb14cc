//! A scenario: what changes while the simulator runs. Read from TOML, played by time.
//!
//! ```toml
//! seed = 7
//!
//! [[phase]]
//! from = "10s"
//! to = "40s"
//! quirks = ["throttle-burst=20", "drop-response=1"]
//! rate = 500
//!
//! [[phase]]
//! from = "30s"
//! to = "35s"
//! every = "60s"
//! shift = "5s"
//! link = "down"
//! ```
//!
//! In force at any time are the settings of the start, with every phase of that time laid over them in the order of the file:
//! quirks are added, other keys replace. A phase without `to` lasts; with `every` it comes again; with `shift` its beginnings are
//! moved by up to so much, by the seed.

use super::quirk::{QuirkFault, Quirks};
use super::rate::RATE_MAX;
use super::settings::Settings;
use crate::chance::{Digest, Percent};
use crate::duration::{self, DurationFault};
use serde::Deserialize;

/// Most phases of one scenario.
const PHASES_MAX: usize = 10_000;

/// What changes while the simulator runs.
#[derive(Debug, Clone, Default)]
pub struct Scenario {
    seed: Option<u64>,
    phases: Vec<Phase>,
}

/// Why a scenario was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioFault {
    /// It is no TOML, or has keys or values that mean nothing here.
    #[error("{0}")]
    Toml(#[from] toml::de::Error),
    /// A phase cannot be played.
    #[error("phase {number}: {what}")]
    Phase {
        /// Which, from 1.
        number: usize,
        /// What is wrong and how to mend it.
        what: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    seed: Option<u64>,
    #[serde(default)]
    phase: Vec<RawPhase>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPhase {
    from: Option<String>,
    to: Option<String>,
    every: Option<String>,
    shift: Option<String>,
    #[serde(default)]
    quirks: Vec<String>,
    rate: Option<u32>,
    window: Option<u32>,
    latency: Option<String>,
    latency_jitter: Option<String>,
    dlr_delay: Option<String>,
    undelivered: Option<f64>,
    link: Option<Link>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Link {
    Up,
    Down,
}

#[derive(Debug, Clone)]
struct Phase {
    from_ns: u64,
    to_ns: u64,
    every_ns: Option<u64>,
    shift_ns: u64,
    quirks: Vec<String>,
    rate: Option<u32>,
    window: Option<u32>,
    latency_ns: Option<u64>,
    latency_jitter_ns: Option<u64>,
    dlr_delay_ns: Option<u64>,
    undelivered: Option<Percent>,
    link: Option<Link>,
}

impl Scenario {
    /// Reads a scenario.
    ///
    /// # Errors
    /// [`ScenarioFault`] with the place.
    pub fn parse(text: &str) -> Result<Self, ScenarioFault> {
        let file: File = toml::from_str(text)?;
        let mut phases = Vec::new();
        for (place, raw) in file.phase.into_iter().enumerate() {
            let fault = |what| ScenarioFault::Phase {
                number: place + 1,
                what,
            };
            if place >= PHASES_MAX {
                return Err(fault(format!("at most {PHASES_MAX} are taken")));
            }
            phases.push(Phase::read(raw).map_err(fault)?);
        }
        Ok(Self {
            seed: file.seed,
            phases,
        })
    }

    /// The seed it names, which goes before that of the command line.
    #[must_use]
    pub fn seed(&self) -> Option<u64> {
        self.seed
    }
}

impl Phase {
    fn read(raw: RawPhase) -> Result<Self, String> {
        let time = |text: Option<String>| -> Result<Option<u64>, String> {
            let parsed = text.as_deref().map(duration::parse).transpose();
            let shown = |fault: DurationFault| fault.to_string();
            Ok(parsed.map_err(shown)?.map(duration::nanoseconds))
        };
        let from_ns = time(raw.from)?.unwrap_or_default();
        let to_ns = time(raw.to)?.unwrap_or(u64::MAX);
        let every_ns = time(raw.every)?;
        let shift_ns = time(raw.shift)?.unwrap_or_default();
        if to_ns <= from_ns {
            return Err("`to` must be later than `from`".to_owned());
        }
        let length_ns = to_ns - from_ns;
        if every_ns.is_some_and(|every_ns| every_ns < length_ns.saturating_add(shift_ns)) {
            return Err("`every` must be at least from `from` to `to`, and `shift`".to_owned());
        }
        if raw.rate.is_some_and(|rate| rate > RATE_MAX) {
            return Err(format!("`rate` is at most {RATE_MAX}, and 0 for none"));
        }
        if raw.window == Some(0) {
            return Err("`window` is at least 1".to_owned());
        }
        let undelivered = match raw.undelivered {
            Some(percent) => {
                Some(Percent::new(percent).ok_or("`undelivered` is per cent, 0 to 100")?)
            }
            None => None,
        };
        Quirks::parse(&raw.quirks).map_err(|fault: QuirkFault| fault.to_string())?;
        Ok(Self {
            from_ns,
            to_ns,
            every_ns,
            shift_ns,
            quirks: raw.quirks,
            rate: raw.rate,
            window: raw.window,
            latency_ns: time(raw.latency)?,
            latency_jitter_ns: time(raw.latency_jitter)?,
            dlr_delay_ns: time(raw.dlr_delay)?,
            undelivered,
            link: raw.link,
        })
    }

    /// Whether it is on at this time, and when that changes next.
    fn at(&self, seed: u64, place: usize, now_ns: u64) -> (bool, Option<u64>) {
        let turn = match self.every_ns {
            Some(every_ns) if now_ns > self.from_ns => (now_ns - self.from_ns) / every_ns,
            _ => 0,
        };
        let (begin_ns, end_ns) = self.turn(seed, place, turn);
        if now_ns < begin_ns {
            return (false, Some(begin_ns));
        }
        if now_ns < end_ns {
            return (true, Some(end_ns).filter(|end_ns| *end_ns < u64::MAX));
        }
        let next_ns = self.every_ns.map(|_| self.turn(seed, place, turn + 1).0);
        (false, next_ns)
    }

    /// Begin and end of its n-th turn.
    fn turn(&self, seed: u64, place: usize, turn: u64) -> (u64, u64) {
        let draw = Digest::new(seed)
            .field(b"phase")
            .number(place as u64)
            .number(turn)
            .finish();
        let shift_ns = ((u128::from(draw) * (u128::from(self.shift_ns) + 1)) >> 64) as u64;
        let later_ns = self.every_ns.unwrap_or_default().saturating_mul(turn) + shift_ns;
        (
            self.from_ns.saturating_add(later_ns),
            self.to_ns.saturating_add(later_ns),
        )
    }

    fn lay_over(&self, settings: &mut Settings) {
        for spelling in &self.quirks {
            // Every spelling was tried when the scenario was read.
            let _ = settings.quirks.switch_on(spelling);
        }
        if let Some(rate) = self.rate {
            settings.rate = Some(rate).filter(|rate| *rate > 0);
        }
        let replace = |place: &mut u64, value: Option<u64>| {
            if let Some(value) = value {
                *place = value;
            }
        };
        replace(&mut settings.latency_ns, self.latency_ns);
        replace(&mut settings.latency_jitter_ns, self.latency_jitter_ns);
        replace(&mut settings.dlr_delay_ns, self.dlr_delay_ns);
        if let Some(window) = self.window {
            settings.window = window;
        }
        if let Some(undelivered) = self.undelivered {
            settings.undelivered = undelivered;
        }
    }
}

/// What a scenario puts in force.
#[derive(Debug)]
pub(super) struct State {
    pub(super) settings: Settings,
    /// The link's new state, where the scenario changes it.
    pub(super) link_down: Option<bool>,
}

/// A scenario that is played.
#[derive(Debug)]
pub(super) struct Player {
    base: Settings,
    phases: Vec<Phase>,
    seed: u64,
    next_ns: Option<u64>,
    is_down: bool,
}

impl Player {
    /// The player of these settings' scenario, if they have one.
    pub(super) fn new(settings: &Settings) -> Option<Self> {
        let scenario = settings.scenario.clone()?;
        Some(Self {
            base: settings.clone(),
            seed: scenario.seed.unwrap_or(settings.seed),
            phases: scenario.phases,
            next_ns: Some(0),
            is_down: false,
        })
    }

    /// When something changes next.
    pub(super) fn next_change_ns(&self) -> Option<u64> {
        self.next_ns
    }

    /// What is in force now, if that changes now.
    pub(super) fn advance(&mut self, now_ns: u64) -> Option<State> {
        self.next_ns.filter(|next_ns| *next_ns <= now_ns)?;
        let mut settings = self.base.clone();
        let mut is_down = false;
        let mut next_ns = None;
        for (place, phase) in self.phases.iter().enumerate() {
            let (is_on, change_ns) = phase.at(self.seed, place, now_ns);
            next_ns = [next_ns, change_ns].into_iter().flatten().min();
            if is_on {
                phase.lay_over(&mut settings);
                is_down = phase.link.map_or(is_down, |link| link == Link::Down);
            }
        }
        self.next_ns = next_ns;
        let link_down = (is_down != self.is_down).then_some(is_down);
        self.is_down = is_down;
        Some(State {
            settings,
            link_down,
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn player(text: &str) -> Player {
        let settings = Settings {
            rate: Some(100),
            scenario: Some(Scenario::parse(text).unwrap()),
            ..Settings::default()
        };
        Player::new(&settings).unwrap()
    }

    #[test]
    fn phases_begin_end_and_lie_over_each_other() {
        let mut player = player(
            "[[phase]]\nfrom = \"10s\"\nto = \"30s\"\nrate = 50\nquirks = [\"throttle=5\"]\n\
             [[phase]]\nfrom = \"20s\"\nto = \"40s\"\nrate = 0\nlink = \"down\"",
        );
        let state = player.advance(0).unwrap();
        assert_eq!((state.settings.rate, state.link_down), (Some(100), None));
        assert_eq!(player.next_change_ns(), Some(10 * SECOND));
        assert!(player.advance(9 * SECOND).is_none());
        let state = player.advance(10 * SECOND).unwrap();
        assert_eq!(state.settings.rate, Some(50));
        assert_ne!(state.settings.quirks, Quirks::default());
        let state = player.advance(20 * SECOND).unwrap();
        assert_eq!((state.settings.rate, state.link_down), (None, Some(true)));
        assert_ne!(state.settings.quirks, Quirks::default());
        let state = player.advance(30 * SECOND).unwrap();
        assert_eq!(state.settings.quirks, Quirks::default());
        assert_eq!(state.link_down, None);
        let state = player.advance(41 * SECOND).unwrap();
        assert_eq!(
            (state.settings.rate, state.link_down),
            (Some(100), Some(false))
        );
        assert_eq!(player.next_change_ns(), None);
    }

    #[test]
    fn a_phase_comes_again_shifted_by_the_seed_and_never_overlaps_itself() {
        let text = "seed = 3\n[[phase]]\nfrom = \"5s\"\nto = \"6s\"\nevery = \"10s\"\nshift = \"4s\"\nlink = \"down\"";
        let mut begins = Vec::new();
        let mut player = player(text);
        let mut now_ns = 0;
        while now_ns < 100 * SECOND {
            if let Some(State {
                link_down: Some(true),
                ..
            }) = player.advance(now_ns)
            {
                begins.push(now_ns);
            }
            now_ns = player.next_change_ns().unwrap();
        }
        assert_eq!(begins.len(), 10, "{begins:?}");
        for (turn, begin_ns) in begins.iter().enumerate() {
            let early_ns = (5 + 10 * turn as u64) * SECOND;
            assert!((early_ns..=early_ns + 4 * SECOND).contains(begin_ns));
        }
        let shifts: std::collections::HashSet<_> = begins.iter().map(|at| at % SECOND).collect();
        assert!(shifts.len() > 5);
    }

    #[test]
    fn faults_name_their_phase() {
        for (text, expected) in [
            ("[[phase]]\nfrom = \"5\"", "phase 1"),
            ("[[phase]]\n[[phase]]\nquirks = [\"throtle\"]", "throttle"),
            ("[[phase]]\nfrom = \"2s\"\nto = \"1s\"", "later"),
            ("[[phase]]\nto = \"5s\"\nevery = \"3s\"", "every"),
            ("[[phase]]\nspeed = 5", "speed"),
            ("[[phase]]\nundelivered = 101", "undelivered"),
        ] {
            let fault = Scenario::parse(text).unwrap_err().to_string();
            assert!(fault.contains(expected), "{fault}");
        }
    }
}
