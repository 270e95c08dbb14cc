//! `[[loop_probe]]`: real messages through one carrier, sent by the node itself to see what becomes of them.
//!
//! Bound: [`LoopProbe::PROBES_MAX`] probes, each at most once in [`EVERY_MIN`].

use std::time::Duration;

use carrack_message::{Msisdn, Sender, number};
use toml::de::DeValue;

use crate::reader::{Context, Read, Section, Wrong};
use crate::route::{Names, known};
use crate::{Bind, Carrier, kind};

/// Each probe is a message that is paid for.
const EVERY_MIN: Duration = Duration::from_secs(10);
const EVERY_MAX: Duration = Duration::from_secs(24 * 3600);
const EVERY: Duration = Duration::from_secs(300);
const WITHIN: Duration = Duration::from_secs(60);
const ALERT_AFTER: u32 = 3;

/// What has to come back of a probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProbeReturns {
    /// The text itself, as a message from a handset.
    Mo,
    /// A final receipt that says delivered.
    Receipt,
}

const RETURNS: &[(&str, ProbeReturns)] =
    &[("mo", ProbeReturns::Mo), ("receipt", ProbeReturns::Receipt)];

/// `[[loop_probe]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoopProbe {
    /// Its name; `loop-probe-N`, counted from 1, where the file gives none.
    pub name: String,
    /// The carrier that it goes through, and no other; it exists.
    pub carrier: String,
    /// Where it is sent to; none only after a fault was gathered.
    pub to: Option<Msisdn>,
    /// Its sender; none only after a fault was gathered.
    pub from: Option<Sender>,
    /// Time from one to the next.
    pub every: Duration,
    /// What has to come back.
    pub returns: ProbeReturns,
    /// How long it may take; at most `every`.
    pub within: Duration,
    /// So many in a row that did not come back are an alert.
    pub alert_after: u32,
    /// Line of its header in the file.
    pub line: usize,
}

impl LoopProbe {
    /// Probes of one node.
    pub const PROBES_MAX: usize = 256;

    fn read(section: &Section<'_>, place: usize, names: &Names<'_>) -> Self {
        let every = section.or("every", EVERY, kind::time(EVERY_MIN..=EVERY_MAX));
        let probe = Self {
            name: section.or("name", format!("loop-probe-{}", place + 1), kind::name),
            carrier: section
                .required("carrier", "\"NAME\"", known("carrier", &names.carriers))
                .unwrap_or_default(),
            to: section.required("to", "\"+4915112345678\"", msisdn),
            from: section.required("from", "\"PROBE\"", kind::parsed),
            every,
            returns: section
                .required("returns", "\"mo\"", kind::choice(RETURNS))
                .unwrap_or(ProbeReturns::Receipt),
            within: section.or(
                "within",
                WITHIN.min(every),
                kind::time(Duration::from_secs(1)..=EVERY_MAX),
            ),
            alert_after: section.or("alert_after", ALERT_AFTER, kind::integer(1..=1000)),
            line: section.line,
        };
        if probe.within > probe.every {
            section.fault(
                "within",
                "is longer than `every`, and only one is on its way at a time; shorten it or raise `every`",
            );
        }
        section.finish();
        probe
    }
}

/// What probes rest on.
pub(crate) struct Probed<'a> {
    pub(crate) names: &'a Names<'a>,
    pub(crate) carriers: &'a [Carrier],
    /// Whether anything is taken from handsets.
    pub(crate) takes_mo: bool,
}

/// All probes, and what has to hold of them beside the rest of the file.
pub(crate) fn read_all(
    sections: &[Section<'_>],
    probed: &Probed<'_>,
    context: &Context,
) -> Vec<LoopProbe> {
    let places = sections.iter().enumerate();
    let probes: Vec<LoopProbe> = places
        .map(|(place, section)| LoopProbe::read(section, place, probed.names))
        .collect();
    if let Some(first) = probes.get(LoopProbe::PROBES_MAX) {
        let what = format!(
            "there are {} [[loop_probe]]; at most {} are possible",
            probes.len(),
            LoopProbe::PROBES_MAX
        );
        context.faults.add(first.line, what);
    }
    for probe in &probes {
        let name = &probe.name;
        let mut carriers = probed.carriers.iter();
        let carrier = carriers.find(|carrier| carrier.name == probe.carrier);
        if carrier.is_some_and(|carrier| carrier.bind == Bind::Receiver) {
            let what = format!(
                "the loop probe `{name}` goes through `{}`, which binds as \"receiver\" and takes no messages; name another carrier",
                probe.carrier
            );
            context.faults.add(probe.line, what);
        }
        if probe.returns == ProbeReturns::Mo && !probed.takes_mo {
            let what = format!(
                "the loop probe `{name}` has returns = \"mo\", and without a [[mo_route]] nothing is taken from handsets; \
                 add one, such as one for its number, or write returns = \"receipt\""
            );
            context.faults.add(probe.line, what);
        }
    }
    probes
}

fn msisdn(value: &DeValue<'_>) -> Read<Msisdn> {
    let text = kind::text(value)?;
    number::tidy(&text, None).map_err(|fault| Wrong::from(format!("is {text:?}: {fault}")))
}
