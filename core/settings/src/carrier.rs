//! `[[carrier]]`: somebody who takes messages from us, and how we connect to him.

use std::fs::File;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use carrack_message::Micros;
use toml::de::DeValue;

use crate::connection::{CarrierTls, Connection};
use crate::modem_pool::{POOL_KEYS, SMPP_KEYS};
use crate::profile::{SpecLimits, TlsUse, read};
use crate::reader::{Context, Read, Section};
use crate::secret::secret;
use crate::{Address, Fault, Faults, ModemPool, Profile, Secret, kind};

/// What speaks to a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarrierKind {
    /// An SMSC by SMPP.
    Smpp,
    /// Modems of our own, each with a SIM (`[[modem]]`).
    ModemPool,
}

/// How a link binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// One connection for both ways.
    Transceiver,
    /// A connection each way.
    TransmitterReceiver,
    /// Only submits: receipts come by another account or not at all.
    Transmitter,
    /// Only receipts and incoming messages.
    Receiver,
}

/// The version a bind claims (SMPP 3.4, 5.2.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InterfaceVersion {
    /// 3.3
    V33,
    /// 3.4
    V34,
    /// 5.0
    V50,
}

impl InterfaceVersion {
    /// The octet of the bind.
    pub const fn octet(self) -> u8 {
        match self {
            Self::V33 => 0x33,
            Self::V34 => 0x34,
            Self::V50 => 0x50,
        }
    }
}

/// What a segment costs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Price {
    /// By prefix, from this CSV file, which could be opened.
    Deck(PathBuf),
    /// The same everywhere.
    Flat(Micros),
}

/// `[[carrier]]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carrier {
    /// Its name, 1..=32 of a-z, 0-9, `_`, `.`, `-`; unique.
    pub name: String,
    /// What speaks to it.
    pub kind: CarrierKind,
    /// Where it listens, in order; the next is tried when one fails. Where it connects to us: the hosts whose connections
    /// are taken, whatever the port; empty: any.
    pub addresses: Vec<Address>,
    /// Our own address of the connection; none: as the system chooses.
    pub local_address: Option<IpAddr>,
    /// TLS; none: plain TCP.
    pub tls: Option<CarrierTls>,
    /// Where we wait for the carrier to connect and send `outbind` (SMPP 3.4, 2.2.1); none: we connect.
    pub outbind_listen: Option<SocketAddr>,
    /// What `outbind` has to name as the carrier's `system_id`; none: anything.
    pub outbind_system_id: Option<String>,
    /// The password that `outbind` has to bring; none: any.
    pub outbind_password: Option<Secret>,
    /// How it behaves. Keys of this section that say the same are merged into it.
    pub profile: Profile,
    /// Who we are to it, at most 15 octets.
    pub system_id: String,
    /// Our password there; SMPP 3.4 has room for 8 octets, some take more.
    pub password: Secret,
    /// The sort of system we are, at most 12 octets; mostly empty.
    pub system_type: String,
    /// How a link binds.
    pub bind: Bind,
    /// Links at a time.
    pub links: u16,
    /// Submits not yet answered, a link.
    pub window: u32,
    /// Segments a second over all links; none: no limit.
    pub rate: Option<u32>,
    /// Segments a day, by UTC; none: no limit.
    pub cap_a_day: Option<u32>,
    /// What a segment costs; keys `deck` or `price`.
    pub price: Price,
    /// Time it has for a response.
    pub response_timeout: Duration,
    /// Silence after which it is asked whether it is there.
    pub enquire_link: Duration,
    /// Questions without answer after which the link is closed.
    pub enquire_link_misses: u8,
    /// First delay before a lost link connects again.
    pub reconnect_delay: Duration,
    /// Greatest delay.
    pub reconnect_delay_max: Duration,
    /// Version the bind claims.
    pub interface_version: InterfaceVersion,
    /// Of a pool of modems: its own keys; none: it is an SMSC.
    pub pool: Option<ModemPool>,
    /// Whether it is used at all.
    pub enabled: bool,
    /// Line of its header in the file.
    pub line: usize,
}

