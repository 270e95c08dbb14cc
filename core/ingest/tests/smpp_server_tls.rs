//! The SMPP door under TLS: real sockets, real certificates.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod support;

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use carrack_ingest::accounts::{AccountBook, Accounts};
use carrack_ingest::smpp_server::{SmppServer, SmppServerSpec};
use carrack_ingest::tls::TlsFiles;
use carrack_smpp::{CommandId, CommandStatus};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use support::{ACCOUNT, Client, Willing, connect, until};
use tempfile::TempDir;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params
            .distinguished_name
            .push(rcgen::DnType::CommonName, name);
        Self {
            pem: params.self_signed(&key).unwrap().pem(),
            issuer: Issuer::new(params, key),
        }
    }

    /// A certificate for this name, and its key.
    fn certify(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        (certificate.pem(), key.serialize_pem())
    }
}

struct House {
    folder: TempDir,
    server: SmppServer<Willing>,
}

impl House {
    /// With TLS by this authority; with `clients`, only for those whom that one knows.
    fn open(authority: &Authority, clients: Option<&Authority>) -> Self {
        Self::of(authority, clients, Duration::from_secs(5))
    }

    fn of(authority: &Authority, clients: Option<&Authority>, bind_timeout: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = TlsFiles {
            cert: folder.path().join("cert.pem"),
            key: folder.path().join("key.pem"),
            client_ca: clients.map(|clients| {
                let path = folder.path().join("clients.pem");
                std::fs::write(&path, &clients.pem).unwrap();
                path
            }),
        };
        show(&files.cert, &files.key, authority);
        let accounts = Accounts::build(&[support::account()], |_| Some(ACCOUNT));
        let book = AccountBook::new(accounts.unwrap());
        let spec = SmppServerSpec {
            tls: Some(files),
            bind_timeout,
            ..support::door()
        };
        let server = SmppServer::start(spec, Willing, Arc::new(book)).unwrap();
        Self { folder, server }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn show(cert: &PathBuf, key: &PathBuf, authority: &Authority) {
    let (certificate, secret) = authority.certify("smpp.example");
    std::fs::write(cert, certificate).unwrap();
    std::fs::write(key, secret).unwrap();
}

type Sealed = Client<StreamOwned<ClientConnection, TcpStream>>;

/// A client that trusts one authority and shows a certificate of `own`.
fn client(address: SocketAddr, trusted: &Authority, own: Option<&Authority>) -> Sealed {
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(trusted.pem.as_bytes()).unwrap())
        .unwrap();
    let builder = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots);
    let config = match own {
        None => builder.with_no_client_auth(),
        Some(own) => {
            let (chain, key) = own.certify("client.example");
            let chain = CertificateDer::from_pem_slice(chain.as_bytes()).unwrap();
            let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
            builder.with_client_auth_cert(vec![chain], key).unwrap()
        }
    };
    let name = "smpp.example".try_into().unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    Client::new(StreamOwned::new(connection, connect(address)))
}

fn bind(client: &mut Sealed) -> std::io::Result<CommandStatus> {
    client.bind("acme", "pw")
}

#[test]
fn binds_and_submits_go_both_ways_in_order_and_the_end_is_said() {
    let authority = Authority::new("ours");
    let house = House::open(&authority, None);
    let mut ours = client(house.server.address(), &authority, None);
    assert_eq!(bind(&mut ours).unwrap(), CommandStatus::ESME_ROK);
    for round in 0..50 {
        let first = 2 + round * 100;
        ours.submit(first..first + 100);
    }
    let stopping = std::thread::spawn(move || house.server.stop(Duration::from_secs(5)));
    let (command, _, sequence_number, _) = ours.answer().unwrap();
    assert_eq!(command, CommandId::UNBIND);
    ours.say(CommandId::UNBIND_RESP, sequence_number);
    // An end without close_notify would be an error here.
    let mut rest = Vec::new();
    ours.stream.read_to_end(&mut rest).unwrap();
    stopping.join().unwrap();
}

