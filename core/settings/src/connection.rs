//! Keys of `[[carrier]]` that say how connections come about: addresses, TLS, outbind.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};

use toml::de::DeValue;

use crate::profile::TlsUse;
use crate::reader::{Read, Section};
use crate::secret::secret;
use crate::{Address, Secret, address, kind, pem};

/// Addresses of one carrier.
const ADDRESSES_MAX: usize = 32;

/// TLS to a carrier; the files could be read and are PEM.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct CarrierTls {
    /// PEM file of the authorities that are trusted, key `ca`; none: those that the system trusts.
    pub ca: Option<PathBuf>,
    /// Name that the certificate has to bear and that is asked for (SNI); none: the host of the address.
    pub server_name: Option<String>,
    /// Our own certificate and its key, PEM files; keys `cert` and `key`.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// How connections to one carrier come about.
#[derive(Debug, Default)]
pub(crate) struct Connection {
    pub(crate) addresses: Vec<Address>,
    pub(crate) local_address: Option<IpAddr>,
    pub(crate) tls: Option<CarrierTls>,
    pub(crate) outbind_listen: Option<SocketAddr>,
    pub(crate) outbind_system_id: Option<String>,
    pub(crate) outbind_password: Option<Secret>,
}

impl Connection {
    /// Reads the keys; `tls_use` is what the profile says where the section is silent.
    pub(crate) fn read(section: &Section<'_>, tls_use: TlsUse) -> Self {
        const EXAMPLE: &str = "\"smsc.example.com:2775\"";
        let outbind_listen = section.optional("outbind_listen", address::listen);
        let addresses = if section.holds("outbind_listen") {
            section.optional("address", addresses)
        } else {
            section.required("address", EXAMPLE, addresses)
        };
        let connection = Self {
            addresses: addresses.unwrap_or_default(),
            local_address: section.optional(
                "local_address",
                kind::parsed_or("write an IP address, such as \"192.0.2.7\""),
            ),
            tls: tls(section, tls_use),
            outbind_listen,
            outbind_system_id: section.optional("outbind_system_id", kind::ascii(15)),
            outbind_password: section.optional("outbind_password", secret(section.context, 64)),
        };
        connection.check(section);
        connection
    }

    fn check(&self, section: &Section<'_>) {
        if section.holds("outbind_listen") {
            if section.holds("local_address") {
                section.fault(
                    "local_address",
                    "stands beside `outbind_listen`, which says it already; take it away",
                );
            }
            // Our password goes to whoever connects and says outbind.
            let from_outside = self
                .outbind_listen
                .is_some_and(|listen| !listen.ip().is_loopback());
            let proven = section.holds("address") || section.holds("outbind_password");
            if from_outside && !proven {
                section.fault(
                    "outbind_listen",
                    "would tell our password to anybody who connects; name the carrier's hosts in `address`, \
                     or the password its outbind brings in `outbind_password`",
                );
            }
            if self.tls.is_some() {
                section.fault(
                    "tls",
                    "stands beside `outbind_listen`, which has none; write tls = false",
                );
            }
        } else {
            for key in ["outbind_system_id", "outbind_password"] {
                if section.holds(key) {
                    section.fault(key, "is only for carriers that connect to us; write `outbind_listen` too, or take it away");
                }
            }
        }
        let family = |ip: IpAddr| if ip.is_ipv4() { "IPv4" } else { "IPv6" };
        let literals = self
            .addresses
            .iter()
            .filter_map(|to| to.host.parse().ok().map(|ip: IpAddr| (to, ip)));
        let other = |local: IpAddr| {
            literals
                .clone()
                .find(|(_, ip)| ip.is_ipv4() != local.is_ipv4())
        };
        if let Some((local, (to, ip))) = self
            .local_address
            .and_then(|local| Some((local, other(local)?)))
        {
            section.fault(
                "local_address",
                format!(
                    "is {}, and {to} is {}; name one of the same family or take it away",
                    family(local),
                    family(ip)
                ),
            );
        }
    }
}

fn addresses(value: &DeValue<'_>) -> Read<Vec<Address>> {
    let list: Vec<Address> = kind::one_or_list(kind::parsed)(value)?;
    if list.is_empty() {
        return Err("is empty; name at least one host and port".into());
    }
    if list.len() > ADDRESSES_MAX {
        return Err(format!(
            "has {} addresses; at most {ADDRESSES_MAX} are taken",
            list.len()
        )
        .into());
    }
    for (place, address) in list.iter().enumerate() {
        if list.iter().take(place).any(|other| other == address) {
            return Err(format!("names {address} twice; keep one").into());
        }
    }
    Ok(list)
}

/// `true`, `false`, or a table; silent: as the profile says.
fn tls(section: &Section<'_>, tls_use: TlsUse) -> Option<CarrierTls> {
    let value = section.value("tls").map(toml::Spanned::get_ref);
    match value {
        None => (tls_use == TlsUse::Required).then(CarrierTls::default),
        Some(DeValue::Boolean(used)) => used.then(CarrierTls::default),
        Some(DeValue::Table(_)) => section.inner("tls").map(|inner| CarrierTls::read(&inner)),
        Some(_) => {
            section.fault(
                "tls",
                "has to be true, false or a table, as tls = { ca = \"tls/ca.pem\" }",
            );
            None
        }
    }
}

impl CarrierTls {
    fn read(section: &Section<'_>) -> Self {
        let pem = |check: fn(&Path) -> Result<(), String>| {
            move |value: &DeValue<'_>| {
                let path = section.context.path(&kind::text(value)?);
                check(&path)?;
                Ok(path)
            }
        };
        let cert = section.optional("cert", pem(pem::check_certificate));
        let key = section.optional("key", pem(pem::check_key));
        for (key, other) in [("cert", "key"), ("key", "cert")] {
            if section.holds(key) && !section.holds(other) {
                section.fault(
                    key,
                    format!("has no `{other}` beside it; give both or neither"),
                );
            }
        }
        let tls = Self {
            ca: section.optional("ca", pem(pem::check_certificate)),
            server_name: section.optional("server_name", server_name),
            certificate: cert.zip(key),
        };
        section.finish();
        tls
    }
}

/// A host name or an IP address, without port.
fn server_name(value: &DeValue<'_>) -> Read<String> {
    let text = kind::text(value)?;
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label
                .bytes()
                .all(|octet| octet.is_ascii_alphanumeric() || octet == b'-' || octet == b'_')
    };
    if text.parse::<IpAddr>().is_ok() || (text.len() <= 253 && text.split('.').all(label)) {
        return Ok(text);
    }
    Err(format!(
        "is {text:?}; write the name in the certificate, without port, such as \"smsc.example.com\""
    )
    .into())
}
