//! A customer's receiver: a small HTTP server that behaves as it is told, and remembers what it was sent.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha2::Sha256;

/// How it answers.
pub(crate) enum Answer {
    /// This, whole.
    Whole(u16, String, String),
    /// A 200, when the client has gone.
    Late,
    /// A 200 whose body never ends.
    Endless,
    /// A 200 whose body is shorter than it says.
    Short,
    /// Nothing: the connection is closed.
    Cut,
}

impl Answer {
    pub(crate) fn whole(status: u16, body: &str) -> Self {
        Self::Whole(status, String::new(), body.to_owned())
    }

    /// A redirect.
    pub(crate) fn to(status: u16, url: &str) -> Self {
        Self::Whole(status, format!("Location: {url}\r\n"), String::new())
    }
}

/// A request.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    /// Of all requests, from 0.
    pub(crate) serial: usize,
    /// How often its event came by now, itself included.
    pub(crate) times: usize,
    pub(crate) path: String,
    headers: HashMap<String, String>,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// By which requests are told apart: that of the first event.
    pub(crate) fn id(&self) -> String {
        self.header("x-carrack-id").unwrap().to_owned()
    }

    /// The events in it.
    pub(crate) fn events(&self) -> Vec<Value> {
        let json = self.json();
        match json.get("events") {
            Some(Value::Array(events)) => events.clone(),
            _ => vec![json],
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    /// As `docs/webhooks.md` says it is checked.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let value = self.header("x-carrack-signature").unwrap_or_default();
        let parts: Vec<(&str, &str)> = value.split(',').filter_map(|p| p.split_once('=')).collect();
        let of = |name| {
            parts
                .iter()
                .filter(move |(n, _)| *n == name)
                .map(|(_, v)| *v)
        };
        let Some(time) = of("t").next() else {
            return false;
        };
        let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(&self.body);
        let octets = mac.finalize().into_bytes();
        let expected: String = octets.iter().map(|octet| format!("{octet:02x}")).collect();
        of("v1").any(|given| given == expected)
    }
}

struct Shared {
    behaviour: Box<dyn Fn(&Seen) -> Answer + Send + Sync>,
    seen: Mutex<Vec<Seen>>,
    stop: AtomicBool,
    now: AtomicUsize,
    most: AtomicUsize,
}

pub(crate) struct Receiver {
    address: SocketAddr,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

impl Receiver {
    pub(crate) fn start(behaviour: impl Fn(&Seen) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1:0".parse().unwrap(), behaviour)
    }

    pub(crate) fn start_at(
        address: SocketAddr,
        behaviour: impl Fn(&Seen) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            behaviour: Box::new(behaviour),
            seen: Mutex::default(),
            stop: AtomicBool::new(false),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
        });
        let serving = Arc::clone(&shared);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if serving.stop.load(Ordering::SeqCst) {
                    return;
                }
                let serving = Arc::clone(&serving);
                std::thread::spawn(move || serve(stream.unwrap(), &serving));
            }
        });
        Self {
            address,
            shared,
            thread: Some(thread),
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap().clone()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.shared.most.load(Ordering::SeqCst)
    }

    /// Nobody listens any more; gives where it did.
    pub(crate) fn stop(mut self) -> SocketAddr {
        self.end();
        self.address
    }

    fn end(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.shared.stop.store(true, Ordering::SeqCst);
            drop(TcpStream::connect(self.address));
            thread.join().unwrap();
        }
    }
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.end();
    }
}

/// Serves a connection until either side closes it.
fn serve(mut stream: TcpStream, shared: &Shared) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    while let Some(mut seen) = read(&mut reader) {
        let now = shared.now.fetch_add(1, Ordering::SeqCst) + 1;
        shared.most.fetch_max(now, Ordering::SeqCst);
        {
            let mut all = shared.seen.lock().unwrap();
            seen.serial = all.len();
            seen.times = 1 + all.iter().filter(|other| other.id() == seen.id()).count();
            all.push(seen.clone());
        }
        let answer = (shared.behaviour)(&seen);
        shared.now.fetch_sub(1, Ordering::SeqCst);
        let head = |status: u16, length: usize, more: &str| {
            format!("HTTP/1.1 {status} x\r\nContent-Length: {length}\r\n{more}\r\n")
        };
        let (octets, goes_on) = match answer {
            Answer::Whole(status, more, body) => (head(status, body.len(), &more) + &body, true),
            Answer::Late => {
                // Until the client has gone.
                stream
                    .set_read_timeout(Some(Duration::from_secs(20)))
                    .unwrap();
                let _ = reader.read(&mut [0]);
                (head(200, 0, ""), false)
            }
            Answer::Endless => {
                let _ = stream.write_all(b"HTTP/1.1 200 x\r\nTransfer-Encoding: chunked\r\n\r\n");
                let piece = format!("1000\r\n{}\r\n", "x".repeat(0x1000));
                while stream.write_all(piece.as_bytes()).is_ok() {}
                return;
            }
            Answer::Short => (head(200, 100, "") + "{}", false),
            Answer::Cut => return,
        };
        if stream.write_all(octets.as_bytes()).is_err() || !goes_on {
            return;
        }
    }
}

/// None: the client has gone, or speaks no HTTP.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Seen> {
    let mut line = String::new();
    reader
        .read_line(&mut line)
        .ok()
        .filter(|octets| *octets > 0)?;
    let path = line.split_whitespace().nth(1)?.to_owned();
    assert!(line.starts_with("POST "), "{line}");
    let mut headers = HashMap::new();
    loop {
        line.clear();
        reader
            .read_line(&mut line)
            .ok()
            .filter(|octets| *octets > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some(Seen {
        serial: 0,
        times: 0,
        path,
        headers,
        body,
    })
}
