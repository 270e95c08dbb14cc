//! A node with its HTTP door, and a caller who writes every octet of his request himself. No carrier is connected, so what
//! is accepted waits.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use carrack_engine::{
    AccountQueue, CarrierRules, CarrierSpec, EngineSettings, LimitSettings, Node, NodeSpec, Terms,
};
use carrack_ingest::accounts::{AccountBook, AccountSpec, Accounts};
use carrack_ingest::batch::{BatchSpec, Batches};
use carrack_ingest::http::{HttpDoor, HttpSpec, Taps};
use carrack_message::{Class, Micros};
use carrack_queue::{CommitSettings, Durability};
use carrack_routing::{CarrierRow, Deck, Matcher, MoTable, Policy, RouteRow, RouteTable};
use carrack_runtime::Io;
use carrack_settings::Settings;
use serde_json::Value;

/// What a caller got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn detail(&self) -> &str {
        let line = self
            .head
            .lines()
            .find(|line| line.starts_with("x-carrack-detail: "));
        line.map_or("", |line| &line["x-carrack-detail: ".len()..])
    }
}

pub(crate) struct Callers {
    node: Node,
    batches: Batches,
    door: HttpDoor,
    _folder: tempfile::TempDir,
}

/// Accounts as a configuration has them: `tester` as the guides write them, `quiet` whose password is not for URLs, `paid`
/// with prices and little money, `slow` with a rate.
const ACCOUNTS: &str = r#"
[node]
data_dir = "data"
[[account]]
name = "tester"
sender = "Shop"
callbacks = { hosts = ["*"] }
legacy = { user = "foo", password = "bar" }
[[account]]
name = "bare"
api_key = "bare-key"
[[account]]
name = "quiet"
sender = "Shop"
legacy = { user = "quiet", password = "pass", in_url = false }
[[account]]
name = "paid"
sender = "Shop"
senders = ["Shop"]
legacy = { user = "paid", password = "pass" }
[[account]]
name = "slow"
sender = "Shop"
rate = 1
legacy = { user = "slow", password = "pass" }
[[account]]
name = "told"
sender = "Shop"
callbacks = { hosts = ["127.0.0.1"], private = true }
legacy = { user = "told", password = "pass", dlr_url = "http://127.0.0.1:9/dlr?id=%I&s=%d" }
"#;
const DECK: &str = "prefix,price\n49,0.0280\n";
const NAMES: [&str; 6] = ["tester", "bare", "quiet", "paid", "slow", "told"];

fn specs() -> Vec<AccountSpec> {
    let settings = Settings::parse(ACCOUNTS, "accounts", Path::new("")).unwrap();
    let deck = Arc::new(Deck::from_csv(DECK.as_bytes(), "paid.csv").unwrap());
    let spec = |account: &carrack_settings::Account| {
        let deck = (account.name == "paid").then(|| Arc::clone(&deck));
        let numbering = Arc::default();
        AccountSpec {
            segments_max: 5,
            ..AccountSpec::from_settings(account, &settings.delivery, deck, numbering)
        }
    };
    settings.accounts.iter().map(spec).collect()
}

fn table() -> Arc<RouteTable> {
    let carrier = CarrierRow {
        name: "north".into(),
        deck: None,
        flat_price: Some(Micros(7500)),
        enabled: true,
    };
    let route = RouteRow {
        name: "germany".into(),
        matcher: Matcher {
            prefixes: vec!["49".parse().unwrap(), "336".parse().unwrap()],
            ..Matcher::default()
        },
        carriers: vec![0],
        policy: Policy::LeastCost,
        ..RouteRow::default()
    };
    Arc::new(RouteTable::build(vec![carrier], vec![route]).unwrap())
}

