//! The HTTP door and batches over a real node and its store. No carrier is connected, so what is accepted waits.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use carrack_carrier::trace::{Direction, Tap};
use carrack_engine::{
    AccountQueue, CarrierRules, CarrierSpec, EngineSettings, LimitSettings, Node, NodeSpec,
    SuppressionRule, SuppressionSettings, Terms,
};
use carrack_ingest::accounts::{AccountBook, AccountSpec, Accounts, ApiKey, Scope, Scopes, Secret};
use carrack_ingest::batch::{BatchSpec, Batches};
use carrack_ingest::http::{HttpDoor, HttpSpec, Taps};
use carrack_message::{Class, Micros};
use carrack_queue::{CommitSettings, Durability};
use carrack_routing::suppression::{Hashing, Keys};
use carrack_routing::{CarrierRow, Matcher, MoTable, Policy, RouteRow, RouteTable};
use carrack_runtime::Io;
use serde_json::{Value, json};

#[path = "http/bulk.rs"]
mod bulk;
#[path = "http/changes.rs"]
mod changes;
#[path = "http/crowds.rs"]
mod crowds;
#[path = "http/documented.rs"]
mod documented;
#[path = "http/encodings.rs"]
mod encodings;
#[path = "http/half_close.rs"]
mod half_close;
#[path = "http/keys.rs"]
mod keys;
#[path = "http/passed_over.rs"]
mod passed_over;
#[path = "http/slow.rs"]
mod slow;
#[path = "http/suppressed.rs"]
mod suppressed;

struct Stand {
    tap: Arc<Tap>,
    node: Node,
    batches: Batches,
    door: HttpDoor,
}

fn account(name: &str) -> AccountSpec {
    AccountSpec {
        name: name.into(),
        api_key: Some(format!("{name}-key")),
        system_id: None,
        password: None,
        class: None,
        sender: Some("Shop".into()),
        region: None,
        rate: (name == "slow").then_some(1),
        requests: (name == "calm").then_some(2),
        api_keys: vec![ApiKey {
            name: "reader".into(),
            key: Secret::new(format!("{name}-reader")),
            scopes: Scopes::NONE.with(Scope::Read),
            line: 0,
        }],
        window: 1,
        binds_max: 1,
        deck: None,
        allowed_ips: Vec::new(),
        operator: name == "shop",
        segments_max: 3,
        validity_max: Duration::from_secs(3600),
        ..AccountSpec::named(name)
    }
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
            prefixes: vec!["49".parse().unwrap()],
            ..Matcher::default()
        },
        carriers: vec![0],
        policy: Policy::LeastCost,
        ..RouteRow::default()
    };
    Arc::new(RouteTable::build(vec![carrier], vec![route]).unwrap())
}

/// A list by account.
fn stop_list(data_dir: &Path) -> SuppressionSettings {
    let rule = SuppressionRule {
        name: "stop".into(),
        matcher: Matcher::default(),
        senders: Vec::new(),
        keys: Keys {
            scope: carrack_routing::suppression::Scope::Account,
            hashing: Hashing::None,
        },
        base: None,
    };
    let mut of_hashes = SuppressionRule {
        name: "hashed".into(),
        ..rule.clone()
    };
    of_hashes.keys.hashing = Hashing::Sha256;
    SuppressionSettings {
        rules: vec![rule, of_hashes],
        folder: Some(data_dir.join("suppression")),
        live_max: 1_000,
        map: None,
    }
}

fn open(data_dir: &Path) -> Stand {
    open_with(data_dir, Duration::from_secs(10))
}

fn open_with(data_dir: &Path, request_timeout: Duration) -> Stand {
    open_for(data_dir, request_timeout, 10)
}

