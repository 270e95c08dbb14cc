//! A whole node on io_uring, on epoll, and where the ring is forbidden: each carries the same and its audit adds up.
//!
//! Where the kernel of this machine refuses the ring this is said, and what is proved is that a node which insists on it
//! says why it ends, and that one which does not goes on with epoll.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stdout
)]

#[allow(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../end_to_end/carrier.rs"]
mod carrier;
#[allow(dead_code, reason = "shared with other tests, which use more of it")]
#[path = "../end_to_end/node.rs"]
mod node;

use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use carrack_loadtest::chance::Percent;
use carrack_loadtest::load::{Pace, Texts, batch, smpp};
use carrack_runtime::{Io, run_local};
use serde_json::Value;

use carrier::{Carrier, settings};
use node::{CarrierEntry, PROGRAM, Place, eventually};

const MESSAGES: u64 = 1_000;
const PATIENCE: Duration = Duration::from_secs(30);

/// Forbids `io_uring_setup` (425 everywhere) to itself, as a container does, and becomes the program that is named.
const WITHOUT_RING: &str = r#"
my $prctl = shift;
my $deny = pack("SCCL", 0x20, 0, 0, 0) . pack("SCCL", 0x15, 0, 1, 425)
    . pack("SCCL", 0x06, 0, 0, 0x00050001) . pack("SCCL", 0x06, 0, 0, 0x7fff0000);
my $program = pack("S x6 P", 4, $deny);
syscall($prctl, 38, 1, 0, 0, 0) == 0 or die "no_new_privs: $!";
syscall($prctl, 22, 2, $program) == 0 or die "seccomp: $!";
exec @ARGV or die "exec: $!";
"#;

/// Whether the ring is forbidden to the node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ring {
    AsTheKernelSays,
    Forbidden,
}

