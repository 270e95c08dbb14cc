//! What a rack counted, as JSON.
//!
//! A segment is counted for the caps of its SIM when its PDU came whole and the judge took it, whatever became of it then, at the time when its
//! AT+CMGS line ended. `distinct_texts + duplicates + untracked_texts = taken`: the same recipient, scheme, place among its parts and octets is the same
//! text; the reference that ties parts together is not looked at, because a message that is sent again may have another.

use super::counts::Counts;
use super::device::Modem;
use super::network::{Network, Peaks, Taken};
use super::settings::SECOND_NS;
use serde::Serialize;

/// All of it.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Report {
    /// Simulated seconds since the start.
    pub seconds: f64,
    /// Sums over all modems, and what only the network knows.
    pub sum: Sum,
    /// Each modem.
    pub modems: Vec<ModemReport>,
    /// Each SIM.
    pub sims: Vec<SimReport>,
    /// Segments that came a second time, the first 64.
    pub doubles: Vec<Taken>,
}

/// Sums.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sum {
    /// Of all modems.
    #[serde(flatten)]
    pub counts: Counts,
    /// Different texts among `taken`.
    pub distinct_texts: u64,
    /// Taken again.
    pub duplicates: u64,
    /// Taken when no more could be remembered.
    pub untracked_texts: u64,
    /// Status reports that the network sent; `undelivered` of them say so.
    pub reports_sent: u64,
    /// Say that the message did not arrive.
    pub reports_undelivered: u64,
    /// Lost by a fault.
    pub reports_lost: u64,
    /// Doubled by a fault.
    pub reports_doubled: u64,
    /// Messages to SIMs that the network sent, in parts.
    pub messages_sent: u64,
    /// Still in the network.
    pub pending: u64,
    /// Found no room in the network.
    pub pending_lost: u64,
    /// The worst of all SIMs.
    pub worst: Peaks,
}

/// One modem.
#[derive(Debug, Clone, Default, Serialize)]
pub struct ModemReport {
    /// Its number.
    pub modem: usize,
    /// How it talks.
    pub dialect: &'static str,
    /// ICCID of its SIM.
    pub sim: Option<String>,
    /// Its port is there, it has power, it hears.
    pub is_well: bool,
    /// Places taken in its own store.
    pub stored: usize,
    /// Share of the time from the first AT+CMGS to the end of the last in which a submit was under way: from the end of its command line to its
    /// result.
    pub busy_share: f64,
    /// The same share where the time until `60 s / per_minute` after the beginning of a submit counts as busy, too, at the end as well.
    pub busy_share_paced: f64,
    /// Submits over those that `per_minute` allows in that time.
    pub share_of_rate: f64,
    /// Counts.
    #[serde(flatten)]
    pub counts: Counts,
}

/// One SIM.
#[derive(Debug, Clone, Default, Serialize)]
pub struct SimReport {
    /// Its number on the card.
    pub iccid: String,
    /// Its subscriber.
    pub imsi: String,
    /// Its own number.
    pub number: String,
    /// In which modem it is.
    pub modem: Option<usize>,
    /// Segments that were offered to the network with it.
    pub segments: u64,
    /// Those of them that the network took.
    pub taken: u64,
    /// The operator refuses it.
    pub is_blocked: bool,
    /// Places taken in its store.
    pub stored: usize,
    /// What waits for it in the network.
    pub waiting: usize,
    /// The worst windows.
    pub worst: Peaks,
}

pub(super) fn of(now_ns: u64, modems: &[Modem], network: &Network) -> Report {
    let mut sum = Sum::default();
    for modem in modems {
        sum.counts.add(&modem.counts);
    }
    for sim in &network.sims {
        sum.worst = sum.worst.max(sim.book.peaks());
    }
    (sum.distinct_texts, sum.duplicates, sum.untracked_texts) = network.texts();
    let counts = &network.counts;
    sum.reports_sent = counts.reports_sent;
    sum.reports_undelivered = counts.reports_undelivered;
    sum.reports_lost = counts.reports_lost;
    sum.reports_doubled = counts.reports_doubled;
    sum.messages_sent = counts.messages_sent;
    sum.pending_lost = counts.pending_lost;
    sum.pending = network.pending() as u64;
    Report {
        seconds: now_ns as f64 / SECOND_NS as f64,
        sum,
        modems: modems
            .iter()
            .map(|modem| modem_report(modem, network))
            .collect(),
        sims: sims(network),
        doubles: network.doubles.clone(),
    }
}

fn modem_report(modem: &Modem, network: &Network) -> ModemReport {
    let (busy_share, busy_share_paced, share_of_rate) = modem.busy.shares();
    let sim = modem.sim.and_then(|sim| network.sims.get(sim));
    ModemReport {
        modem: modem.index,
        dialect: modem.dialect.name(),
        sim: sim.map(|sim| sim.card.iccid.clone()),
        is_well: modem.is_well(),
        stored: modem.store.used() + modem.reports.used(),
        busy_share,
        busy_share_paced,
        share_of_rate,
        counts: modem.counts.clone(),
    }
}

fn sims(network: &Network) -> Vec<SimReport> {
    let one = |sim: &super::network::Sim| SimReport {
        iccid: sim.card.iccid.clone(),
        imsi: sim.card.imsi.clone(),
        number: sim.card.number.clone(),
        modem: sim.seat,
        segments: sim.book.segments(),
        taken: sim.taken,
        is_blocked: sim.blocked.is_some(),
        stored: sim.store.used(),
        waiting: sim.waiting.len(),
        worst: sim.book.peaks(),
    };
    network.sims.iter().map(one).collect()
}
