//! Carriers of very different size, each a process of its own with its own contract, and the numbers that are theirs.
//!
//! Promise: of every [`NUMBERS`] messages each limited carrier gets its rate times [`CYCLE_SECONDS`], so that all of them have
//! work for the same time; the carrier without a limit gets the rest. Bound: thirteen carriers, 350 links.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use anyhow::bail;

use crate::carrier::{Carrier, Report};
use crate::node::{NodeShape, config_head};
use crate::process::{LOOK, Usage};
use crate::programs::Programs;

/// Links of all carriers together.
pub(crate) const LINKS: u32 = 350;
/// Different numbers of recipients, counted through again and again.
pub(crate) const NUMBERS: u32 = 100_000;
/// Digits before the counted ones, and how many are counted.
pub(crate) const PREFIX: &str = "4477009";
pub(crate) const DIGITS: usize = 5;
/// How long a limited carrier works on what one round of numbers brings it.
pub(crate) const CYCLE_SECONDS: u32 = 15;

const BOUND_WITHIN: Duration = Duration::from_secs(60);

/// What was agreed with one carrier.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contract {
    pub(crate) name: &'static str,
    pub(crate) links: u32,
    pub(crate) window: u32,
    /// Segments a second over all links.
    pub(crate) rate: Option<u32>,
    pub(crate) latency_ms: u32,
}

const fn contract(
    name: &'static str,
    links: u32,
    window: u32,
    rate: u32,
    latency_ms: u32,
) -> Contract {
    Contract {
        name,
        links,
        window,
        rate: if rate == 0 { None } else { Some(rate) },
        latency_ms,
    }
}

/// The fast ones, 50 links.
pub(crate) const FAST: [Contract; 3] = [
    contract("open", 10, 100, 0, 0),
    contract("fast-3000", 16, 100, 3_000, 1),
    contract("fast-1000", 24, 100, 1_000, 20),
];

/// The slow ones, 300 links.
pub(crate) const SLOW: [Contract; 10] = [
    contract("slow-50", 30, 10, 50, 5),
    contract("slow-50b", 30, 10, 50, 20),
    contract("slow-40", 30, 10, 40, 50),
    contract("slow-30", 30, 10, 30, 100),
    contract("slow-20", 30, 10, 20, 100),
    contract("slow-20b", 30, 10, 20, 200),
    contract("slow-10", 30, 10, 10, 300),
    contract("slow-10b", 30, 10, 10, 500),
    contract("slow-5", 30, 10, 5, 500),
    contract("slow-1", 30, 10, 1, 1_000),
];

/// How far a carrier was at a moment.
#[derive(Debug, Clone, Copy)]
struct Mark {
    at: SystemTime,
    accepted: u64,
}

/// A carrier that runs, and its course.
pub(crate) struct Member {
    pub(crate) contract: Contract,
    pub(crate) carrier: Carrier,
    pub(crate) before: Usage,
    first: Option<Mark>,
    last: Option<Mark>,
    /// Fewest links bound at any look after all were.
    pub(crate) links_min: u64,
}

impl Member {
    /// Segments a second from the first to the last that it took.
    pub(crate) fn rate(&self) -> f64 {
        let Some((first, last)) = self.first.zip(self.last) else {
            return 0.0;
        };
        let seconds = last.at.duration_since(first.at).unwrap_or_default();
        (last.accepted - first.accepted) as f64 / seconds.as_secs_f64().max(1e-3)
    }

    fn look(&mut self) {
        let Some((at, report)) = self.carrier.timed_report() else {
            return;
        };
        self.links_min = self.links_min.min(report.count("binds_now"));
        let accepted = report.count("accepted");
        let mark = Mark { at, accepted };
        if accepted > self.last.map_or(0, |last| last.accepted) {
            self.first.get_or_insert(mark);
            self.last = Some(mark);
        }
    }
}

/// Carriers that run.
pub(crate) struct Fleet {
    pub(crate) members: Vec<Member>,
}

impl Fleet {
    /// Starts a process for each.
    pub(crate) fn start(
        programs: &Programs,
        folder: &Path,
        contracts: &[Contract],
        messages: u64,
    ) -> anyhow::Result<Self> {
        let mut members = Vec::with_capacity(contracts.len());
        for contract in contracts {
            let own = format!("--latency {}ms", contract.latency_ms);
            let name = format!("smscsim-{}", contract.name);
            let mut carrier = Carrier::start_with(programs, &name, folder, messages, &own)?;
            members.push(Member {
                contract: *contract,
                before: carrier.process.usage(),
                carrier,
                first: None,
                last: None,
                links_min: u64::MAX,
            });
        }
        Ok(Self { members })
    }