/// Killed when dropped.
struct Running {
    child: Child,
    http: String,
    smpp: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn place(carrier: &Carrier, io: &str) -> Place {
    let entry = CarrierEntry::north(carrier.address, (2, 100));
    Place::new(&[entry], &format!("[runtime]\nio = \"{io}\""))
}

/// `carrack serve`, its log in a file.
fn start(place: &Place, ring: Ring) -> Child {
    let mut command = match ring {
        Ring::AsTheKernelSays => Command::new(PROGRAM),
        Ring::Forbidden => {
            let prctl = match std::env::consts::ARCH {
                "x86_64" => "157",
                "aarch64" => "167",
                other => panic!("the number of prctl on {other} is not known here"),
            };
            let mut perl = Command::new("perl");
            perl.args(["-e", WITHOUT_RING, prctl, PROGRAM]);
            perl
        }
    };
    let log = std::fs::File::create(place.folder.path().join("stderr")).unwrap();
    command
        .args(["serve", "--config"])
        .arg(place.configuration())
        .env("CARRACK_LOG", "warn")
        .stderr(Stdio::from(log))
        .spawn()
        .expect("the node, or perl for a node without ring, cannot be started")
}

fn ready(place: &Place, mut child: Child) -> Running {
    let until = Instant::now() + PATIENCE;
    loop {
        let read = std::fs::read(place.folder.path().join("data/ready.json")).ok();
        let said = read.and_then(|octets| serde_json::from_slice::<Value>(&octets).ok());
        if let Some(said) = said.filter(|said| said["pid"] == child.id()) {
            return Running {
                child,
                http: format!("http://{}", said["http"].as_str().unwrap()),
                smpp: said["smpp"].as_str().unwrap().parse().unwrap(),
            };
        }
        assert!(child.try_wait().unwrap().is_none(), "{}", place.said());
        assert!(Instant::now() < until, "not ready: {}", place.said());
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Threads by whether the ring serves them.
fn served_by_ring(node: &Running) -> Vec<(String, bool)> {
    let mut answer = ureq::get(format!("{}/metrics", node.http)).call().unwrap();
    let text = answer.body_mut().read_to_string().unwrap();
    text.lines()
        .filter_map(|line| line.strip_prefix("carrack_runtime_ring{"))
        .map(|line| {
            let (labels, value) = line.rsplit_once(' ').unwrap();
            (labels.to_owned(), value == "1")
        })
        .collect()
}

/// Sends by SMPP, with receipts.
fn customer(node: &Running) {
    let options = smpp::Options {
        address: node.smpp.to_string(),
        system_id: "test".into(),
        password: "secret".into(),
        binds: 4,
        window: 50,
        receipts: true,
        wait: Duration::from_secs(10),
        linger: Duration::ZERO,
        response_timeout: Duration::from_secs(10),
        reconnect: None,
        tls: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let report = tokio::task::LocalSet::new().block_on(&runtime, async {
        let texts = Texts::new("447700900", 3, "ACME", 1)
            .with_length(100)
            .unwrap();
        let pace = Pace::new(Some(MESSAGES), None, None);
        smpp::run(options, texts, pace).await.unwrap()
    });
    assert_eq!(
        (report.accepted, report.receipts, report.receipts_duplicate),
        (MESSAGES, MESSAGES, 0),
        "{report:?}"
    );
}

/// Sends a file, which is what the ring reads.
fn file(place: &Place, node: &Running) -> u64 {
    let path = place.folder.path().join("rows.csv");
    let options = batch::Options {
        rows: MESSAGES,
        seed: 3,
        mixed: false,
        bad: Percent::new(2.0).unwrap(),
        long: Percent::new(0.0).unwrap(),
        keys: false,
    };
    let sample = batch::write(&options, &mut std::fs::File::create(&path).unwrap()).unwrap();
    let call = |path: &str| format!("{}{path}", node.http);
    let mut taken = ureq::post(call("/v1/batches?from=ACME"))
        .header("Authorization", "Bearer test-key")
        .content_type("text/csv")
        .send(std::fs::File::open(&path).unwrap())
        .unwrap();
    let taken: Value = taken.body_mut().read_json().unwrap();
    let url = call(&format!("/v1/batches/{}", taken["id"].as_str().unwrap()));
    let mut batch = Value::Null;
    eventually("the batch is done", PATIENCE, || {
        let request = ureq::get(&url).header("Authorization", "Bearer test-key");
        batch = request.call().unwrap().body_mut().read_json().unwrap();
        batch["state"] == "done"
    });
    assert_eq!(
        (batch["accepted"].as_u64(), batch["rejected"].as_u64()),
        (Some(sample.good), Some(sample.bad)),
        "{batch}"
    );
    sample.good
}

/// A node with this `runtime.io` carries all it is given; whether the ring served it.
fn carries(io: &str, ring: Ring) -> (bool, String) {
    let carrier = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&carrier, io);
    let mut node = ready(&place, start(&place, ring));
    customer(&node);
    let rows = file(&place, &node);
    let threads = served_by_ring(&node);
    assert!(
        ["shard-0", "batch"].iter().all(|wanted| {
            let labels = format!("thread=\"{wanted}\"}}");
            threads.iter().any(|(found, _)| *found == labels)
        }),
        "{threads:?}"
    );
    let is_ring = threads[0].1;
    assert!(
        threads.iter().all(|(_, one)| *one == is_ring),
        "{threads:?}"
    );
    let id = node.child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert_eq!(
        node.child.wait().unwrap().code(),
        Some(0),
        "{}",
        place.said()
    );
    let audit = place.audit();
    assert_eq!(
        (
            audit["adds_up"].as_bool(),
            audit["accepted"].as_u64(),
            audit["delivered"].as_u64(),
            audit["untold"].as_u64()
        ),
        (
            Some(true),
            Some(MESSAGES + rows),
            Some(MESSAGES + rows),
            Some(0)
        ),
        "{audit}"
    );
    assert_eq!(carrier.report().duplicates, 0);
    println!(
        "io = \"{io}\", {ring:?}: {} served, {} messages",
        if is_ring { "io_uring" } else { "epoll" },
        MESSAGES + rows
    );
    (is_ring, place.said())
}

/// A node that insists on the ring and does not get it ends, and says what to do.
fn ends_and_says_why(ring: Ring) {
    let carrier = Carrier::start(settings("north", 1, 5, &[]));
    let place = place(&carrier, "uring");
    let mut child = start(&place, ring);
    let mut code = None;
    eventually("the node ends", PATIENCE, || {
        code = child.try_wait().unwrap();
        code.is_some()
    });
    let said = place.said();
    assert!(!code.unwrap().success(), "{said}");
    assert!(
        said.contains("no runtime for io = Uring") && said.contains("io_uring"),
        "{said}"
    );
    println!("io = \"uring\", {ring:?}: ends and says why");
}

/// Why this kernel does not give the ring.
fn refusal() -> Option<String> {
    run_local(Io::Uring, "asked", |_| async {})
        .err()
        .map(|fault| fault.to_string())
}

#[test]
fn node_on_the_ring_carries_everything_or_says_why_there_is_none() {
    match refusal() {
        None => assert!(carries("uring", Ring::AsTheKernelSays).0),
        Some(why) => {
            println!("this kernel refuses the ring: {why}");
            ends_and_says_why(Ring::AsTheKernelSays);
        }
    }
}

#[test]
fn node_on_epoll_carries_everything() {
    assert!(!carries("epoll", Ring::AsTheKernelSays).0);
}

#[test]
fn node_that_may_choose_takes_the_ring_where_there_is_one() {
    let (is_ring, said) = carries("auto", Ring::AsTheKernelSays);
    assert_eq!(is_ring, refusal().is_none(), "{said}");
}

#[test]
fn node_that_may_choose_goes_on_with_epoll_where_the_ring_is_forbidden_and_says_so_once() {
    let (is_ring, said) = carries("auto", Ring::Forbidden);
    assert!(!is_ring);
    let words = "the ring is refused; epoll serves instead";
    assert_eq!(said.matches(words).count(), 1, "{said}");
    assert!(said.contains("seccomp"), "the remedy is named: {said}");
}

#[test]
fn node_that_insists_on_a_forbidden_ring_ends_and_says_why() {
    ends_and_says_why(Ring::Forbidden);
}