/// Octets of `password` (SMPP 3.4, 5.2.2), without the NUL.
const PASSWORD_OCTETS_MAX: usize = 8;
pub(crate) const CAP_RANGE: std::ops::RangeInclusive<u64> = 1..=4_000_000_000;
const KINDS: &[(&str, CarrierKind)] = &[
    ("smpp", CarrierKind::Smpp),
    ("modem_pool", CarrierKind::ModemPool),
];
pub(crate) const BINDS: &[(&str, Bind)] = &[
    ("transceiver", Bind::Transceiver),
    ("transmitter_receiver", Bind::TransmitterReceiver),
    ("transmitter", Bind::Transmitter),
    ("receiver", Bind::Receiver),
];
pub(crate) const VERSIONS: &[(&str, InterfaceVersion)] = &[
    ("3.3", InterfaceVersion::V33),
    ("3.4", InterfaceVersion::V34),
    ("5.0", InterfaceVersion::V50),
];

impl Carrier {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        // Of a kind that cannot be read the other keys tell, so that one slip is one fault.
        let is_like_smpp = !section.holds("kind") || SMPP_KEYS.iter().any(|key| section.holds(key));
        let likely = match is_like_smpp {
            true => CarrierKind::Smpp,
            false => CarrierKind::ModemPool,
        };
        match section.or("kind", likely, kind::choice(KINDS)) {
            CarrierKind::Smpp => Self::read_smpp(section),
            CarrierKind::ModemPool => Self::read_pool(section),
        }
    }

    fn read_smpp(section: &Section<'_>) -> Self {
        for key in POOL_KEYS.iter().filter(|key| section.holds(key)) {
            let _ = section.value(key);
            section.fault(
                key,
                "is for pools of modems; take it away, or write kind = \"modem_pool\"",
            );
        }
        let profile = merged_profile(section);
        let connection = Connection::read(section, profile.tls);
        let carrier = Self {
            name: name(section),
            kind: CarrierKind::Smpp,
            pool: None,
            addresses: connection.addresses,
            local_address: connection.local_address,
            outbind_listen: connection.outbind_listen,
            outbind_system_id: connection.outbind_system_id,
            outbind_password: connection.outbind_password,
            system_id: section
                .required("system_id", "\"carrack\"", kind::ascii(15))
                .unwrap_or_default(),
            password: section
                .required("password", "{ env = \"X\" }", secret(section.context, 64))
                .unwrap_or_default(),
            system_type: profile.system_type.clone(),
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
            enabled: section.or("enabled", true, kind::boolean),
            line: section.line,
            profile: Profile {
                tls: if connection.tls.is_some() {
                    TlsUse::Required
                } else {
                    TlsUse::Off
                },
                ..profile
            },
            tls: connection.tls,
        };
        carrier.check(section);
        section.finish();
        carrier
    }

    fn check(&self, section: &Section<'_>) {
        if self.reconnect_delay > self.reconnect_delay_max {
            section.fault(
                "reconnect_delay",
                "is longer than `reconnect_delay_max`; shorten it or raise the other",
            );
        }
        let (profile, octets) = (&self.profile, self.password.expose().len());
        if profile.spec_limits == SpecLimits::Strict && octets > PASSWORD_OCTETS_MAX {
            section.fault(
                "password",
                format!(
                    "has {octets} characters, and profile `{}` keeps to the {PASSWORD_OCTETS_MAX} of the specification; \
                     shorten it, or take a profile with spec_limits = \"relaxed\"",
                    profile.name
                ),
            );
        }
        if section.holds("interface_version") && profile.interface_version == InterfaceVersion::V33
        {
            let keys: Vec<String> = profile
                .needs_parameters()
                .map(|(key, _)| format!("`{key}`"))
                .collect();
            if !keys.is_empty() {
                section.fault(
                    "interface_version",
                    format!(
                        "is \"3.3\", which lacks the optional parameters that {} of profile `{}` needs; \
                         raise it or take another profile",
                        keys.join(" and "),
                        profile.name
                    ),
                );
            }
        }
    }
}

