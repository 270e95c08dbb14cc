//! `carrack serve` as a process: started, asked, killed, started again on the same folder.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_carrack");
const KEY: &str = "test-key";

/// A carrier in the configuration.
pub(crate) struct CarrierEntry<'a> {
    pub(crate) name: &'static str,
    pub(crate) address: SocketAddr,
    pub(crate) price: &'static str,
    pub(crate) links: u32,
    pub(crate) window: u32,
    pub(crate) more: &'a str,
}

impl CarrierEntry<'static> {
    /// The usual one, with so many links and so large a window for each.
    pub(crate) fn north(address: SocketAddr, (links, window): (u32, u32)) -> Self {
        Self {
            name: "north",
            address,
            price: "0.005",
            links,
            window,
            more: "",
        }
    }
}

/// A folder with a configuration in it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new(carriers: &[CarrierEntry<'_>], more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut text = format!(
            "[node]\ndata_dir = \"data\"\n[delivery]\nsegments_max = 12\nretry_delay = \"50ms\"\n\
             [http]\nlisten = \"127.0.0.1:0\"\n[smpp_server]\nlisten = \"127.0.0.1:0\"\n\
             [shutdown]\ndeadline = \"20s\"\n\
             [[account]]\nname = \"test\"\napi_key = \"{KEY}\"\noperator = true\nsystem_id = \"test\"\npassword = \"secret\"\nwindow = 1000\n{more}\n"
        );
        let mut names = Vec::new();
        for CarrierEntry {
            name,
            address,
            price,
            links,
            window,
            more,
        } in carriers
        {
            write!(
                text,
                "[[carrier]]\nname = \"{name}\"\naddress = \"{address}\"\nsystem_id = \"c\"\npassword = \"p\"\nprice = \"{price}\"\n\
                 links = {links}\nwindow = {window}\nreconnect_delay = \"50ms\"\nreconnect_delay_max = \"200ms\"\n{more}\n"
            )
            .unwrap();
            names.push(format!("\"{name}\""));
        }
        write!(
            text,
            "[[route]]\nmatch = {{}}\ncarriers = [{}]\npolicy = \"least_cost\"\n",
            names.join(", ")
        )
        .unwrap();
        std::fs::write(folder.path().join("carrack.toml"), text).unwrap();
        Self { folder }
    }

    pub(crate) fn configuration(&self) -> PathBuf {
        self.folder.path().join("carrack.toml")
    }

    /// The program, with this configuration named where the command takes one.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        Command::new(PROGRAM)
            .args(arguments)
            .env("CARRACK_CONFIG", self.configuration())
            .output()
            .unwrap()
    }

    pub(crate) fn audit(&self) -> Value {
        let output = self.run(&["audit", "--json"]);
        let audit: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(
            output.status.code(),
            Some(i32::from(audit["adds_up"] != true)),
            "exit code says what the audit says"
        );
        audit
    }

    pub(crate) fn serve(&self) -> Node {
        let mut child = Command::new(PROGRAM)
            .args(["serve", "--config"])
            .arg(self.configuration())
            .env("CARRACK_LOG", "warn")
            .stderr(Stdio::from(self.log()))
            .spawn()
            .unwrap();
        let ready = self.folder.path().join("data/ready.json");
        let until = Instant::now() + Duration::from_secs(30);
        loop {
            let said = std::fs::read(&ready)
                .ok()
                .and_then(|octets| serde_json::from_slice::<Value>(&octets).ok());
            if let Some(said) = said.filter(|said| said["pid"] == child.id()) {
                let http = format!("http://{}", said["http"].as_str().unwrap());
                let smpp = said["smpp"]
                    .as_str()
                    .map(|address| address.parse().unwrap());
                return Node { child, http, smpp };
            }
            assert!(
                child.try_wait().unwrap().is_none(),
                "it ended: {}",
                self.said()
            );
            assert!(Instant::now() < until, "not ready: {}", self.said());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn log(&self) -> std::fs::File {
        std::fs::File::options()
            .create(true)
            .append(true)
            .open(self.folder.path().join("stderr"))
            .unwrap()
    }

    /// All that nodes of this place have said on standard error.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("stderr")).unwrap_or_default()
    }
}

/// A running node; killed when dropped.
pub(crate) struct Node {
    child: Child,
    pub(crate) http: String,
    pub(crate) smpp: Option<SocketAddr>,
}

impl Node {
    pub(crate) fn get(&self, path: &str) -> Value {
        let request = ureq::get(format!("{}{path}", self.http))
            .header("Authorization", format!("Bearer {KEY}"));
        request.call().unwrap().body_mut().read_json().unwrap()
    }

    pub(crate) fn delete(&self, path: &str) -> u16 {
        let request = ureq::delete(format!("{}{path}", self.http))
            .header("Authorization", format!("Bearer {KEY}"));
        request.call().unwrap().status().as_u16()
    }

    pub(crate) fn submit_batch(&self, file: &Path) -> String {
        let body = std::fs::File::open(file).unwrap();
        let request = ureq::post(format!("{}/v1/batches?from=ACME", self.http))
            .header("Authorization", format!("Bearer {KEY}"))
            .content_type("text/csv");
        let answer: Value = request.send(body).unwrap().body_mut().read_json().unwrap();
        answer["id"].as_str().unwrap().to_owned()
    }

    pub(crate) fn batch_errors(&self, id: &str) -> String {
        let request = ureq::get(format!("{}/v1/batches/{id}/errors", self.http));
        request
            .header("Authorization", format!("Bearer {KEY}"))
            .call()
            .unwrap()
            .body_mut()
            .read_to_string()
            .unwrap()
    }

    /// Waits until a batch is done; gives its last state.
    pub(crate) fn batch_done(&self, id: &str, within: Duration) -> Value {
        let until = Instant::now() + within;
        loop {
            let batch = self.get(&format!("/v1/batches/{id}"));
            if batch["state"] == "done" {
                return batch;
            }
            assert!(Instant::now() < until, "the batch is not done: {batch}");
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args([&format!("-{name}"), &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(sent.success());
    }

    /// kill -9.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// SIGTERM; gives the exit code and how long it took.
    pub(crate) fn stop(mut self) -> (Option<i32>, Duration) {
        let asked = Instant::now();
        self.signal("TERM");
        let status = self.child.wait().unwrap();
        (status.code(), asked.elapsed())
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Waits until something holds.
pub(crate) fn eventually(
    what: &str,
    within: Duration,
    mut holds: impl FnMut() -> bool,
) -> Duration {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < within, "not within {within:?}: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    begun.elapsed()
}
