//! The HTTP generator for a comparison: the same loop, connections and texts, whoever answers.
//!
//! Closed loop: each connection has one request under way. Bound: a connection that breaks is opened again, at most
//! [`BROKEN_MAX`] times in all.

use std::cell::{Cell, RefCell};
use std::io::{Error, ErrorKind};
use std::rc::Rc;
use std::time::{Duration, Instant};

use hdrhistogram::Histogram;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::LocalSet;

use crate::outcome::LatencyMs;
use crate::request::Form;
use crate::sink::{content_length, head_end};

const BROKEN_MAX: u32 = 100;
const ANSWER_MAX: Duration = Duration::from_secs(30);
const RECONNECT_PAUSE: Duration = Duration::from_millis(50);

/// What is sent.
#[derive(Debug)]
pub(crate) struct HttpLoad {
    pub(crate) form: Form,
    pub(crate) connections: u32,
    pub(crate) count: u64,
    /// Tells the texts of one run from those of another.
    pub(crate) mark: u32,
}

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    pub(crate) accepted: u64,
    pub(crate) seconds: f64,
    pub(crate) latency_ms: LatencyMs,
    pub(crate) faults: Vec<String>,
}

struct Shared {
    load: HttpLoad,
    next: Cell<u64>,
    accepted: Cell<u64>,
    refused: Cell<u64>,
    first_refusal: RefCell<Option<String>>,
    broken: Cell<u32>,
    latency_us: RefCell<Histogram<u64>>,
}

impl HttpLoad {
    /// Sends all and returns with the last answer.
    pub(crate) fn run(self) -> anyhow::Result<Sent> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let connections = self.connections;
        let shared = Rc::new(Shared {
            load: self,
            next: Cell::new(0),
            accepted: Cell::new(0),
            refused: Cell::new(0),
            first_refusal: RefCell::new(None),
            broken: Cell::new(0),
            latency_us: RefCell::new(Histogram::new_with_bounds(1, 600_000_000, 3)?),
        });
        let begun = Instant::now();
        let local = LocalSet::new();
        for _ in 0..connections {
            local.spawn_local(connection(Rc::clone(&shared)));
        }
        runtime.block_on(local);
        Ok(shared.sent(begun.elapsed()))
    }
}

impl Shared {
    fn sent(&self, elapsed: Duration) -> Sent {
        let mut faults = Vec::new();
        if self.refused.get() > 0 {
            faults.push(format!(
                "{} refused, the first with {}",
                self.refused.get(),
                self.first_refusal.borrow().as_deref().unwrap_or_default()
            ));
        }
        if self.broken.get() > 0 {
            faults.push(format!("{} connections broke", self.broken.get()));
        }
        let latency = self.latency_us.borrow();
        let ms = |share| latency.value_at_quantile(share) as f64 / 1e3;
        Sent {
            accepted: self.accepted.get(),
            seconds: elapsed.as_secs_f64(),
            latency_ms: LatencyMs {
                p50: ms(0.5),
                p90: ms(0.9),
                p99: ms(0.99),
                p999: ms(0.999),
                max: latency.max() as f64 / 1e3,
            },
            faults,
        }
    }

    fn answered(&self, took: Duration, head: &str) {
        let status = head.split_whitespace().nth(1).unwrap_or_default();
        if status.starts_with('2') {
            self.accepted.set(self.accepted.get() + 1);
        } else {
            self.refused.set(self.refused.get() + 1);
            let mut first = self.first_refusal.borrow_mut();
            first.get_or_insert_with(|| head.lines().next().unwrap_or_default().to_owned());
        }
        let us = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.latency_us.borrow_mut().saturating_record(us);
    }
}

async fn connection(shared: Rc<Shared>) {
    while posting(&shared).await.is_err() {
        shared.broken.set(shared.broken.get() + 1);
        if shared.broken.get() > BROKEN_MAX {
            return;
        }
        tokio::time::sleep(RECONNECT_PAUSE).await;
    }
}

async fn posting(shared: &Shared) -> std::io::Result<()> {
    let load = &shared.load;
    let mut stream = TcpStream::connect(load.form.host()).await?;
    stream.set_nodelay(true)?;
    let (mut request, mut answer) = (Vec::new(), Vec::with_capacity(4096));
    loop {
        let number = shared.next.get();
        if number >= load.count {
            return Ok(());
        }
        shared.next.set(number + 1);
        load.form.write(load.mark, number, &mut request)?;
        let begun = Instant::now();
        stream.write_all(&request).await?;
        let read = tokio::time::timeout(ANSWER_MAX, whole_answer(&mut stream, &mut answer));
        let head = read.await.map_err(|_| Error::from(ErrorKind::TimedOut))??;
        shared.answered(begun.elapsed(), &head);
        if head.to_ascii_lowercase().contains("connection: close") {
            stream = TcpStream::connect(load.form.host()).await?;
            stream.set_nodelay(true)?;
        }
    }
}

/// Reads one answer, body included; its head.
async fn whole_answer(stream: &mut TcpStream, answer: &mut Vec<u8>) -> std::io::Result<String> {
    answer.clear();
    loop {
        if stream.read_buf(answer).await? == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        let Some(end) = head_end(answer) else {
            continue;
        };
        let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default()).into_owned();
        if answer.len() >= end + content_length(&head) {
            return Ok(head);
        }
    }
}
