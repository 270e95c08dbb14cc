//! Keys of a `[[carrier]]` of kind `modem_pool`, and `[modems]`: what all pools of a node share.

use std::time::Duration;

use toml::de::DeValue;

use crate::carrier::{CAP_RANGE, name, price};
use crate::modem::hook;
use crate::profile::read;
use crate::reader::{Read, Section};
use crate::sim_terms::{RECIPIENTS_MAX, SimTermsGiven};
use crate::{Carrier, CarrierKind, Profile, Secret, SimTerms, kind};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(86_400);
const SECOND: Duration = Duration::from_secs(1);
const NETWORKS_MAX: usize = 64;
/// Modems that one pool finds.
const PORTS_MAX: u64 = 256;
const PORTS_EVERY: Duration = Duration::from_secs(10);
const PATTERNS_MAX: usize = 32;
/// Where USB modems are on Linux: by names that say where they are plugged in, then all.
const PORTS_AUTO: &[&str] = &["/dev/serial/by-path/*", "/dev/ttyUSB*", "/dev/ttyACM*"];

/// Keys that only a carrier by SMPP has.
pub(crate) const SMPP_KEYS: &[&str] = &[
    "profile",
    "address",
    "local_address",
    "tls",
    "outbind_listen",
    "outbind_system_id",
    "outbind_password",
    "system_id",
    "password",
    "system_type",
    "bind",
    "links",
    "window",
    "response_timeout",
    "enquire_link",
    "enquire_link_misses",
    "reconnect_delay",
    "reconnect_delay_max",
    "interface_version",
];
/// Keys that only a pool has.
pub(crate) const POOL_KEYS: &[&str] = &[
    "networks",
    "sim",
    "ports",
    "ports_max",
    "ports_every",
    "ports_answer",
    "balance_ussd",
    "balance_every",
    "poll_storage",
    "signal_every",
    "status_reports",
    "retry",
    "usb_reset",
    "power_cycle",
];

/// A rack of modems as one carrier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModemPool {
    /// First digits of the IMSIs that may send, five or six each; empty: all.
    pub networks: Vec<String>,
    /// What each SIM may send.
    pub sim: SimTerms,
    /// Where modems are looked for, those of a `[[modem]]` left out; none: nowhere.
    pub ports: Option<ModemPorts>,
    /// Code that asks for the balance; none: nobody asks.
    pub balance_ussd: Option<String>,
    /// How often it is asked.
    pub balance_every: Duration,
    /// How often what the storage holds is read, whatever the modem says of itself.
    pub poll_storage: Duration,
    /// How often signal and registration are asked for.
    pub signal_every: Duration,
    /// Whether the network is asked for status reports, which are the receipts.
    pub status_reports: bool,
    /// A modem that nothing helped is tried again after so long.
    pub retry: Duration,
    /// Program and arguments that reset a modem's USB port; `{modem}` and `{port}` stand for its own. Empty: none.
    pub usb_reset: Vec<String>,
    /// Program and arguments that take its power away and give it back.
    pub power_cycle: Vec<String>,
}

/// Serial ports of which a pool takes every modem that it finds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModemPorts {
    /// Names of ports, whole paths with `*` and `?`; better names first.
    pub patterns: Vec<String>,
    /// Modems that it takes at most.
    pub max: u16,
    /// Between two looks at what is there.
    pub every: Duration,
    /// What does not answer by then is no modem.
    pub answer: Duration,
}

impl ModemPorts {
    fn read(section: &Section<'_>) -> Option<Self> {
        let patterns = section.optional("ports", ports);
        let found = Self {
            max: section.or("ports_max", 8, kind::integer(1..=PORTS_MAX)),
            every: section.or("ports_every", PORTS_EVERY, kind::time(SECOND..=MINUTE * 60)),
            answer: section.or("ports_answer", SECOND * 5, kind::time(SECOND..=MINUTE)),
            patterns: patterns.unwrap_or_default(),
        };
        if !found.patterns.is_empty() {
            return Some(found);
        }
        for key in ["ports_max", "ports_every", "ports_answer"] {
            if section.holds(key) && !section.holds("ports") {
                section.fault(
                    key,
                    "says nothing without `ports`; write ports = \"auto\", or take it away",
                );
            }
        }
        None
    }
}