fn node(data_dir: &Path) -> Node {
    let account = |name: &&str| AccountQueue {
        name: (*name).to_owned(),
        group: String::new(),
        currency: None,
        messages_max: 100_000,
        share: 1,
        terms: Terms {
            limit_micros: (*name == "paid").then_some(100_000),
            ..Terms::default()
        },
        acknowledged_early: false,
    };
    Node::start(NodeSpec {
        data_dir: data_dir.to_owned(),
        shards: 1,
        io: Io::Auto,
        pin_shards: false,
        commit: CommitSettings {
            durability: Durability::EveryBatch,
            linger: Duration::ZERO,
            frames_max: 64,
            epoch_octets: 64 << 20,
            epoch_age: Duration::from_secs(600),
            retention: Duration::from_secs(3600),
        },
        engine: EngineSettings {
            drain_ns: 100_000_000,
            ..EngineSettings::default()
        },
        accounts: NAMES.iter().map(account).collect(),
        carriers: vec![CarrierSpec {
            name: "north".into(),
            cap_a_day: None,
            rate: None,
            links: 0,
            window: 1,
            rules: CarrierRules::default(),
            make: Box::new(|_, _| unreachable!("there are no links")),
        }],
        table: table(),
        limits: LimitSettings::default(),
        mo: MoTable::default(),
        register: None,
        suppressions: carrack_engine::SuppressionSettings::default(),
        consent: None,
        quiet: carrack_routing::local::QuietHours::default(),
        cdr: None,
        batches_cancelled: Vec::new(),
    })
    .unwrap()
}

impl Callers {
    pub(crate) fn open() -> Self {
        Self::with(true, true)
    }

    pub(crate) fn with(kannel: bool, jasmin: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let node = node(folder.path());
        let engine = node.engine();
        let directory = engine.directory();
        let accounts = Accounts::build(&specs(), |name| directory.account_number(name)).unwrap();
        let accounts = Arc::new(AccountBook::new(accounts));
        let spec = BatchSpec {
            data_dir: folder.path().to_owned(),
            io: Io::Auto,
            chunk_rows: 100,
            read_octets: 1000,
            octets_max: 1 << 20,
            unpacked_max: 64 << 20,
            duplicates_max: 1_000,
            check_time_max: Duration::from_secs(10),
            keep: Duration::from_secs(3600),
            idempotency_keep: Duration::from_secs(3600),
            class: Class::Bulk,
            running_max: 4,
            running_of_account_max: 4,
            queued_max: 10,
            queued_of_account_max: 10,
        };
        let batches = Batches::start(spec, engine.clone(), Arc::clone(&accounts)).unwrap();
        let spec = HttpSpec {
            listen: "127.0.0.1:0".parse().unwrap(),
            tls: None,
            body_octets_max: 10_000,
            connections_max: 10,
            connections_of_address_max: 10,
            streams_of_account_max: 10,
            uploads_of_account_max: 10,
            request_timeout: Duration::from_secs(10),
            cors_origins: Vec::new(),
            kannel,
            jasmin,
            threads: 1,
            metrics: None,
            shadow: None,
            loop_probes: Default::default(),
            review: Default::default(),
            modems: None,
            webhooks: None,
            taps: Taps::default(),
        };
        let door = HttpDoor::open(&spec, engine, accounts, batches.clone()).unwrap();
        Self {
            node,
            batches,
            door,
            _folder: folder,
        }
    }

    pub(crate) fn close(self) {
        self.door.close(Duration::from_secs(5));
        self.batches.stop();
        assert!(self.node.stop());
    }

    /// A request as it is written here: method, target, lines of the head, body.
    pub(crate) fn call(&self, method: &str, target: &str, head: &str, body: &[u8]) -> Got {
        let mut stream = TcpStream::connect(self.door.address()).unwrap();
        let patience = Duration::from_secs(20);
        stream.set_read_timeout(Some(patience)).unwrap();
        let length = match body.is_empty() {
            true => String::new(),
            false => format!("Content-Length: {}\r\n", body.len()),
        };
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{head}{length}\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let _ = stream.write_all(body);
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8(answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        Got {
            status: head.split(' ').nth(1).unwrap().parse().unwrap(),
            head: head.to_ascii_lowercase(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn get(&self, target: &str) -> Got {
        self.call("GET", target, "", b"")
    }

    /// A message's life, by the key of an account that has one.
    pub(crate) fn life(&self, id: &str, key: &str) -> Value {
        let head = format!("Authorization: Bearer {key}\r\n");
        let got = self.call("GET", &format!("/v1/messages/{id}"), &head, b"");
        serde_json::from_str(&got.body).unwrap_or(Value::Null)
    }
}