/// The profile that the section names, with what the section says itself.
fn merged_profile(section: &Section<'_>) -> Profile {
    let base = named_profile(section).unwrap_or_default();
    Profile {
        system_type: section.or(
            "system_type",
            base.system_type,
            kind::ascii(read::SYSTEM_TYPE_OCTETS_MAX),
        ),
        bind: section.or("bind", base.bind, kind::choice(BINDS)),
        binds: section.or("links", base.binds, kind::integer(read::BINDS_RANGE)),
        window: section.or("window", base.window, kind::integer(read::WINDOW_RANGE)),
        rate_segments: section
            .optional("rate", kind::integer(read::RATE_RANGE))
            .or(base.rate_segments),
        resp_timeout: section.or(
            "response_timeout",
            base.resp_timeout,
            kind::time(read::RESPONSE_RANGE),
        ),
        enquire_idle: section.or(
            "enquire_link",
            base.enquire_idle,
            kind::time(read::ENQUIRE_RANGE),
        ),
        enquire_misses: section.or(
            "enquire_link_misses",
            base.enquire_misses,
            kind::integer(read::MISSES_RANGE),
        ),
        rebind_first: section.or(
            "reconnect_delay",
            base.rebind_first,
            kind::time(read::REBIND_FIRST_RANGE),
        ),
        rebind_max: section.or(
            "reconnect_delay_max",
            base.rebind_max,
            kind::time(read::REBIND_MAX_RANGE),
        ),
        interface_version: section.or(
            "interface_version",
            base.interface_version,
            kind::choice(VERSIONS),
        ),
        ..base
    }
}

/// The profile of key `profile`; none after its faults were gathered, or where the key is absent.
fn named_profile(section: &Section<'_>) -> Option<Profile> {
    let named = section.optional("profile", kind::text)?;
    let missing = |what: &str| section.fault("profile", format!("names {named:?}, which {what}"));
    match Profile::find(&named, &section.context.path("")) {
        Ok(profile) => Some(profile),
        Err(Faults(faults)) => {
            match faults.as_slice() {
                // There is no such file or name: the line to mend is ours.
                [Fault { line: 0, what, .. }] => missing(what),
                _ => section.context.faults.add_all(Faults(faults)),
            }
            None
        }
    }
}

pub(crate) fn name(section: &Section<'_>) -> String {
    let name = section.required("name", "\"north\"", kind::name);
    name.unwrap_or_default()
}

pub(crate) fn price(section: &Section<'_>) -> Price {
    let deck = section.optional("deck", deck(section.context));
    let flat = section.optional("price", kind::money);
    match (
        section.value("deck").is_some(),
        section.value("price").is_some(),
    ) {
        (true, true) => section.fault("price", "stands beside `deck`; keep one of the two"),
        (false, false) => {
            section.fault("name", "has no price; give `deck` = \"decks/FILE.csv\", or `price` for one price everywhere");
        }
        _ => {}
    }
    deck.map_or(Price::Flat(flat.unwrap_or_default()), Price::Deck)
}

/// A price list that can be opened; what is in it is read by routing.
pub(crate) fn deck(context: &Context) -> impl Fn(&DeValue<'_>) -> Read<PathBuf> + '_ {
    move |value| {
        let path = context.path(&kind::text(value)?);
        let file = File::open(&path).and_then(|file| file.metadata());
        match file {
            Ok(found) if found.is_file() => Ok(path),
            Ok(_) => Err(format!("names {}, which is not a file", path.display()).into()),
            Err(error) => Err(format!(
                "names {}, which cannot be read: {error}; paths are relative to the folder of this file",
                path.display()
            )
            .into()),
        }
    }
}