impl ModemPool {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let times = |most| kind::time(SECOND..=most);
        let pool = Self {
            networks: section.or("networks", Vec::new(), kind::one_or_list(network)),
            sim: section
                .inner("sim")
                .map_or_else(SimTerms::default, |inner| {
                    let given = SimTermsGiven::read(&inner);
                    inner.finish();
                    given.over(&SimTerms::default())
                }),
            ports: ModemPorts::read(section),
            balance_ussd: section.optional("balance_ussd", ussd),
            balance_every: section.or("balance_every", DAY, kind::time(MINUTE..=DAY * 31)),
            poll_storage: section.or("poll_storage", MINUTE, times(DAY)),
            signal_every: section.or("signal_every", MINUTE / 2, times(DAY)),
            status_reports: section.or("status_reports", true, kind::boolean),
            retry: section.or("retry", MINUTE * 5, times(DAY)),
            usb_reset: section.or("usb_reset", Vec::new(), hook(section.context)),
            power_cycle: section.or("power_cycle", Vec::new(), hook(section.context)),
        };
        if section.holds("balance_every") && !section.holds("balance_ussd") {
            section.fault(
                "balance_every",
                "says nothing without `balance_ussd`; write the code too, such as balance_ussd = \"*100#\"",
            );
        }
        if pool.networks.len() > NETWORKS_MAX {
            section.fault("networks", format!("has more than {NETWORKS_MAX}"));
        }
        pool
    }
}

impl Carrier {
    /// A pool of modems: what is said of connections is its modems'.
    pub(crate) fn read_pool(section: &Section<'_>) -> Self {
        for key in SMPP_KEYS.iter().filter(|key| section.holds(key)) {
            let _ = section.value(key);
            section.fault(
                key,
                "is for carriers of kind \"smpp\"; a pool has its [[modem]], so take it away",
            );
        }
        let pool = ModemPool::read(section);
        let profile = Profile {
            binds: 1,
            window: 1,
            rate_segments: section.optional("rate", kind::integer(read::RATE_RANGE)),
            ..Profile::default()
        };
        let carrier = Self {
            name: name(section),
            kind: CarrierKind::ModemPool,
            addresses: Vec::new(),
            local_address: None,
            tls: None,
            outbind_listen: None,
            outbind_system_id: None,
            outbind_password: None,
            system_id: String::new(),
            password: Secret::default(),
            system_type: String::new(),
            bind: profile.bind,
            links: profile.binds,
            window: profile.window,
            rate: profile.rate_segments,
            cap_a_day: section.optional("cap_a_day", kind::integer(CAP_RANGE)),
            price: price(section),
            response_timeout: profile.resp_timeout,
            enquire_link: profile.enquire_idle,
            enquire_link_misses: profile.enquire_misses,
            reconnect_delay: profile.rebind_first,
            reconnect_delay_max: profile.rebind_max,
            interface_version: profile.interface_version,
            pool: Some(pool),
            enabled: section.or("enabled", true, kind::boolean),
            line: section.line,
            profile,
        };
        section.finish();
        carrier
    }
}

/// `"auto"`, or patterns.
fn ports(value: &DeValue<'_>) -> Read<Vec<String>> {
    if kind::text(value).is_ok_and(|text| text == "auto") {
        return Ok(PORTS_AUTO.iter().map(ToString::to_string).collect());
    }
    let patterns = kind::one_or_list(port_pattern)(value)?;
    match patterns.len() {
        1..=PATTERNS_MAX => Ok(patterns),
        count => Err(format!("has {count} patterns; write 1 to {PATTERNS_MAX}").into()),
    }
}

fn port_pattern(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let is_odd = |found: char| matches!(found, '[' | ']' | '{' | '}' | '\0');
    if !text.starts_with('/') || text.contains("**") || text.contains(is_odd) {
        return Err(format!(
            "is {text:?}; it has to be \"auto\", or whole paths of serial ports with * and ? such as [\"/dev/ttyUSB*\"], \
             or leave it out and write a [[modem]] for each port"
        )
        .into());
    }
    Ok(text)
}

/// MCC and MNC, with or without a hyphen.
fn network(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let (mcc, mnc) = match text.split_once('-') {
        Some(parts) => parts,
        None => text.split_at_checked(3).unwrap_or((&text, "")),
    };
    let is_number = |part: &str| part.bytes().all(|octet| octet.is_ascii_digit());
    if mcc.len() == 3 && (2..=3).contains(&mnc.len()) && is_number(mcc) && is_number(mnc) {
        return Ok(format!("{mcc}{mnc}"));
    }
    Err(format!(
        "is {text:?}; write MCC and MNC, the first five or six digits of an IMSI, such as \"262-02\" or \"26202\""
    )
    .into())
}

/// A code as one dials it (3GPP TS 22.030).
pub(crate) fn ussd(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let fits = |octet: u8| octet.is_ascii_digit() || matches!(octet, b'*' | b'#' | b'+');
    if (1..=182).contains(&text.len()) && text.bytes().all(fits) {
        return Ok(text);
    }
    Err(format!("is {text:?}; write the code as one dials it, such as \"*100#\"").into())
}

/// `[modems]`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Modems {
    /// SIMs whose counts are kept.
    pub sims_max: u32,
    /// Recipients of a month that are remembered, of each.
    pub recipients_max: u32,
}

impl Modems {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        Self {
            sims_max: section.or("sims_max", 512, kind::integer(1..=4_096)),
            recipients_max: section.or("recipients_max", 2_000, kind::integer(1..=RECIPIENTS_MAX)),
        }
    }
}