    /// Writes the configuration of a node that sends each number to its carrier, and all others to the first.
    pub(crate) fn write_config(&self, folder: &Path, shape: &NodeShape) -> anyhow::Result<()> {
        let mut text = config_head(folder, shape)?;
        for Member {
            contract, carrier, ..
        } in &self.members
        {
            let Contract {
                name,
                links,
                window,
                rate,
                ..
            } = contract;
            let (address, rate) = (
                &carrier.address,
                rate.map_or_else(String::new, |rate| format!("rate = {rate}\n")),
            );
            write!(
                text,
                "[[carrier]]\nname = \"{name}\"\naddress = \"{address}\"\nsystem_id = \"c\"\npassword = \"p\"\nprice = \"0.001\"\n\
                 links = {links}\nwindow = {window}\n{rate}enquire_link = \"5s\"\nreconnect_delay = \"100ms\"\nreconnect_delay_max = \"500ms\"\n"
            )?;
        }
        let mut from = 0;
        for Member { contract, .. } in &self.members {
            let Some(rate) = contract.rate else {
                continue;
            };
            let to = from + rate * CYCLE_SECONDS;
            let prefixes = prefixes(from, to);
            let name = contract.name;
            writeln!(
                text,
                "[[route]]\nmatch = {{ prefix = {prefixes:?} }}\ncarriers = [\"{name}\"]"
            )?;
            from = to;
        }
        if let Some(first) = self.members.first() {
            let name = first.contract.name;
            writeln!(text, "[[route]]\nmatch = {{}}\ncarriers = [\"{name}\"]")?;
        }
        fs::write(folder.join("carrack.toml"), text)?;
        Ok(())
    }

    /// Links that are bound now.
    pub(crate) fn bound(&self) -> u64 {
        let bound = |member: &Member| member.carrier.report().count("binds_now");
        self.members.iter().map(bound).sum()
    }

    /// Waits until every link of every carrier is bound.
    pub(crate) fn wait_until_bound(&mut self) -> anyhow::Result<f64> {
        let begun = Instant::now();
        let wanted: u64 = self.links().into();
        while self.bound() < wanted {
            if begun.elapsed() > BOUND_WITHIN {
                bail!("{} of {wanted} links are bound", self.bound());
            }
            std::thread::sleep(LOOK);
        }
        Ok(begun.elapsed().as_secs_f64())
    }

    /// Links of all contracts.
    pub(crate) fn links(&self) -> u32 {
        let links = |member: &Member| member.contract.links;
        self.members.iter().map(links).sum()
    }

    /// Notes how far each is.
    pub(crate) fn look(&mut self) {
        for member in &mut self.members {
            member.look();
        }
    }

    /// What all took together since they were started; the greatest memory of one.
    pub(crate) fn usage(&mut self) -> (Usage, Usage) {
        let (mut before, mut after) = (Usage::default(), Usage::default());
        for member in &mut self.members {
            let now = member.carrier.process.usage();
            before.cpu_seconds += member.before.cpu_seconds;
            after.cpu_seconds += now.cpu_seconds;
            after.rss_peak_mb = after.rss_peak_mb.max(now.rss_peak_mb);
        }
        (before, after)
    }

    /// Ends them; the report of each, in the order of the contracts.
    pub(crate) fn stop(self) -> anyhow::Result<Vec<Report>> {
        self.members
            .into_iter()
            .map(|member| member.carrier.stop())
            .collect()
    }
}

/// The fewest prefixes that cover the counted numbers from `from` up to, not including, `to`.
fn prefixes(mut from: u32, to: u32) -> Vec<String> {
    let mut found = Vec::new();
    while from < to {
        let (mut size, mut digits) = (1, DIGITS);
        while digits > 1 && from.is_multiple_of(size * 10) && from + size * 10 <= to {
            size *= 10;
            digits -= 1;
        }
        found.push(format!("{PREFIX}{:0digits$}", from / size));
        from += size;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_has_one_prefix() {
        for (from, to) in [(0, 45_000), (45_000, 60_000), (63_525, 63_540), (7, 1_003)] {
            let found = prefixes(from, to);
            for number in (from.saturating_sub(3)..to + 3).chain([0, NUMBERS - 1]) {
                let text = format!("{PREFIX}{number:05}");
                let matching = found
                    .iter()
                    .filter(|prefix| text.starts_with(prefix.as_str()));
                let wanted = usize::from((from..to).contains(&number));
                assert_eq!(matching.count(), wanted, "{number} of {from}..{to}");
            }
        }
    }

    #[test]
    fn contracts_have_350_links_and_fit_the_numbers() {
        let all = || FAST.iter().chain(&SLOW);
        assert_eq!(all().map(|one| one.links).sum::<u32>(), LINKS);
        let limited: u32 = all().filter_map(|one| one.rate).sum();
        assert!(limited * CYCLE_SECONDS < NUMBERS);
    }
}
