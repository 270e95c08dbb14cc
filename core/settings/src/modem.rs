//! `[[modem]]`: one modem of a pool, and what has to hold between modems, pools and SIMs.

use std::fmt;
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use crate::carrier::CarrierKind;
use crate::reader::{Context, Read, Section, Wrong, nearest};
use crate::sim::pin;
use crate::{Address, Carrier, ModemPool, Modems, Secret, Sim, kind};

/// Modems of one node.
const MODEMS_MAX: usize = 1_024;
const HOOK_WORDS_MAX: usize = 32;
/// Speeds that serial ports have.
const BAUDS: &[u32] = &[
    9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600,
];

/// Where a modem is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ModemPort {
    /// A serial port of this machine.
    Device(PathBuf),
    /// A serial server that hands through what it is sent (`tcp://host:port`).
    Tcp(Address),
}

impl fmt::Display for ModemPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Device(path) => path.display().fmt(f),
            Self::Tcp(address) => write!(f, "tcp://{address}"),
        }
    }
}

/// How a modem wants to be spoken to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModemDialect {
    /// As its identification says.
    Auto,
    /// 3GPP TS 27.005 and nothing beyond.
    Generic,
    /// SIMCom SIM800 and its kin.
    Sim800,
    /// SIMCom SIM7600 and its kin.
    Sim7600,
    /// Quectel EC25 and its kin.
    Ec25,
    /// Huawei sticks.
    Huawei,
    /// Telit.
    Telit,
}

const DIALECTS: &[(&str, ModemDialect)] = &[
    ("auto", ModemDialect::Auto),
    ("generic", ModemDialect::Generic),
    ("sim800", ModemDialect::Sim800),
    ("sim7600", ModemDialect::Sim7600),
    ("ec25", ModemDialect::Ec25),
    ("huawei", ModemDialect::Huawei),
    ("telit", ModemDialect::Telit),
];

impl ModemDialect {
    /// As it is written; none: found out.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        let mut known = DIALECTS
            .iter()
            .filter(|(_, dialect)| *dialect != Self::Auto);
        let found = known.find(|(_, dialect)| *dialect == self);
        found.map(|(name, _)| *name)
    }
}

/// `[[modem]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modem {
    /// Its name; unique.
    pub name: String,
    /// The `[[carrier]]` that it is of; it exists and is a pool.
    pub pool: String,
    /// Where it is; none only after a fault was gathered.
    pub port: Option<ModemPort>,
    /// Speed of a serial port.
    pub baud: u32,
    /// How it wants to be spoken to.
    pub dialect: ModemDialect,
    /// PIN of whatever SIM is in it; one of `[[sim]]` comes first.
    pub pin: Option<Secret>,
    /// Program and arguments, with `{modem}` and `{port}` as they are; empty: the pool's.
    pub usb_reset: Vec<String>,
    /// The same.
    pub power_cycle: Vec<String>,
    /// Whether it is used at all.
    pub enabled: bool,
    /// Line of its header in the file.
    pub line: usize,
}

impl Modem {
    fn read(section: &Section<'_>, pools: &Pools<'_>) -> Self {
        let modem = Self {
            name: section
                .required("name", "\"rack-1\"", kind::name)
                .unwrap_or_default(),
            pool: section
                .required("pool", "\"NAME\"", |value| pools.named(value))
                .unwrap_or_default(),
            port: section.required("port", "\"/dev/serial/by-id/...\"", port),
            baud: section.or("baud", 115_200, baud),
            dialect: section.or("dialect", ModemDialect::Auto, kind::choice(DIALECTS)),
            pin: section.optional("pin", pin(section)),
            usb_reset: section.or("usb_reset", Vec::new(), hook(section.context)),
            power_cycle: section.or("power_cycle", Vec::new(), hook(section.context)),
            enabled: section.or("enabled", true, kind::boolean),
            line: section.line,
        };
        if section.holds("baud") && matches!(modem.port, Some(ModemPort::Tcp(_))) {
            section.fault(
                "baud",
                "is for serial ports; the speed of one behind a serial server is set there, so leave it out",
            );
        }
        section.finish();
        modem
    }

    /// The name of a modem that a pool found by itself, by its place, from 0.
    #[must_use]
    pub fn found_name(pool: &str, place: usize) -> String {
        format!("{}{}", Self::found_prefix(pool), place + 1)
    }

