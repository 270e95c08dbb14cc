//! TLS between a socket and its octets, for either side: certificates from PEM files, records opened and closed in memory.

use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{
    self, ClientConfig, ClientConnection, Connection, RootCertStore, ServerConfig, ServerConnection,
};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsFault {
    /// A PEM file cannot be read or holds nothing of use.
    #[error("{}: {what}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
    /// What the files hold does not fit together.
    #[error("{0}")]
    Setup(#[from] rustls::Error),
    /// The client's certificates cannot be checked by this CA.
    #[error("client CA: {0}")]
    ClientCa(String),
    /// No host has this name.
    #[error("`{0}` is no host name")]
    Name(String),
}

/// What a server shows, and what it wants to see.
#[derive(Debug, Clone)]
pub struct TlsFiles {
    /// Its certificate, with those between it and its CA (PEM).
    pub certificate: PathBuf,
    /// Its private key (PEM).
    pub key: PathBuf,
    /// Clients must show a certificate of this CA (PEM).
    pub client_ca: Option<PathBuf>,
}

/// Whom a client trusts, and what it shows.
#[derive(Debug, Clone)]
pub struct TlsTrust {
    /// The CA of the server (PEM).
    pub ca: PathBuf,
    /// The name in the server's certificate.
    pub name: String,
    /// Certificate and key that the client shows (PEM).
    pub certificate: Option<(PathBuf, PathBuf)>,
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn fault(path: &Path, what: impl ToString) -> TlsFault {
    TlsFault::File {
        path: path.to_owned(),
        what: what.to_string(),
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsFault> {
    let read = CertificateDer::pem_file_iter(path).map_err(|what| fault(path, what))?;
    let certificates: Result<Vec<_>, _> = read.collect();
    let certificates = certificates.map_err(|what| fault(path, what))?;
    if certificates.is_empty() {
        return Err(fault(path, "no certificate in it"));
    }
    Ok(certificates)
}

fn key(path: &Path) -> Result<PrivateKeyDer<'static>, TlsFault> {
    PrivateKeyDer::from_pem_file(path).map_err(|what| fault(path, what))
}

fn roots(path: &Path) -> Result<RootCertStore, TlsFault> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates(path)? {
        roots.add(certificate)?;
    }
    Ok(roots)
}

impl TlsFiles {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsFault`] with the file.
    pub fn load(&self) -> Result<Arc<ServerConfig>, TlsFault> {
        let builder = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?;
        let builder = match &self.client_ca {
            None => builder.with_no_client_auth(),
            Some(path) => {
                let roots = Arc::new(roots(path)?);
                let verifier = WebPkiClientVerifier::builder_with_provider(roots, provider());
                let verifier = verifier.build();
                builder.with_client_cert_verifier(
                    verifier.map_err(|what| TlsFault::ClientCa(what.to_string()))?,
                )
            }
        };
        let chain = certificates(&self.certificate)?;
        Ok(Arc::new(builder.with_single_cert(chain, key(&self.key)?)?))
    }
}

/// A server's side of one connection.
///
/// # Errors
/// When the configuration allows no connection at all.
pub fn server(config: &Arc<ServerConfig>) -> Result<Connection, TlsFault> {
    Ok(ServerConnection::new(Arc::clone(config))?.into())
}

impl TlsTrust {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsFault`] with the file.
    pub fn load(&self) -> Result<Arc<ClientConfig>, TlsFault> {
        let builder = ClientConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots(&self.ca)?);
        let config = match &self.certificate {
            None => builder.with_no_client_auth(),
            Some((chain, own_key)) => {
                builder.with_client_auth_cert(certificates(chain)?, key(own_key)?)?
            }
        };
        Ok(Arc::new(config))
    }

    /// A client's side of one connection.
    ///
    /// # Errors
    /// When the name is none.
    pub fn connection(&self, config: &Arc<ClientConfig>) -> Result<Connection, TlsFault> {
        let name = ServerName::try_from(self.name.clone())
            .map_err(|_| TlsFault::Name(self.name.clone()))?;
        Ok(ClientConnection::new(Arc::clone(config), name)?.into())
    }
}

/// Records of one connection.
#[derive(Debug)]
pub(super) struct Seal {
    connection: Connection,
    opened: Vec<u8>,
    sealed: Vec<u8>,
    written: usize,
}

impl Seal {
    pub(super) fn new(mut connection: Connection) -> Self {
        // What waits is bounded by the wire.
        connection.set_buffer_limit(None);
        Self {
            connection,
            opened: Vec::new(),
            sealed: Vec::new(),
            written: 0,
        }
    }

    pub(super) fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    pub(super) fn backlog(&self) -> usize {
        let waits = usize::from(self.connection.wants_write());
        self.sealed.len() - self.written + waits
    }

    /// Opens what came in; see [`Seal::opened`].
    pub(super) fn open(&mut self, mut octets: &[u8]) -> io::Result<()> {
        self.opened.clear();
        while !octets.is_empty() {
            if self.connection.read_tls(&mut octets)? == 0 {
                break;
            }
            let state = self
                .connection
                .process_new_packets()
                .map_err(|fault| io::Error::new(io::ErrorKind::InvalidData, fault))?;
            let before = self.opened.len();
            self.opened
                .resize(before + state.plaintext_bytes_to_read(), 0);
            if let Some(place) = self.opened.get_mut(before..) {
                self.connection.reader().read_exact(place)?;
            }
        }
        Ok(())
    }

    /// The plain octets of what was opened last.
    pub(super) fn opened(&self) -> &[u8] {
        &self.opened
    }

    /// Takes plain octets; how many.
    pub(super) fn close(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.connection.writer().write(octets)
    }

    /// Writes records. False when the socket takes no more now.
    pub(super) fn write_sealed(&mut self, stream: &TcpStream) -> io::Result<bool> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.sealed)?;
        }
        while let Some(rest) = self.sealed.get(self.written..)
            && !rest.is_empty()
        {
            match stream.try_write(rest) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => self.written += length,
                Err(fault) if fault.kind() == io::ErrorKind::WouldBlock => return Ok(false),
                Err(fault) => return Err(fault),
            }
        }
        self.sealed.clear();
        self.written = 0;
        Ok(true)
    }
}