#[test]
fn only_clients_with_a_certificate_of_the_named_authority_are_let_in() {
    let (authority, customers, strangers) = (
        Authority::new("ours"),
        Authority::new("customers"),
        Authority::new("strangers"),
    );
    let house = House::open(&authority, Some(&customers));
    let address = house.server.address();
    let mut known = client(address, &authority, Some(&customers));
    assert_eq!(bind(&mut known).unwrap(), CommandStatus::ESME_ROK);
    for own in [None, Some(&strangers)] {
        let mut refused = client(address, &authority, own);
        let error = bind(&mut refused).unwrap_err().to_string();
        assert!(
            error.contains("alert") || error.contains("reset"),
            "{error}"
        );
    }
    until("the count", || house.server.counts().tls_failed == 2);
    known.submit(2..102);
}

#[test]
fn plain_smpp_on_the_tls_port_is_told_and_closed_and_hurts_nobody() {
    let authority = Authority::new("ours");
    let house = House::open(&authority, None);
    let mut other = client(house.server.address(), &authority, None);
    assert_eq!(bind(&mut other).unwrap(), CommandStatus::ESME_ROK);
    let mut plain = connect(house.server.address());
    let mut answer = Vec::new();
    plain.write_all(&[0, 0, 0, 40, 0, 0, 0, 9]).unwrap();
    let _ = plain.read_to_end(&mut answer);
    // A TLS alert, fatal.
    assert_eq!(answer.first(), Some(&21), "{answer:?}");
    until("the count", || house.server.counts().tls_failed == 1);
    other.submit(2..102);
}

#[test]
fn certificates_are_read_anew_by_a_reload_and_what_is_open_stays_open() {
    let (before, after) = (Authority::new("before"), Authority::new("after"));
    let house = House::open(&before, None);
    let address = house.server.address();
    let mut old = client(address, &before, None);
    assert_eq!(bind(&mut old).unwrap(), CommandStatus::ESME_ROK);

    show(&house.path("cert.pem"), &house.path("key.pem"), &after);
    house.server.reload();
    let mut fresh = client(address, &after, None);
    assert_eq!(bind(&mut fresh).unwrap(), CommandStatus::ESME_ROK);
    assert!(bind(&mut client(address, &before, None)).is_err());

    // What cannot be used leaves what is in use.
    std::fs::write(house.path("key.pem"), "no key").unwrap();
    house.server.reload();
    let mut again = client(address, &after, None);
    assert_eq!(bind(&mut again).unwrap(), CommandStatus::ESME_ROK);
    old.submit(2..102);
}

#[test]
fn a_handshake_that_does_not_end_has_the_time_of_a_bind() {
    let authority = Authority::new("ours");
    let house = House::of(&authority, None, Duration::from_millis(200));
    let mut silent = connect(house.server.address());
    // The beginning of a handshake.
    silent.write_all(&[22, 3, 1, 0, 200]).unwrap();
    let mut rest = Vec::new();
    silent.read_to_end(&mut rest).unwrap();
    until("its end", || house.server.counts().connections == 0);
}

#[test]
fn files_that_are_no_certificate_keep_the_door_shut_and_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let files = TlsFiles {
        cert: folder.path().join("cert.pem"),
        key: folder.path().join("key.pem"),
        client_ca: None,
    };
    show(&files.cert, &files.key, &Authority::new("ours"));
    std::fs::write(&files.key, "no key").unwrap();
    let key = files.key.display().to_string();
    let spec = SmppServerSpec {
        tls: Some(files),
        ..support::door()
    };
    let book = AccountBook::new(Accounts::build(&[], |_| None).unwrap());
    let fault = SmppServer::start(spec, Willing, Arc::new(book)).err();
    assert!(fault.unwrap().to_string().contains(&key));
}