    fn found_prefix(pool: &str) -> String {
        format!("{pool}-auto-")
    }

    /// A hook's program and arguments for one modem: its own, the pool's where it has none, `{modem}` and `{port}` as they are.
    #[must_use]
    pub fn hook(own: &[String], pools: &[String], name: &str, port: &str) -> Vec<String> {
        let words = if own.is_empty() { pools } else { own };
        let filled = |word: &String| word.replace("{modem}", name).replace("{port}", port);
        words.iter().map(filled).collect()
    }
}

/// Carriers that a modem may be of.
struct Pools<'a>(&'a [Carrier]);

impl Pools<'_> {
    fn named(&self, value: &DeValue<'_>) -> Read<String> {
        let name = kind::text(value)?;
        let found = self.0.iter().find(|carrier| carrier.name == name);
        match found.map(|carrier| carrier.kind) {
            Some(CarrierKind::ModemPool) => Ok(name),
            Some(CarrierKind::Smpp) => Err(format!(
                "names `{name}`, which is a carrier of kind \"smpp\"; name one of kind \"modem_pool\""
            )
            .into()),
            None => {
                let pools: Vec<&str> = self.pools().map(|carrier| carrier.name.as_str()).collect();
                let cure = match pools.is_empty() {
                    true => "add it: [[carrier]] with this name and kind = \"modem_pool\"".to_owned(),
                    false => nearest(&name, &pools),
                };
                Err(format!("names `{name}`, and there is no such pool; {cure}").into())
            }
        }
    }

    fn pools(&self) -> impl Iterator<Item = &Carrier> {
        let is_pool = |carrier: &&Carrier| carrier.kind == CarrierKind::ModemPool;
        self.0.iter().filter(is_pool)
    }
}

/// All modems and SIMs, and what has to hold of them; pools get their number of links.
pub(crate) fn read_all(
    sections: (&[Section<'_>], &[Section<'_>]),
    carriers: &mut [Carrier],
    room: Modems,
    context: &Context,
) -> (Vec<Modem>, Vec<Sim>) {
    let pools = Pools(carriers);
    let (modems, sims) = sections;
    let modems: Vec<Modem> = modems
        .iter()
        .map(|section| Modem::read(section, &pools))
        .collect();
    let sims: Vec<Sim> = sims.iter().map(Sim::read).collect();
    if let Some(first) = modems.get(MODEMS_MAX) {
        let what = format!("is one modem too many; at most {MODEMS_MAX} are possible");
        context.faults.add(first.line, what);
    }
    check_pools(&pools, &modems, context);
    check_ports(&modems, context);
    check_room(&pools, &sims, room, context);
    for carrier in carriers {
        let own = |modem: &&Modem| modem.pool == carrier.name && modem.enabled;
        let named = modems.iter().filter(own).count();
        let ports = carrier.pool.as_ref().and_then(|pool| pool.ports.as_ref());
        let found = ports.map_or(0, |ports| ports.max);
        if carrier.kind == CarrierKind::ModemPool {
            let named = u16::try_from(named).unwrap_or(u16::MAX);
            carrier.links = named.saturating_add(found);
            carrier.profile.binds = carrier.links.max(1);
        }
    }
    (modems, sims)
}

fn check_pools(pools: &Pools<'_>, modems: &[Modem], context: &Context) {
    let mut auto: Option<&Carrier> = None;
    for carrier in pools.pools() {
        let finds = |pool: &ModemPool| pool.ports.is_some();
        let is_auto = carrier.pool.as_ref().is_some_and(finds);
        let name = &carrier.name;
        if !is_auto && !modems.iter().any(|modem| modem.pool == *name) {
            let what = format!(
                "the pool `{name}` has no modem; add a [[modem]] with pool = \"{name}\", or write ports = \"auto\" here"
            );
            context.faults.add(carrier.line, what);
        }
        if let Some(first) = auto.filter(|_| is_auto) {
            let what = format!(
                "the pools `{}` and `{name}` both look for modems (`ports`), and a modem is of one; write [[modem]] for one of them",
                first.name
            );
            context.faults.add(carrier.line, what);
        }
        auto = auto.or(is_auto.then_some(carrier));
    }
    for modem in modems {
        let prefix = auto.map(|pool| Modem::found_prefix(&pool.name));
        if let Some(prefix) = prefix.filter(|prefix| modem.name.starts_with(prefix)) {
            let what = format!(
                "the name `{}` begins with `{prefix}`, as modems do that the pool finds by itself; give it another",
                modem.name
            );
            context.faults.add(modem.line, what);
        }
    }
}