fn open_for(
    data_dir: &Path,
    request_timeout: Duration,
    connections_of_address_max: usize,
) -> Stand {
    let names = ["shop", "other", "slow", "small", "calm"];
    let node = Node::start(NodeSpec {
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
        accounts: names
            .iter()
            .map(|name| AccountQueue {
                name: (*name).to_owned(),
                group: String::new(),
                currency: None,
                messages_max: if *name == "small" { 1 } else { 100_000 },
                share: 1,
                terms: Terms::default(),
                acknowledged_early: false,
            })
            .collect(),
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
        suppressions: stop_list(data_dir),
        consent: None,
        quiet: carrack_routing::local::QuietHours::default(),
        mo: MoTable::default(),
        register: None,
        cdr: None,
        batches_cancelled: Vec::new(),
    })
    .unwrap();
    let engine = node.engine();
    let specs: Vec<AccountSpec> = names.iter().map(|name| account(name)).collect();
    let directory = engine.directory();
    let accounts = Accounts::build(&specs, |name| directory.account_number(name)).unwrap();
    let accounts = Arc::new(AccountBook::new(accounts));
    let spec = BatchSpec {
        data_dir: data_dir.to_owned(),
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
    let tap = Tap::new();
    let spec = HttpSpec {
        listen: "127.0.0.1:0".parse().unwrap(),
        tls: None,
        body_octets_max: 10_000,
        connections_max: 10,
        connections_of_address_max,
        streams_of_account_max: 2,
        uploads_of_account_max: 2,
        request_timeout,
        cors_origins: vec!["https://app.example.com".into()],
        kannel: true,
        jasmin: true,
        threads: 2,
        metrics: Some(Arc::new(|| "carrack_up 1\n".to_owned())),
        shadow: None,
        loop_probes: Default::default(),
        review: Default::default(),
        modems: None,
        webhooks: None,
        taps: Taps::from(BTreeMap::from([("north".to_owned(), Arc::clone(&tap))])),
    };
    let door = HttpDoor::open(&spec, engine, accounts, batches.clone()).unwrap();
    Stand {
        tap,
        node,
        batches,
        door,
    }
}

impl Stand {
    fn close(self) {
        self.door.close(Duration::from_secs(5));
        self.batches.stop();
        assert!(self.node.stop());
    }

    fn call(
        &self,
        method: &str,
        path: &str,
        account: &str,
        media: &str,
        body: &[u8],
    ) -> (u16, String, String) {
        call(self.door.address(), method, path, account, media, body)
    }

    fn json(&self, method: &str, path: &str, account: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            Vec::new()
        } else {
            body.to_string().into_bytes()
        };
        let (status, _, answer) = self.call(method, path, account, "application/json", &body);
        (
            status,
            serde_json::from_str(&answer).unwrap_or_else(|_| panic!("no JSON: {answer}")),
        )
    }
}

fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    account: &str,
    media: &str,
    body: &[u8],
) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .unwrap();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Bearer {account}-key\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // A door that refuses by the head may close before it has read everything.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8(answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, head.to_ascii_lowercase(), body.to_owned())
}

const NONE: Value = Value::Null;

