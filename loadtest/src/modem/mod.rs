//! `modemsim`: simulated GSM modems with a network behind them (3GPP TS 27.005, 27.007, 23.040).
//!
//! [`Rack`] is all of it without ports and clocks: octets and nanoseconds in, octets out. [`edge`] puts it on ptys or TCP ports, in a process of
//! its own or in a test's. Promise: the same seed, orders and octets at the same times give the same answers; any octets are taken without fault. Bounds: [`settings::MODEMS_MAX`] modems,
//! and those that [`device`] and [`network`] name.

mod arrivals;
mod command;
mod counts;
pub mod device;
mod dialect;
pub mod edge;
mod fault;
mod judge;
pub mod network;
mod octets;
mod order;
mod power;
pub mod report;
pub mod settings;
mod store;
mod submit;
mod text_mode;

pub use counts::Counts;
pub use dialect::Dialect;
pub use fault::{Cure, Fault, FaultSpelling, KINDS, Kind, Occasion, When};
pub use judge::{Alphabet, Part, Submission, judge};
pub use network::Taken;
pub use order::{ORDERS, OrderFault};
pub use report::Report;
pub use settings::{Settings, SimCard};

use device::{Air, Modem};
use network::Network;
use settings::{MODEMS_MAX, SECOND_NS};

/// Modems, their SIMs, and the network.
#[derive(Debug)]
pub struct Rack {
    settings: Settings,
    network: Network,
    modems: Vec<Modem>,
    /// When a handset writes to each modem's SIM next; `u64::MAX`: never.
    writes_ns: Vec<u64>,
    written: u64,
    dirty: Vec<usize>,
}

impl Rack {
    /// At time 0, with modem n holding card n.
    #[must_use]
    pub fn new(settings: Settings) -> Self {
        let count = settings.modems.min(MODEMS_MAX);
        let mut rack = Self {
            network: Network::new(&settings),
            modems: (0..count)
                .map(|index| Modem::new(index, &settings))
                .collect(),
            writes_ns: vec![u64::MAX; count],
            written: 0,
            dirty: Vec::new(),
            settings,
        };
        for index in 0..count {
            let is_ready = rack.settings.is_ready_at_start;
            rack.with(0, index, |modem, air| {
                if let Some(sim) = air.network.sims.get_mut(index) {
                    sim.seat = Some(index);
                    modem.sim = Some(index);
                }
                if is_ready {
                    modem.stand_ready(air);
                } else {
                    modem.power_on(air);
                }
            });
            let gap_ns = rack.write_gap_ns();
            if let Some(next) = rack.writes_ns.get_mut(index) {
                // Not all at once.
                *next = gap_ns.map_or(u64::MAX, |gap_ns| {
                    gap_ns + gap_ns * index as u64 / count as u64
                });
            }
        }
        rack
    }

    /// How many modems there are.
    #[must_use]
    pub fn modems(&self) -> usize {
        self.modems.len()
    }

    /// Octets from the host of this modem.
    pub fn receive(&mut self, now_ns: u64, modem: usize, octets: &[u8]) {
        self.tick(now_ns);
        self.with(now_ns, modem, |modem, air| modem.receive(air, octets));
    }

    /// The time has come so far.
    pub fn tick(&mut self, now_ns: u64) {
        while let Some(due_ns) = self.next_deadline_ns().filter(|due_ns| *due_ns <= now_ns) {
            self.happen(due_ns);
        }
    }

    fn happen(&mut self, now_ns: u64) {
        let mut touched = Vec::new();
        self.network.tick(now_ns, &mut touched, &self.settings);
        for sim in touched {
            let seat = self.network.sims.get(sim).and_then(|sim| sim.seat);
            if let Some(seat) = seat {
                self.with(now_ns, seat, Modem::take_arrivals);
            }
        }
        for index in 0..self.modems.len() {
            let is_due = self
                .modems
                .get(index)
                .and_then(Modem::next_due_ns)
                .is_some_and(|due_ns| due_ns <= now_ns);
            if is_due {
                self.with(now_ns, index, Modem::tick);
            }
            self.write_from_handset(now_ns, index);
        }
    }

    fn write_gap_ns(&self) -> Option<u64> {
        let per_minute = self.settings.mo_per_minute;
        (per_minute > 0.0).then_some((60.0 * SECOND_NS as f64 / per_minute) as u64)
    }

    fn write_from_handset(&mut self, now_ns: u64, index: usize) {
        let gap_ns = self.write_gap_ns();
        let (Some(gap_ns), Some(next)) = (gap_ns, self.writes_ns.get_mut(index)) else {
            return;
        };
        if *next > now_ns {
            return;
        }
        *next = now_ns.saturating_add(gap_ns.max(1));
        self.written += 1;
        let text = self
            .settings
            .mo_text
            .replace("{n}", &self.written.to_string());
        if let Some(sim) = self.modems.get(index).and_then(|modem| modem.sim) {
            self.network
                .write(now_ns, sim, &self.settings.mo_from, &text, &self.settings);
        }
    }

    /// When [`Rack::tick`] has something to do.
    #[must_use]
    pub fn next_deadline_ns(&self) -> Option<u64> {
        let modems = self.modems.iter().filter_map(Modem::next_due_ns).min();
        let writes = self
            .writes_ns
            .iter()
            .copied()
            .min()
            .filter(|next| *next < u64::MAX);
        [modems, writes, self.network.next_due_ns()]
            .into_iter()
            .flatten()
            .min()
    }

    /// Octets to the host of this modem; whoever writes them takes them away.
    pub fn output(&mut self, modem: usize) -> Option<&mut Vec<u8>> {
        self.modems.get_mut(modem).map(|modem| &mut modem.output)
    }

    /// Whether the modem's port is there.
    #[must_use]
    pub fn is_plugged(&self, modem: usize) -> bool {
        self.modems.get(modem).is_some_and(|modem| modem.is_plugged)
    }

    /// Moves the numbers of modems that may have something to write, or whose port came or went, to the end of `dirty`.
    pub fn take_dirty(&mut self, dirty: &mut Vec<usize>) {
        dirty.append(&mut self.dirty);
    }

    /// The last segments that the network took; `Settings::taken_kept` says how many.
    #[must_use]
    pub fn taken(&self) -> Vec<Taken> {
        self.network.taken.iter().cloned().collect()
    }

    /// The card in a modem.
    #[must_use]
    pub fn card(&self, modem: usize) -> Option<&SimCard> {
        let sim = self.modems.get(modem)?.sim?;
        self.network.sims.get(sim).map(|sim| &sim.card)
    }

    /// The counts so far.
    #[must_use]
    pub fn report(&self, now_ns: u64) -> Report {
        report::of(now_ns, &self.modems, &self.network)
    }

    fn with(&mut self, now_ns: u64, index: usize, act: impl FnOnce(&mut Modem, &mut Air<'_>)) {
        let mut air = Air {
            now_ns,
            settings: &self.settings,
            network: &mut self.network,
        };
        if let Some(modem) = self.modems.get_mut(index) {
            let was_plugged = modem.is_plugged;
            act(modem, &mut air);
            if (!modem.output.is_empty() || was_plugged != modem.is_plugged)
                && !self.dirty.contains(&index)
            {
                self.dirty.push(index);
            }
        }
    }
}

#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;
