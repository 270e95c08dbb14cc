//! A register of our own, over real sockets, that behaves as each test wants; and settings that point to it.
#![allow(dead_code, unreachable_pub, missing_docs)]

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use carrack_lookup::{Answer, Lookups};
use carrack_message::Msisdn;
use carrack_settings::{Hlr, Settings};

/// Longer than anything here takes.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it came.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    pub line: String,
    pub headers: HashMap<String, String>,
    pub body: String,
}

/// What the register does with a request: writes octets, or holds the connection.
pub type Behaviour = dyn Fn(&Asked, &mut TcpStream) + Send + Sync;

pub struct Register {
    pub address: SocketAddr,
    asked: Arc<Mutex<Vec<Asked>>>,
}

impl Register {
    pub fn start(behaviour: impl Fn(&Asked, &mut TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let asked: Arc<Mutex<Vec<Asked>>> = Arc::default();
        let (seen, behaviour) = (Arc::clone(&asked), Arc::new(behaviour));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (seen, behaviour) = (Arc::clone(&seen), Arc::clone(&behaviour));
                std::thread::spawn(move || serve(stream, &seen, &*behaviour));
            }
        });
        Self { address, asked }
    }

    /// One that answers every number with this document.
    pub fn saying(document: &'static str) -> Self {
        Self::start(move |_, stream| answer(stream, "200 OK", "", document))
    }

    pub fn asked(&self) -> Vec<Asked> {
        self.asked.lock().unwrap().clone()
    }
}

/// One request a connection: `Connection: close` keeps the register simple.
fn serve(mut stream: TcpStream, seen: &Mutex<Vec<Asked>>, behaviour: &Behaviour) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut asked = Asked::default();
    if reader.read_line(&mut asked.line).unwrap_or(0) == 0 {
        return;
    }
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 || line.trim().is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            asked
                .headers
                .insert(name.to_lowercase(), value.trim().to_owned());
        }
    }
    let length = asked
        .headers
        .get("content-length")
        .and_then(|text| text.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    reader.read_exact(&mut body).unwrap();
    asked.body = String::from_utf8(body).unwrap();
    seen.lock().unwrap().push(asked.clone());
    behaviour(&asked, &mut stream);
}

pub fn answer(stream: &mut TcpStream, status: &str, headers: &str, body: &str) {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {length}\r\n{headers}\r\n"
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(body.as_bytes());
}

/// Settings for a register, with more keys where a test wants them.
pub fn settings(address: SocketAddr, more: &str) -> Hlr {
    let text = format!(
        "[node]\ndata_dir = \"data\"\n[hlr]\nurl = \"http://{address}/v1/{{number}}?key=k\"\nprice = \"0.01\"\n{}{}{}{more}\n",
        default(more, "budget_a_day", "\"100\""),
        default(more, "status", "\"/status\""),
        default(more, "timeout", "\"10s\""),
    );
    let settings = Settings::parse(&text, "test.toml", Path::new(""))
        .unwrap_or_else(|faults| panic!("{faults}"));
    settings.hlr.unwrap()
}

fn default(more: &str, key: &str, value: &str) -> String {
    if more.contains(key) {
        String::new()
    } else {
        format!("{key} = {value}\n")
    }
}

/// Lookups with a ledger in a folder of the test.
pub fn lookups(folder: &Path, hlr: &Hlr) -> Lookups {
    Lookups::start(hlr, &folder.join("hlr-spent")).unwrap()
}

pub fn number(place: u64) -> Msisdn {
    Msisdn::from_u64(447_700_900_000 + place).unwrap()
}

/// Asks and gives where the answer comes.
pub fn ask(lookups: &Lookups, to: Msisdn, within: Duration) -> Receiver<Answer> {
    let (sender, receiver) = channel();
    lookups.ask(
        to,
        Instant::now() + within,
        Box::new(move |answer| sender.send(answer).unwrap()),
    );
    receiver
}

/// Asks and waits for the answer.
pub fn answered(lookups: &Lookups, to: Msisdn) -> Answer {
    ask(lookups, to, PATIENCE)
        .recv_timeout(PATIENCE * 2)
        .unwrap()
}