#[test]
fn a_message_is_taken_shown_to_its_account_alone_and_withdrawn() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let body = json!({"to": ["+49 170 0000001", "49x", "331234567890"], "text": "Grüße €", "client_ref": "r1", "validity": "1h"});
    let (status, answer) = stand.json("POST", "/v1/messages", "shop", &body);
    assert_eq!(status, 202, "{answer}");
    let messages = &answer["messages"];
    assert_eq!(
        (
            &messages[0]["status"],
            &messages[0]["segments"],
            &messages[0]["encoding"]
        ),
        (&json!("accepted"), &json!(1), &json!("gsm7"))
    );
    assert_eq!(messages[0]["to"], "491700000001");
    assert!(
        messages[1]["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("letter 'x'"),
        "{answer}"
    );
    assert!(
        messages[2]["error"]["detail"]
            .as_str()
            .unwrap()
            .contains("no route"),
        "{answer}"
    );
    assert!(messages[2].get("id").is_none());
    let path = format!("/v1/messages/{}", messages[0]["id"].as_str().unwrap());
    let (status, life) = stand.json("GET", &path, "shop", &NONE);
    assert_eq!(
        (status, &life["text"], &life["client_ref"]),
        (200, &json!("Grüße €"), &json!("r1")),
        "{life}"
    );
    assert_eq!(stand.json("GET", &path, "other", &NONE).0, 404);
    assert_eq!(stand.json("DELETE", &path, "other", &NONE).0, 404);
    let (status, answer) = stand.json("DELETE", &path, "shop", &NONE);
    assert_eq!(
        (status, &answer["status"]),
        (200, &json!("cancelled")),
        "{answer}"
    );
    let deadline = Instant::now() + Duration::from_secs(5);
    while stand.json("GET", &path, "shop", &NONE).1["status"] != "cancelled" {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(stand.json("DELETE", &path, "shop", &NONE).0, 409);
    stand.close();
}

#[test]
fn what_cannot_be_taken_is_a_problem_that_names_it() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let good = json!({"to": "491700000001", "text": "x"});
    let post = |account: &str, body: &Value| {
        stand.call(
            "POST",
            "/v1/messages",
            account,
            "application/json",
            body.to_string().as_bytes(),
        )
    };
    let (status, head, answer) = post("nobody", &good);
    assert_eq!(status, 401, "{answer}");
    assert!(
        head.contains("www-authenticate: bearer") && head.contains("application/problem+json"),
        "{head}"
    );
    for (body, field, part) in [
        (json!({"to": "1", "text": "x"}), "to", "too few"),
        (json!({"to": "491700000001", "text": ""}), "text", "empty"),
        (
            json!({"to": "491700000001", "text": "x", "clas": "otp"}),
            "clas",
            "did you mean `class`?",
        ),
        (
            json!({"to": "491700000001", "text": "x", "send_at": "now"}),
            "send_at",
            "is no moment",
        ),
        (
            json!({"to": "491700000001", "text": "x", "validity": "2h"}),
            "validity",
            "3600 s",
        ),
        (json!({"to": "331234567890", "text": "x"}), "to", "no route"),
    ] {
        let (status, _, answer) = post("shop", &body);
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (status, &answer["status"], &answer["errors"][0]["field"]),
            (400, &json!(400), &json!(field)),
            "{answer}"
        );
        assert!(
            answer["errors"][0]["detail"]
                .as_str()
                .unwrap()
                .contains(part),
            "{answer}"
        );
    }
    assert_eq!(post("slow", &good).0, 202);
    let (status, head, _) = post("slow", &good);
    assert!(status == 429 && head.contains("retry-after: 1"), "{head}");
    assert_eq!(post("small", &good).0, 202);
    let (status, head, answer) = post("small", &good);
    assert!(
        status == 429 && head.contains("retry-after: "),
        "{head} {answer}"
    );
    assert_eq!(
        post(
            "shop",
            &json!({"to": "491700000001", "text": "x".repeat(10_001)})
        )
        .0,
        413
    );
    assert_eq!(
        stand
            .call("POST", "/v1/messages", "shop", "text/xml", b"<a/>")
            .0,
        415
    );
    assert_eq!(
        stand
            .call("POST", "/v1/messages", "shop", "application/json", b"{")
            .0,
        400
    );
    assert_eq!(
        stand
            .call("PUT", "/v1/messages", "shop", "application/json", b"")
            .0,
        405
    );
    assert_eq!(
        stand.call("GET", "/v2", "shop", "application/json", b"").0,
        404
    );
    stand.close();
}

fn batch_at_rest(stand: &Stand, id: &str) -> Value {
    let deadline = Instant::now() + Duration::from_secs(20);
    loop {
        let (status, view) = stand.json("GET", &format!("/v1/batches/{id}"), "shop", &NONE);
        assert_eq!(status, 200);
        if view["state"] == "finished" || view["state"] == "done" {
            return view;
        }
        assert!(Instant::now() < deadline, "{view}");
    }
}

