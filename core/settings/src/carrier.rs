//! `[[carrier]]`: somebody who takes messages from us, and how we connect to him.

use std::fs::File;
use std::path::PathBuf;
use std::time::Duration;

use carrack_message::Micros;
use toml::de::DeValue;

use crate::reader::{Context, Read, Section};
use crate::secret::secret;
use crate::{Address, Secret, kind};

/// What speaks to a carrier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CarrierKind {
    /// An SMSC by SMPP.
    Smpp,
}

/// How a link binds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bind {
    /// One connection for both ways.
    Transceiver,
    /// A connection each way.
    TransmitterReceiver,
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
    /// Where it listens.
    pub address: Address,
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
    /// Whether it is used at all.
    pub enabled: bool,
    /// Line of its header in the file.
    pub line: usize,
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
const RETRY_MIN: Duration = Duration::from_millis(10);
const DAY: Duration = Duration::from_secs(86_400);
const BINDS: &[(&str, Bind)] = &[
    ("transceiver", Bind::Transceiver),
    ("transmitter_receiver", Bind::TransmitterReceiver),
];
const VERSIONS: &[(&str, InterfaceVersion)] = &[
    ("3.3", InterfaceVersion::V33),
    ("3.4", InterfaceVersion::V34),
    ("5.0", InterfaceVersion::V50),
];

impl Carrier {
    pub(crate) fn read(section: &Section<'_>) -> Self {
        let carrier = Self {
            name: section
                .required("name", "\"north\"", kind::name)
                .unwrap_or_default(),
            kind: section.or("kind", CarrierKind::Smpp, carrier_kind),
            address: section
                .required("address", "\"smsc.example.com:2775\"", kind::parsed)
                .unwrap_or_default(),
            system_id: section
                .required("system_id", "\"carrack\"", kind::ascii(15))
                .unwrap_or_default(),
            password: section
                .required("password", "{ env = \"X\" }", secret(section.context, 64))
                .unwrap_or_default(),
            system_type: section.or("system_type", String::new(), kind::ascii(12)),
            bind: section.or("bind", Bind::Transceiver, kind::choice(BINDS)),
            links: section.or("links", 1, kind::integer(1..=256)),
            window: section.or("window", 100, kind::integer(1..=65_535)),
            rate: section.optional("rate", kind::integer(1..=1_000_000)),
            price: price(section),
            response_timeout: section.or(
                "response_timeout",
                SECOND * 10,
                kind::time(RETRY_MIN..=HOUR),
            ),
            enquire_link: section.or("enquire_link", SECOND * 30, kind::time(SECOND..=HOUR)),
            enquire_link_misses: section.or("enquire_link_misses", 2, kind::integer(1..=100)),
            reconnect_delay: section.or("reconnect_delay", SECOND, kind::time(RETRY_MIN..=HOUR)),
            reconnect_delay_max: section.or(
                "reconnect_delay_max",
                SECOND * 60,
                kind::time(RETRY_MIN..=DAY),
            ),
            interface_version: section.or(
                "interface_version",
                InterfaceVersion::V34,
                kind::choice(VERSIONS),
            ),
            enabled: section.or("enabled", true, kind::boolean),
            line: section.line,
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
    }
}

fn carrier_kind(value: &DeValue<'_>) -> Read<CarrierKind> {
    match kind::text(value)?.as_str() {
        "smpp" => Ok(CarrierKind::Smpp),
        other => Err(format!("is {other:?}: not in this version; known kinds: smpp").into()),
    }
}

fn price(section: &Section<'_>) -> Price {
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
