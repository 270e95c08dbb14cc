//! `smsload http`: posts one message a request over keep-alive connections, one request at a time on each.
//!
//! A connection that breaks counts its message as unanswered and is opened again, at most `RECONNECTS_MAX` times in a row.

mod bulk;

use super::pace::OVERDUE_NOTED_MAX;
use super::pace::Turn;
use super::report::Tally;
use super::timeline::{Counts, Timeline};
use super::watch::{Look, Onlooker, Watch};
use super::{LoadFault, LoadReport, Pace, Texts};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{self, SendRequest};
use hyper::{Request, Uri, header};
use hyper_util::rt::TokioIo;
use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Instant;

const RECONNECTS_MAX: u32 = 10;
const RECONNECT_PAUSE: Duration = Duration::from_millis(100);
/// Octets of an answer that are read, at most.
const ANSWER_OCTETS_MAX: usize = 1024 * 1024;

/// How to load.
#[derive(Debug, Clone)]
pub struct Options {
    /// Base address, `http://host:port`; `/v1/messages` is added unless a path is given.
    pub url: String,
    /// API key, sent as bearer token.
    pub key: String,
    /// Connections.
    pub connections: u32,
    /// An answer later than this is given up.
    pub response_timeout: Duration,
    /// Lines of a stream without a verdict, at most; none: one message a request.
    pub bulk: Option<u32>,
    /// Each message has an idempotency key of its own, which begins so; none: it has none.
    pub keys: Option<String>,
}

#[derive(Debug)]
struct Shared {
    options: Options,
    target: Target,
    texts: Texts,
    pace: RefCell<Pace>,
    tally: RefCell<Tally>,
    broken: Cell<u32>,
    in_flight: Cell<u64>,
    started: Instant,
}

#[derive(Debug, Clone)]
struct Target {
    address: String,
    host: String,
    path: String,
}

/// Reads the base address.
fn target(url: &str, is_bulk: bool) -> Result<Target, LoadFault> {
    let usage = |why: &str| LoadFault::Usage(format!("--url {url}: {why}; write http://host:port"));
    let uri: Uri = url.parse().map_err(|_| usage("not an address"))?;
    if uri.scheme_str() != Some("http") {
        return Err(usage("only http is spoken"));
    }
    let authority = uri.authority().ok_or_else(|| usage("no host"))?;
    let port = authority.port_u16().unwrap_or(80);
    let path = match uri.path() {
        "/" if is_bulk => "/v1/messages:bulk",
        "/" => "/v1/messages",
        path => path,
    };
    Ok(Target {
        address: format!("{}:{port}", authority.host()),
        host: authority.to_string(),
        path: path.to_owned(),
    })
}

/// Drives a load to its end. Must be called inside a `LocalSet`.
///
/// # Errors
/// [`LoadFault`] for an address that cannot be used or reached at all.
pub async fn run(options: Options, texts: Texts, pace: Pace) -> Result<LoadReport, LoadFault> {
    let (report, _) = run_watched(options, texts, pace, Watch::default()).await?;
    Ok(report)
}

/// As [`run`], and looks on; the timeline is empty unless it was asked for.
///
/// # Errors
/// As [`run`].
pub async fn run_watched(
    options: Options,
    texts: Texts,
    pace: Pace,
    watch: Watch,
) -> Result<(LoadReport, Timeline), LoadFault> {
    let target = target(&options.url, options.bulk.is_some())?;
    let connections = options.connections.max(1);
    let window = u64::from(connections) * u64::from(options.bulk.unwrap_or(1));
    let shared = Rc::new(Shared {
        target,
        options,
        texts,
        pace: RefCell::new(pace),
        tally: RefCell::new(Tally::new()?),
        broken: Cell::new(0),
        in_flight: Cell::new(0),
        started: Instant::now(),
    });
    if watch.is_on() {
        shared.tally.borrow_mut().record(shared.now_ns(), window)?;
    }
    let looked_at = Rc::clone(&shared);
    let onlooker = Onlooker::start(watch, shared.pace.borrow().expected(), move || {
        looked_at.look()
    });
    let tasks: Vec<_> = (0..connections)
        .map(|_| tokio::task::spawn_local(connection(Rc::clone(&shared))))
        .collect();
    let mut first_fault = None;
    for task in tasks {
        let ended = task
            .await
            .map_err(|fault| LoadFault::Usage(format!("a connection's task ended: {fault}")))?;
        if let Err(fault) = ended {
            first_fault.get_or_insert(LoadFault::Connection {
                address: shared.target.address.clone(),
                fault,
            });
        }
    }
    drop(onlooker);
    finish(&shared, first_fault)
}