#[test]
fn a_batch_comes_in_raw_or_as_a_form_and_outlives_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let mut source = "to,name\n".to_owned();
    for row in 0..1000 {
        source += &if row % 100 == 7 {
            format!("49x{row},Ada\n")
        } else {
            format!("4917{row:07},Ada {row}\n")
        };
    }
    let path = "/v1/batches?template=Hello%20%7Bname%7D&from=Club&filename=a.csv";
    let (status, _, answer) = stand.call("POST", path, "shop", "text/csv", source.as_bytes());
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (status, &answer["filename"]),
        (202, &json!("a.csv")),
        "{answer}"
    );
    let id = answer["id"].as_str().unwrap().to_owned();
    let view = batch_at_rest(&stand, &id);
    assert_eq!(
        (&view["rows"], &view["accepted"], &view["rejected"]),
        (&json!(1000), &json!(990), &json!(10))
    );
    assert_eq!(
        stand
            .json("GET", &format!("/v1/batches/{id}"), "other", &NONE)
            .0,
        404
    );
    let (status, head, errors) =
        stand.call("GET", &format!("/v1/batches/{id}/errors"), "shop", "", b"");
    assert!(status == 200 && head.contains("text/csv"), "{head}");
    assert_eq!(errors.lines().count(), 11);
    assert!(
        errors.starts_with("to,name,error_line,error_column,error\n49x7,Ada,9,to,"),
        "{errors}"
    );

    let form = "--B\r\nContent-Disposition: form-data; name=\"template\"\r\n\r\nHi {nam}\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.csv\"\r\nContent-Type: text/csv\r\n\r\nto,name\n491700000001,Bo\n\r\n--B--\r\n";
    let post = |form: &str| {
        stand.call(
            "POST",
            "/v1/batches",
            "shop",
            "multipart/form-data; boundary=B",
            form.as_bytes(),
        )
    };
    let (status, _, answer) = post(form);
    assert!(
        status == 400 && answer.contains("did you mean `name`?"),
        "{answer}"
    );
    let (status, _, answer) = post(&form.replace("{nam}", "{name}"));
    let answer: Value = serde_json::from_str(&answer).unwrap();
    assert_eq!(
        (status, &answer["filename"]),
        (202, &json!("b.csv")),
        "{answer}"
    );
    let form = answer["id"].as_str().unwrap().to_owned();
    assert_eq!(batch_at_rest(&stand, &form)["accepted"], 1);
    assert_eq!(
        stand
            .call(
                "POST",
                "/v1/batches",
                "shop",
                "text/csv",
                &vec![b'x'; (1 << 20) + 1]
            )
            .0,
        413
    );
    assert_eq!(
        stand
            .call(
                "POST",
                "/v1/batches?form=x",
                "shop",
                "text/csv",
                b"to,text\n"
            )
            .0,
        400
    );
    stand.close();

    let stand = open(folder.path());
    let view = batch_at_rest(&stand, &id);
    assert_eq!(
        (&view["state"], &view["accepted"], &view["rejected"]),
        (&json!("finished"), &json!(990), &json!(10))
    );
    stand.close();
}

#[test]
fn operators_and_probes_are_answered() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let get = |path: &str| stand.json("GET", path, "shop", &NONE);
    assert_eq!(get("/healthz").0, 200);
    let deadline = Instant::now() + Duration::from_secs(5);
    while get("/readyz").0 != 200 {
        assert!(Instant::now() < deadline);
    }
    assert_eq!(
        stand.call("GET", "/metrics", "nobody", "", b"").2,
        "carrack_up 1\n"
    );
    assert_eq!(get("/v1/carriers").1["carriers"][0]["name"], "north");
    assert!(get("/v1/queue").1["lanes"].is_array());
    let (status, answer) = get("/v1/routes/explain?to=491700000001&text=hello");
    assert_eq!(
        (
            status,
            &answer["candidates"][0]["name"],
            &answer["segments"]
        ),
        (200, &json!("north"), &json!(1)),
        "{answer}"
    );
    let quote = json!({"to": ["491700000001", "1"], "text": "ж".repeat(71)});
    let (status, answer) = stand.json("POST", "/v1/quote", "shop", &quote);
    let first = &answer["messages"][0];
    assert_eq!(
        (
            status,
            &first["segments"],
            &first["encoding"],
            &first["carrier"]
        ),
        (200, &json!(2), &json!("ucs2"), &json!("north"))
    );
    assert_eq!(answer["messages"][1]["error"]["field"], "to");
    assert_eq!(
        stand
            .json("POST", "/v1/carriers/north/pause", "shop", &NONE)
            .1["paused"],
        true
    );
    assert_eq!(
        stand
            .json("POST", "/v1/carriers/north/resume", "shop", &NONE)
            .1["paused"],
        false
    );
    assert_eq!(
        stand
            .json("POST", "/v1/carriers/south/pause", "shop", &NONE)
            .0,
        404
    );
    assert_eq!(stand.call("GET", "/v1/queue", "nobody", "", b"").0, 401);
    stand.close();
}

