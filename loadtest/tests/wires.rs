//! The simulator and the load generator over real sockets: TLS, octets in pieces, outbind, a thread of its own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use carrack_loadtest::load::{LoadFault, LoadReport, Pace, Texts, smpp};
use carrack_loadtest::simulator::{Detached, Running, Setup};
use carrack_loadtest::smsc::{Quirks, Settings};
use carrack_loadtest::wire::{TlsFiles, TlsTrust};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncReadExt;

fn options(address: String) -> smpp::Options {
    smpp::Options {
        address,
        system_id: "acme".into(),
        password: "pw".into(),
        binds: 2,
        window: 50,
        receipts: true,
        wait: Duration::from_secs(5),
        linger: Duration::ZERO,
        response_timeout: Duration::from_secs(10),
        reconnect: None,
        tls: None,
    }
}

fn settings(quirks: &[&str]) -> Settings {
    Settings {
        dlr_delay_ns: 2_000_000,
        quirks: Quirks::parse(quirks).unwrap(),
        texts_kept: 10_000,
        ..Settings::default()
    }
}

fn on_local<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, work)
}

async fn load(options: smpp::Options, count: u64) -> Result<LoadReport, LoadFault> {
    let texts = Texts::new("447700900", 3, "ACME", 7);
    smpp::run(options, texts, Pace::new(Some(count), None, None)).await
}

/// Files of a CA, a server and a client, in a folder that is removed again.
struct Keys {
    folder: PathBuf,
}

impl Drop for Keys {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Keys {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("wires-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let keys = Self { folder };
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::new(Vec::new()).unwrap();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        keys.write("ca.pem", &ca.self_signed(&ca_key).unwrap().pem());
        let issuer = Issuer::from_params(&ca, &ca_key);
        for (name, host) in [("server", "smsc.test"), ("client", "esme.test")] {
            let key = KeyPair::generate().unwrap();
            let params = CertificateParams::new(vec![host.to_owned()]).unwrap();
            let certificate = params.signed_by(&key, &issuer).unwrap();
            keys.write(&format!("{name}.pem"), &certificate.pem());
            keys.write(&format!("{name}.key"), &key.serialize_pem());
        }
        keys
    }

    fn path(&self, file: &str) -> PathBuf {
        Path::new(&self.folder).join(file)
    }

    fn write(&self, file: &str, content: &str) {
        std::fs::write(self.path(file), content).unwrap();
    }

    fn server(&self, wants_client: bool) -> TlsFiles {
        TlsFiles {
            certificate: self.path("server.pem"),
            key: self.path("server.key"),
            client_ca: wants_client.then(|| self.path("ca.pem")),
        }
    }

