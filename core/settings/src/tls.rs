//! `tls` of a front door: who we say we are, and whom we want to see.

use std::path::{Path, PathBuf};

use crate::reader::Section;
use crate::{kind, pem};

/// Certificate and key of a server, looked at when the configuration was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// PEM file with the certificate and those above it.
    pub cert: PathBuf,
    /// PEM file with the private key.
    pub key: PathBuf,
    /// PEM file with the authorities that sign clients' certificates; none: clients need none.
    pub client_ca: Option<PathBuf>,
    /// Line of it in the file.
    pub line: usize,
}

impl Tls {
    pub(crate) fn read(section: &Section<'_>) -> Option<Self> {
        let checked = |key: &'static str, example: &str, check: fn(&Path) -> Result<(), String>| {
            section.required(key, example, |value| {
                let path = section.context.path(&kind::text(value)?);
                check(&path)?;
                Ok(path)
            })
        };
        let cert = checked("cert", "\"tls/cert.pem\"", pem::check_certificate);
        let key = checked("key", "\"tls/key.pem\"", pem::check_key);
        let client_ca = section.optional("client_ca", |value| {
            let path = section.context.path(&kind::text(value)?);
            pem::check_certificate(&path)?;
            Ok(path)
        });
        section.finish();
        Some(Self {
            cert: cert?,
            key: key?,
            client_ca,
            line: section.line,
        })
    }
}