#[test]
fn a_queue_job_says_what_it_wants_and_how_it_did() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let start = |job: Value| stand.json("POST", "/v1/queue/jobs", "shop", &job);
    for (job, field) in [
        (json!({"kind": "burn"}), "kind"),
        (json!({"kind": "purge"}), "filter"),
        (json!({"kind": "purge", "all": true, "to": "north"}), "to"),
        (json!({"kind": "move", "all": true}), "to"),
        (json!({"kind": "move", "all": true, "to": "west"}), "to"),
        (
            json!({"kind": "purge", "filter": {"class": "fast"}}),
            "filter.class",
        ),
        (
            json!({"kind": "purge", "filter": {"to_prefix": "44x"}}),
            "filter.to_prefix",
        ),
        (
            json!({"kind": "purge", "filter": {"carrier": "west"}}),
            "filter.carrier",
        ),
        (
            json!({"kind": "purge", "filter": {"account": "nobody"}}),
            "filter.account",
        ),
    ] {
        let (status, answer) = start(job);
        assert_eq!(
            (status, &answer["errors"][0]["field"]),
            (400, &json!(field)),
            "{answer}"
        );
    }
    assert_eq!(start(json!({"kind": "purge", "colour": "red"})).0, 400);
    let none = stand.json("POST", "/v1/queue/jobs/stop", "shop", &NONE);
    assert_eq!(none.0, 404, "{}", none.1);
    let filter =
        json!({"carrier": "north", "class": "bulk", "to_prefix": "4477", "older_than_seconds": 5});
    let (status, job) = start(json!({"kind": "purge", "filter": filter}));
    assert_eq!(
        (status, &job["id"], &job["filter"]),
        (202, &json!(1), &filter),
        "{job}"
    );
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let jobs = stand.json("GET", "/v1/queue/jobs", "shop", &NONE).1;
        if jobs["jobs"][0]["state"] == "done" {
            assert_eq!(jobs["jobs"][0]["matched"], 0, "{jobs}");
            break;
        }
        assert!(Instant::now() < deadline, "{jobs}");
    }
    stand.close();
}

#[test]
fn a_customer_neither_sees_nor_stops_what_is_the_nodes() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    for (method, path) in [
        ("GET", "/v1/carriers"),
        ("POST", "/v1/carriers/north/pause"),
        ("POST", "/v1/carriers/north/resume"),
        ("GET", "/v1/queue"),
        ("GET", "/v1/queue/jobs"),
        ("POST", "/v1/queue/jobs"),
        ("POST", "/v1/queue/jobs/stop"),
        ("GET", "/v1/routes/explain?to=491700000001&account=shop"),
        ("GET", "/v1/routes/shadow"),
        ("POST", "/v1/routes/shadow"),
    ] {
        let (status, answer) = stand.json(method, path, "other", &NONE);
        assert!(
            status == 403 && answer["detail"].as_str().unwrap().contains("`operator"),
            "{path}: {status} {answer}"
        );
        assert!(answer.get("carriers").is_none() && answer.get("lanes").is_none());
    }
    let carriers = stand.json("GET", "/v1/carriers", "shop", &NONE).1;
    assert_eq!(carriers["carriers"][0]["paused"], false, "{carriers}");
    stand.close();
}

/// `submit_sm` from ACME to +447700900123 with the text "secret".
fn submit_pdu() -> Vec<u8> {
    let mut pdu = vec![0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 1];
    pdu.extend_from_slice(b"\0\x05\0ACME\0\x01\x01447700900123\0\0\0\0\0\0\x01\0\0\0\x06secret");
    pdu[3] = u8::try_from(pdu.len()).unwrap();
    pdu
}

