//! Certificate, key and authorities of a door.
//!
//! Promise: all three are read when the door opens and again when it is told; what cannot be read or does not fit leaves
//! those in use as they are. Connections keep what they began with.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use thiserror::Error;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{Error, RootCertStore, ServerConfig};

/// A file that TLS cannot be made of.
#[derive(Debug, Error)]
#[error("{path}: {why}", path = .path.display())]
pub struct TlsFault {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub why: String,
}

/// Where the PEM files lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and those above it.
    pub cert: PathBuf,
    /// Its private key.
    pub key: PathBuf,
    /// Authorities, one of which has to have signed the client's certificate; none: clients need none.
    pub client_ca: Option<PathBuf>,
}

impl From<&carrack_settings::Tls> for TlsFiles {
    fn from(tls: &carrack_settings::Tls) -> Self {
        Self {
            cert: tls.cert.clone(),
            key: tls.key.clone(),
            client_ca: tls.client_ca.clone(),
        }
    }
}

/// Whether a door can be opened with these files: each is good, and the key is the certificate's.
///
/// # Errors
/// [`TlsFault`].
pub fn check_tls(tls: &carrack_settings::Tls) -> Result<(), TlsFault> {
    read(&TlsFiles::from(tls), &[]).map(|_| ())
}

/// TLS of one door.
#[derive(Debug)]
pub(crate) struct TlsServer {
    files: TlsFiles,
    alpn: &'static [&'static [u8]],
    config: RwLock<Arc<ServerConfig>>,
}

impl TlsServer {
    /// Reads the files; `alpn` names the protocols offered, none: that is not spoken of.
    pub(crate) fn open(files: TlsFiles, alpn: &'static [&'static [u8]]) -> Result<Self, TlsFault> {
        let config = RwLock::new(Arc::new(read(&files, alpn)?));
        Ok(Self {
            files,
            alpn,
            config,
        })
    }

    /// What a connection that begins now is to use.
    pub(crate) fn current(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Reads the files again; says in the log where that fails, and goes on with what it has.
    pub(crate) fn reload(&self) {
        match read(&self.files, self.alpn) {
            Ok(fresh) => {
                *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(fresh);
            }
            Err(fault) => tracing::error!("{fault}; the certificate in use stays"),
        }
    }
}

fn read(files: &TlsFiles, alpn: &[&[u8]]) -> Result<ServerConfig, TlsFault> {
    let provider = Arc::new(ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| fault(&files.cert, error))?;
    let builder = match &files.client_ca {
        None => builder.with_no_client_auth(),
        Some(path) => {
            let mut roots = RootCertStore::empty();
            for authority in certificates(path)? {
                roots.add(authority).map_err(|error| fault(path, error))?;
            }
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                .build()
                .map_err(|error| fault(path, error))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let secret =
        PrivateKeyDer::from_pem_file(&files.key).map_err(|error| fault(&files.key, error))?;
    let mut config = builder
        .with_single_cert(certificates(&files.cert)?, secret)
        .map_err(|error| match error {
            Error::InconsistentKeys(_) => {
                let cert = files.cert.display();
                fault(
                    &files.key,
                    format!("is not the key of {cert}; name the pair that belongs together"),
                )
            }
            other => fault(&files.key, other),
        })?;
    config.alpn_protocols = alpn.iter().map(|name| name.to_vec()).collect();
    Ok(config)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect)
        .map_err(|error| fault(path, error))
}

fn fault(path: &Path, why: impl ToString) -> TlsFault {
    TlsFault {
        path: path.to_owned(),
        why: why.to_string(),
    }
}