/// The report and the course of a load that has ended.
fn finish(
    shared: &Shared,
    first_fault: Option<LoadFault>,
) -> Result<(LoadReport, Timeline), LoadFault> {
    let counts = shared.counts();
    let (sent, started_ns) = (
        shared.pace.borrow().sent(),
        shared.pace.borrow().started_ns(),
    );
    let mut tally = std::mem::replace(&mut *shared.tally.borrow_mut(), Tally::new()?);
    let now_ns = shared.now_ns();
    let timeline = tally.take_timeline(now_ns, counts);
    let overdue = shared
        .pace
        .borrow()
        .overdue(now_ns, OVERDUE_NOTED_MAX, |scheduled_ns| {
            tally.waited(now_ns, scheduled_ns);
        });
    let mut report = tally.finish(started_ns);
    report.overdue = overdue;
    if let Some(fault) = first_fault {
        if sent == 0 {
            return Err(fault);
        }
        report.fault.get_or_insert(fault.to_string());
    }
    report.sent = sent;
    report.disconnects = u64::from(shared.broken.get());
    Ok((report, timeline))
}

async fn connection(shared: Rc<Shared>) -> io::Result<()> {
    let mut body = Body::default();
    let mut broken_in_a_row = 0;
    loop {
        let ended = match shared.options.bulk {
            Some(window) => bulk::keep_streaming(&shared, window).await,
            None => keep_posting(&shared, &mut body, &mut broken_in_a_row).await,
        };
        let Err(fault) = ended else { return Ok(()) };
        shared.broken.set(shared.broken.get() + 1);
        broken_in_a_row += 1;
        if broken_in_a_row > RECONNECTS_MAX {
            return Err(fault);
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

async fn keep_posting(
    shared: &Shared,
    body: &mut Body,
    broken_in_a_row: &mut u32,
) -> io::Result<()> {
    let stream = TcpStream::connect(&shared.target.address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, wire) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let wire = tokio::task::spawn_local(wire);
    let ended = loop {
        let turn = shared.pace.borrow_mut().turn(shared.now_ns());
        match turn {
            Turn::Done => break Ok(()),
            Turn::NotBefore(next_ns) => {
                tokio::time::sleep_until(shared.started + Duration::from_nanos(next_ns)).await
            }
            Turn::Send {
                number,
                scheduled_ns,
            } => {
                let json = body.write(&shared.texts, number);
                shared.in_flight.set(shared.in_flight.get() + 1);
                let posted = post(shared, &mut sender, (number, json), scheduled_ns).await;
                shared.in_flight.set(shared.in_flight.get() - 1);
                if let Err(fault) = posted {
                    let mut tally = shared.tally.borrow_mut();
                    tally.waited(shared.now_ns(), scheduled_ns);
                    tally.report.unanswered += 1;
                    break Err(fault);
                }
                *broken_in_a_row = 0;
            }
        }
    };
    drop(sender);
    wire.abort();
    ended
}

async fn post(
    shared: &Shared,
    sender: &mut SendRequest<Full<Bytes>>,
    (number, json): (u64, Bytes),
    scheduled_ns: u64,
) -> io::Result<()> {
    let sent_ns = shared.now_ns();
    let mut request = Request::post(&shared.target.path)
        .header(header::HOST, &shared.target.host)
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", shared.options.key),
        )
        .header(header::CONTENT_TYPE, "application/json");
    if let Some(keys) = &shared.options.keys {
        request = request.header("idempotency-key", format!("{keys}-{number}"));
    }
    let request = request.body(Full::new(json)).map_err(io::Error::other)?;
    let exchange = async {
        sender.ready().await.map_err(io::Error::other)?;
        let answer = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        let status = answer.status();
        let content = Limited::new(answer.into_body(), ANSWER_OCTETS_MAX)
            .collect()
            .await
            .map_err(io::Error::other)?
            .to_bytes();
        Ok::<_, io::Error>((status, content))
    };
    let (status, content) = tokio::time::timeout(shared.options.response_timeout, exchange)
        .await
        .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))??;
    let refusal = if status.is_success() {
        refusal_inside(&content)
    } else {
        Some(format!("HTTP {}", status.as_u16()))
    };
    let now_ns = shared.now_ns();
    let mut tally = shared.tally.borrow_mut();
    tally.answered(now_ns, scheduled_ns, refusal);
    tally.served(now_ns, sent_ns);
    Ok(())
}

