//! TLS from files: authorities, our own certificate and its key.
//!
//! The authorities are those of the carrier's file and no others or, without one, those that the system trusts: its
//! administrators add and remove them there, while a list inside a program grows old with it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::pinned::Pinned;
use super::{TlsClient, TlsFault, TlsSource};

/// What was read, so that unchanged files keep the sessions that can be resumed.
#[derive(Debug, PartialEq, Eq, Default)]
struct Contents {
    ca: Option<Vec<u8>>,
    certificate: Option<(Vec<u8>, Vec<u8>)>,
}

#[derive(Debug)]
struct Held {
    contents: Contents,
    config: Arc<ClientConfig>,
}

/// TLS whose authorities, certificate and key lie in PEM files.
#[derive(Debug)]
pub struct TlsFiles {
    ca: Option<PathBuf>,
    server_name: Option<String>,
    certificate: Option<(PathBuf, PathBuf)>,
    held: Mutex<Option<Held>>,
}

impl TlsFiles {
    /// `ca`: the only authorities trusted; none: the system's. `server_name`: in place of the host's. `certificate`: our
    /// certificate chain and its key. Nothing is read yet.
    #[must_use]
    pub fn new(
        ca: Option<PathBuf>,
        server_name: Option<String>,
        certificate: Option<(PathBuf, PathBuf)>,
    ) -> Self {
        Self {
            ca,
            server_name,
            certificate,
            held: Mutex::new(None),
        }
    }

    fn read(&self) -> Result<Contents, TlsFault> {
        let certificate = match &self.certificate {
            Some((chain, key)) => Some((octets(chain)?, octets(key)?)),
            None => None,
        };
        Ok(Contents {
            ca: self.ca.as_deref().map(octets).transpose()?,
            certificate,
        })
    }

    fn build(&self, contents: &Contents) -> Result<ClientConfig, TlsFault> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(TlsFault::Unusable)?;
        let builder = match (&self.ca, &contents.ca) {
            (Some(path), Some(pem)) => {
                let certificates = chain_of(path, pem)?;
                let roots = Arc::new(authorities(path, &certificates)?);
                let usual = WebPkiServerVerifier::builder_with_provider(roots, provider)
                    .build()
                    .map_err(|_| missing(path, CERTIFICATE))?;
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(Pinned::new(usual, certificates)))
            }
            _ => builder.with_root_certificates(system_authorities()?),
        };
        match (&self.certificate, &contents.certificate) {
            (Some((chain_path, key_path)), Some((chain, key))) => {
                let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| missing(key_path, KEY))?;
                builder
                    .with_client_auth_cert(chain_of(chain_path, chain)?, key)
                    .map_err(TlsFault::Unusable)
            }
            _ => Ok(builder.with_no_client_auth()),
        }
    }

    fn config(&self) -> Result<Arc<ClientConfig>, TlsFault> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = self.read().and_then(|contents| {
            if let Some(held) = &*held
                && held.contents == contents
            {
                return Ok(None);
            }
            let config = Arc::new(self.build(&contents)?);
            Ok(Some(Held { contents, config }))
        });
        match (fresh, &mut *held) {
            (Ok(Some(fresh)), slot) => Ok(Arc::clone(&slot.insert(fresh).config)),
            (Ok(None), Some(held)) => Ok(Arc::clone(&held.config)),
            (Err(fault), Some(held)) => {
                tracing::warn!(%fault, "the changed TLS files cannot be used; the connection goes by the earlier ones");
                Ok(Arc::clone(&held.config))
            }
            (Err(fault), None) => Err(fault),
            // Unchanged means that something is held.
            (Ok(None), None) => Err(TlsFault::NoAuthorities),
        }
    }
}

impl TlsSource for TlsFiles {
    fn client(&self, host: &str) -> Result<TlsClient, TlsFault> {
        let name = self.server_name.as_deref().unwrap_or(host);
        let name =
            ServerName::try_from(name.to_owned()).map_err(|_| TlsFault::Name(name.to_owned()))?;
        let config = self.config()?;
        Ok(TlsClient { config, name })
    }
}

const CERTIFICATE: &str = "certificate";
const KEY: &str = "private key";

fn octets(path: impl AsRef<Path>) -> Result<Vec<u8>, TlsFault> {
    let path = path.as_ref();
    std::fs::read(path).map_err(|source| TlsFault::Unreadable {
        path: path.to_owned(),
        source,
    })
}

fn missing(path: &Path, what: &'static str) -> TlsFault {
    TlsFault::Missing {
        path: path.to_owned(),
        what,
    }
}

fn chain_of(path: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    match chain {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(missing(path, CERTIFICATE)),
    }
}

fn authorities(
    path: &Path,
    certificates: &[CertificateDer<'static>],
) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(certificates.iter().cloned());
    if taken == 0 {
        return Err(missing(path, CERTIFICATE));
    }
    Ok(roots)
}

fn system_authorities() -> Result<RootCertStore, TlsFault> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        return Err(TlsFault::NoAuthorities);
    }
    Ok(roots)
}