    fn trust(&self, name: &str, shows: bool) -> TlsTrust {
        TlsTrust {
            ca: self.path("ca.pem"),
            name: name.to_owned(),
            certificate: shows.then(|| (self.path("client.pem"), self.path("client.key"))),
        }
    }
}

/// A load through TLS; the simulator's count of failed handshakes beside it.
fn through_tls(
    keys: &Keys,
    wants_client: bool,
    tls: Option<TlsTrust>,
) -> (Result<LoadReport, LoadFault>, u64) {
    on_local(async {
        let setup = Setup {
            tls: Some(keys.server(wants_client)),
            ..Setup::from(settings(&[]))
        };
        let simulator = Running::start_with(setup).await.unwrap();
        let options = smpp::Options {
            tls,
            ..options(simulator.address.to_string())
        };
        let ended = load(options, 500).await;
        let counted = async {
            while ended.is_err() && simulator.report().tls_failures == 0 {
                tokio::task::yield_now().await;
            }
        };
        // The simulator may see the end a moment after the client.
        let _ = tokio::time::timeout(Duration::from_secs(5), counted).await;
        (ended, simulator.report().tls_failures)
    })
}

#[test]
fn messages_go_through_tls_with_and_without_a_client_certificate() {
    let keys = Keys::new("good");
    for is_mutual in [false, true] {
        let (ended, failures) =
            through_tls(&keys, is_mutual, Some(keys.trust("smsc.test", is_mutual)));
        let report = ended.unwrap();
        assert!(report.is_success(), "{report:?}");
        assert_eq!((report.accepted, report.receipts, failures), (500, 500, 0));
    }
}

#[test]
fn a_wrong_name_or_no_certificate_is_a_clear_fault_on_both_sides() {
    let keys = Keys::new("bad");
    let (ended, failures) = through_tls(&keys, false, Some(keys.trust("other.test", false)));
    assert!(ended.unwrap_err().to_string().contains("certificate"));
    assert!(failures > 0);
    let (ended, failures) = through_tls(&keys, true, Some(keys.trust("smsc.test", false)));
    assert!(ended.is_err());
    assert!(failures > 0);
}

#[test]
fn plain_text_to_a_tls_port_is_closed_and_counted() {
    let keys = Keys::new("plain");
    let (ended, failures) = through_tls(&keys, false, None);
    assert!(ended.is_err());
    assert!(failures > 0);
}

#[test]
fn a_certificate_that_cannot_be_read_is_named() {
    let keys = Keys::new("missing");
    let files = TlsFiles {
        certificate: keys.path("nowhere.pem"),
        ..keys.server(false)
    };
    assert!(
        files
            .load()
            .unwrap_err()
            .to_string()
            .contains("nowhere.pem")
    );
    let empty = TlsFiles {
        certificate: keys.path("server.key"),
        ..keys.server(false)
    };
    assert!(
        empty
            .load()
            .unwrap_err()
            .to_string()
            .contains("no certificate")
    );
}

#[test]
fn octets_in_pieces_change_nothing() {
    for (quirk, count) in [("drip", 100), ("split-header", 500)] {
        let report = on_local(async {
            let simulator = Running::start(settings(&[quirk])).await.unwrap();
            load(options(simulator.address.to_string()), count)
                .await
                .unwrap()
        });
        assert!(report.is_success(), "{quirk} {report:?}");
        assert_eq!(
            (report.accepted, report.receipts),
            (count, count),
            "{quirk}"
        );
    }
}

#[test]
fn the_smsc_calls_and_asks_for_a_bind() {
    on_local(async {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let quirk = format!("outbind={}", listener.local_addr().unwrap());
        let simulator = Running::start(settings(&[&quirk])).await.unwrap();
        for calls in 1..3 {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut pdu = [0; 16 + 9];
            stream.read_exact(&mut pdu).await.unwrap();
            assert_eq!(pdu[4..8], [0, 0, 0, 0x0B]);
            assert_eq!(pdu[16..24], *b"smscsim\0");
            assert_eq!(simulator.report().outbinds, calls);
        }
    });
}

#[test]
fn a_simulator_on_its_own_thread_can_be_asked_and_told() {
    let simulator = Detached::start(settings(&["mo=100"])).unwrap();
    let address = simulator.address.to_string();
    let report = on_local(load(options(address), 50)).unwrap();
    assert_eq!((report.accepted, report.mo), (50, 50));
    let texts = simulator.ask(Running::texts).unwrap();
    assert_eq!(texts.len(), 50);
    assert!(
        texts
            .iter()
            .all(|taken| taken.from == "ACME" && taken.to.starts_with("447700900"))
    );
    assert_eq!(simulator.ask(Running::mos).unwrap().len(), 50);
    let faults = Quirks::parse(&["submit-fail=100"]).unwrap();
    simulator
        .ask(move |running| running.set_quirks(faults))
        .unwrap();
    let report = on_local(load(options(simulator.address.to_string()), 20)).unwrap();
    assert_eq!(
        (report.accepted, report.refused["ESME_RSUBMITFAIL"]),
        (0, 20)
    );
    assert_eq!(simulator.report().submits, 70);
}

#[test]
fn an_open_loop_tells_what_the_far_side_was_too_slow_for() {
    let report = on_local(async {
        let slow = Settings {
            latency_ns: 50_000_000,
            ..settings(&[])
        };
        let simulator = Running::start(slow).await.unwrap();
        let options = smpp::Options {
            binds: 1,
            window: 1,
            receipts: false,
            ..options(simulator.address.to_string())
        };
        let texts = Texts::new("447700900", 3, "ACME", 7);
        let pace = Pace::new(None, Some(500_000_000), Some(200));
        smpp::run(options, texts, pace).await.unwrap()
    });
    assert_eq!(report.sent + report.overdue, 100);
    assert!(report.overdue >= 85 && !report.is_success(), "{report:?}");
    // Half of a second's messages waited: their latency counts though they never went.
    assert!(report.latency_ms.p50 > 150.0, "{:?}", report.latency_ms);
    assert!(report.service_ms.p50 >= 50.0 && report.service_ms.p50 < report.latency_ms.p50);
}
