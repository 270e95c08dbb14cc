//! What the tests share: a place with one carrier, messages and their acknowledgements, a start that is refused.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use carrack_message::MessageId;
use serde_json::{Value, json};

use super::carrier::Carrier;
use super::node::{CarrierEntry, Node, PROGRAM, Place, eventually};

/// Nothing here takes longer unless it is broken.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// A place whose only carrier is this one.
pub(crate) fn place(carrier: &Carrier) -> Place {
    place_with(carrier, "")
}

/// The same with more of a configuration.
pub(crate) fn place_with(carrier: &Carrier, more: &str) -> Place {
    let entry = CarrierEntry::north(carrier.address, (1, 100));
    let place = Place::new(&[entry], more);
    // A customer who waits for a full disk hears soon that nothing is known.
    let text = std::fs::read_to_string(place.configuration()).unwrap();
    let listen = "[http]\nlisten = \"127.0.0.1:0\"\n";
    assert!(text.contains(listen));
    let text = text.replace(listen, &format!("{listen}request_timeout = \"1s\"\n"));
    std::fs::write(place.configuration(), text).unwrap();
    place
}

pub(crate) fn data(place: &Place) -> PathBuf {
    place.folder.path().join("data")
}

/// An answer of the HTTP door, whatever its status.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
    pub(crate) retry_after: bool,
}

fn answer(response: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Answer {
    let mut response = response.unwrap();
    Answer {
        status: response.status().as_u16(),
        retry_after: response.headers().contains_key("retry-after"),
        body: response.body_mut().read_json().unwrap_or(Value::Null),
    }
}

fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(PATIENCE));
    config.build().into()
}

pub(crate) fn get(node: &Node, path: &str) -> Answer {
    let request = agent().get(format!("{}{path}", node.http));
    answer(request.header("Authorization", "Bearer test-key").call())
}

pub(crate) fn post(node: &Node, path: &str, kind: &str, body: &[u8]) -> Answer {
    let request = agent().post(format!("{}{path}", node.http));
    let request = request.header("Authorization", "Bearer test-key");
    answer(request.content_type(kind).send(body))
}

/// A long text that does not compress well and that no other has.
pub(crate) fn text(number: u64) -> String {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut text = format!("{number} ");
    while text.len() < 1400 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        write!(text, "{state:x}").unwrap();
    }
    text
}

/// Asks the node to take one text to each of so many recipients.
pub(crate) fn offer(node: &Node, text: &str, recipients: usize) -> Answer {
    let to: Vec<String> = (0..recipients)
        .map(|number| format!("447700900{number:03}"))
        .collect();
    let body = json!({"to": to, "from": "ACME", "text": text}).to_string();
    post(node, "/v1/messages", "application/json", body.as_bytes())
}

/// The ids that an answer acknowledges.
pub(crate) fn acknowledged(answer: &Answer) -> Vec<String> {
    let messages = answer.body["messages"].as_array().into_iter().flatten();
    messages
        .filter_map(|message| Some(message["id"].as_str()?.to_owned()))
        .collect()
}

/// So many messages, one a request, so that each has its own frame; all acknowledged.
pub(crate) fn submit(node: &Node, name: &str, count: usize) -> Vec<String> {
    let one = |number| {
        let answer = offer(node, &format!("{name} {number}"), 1);
        assert_eq!(answer.status, 202, "{}", answer.body);
        acknowledged(&answer)
    };
    (0..count).flat_map(one).collect()
}

/// The acknowledged messages that the node knows nothing of.
pub(crate) fn unknown(node: &Node, ids: &[String]) -> BTreeSet<String> {
    let missing = |id: &&String| match get(node, &format!("/v1/messages/{id}")).status {
        200 => false,
        404 => true,
        status => panic!("{id}: {status}"),
    };
    ids.iter().filter(missing).cloned().collect()
}

/// Epoch, shard and number of the frame in which a message was acknowledged: its id says it.
pub(crate) fn frame(id: &str) -> (u32, u8, u32) {
    let parts = id.parse::<MessageId>().unwrap().parts();
    (parts.epoch, parts.shard, parts.frame)
}

/// Waits until nothing waits any more; gives the audit.
pub(crate) fn all_final(place: &Place) -> Value {
    let mut audit = Value::Null;
    eventually("all messages end", PATIENCE, || {
        audit = place.audit();
        audit["waiting"] == 0
    });
    audit
}

/// A start that must be refused: what it says, in bounded time.
pub(crate) fn refusal_to_start(place: &Place) -> String {
    let mut serve = Command::new(PROGRAM);
    refused(
        place,
        serve.args(["serve", "--config"]).arg(place.configuration()),
    )
}

/// Runs a command that must end by itself, exit 1 and say why without a panic.
pub(crate) fn refused(place: &Place, command: &mut Command) -> String {
    let path = place.folder.path().join("refusal");
    let log = std::fs::File::create(&path).unwrap();
    let mut child = command
        .env("CARRACK_LOG", "warn")
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    let until = Instant::now() + PATIENCE;
    let code = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status.code();
        }
        if Instant::now() > until {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!(
                "it did not end: {}",
                std::fs::read_to_string(&path).unwrap()
            );
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let said = std::fs::read_to_string(&path).unwrap();
    assert_eq!(code, Some(1), "{said}");
    assert!(!said.contains("panicked"), "{said}");
    said
}

/// Files of the database with this ending, oldest first.
pub(crate) fn store_files(place: &Place, ending: &str) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(data(place).join("store")).unwrap();
    let mut files: Vec<PathBuf> = folder
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|found| found == ending))
        .collect();
    files.sort();
    files
}

pub(crate) fn octets(path: &Path) -> u64 {
    path.metadata().unwrap().len()
}

pub(crate) fn name(path: &Path) -> String {
    path.file_name().unwrap().to_string_lossy().into_owned()
}

/// Cuts a file to so many octets.
pub(crate) fn cut(path: &Path, octets: u64) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_len(octets).unwrap();
}

/// Octets that mean nothing, over those at `from` on; a file grows by them where it ends.
pub(crate) fn spoil(path: &Path, from: u64, octets: usize) {
    use std::os::unix::fs::FileExt as _;
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let noise: Vec<u8> = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    })
    .take(octets)
    .collect();
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.write_all_at(&noise, from).unwrap();
}