/// Lines of a trace during which one submit went out in two pieces.
fn traced(stand: &Stand, path: &str) -> Vec<Value> {
    let tap = Arc::clone(&stand.tap);
    let writer = std::thread::spawn(move || {
        let until = Instant::now() + Duration::from_secs(10);
        while !tap.is_on() {
            assert!(Instant::now() < until, "nobody listens");
            std::thread::yield_now();
        }
        let pdu = submit_pdu();
        let (head, tail) = pdu.split_at(20);
        tap.note(1, 0, 1, 7, Direction::Out, head);
        tap.note(2, 0, 1, 7, Direction::Out, tail);
    });
    let (status, head, body) = stand.call("GET", path, "shop", "", b"");
    writer.join().unwrap();
    assert_eq!(status, 200, "{body}");
    assert!(head.contains("application/x-ndjson"), "{head}");
    // Lines come in chunks of HTTP/1.1: their lengths stand between them.
    let lines = body.lines().filter(|line| line.starts_with('{'));
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn a_trace_shows_whole_pdus_without_their_contents_and_ends_by_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let lines = traced(&stand, "/v1/carriers/north/trace?seconds=1");
    assert_eq!(
        lines[0],
        json!({"carrier": "north", "seconds": 1, "contents": false})
    );
    let pdus: Vec<&Value> = lines
        .iter()
        .filter(|line| line["pdu"].is_string())
        .collect();
    assert_eq!(pdus.len(), 1, "{lines:?}");
    assert_eq!(
        (
            &pdus[0]["utc_ns"],
            &pdus[0]["session"],
            &pdus[0]["connection"],
            &pdus[0]["direction"]
        ),
        (&json!(2), &json!(1), &json!(7), &json!("out"))
    );
    let hex = pdus[0]["pdu"].as_str().unwrap();
    assert_eq!(hex.len(), submit_pdu().len() * 2);
    assert!(hex.ends_with("787878787878"), "{hex}");
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["end"], &last["pdus"], &last["dropped"]),
        (&json!("time"), &json!(1), &json!(0))
    );
    assert!(!stand.tap.is_on());
    stand.close();
}

#[test]
fn contents_are_shown_where_they_are_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let lines = traced(&stand, "/v1/carriers/north/trace?seconds=1&contents=true");
    let hex = lines.iter().find_map(|line| line["pdu"].as_str()).unwrap();
    assert!(hex.ends_with("736563726574"), "{hex}");
    stand.close();
}

#[test]
fn a_trace_is_refused_to_customers_twice_at_a_time_and_of_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let get = |path: &str, account: &str| stand.json("GET", path, account, &NONE).0;
    assert_eq!(get("/v1/carriers/north/trace", "other"), 403);
    assert_eq!(get("/v1/carriers/south/trace", "shop"), 404);
    assert_eq!(get("/v1/carriers/north/trace?seconds=0", "shop"), 400);
    assert_eq!(get("/v1/carriers/north/trace?minutes=1", "shop"), 400);
    let listener = stand.tap.listen().unwrap();
    assert_eq!(get("/v1/carriers/north/trace", "shop"), 409);
    drop(listener);
    stand.close();
}

#[test]
fn a_client_that_goes_away_ends_the_trace_and_so_does_the_door() {
    let folder = tempfile::tempdir().unwrap();
    let stand = open(folder.path());
    let begin = || {
        let mut stream = TcpStream::connect(stand.door.address()).unwrap();
        let head = "GET /v1/carriers/north/trace?seconds=600 HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer shop-key\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 16];
        stream.read_exact(&mut first).unwrap();
        stream
    };
    drop(begin());
    let until = Instant::now() + Duration::from_secs(10);
    while stand.tap.is_on() {
        assert!(Instant::now() < until, "the trace goes on for nobody");
        std::thread::yield_now();
    }
    let mut stream = begin();
    let begun = Instant::now();
    stand.close();
    assert!(
        begun.elapsed() < Duration::from_secs(4),
        "the door waited for a trace"
    );
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("the node stops"), "{rest}");
}