/// Two names of one device are one port.
fn check_ports(modems: &[Modem], context: &Context) {
    let real = |port: &ModemPort| match port {
        ModemPort::Device(path) => {
            ModemPort::Device(path.canonicalize().unwrap_or_else(|_| path.clone()))
        }
        ModemPort::Tcp(_) => port.clone(),
    };
    let mut seen: Vec<(ModemPort, &Modem)> = Vec::with_capacity(modems.len());
    for modem in modems {
        let Some(port) = modem.port.as_ref().map(real) else {
            continue;
        };
        match seen.iter().find(|(other, _)| *other == port) {
            Some((_, first)) => {
                let what = format!(
                    "the modems `{}` (line {}) and `{}` are at the same port, {port}; give each its own",
                    first.name, first.line, modem.name
                );
                context.faults.add(modem.line, what);
            }
            None => seen.push((port, modem)),
        }
    }
}

/// What the book of SIMs has to hold.
fn check_room(pools: &Pools<'_>, sims: &[Sim], room: Modems, context: &Context) {
    let too_many =
        |recipients: Option<u32>| recipients.filter(|count| *count > room.recipients_max);
    let what = |count| {
        format!(
            "`recipients_per_month` is {count}, more than the {} that `recipients_max` of [modems] remembers; raise that one",
            room.recipients_max
        )
    };
    for carrier in pools.pools() {
        let terms = carrier.pool.as_ref().map(|pool| &pool.sim);
        if let Some(count) = too_many(terms.and_then(|terms| terms.recipients_per_month)) {
            context.faults.add(carrier.line, what(count));
        }
    }
    for sim in sims {
        if let Some(count) = too_many(sim.recipients_per_month()) {
            context.faults.add(sim.line, what(count));
        }
    }
    if let Some(first) = sims.get(room.sims_max as usize) {
        let what = format!(
            "is one [[sim]] more than the {} of `sims_max` of [modems]; raise that one",
            room.sims_max
        );
        context.faults.add(first.line, what);
    }
}

fn port(value: &DeValue<'_>) -> Read<ModemPort> {
    let text = kind::text(value)?;
    if let Some(address) = text.strip_prefix("tcp://") {
        let address = address.parse();
        return address
            .map(ModemPort::Tcp)
            .map_err(|fault| format!("is {text:?}: {fault}").into());
    }
    if text.starts_with('/') && text.len() > 1 && !text.ends_with('/') {
        return Ok(ModemPort::Device(PathBuf::from(text)));
    }
    Err(Wrong::from(format!(
        "is {text:?}; write the whole path of a serial port, such as \"/dev/serial/by-id/usb-...-if02-port0\" or \"/dev/ttyUSB2\", \
         or \"tcp://10.0.0.5:4001\""
    )))
}

fn baud(value: &DeValue<'_>) -> Read<u32> {
    let found: u32 = kind::integer(1..=10_000_000)(value)?;
    if BAUDS.contains(&found) {
        return Ok(found);
    }
    let known: Vec<String> = BAUDS.iter().map(ToString::to_string).collect();
    Err(format!("is {found}; it has to be one of {}", known.join(", ")).into())
}

/// A program and its arguments; one with a slash has to be there.
pub(crate) fn hook(context: &Context) -> impl Fn(&DeValue<'_>) -> Read<Vec<String>> + '_ {
    move |value| {
        let mut words = kind::list(kind::text)(value)?;
        let Some(program) = words.first_mut().filter(|program| !program.is_empty()) else {
            return Err("is empty; name a program and its arguments, as [\"uhubctl\", \"-a\", \"cycle\", \"-p\", \"2\"]".into());
        };
        if program.contains('/') {
            let path = context.path(program);
            if !Path::is_file(&path) {
                return Err(format!(
                    "names {}, which is no file; paths are relative to the folder of this file",
                    path.display()
                )
                .into());
            }
            *program = path.display().to_string();
        }
        if words.len() > HOOK_WORDS_MAX {
            return Err(format!("has more than {HOOK_WORDS_MAX} words").into());
        }
        if words.iter().any(|word| word.contains('\0')) {
            return Err("has a NUL in it, which no argument can have; take it away".into());
        }
        Ok(words)
    }
}
