//! A transport driven as a link drives it, and authorities made for one test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    unreachable_pub
)]

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use carrack_runtime::{
    ConnectSettings, Io, ReadOutcome, TcpTransport, Transport, TransportState, Wake, WriteOutcome,
    run_local,
};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::WebPkiClientVerifier;
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

/// So long may anything of a test take.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Runs a test on one thread, as a shard does.
pub fn on_a_shard<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    run_local(Io::Epoll, "test", |_| async {
        tokio::time::timeout(PATIENCE, test())
            .await
            .expect("the test hangs")
    })
    .unwrap()
}

/// The same on the ring, where there is one, and on epoll.
pub fn on_every_shard<F: Future>(test: impl Fn() -> F) {
    run_local(Io::Auto, "test", |_| async {
        tokio::time::timeout(PATIENCE, test())
            .await
            .expect("the test hangs")
    })
    .unwrap();
    on_a_shard(test);
}

/// Settings of a plain connection.
pub fn plain(addresses: Vec<String>) -> ConnectSettings {
    ConnectSettings {
        addresses,
        local_address: None,
        connect_timeout: Duration::from_secs(5),
        tls: None,
    }
}

/// A transport and the loop that turns with it.
pub struct Driven<T> {
    pub transport: T,
    wake: Wake,
}

impl Driven<TcpTransport> {
    pub fn tcp(settings: ConnectSettings) -> Self {
        Self::new(|wake| TcpTransport::new(settings, wake))
    }
}

impl<T: Transport> Driven<T> {
    pub fn new(make: impl FnOnce(Wake) -> T) -> Self {
        let wake = Wake::default();
        let transport = make(wake.clone());
        Self { transport, wake }
    }

    async fn turn(&self) {
        self.wake.woken().await;
        self.wake.clear();
    }

    /// Connects; gives the reason where it fails.
    pub async fn connect(&mut self) -> Result<(), String> {
        self.transport.connect();
        loop {
            match self.transport.state() {
                TransportState::Open => return Ok(()),
                TransportState::Failed(reason) => return Err(reason),
                TransportState::Idle | TransportState::Connecting => self.turn().await,
            }
        }
    }

    /// Writes all of it, turn by turn.
    pub async fn write(&mut self, octets: &[u8]) {
        let mut written = 0;
        while written < octets.len() {
            match self.transport.write(octets.get(written..).unwrap()) {
                WriteOutcome::Octets(0) => self.turn().await,
                WriteOutcome::Octets(more) => written += more,
                WriteOutcome::Closed(reason) => panic!("closed: {reason}"),
            }
        }
    }

    /// Reads so many octets, or the reason why there are fewer.
    pub async fn read(&mut self, count: usize) -> Result<Vec<u8>, String> {
        let mut octets = Vec::new();
        let mut buffer = vec![0; 64 << 10];
        while octets.len() < count {
            match self.transport.read(&mut buffer) {
                ReadOutcome::Octets(more) => octets.extend_from_slice(&buffer[..more]),
                ReadOutcome::Nothing => self.turn().await,
                ReadOutcome::Closed(reason) => return Err(reason),
            }
        }
        Ok(octets)
    }
}

/// An authority with its key.
pub struct Authority {
    pub pem: String,
    key_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, PEM.
pub struct Certified {
    pub chain: String,
    pub key: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        Self::of(name, |_| ())
    }

    /// An authority whose certificate is changed by `with`.
    pub fn of(name: &str, with: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        with(&mut params);
        let pem = params.self_signed(&key).unwrap().pem();
        let key_pem = key.serialize_pem();
        Self {
            pem,
            key_pem,
            issuer: Issuer::new(params, key),
        }
    }

    /// Its own certificate, as a server shows it.
    pub fn itself(&self) -> Certified {
        Certified {
            chain: self.pem.clone(),
            key: self.key_pem.clone(),
        }
    }

    /// A certificate for `names`, changed by `with`.
    pub fn certify(&self, names: &[&str], with: impl FnOnce(&mut CertificateParams)) -> Certified {
        let key = KeyPair::generate().unwrap();
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let mut params = CertificateParams::new(names).unwrap();
        with(&mut params);
        let chain = params.signed_by(&key, &self.issuer).unwrap().pem();
        Certified {
            chain,
            key: key.serialize_pem(),
        }
    }
}

/// A server's TLS; with `clients`, only those whom this authority knows are taken.
pub fn server(certified: &Certified, clients: Option<&Authority>) -> Arc<ServerConfig> {
    let chain = CertificateDer::pem_slice_iter(certified.chain.as_bytes())
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let key = PrivateKeyDer::from_pem_slice(certified.key.as_bytes()).unwrap();
    let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            let der = CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap();
            roots.add(der).unwrap();
            let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
            builder.with_client_cert_verifier(verifier.build().unwrap())
        }
    };
    Arc::new(builder.with_single_cert(chain, key).unwrap())
}

/// A folder with files of a test.
pub struct Files(TempDir);

impl Files {
    pub fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}