/// The reason when an answer of success carries a refused recipient.
fn refusal_inside(content: &[u8]) -> Option<String> {
    let Ok(answer) = serde_json::from_slice::<serde_json::Value>(content) else {
        return Some("answer is not JSON".to_owned());
    };
    let message = answer
        .get("messages")
        .and_then(|messages| messages.get(0))
        .unwrap_or(&answer);
    if message.get("id").is_some_and(serde_json::Value::is_string) {
        return None;
    }
    let error = message
        .get("error")
        .map(|error| error.get("type").unwrap_or(error));
    Some(error.map_or_else(
        || "answer without id".to_owned(),
        |error| {
            error
                .as_str()
                .map_or_else(|| error.to_string(), str::to_owned)
        },
    ))
}

impl Shared {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.started.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn counts(&self) -> Counts {
        let sent = self.pace.borrow().sent();
        self.tally.borrow().counts(sent, 0)
    }

    fn look(&self) -> Look {
        let (counts, in_flight) = (self.counts(), self.in_flight.get());
        let mut tally = self.tally.borrow_mut();
        Look {
            sent: counts.sent,
            in_flight,
            sample: tally.look(self.now_ns(), counts, in_flight),
        }
    }
}

/// Buffers of one connection.
#[derive(Debug, Default)]
struct Body {
    to: String,
    text: String,
}

#[derive(serde::Serialize)]
struct Message<'a> {
    to: &'a str,
    from: &'a str,
    text: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    class: Option<&'static str>,
}

impl Body {
    fn write(&mut self, texts: &Texts, number: u64) -> Bytes {
        texts.write_to(number, &mut self.to);
        texts.write_text(number, &mut self.text);
        let message = Message {
            to: &self.to,
            from: texts.from(),
            text: &self.text,
            class: texts.class(number).map(|class| class.name()),
        };
        // Three strings always make JSON.
        serde_json::to_vec(&message).unwrap_or_default().into()
    }
}

#[cfg(test)]
mod tests {
    #![allow(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::indexing_slicing
    )]

    use super::*;

    #[test]
    fn addresses_get_the_path_of_the_contract() {
        let found = target("http://127.0.0.1:8080", false).unwrap();
        assert_eq!(
            (found.address.as_str(), found.path.as_str()),
            ("127.0.0.1:8080", "/v1/messages")
        );
        assert_eq!(target("http://h/x", true).unwrap().path, "/x");
        assert!(target("https://h", false).is_err());
        assert!(target("h:80", false).is_err());
    }

    #[test]
    fn a_class_is_said_where_the_mix_names_one() {
        let texts = |mix: &str| {
            let mix = crate::load::Mix::parse(mix).unwrap();
            Texts::new("44", 3, "A", 1).with_mix(mix)
        };
        let json = |texts: &Texts| -> serde_json::Value {
            serde_json::from_slice(&Body::default().write(texts, 7)).unwrap()
        };
        assert_eq!(json(&texts("ucs2:20:otp"))["class"], "otp");
        assert_eq!(json(&texts("ucs2:20")).get("class"), None);
    }

    #[test]
    fn a_refused_recipient_is_not_accepted() {
        assert_eq!(
            refusal_inside(br#"{"messages":[{"id":"a","to":"1"}]}"#),
            None
        );
        assert_eq!(
            refusal_inside(br#"{"messages":[{"to":"1","error":{"type":"bad-number"}}]}"#),
            Some("bad-number".into())
        );
        assert_eq!(
            refusal_inside(br#"{"messages":[{"to":"1","error":"bad"}]}"#),
            Some("bad".into())
        );
        assert_eq!(refusal_inside(b"hello"), Some("answer is not JSON".into()));
    }
}
