//! `smsload http --bulk N`: one request a connection, a message a line as long as it lasts, and a verdict a line back.
//!
//! At most N lines of a connection are without a verdict. A stream that breaks counts those as unanswered.

use super::{ANSWER_OCTETS_MAX, Body as Message, Shared, Turn, refusal_inside};
use http_body_util::BodyExt;
use hyper::body::{Body, Bytes, Frame, Incoming};
use hyper::client::conn::http1;
use hyper::{Request, header};
use hyper_util::rt::TokioIo;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::time::Sleep;

/// Octets of lines that go together.
const BLOCK_OCTETS: usize = 32 * 1024;

/// Lines whose verdicts are awaited: when each should have gone, and when it went.
#[derive(Debug, Default)]
struct Awaited {
    lines: VecDeque<(u64, u64)>,
    room: Option<Waker>,
}

/// The lines of one connection, made as they are wanted.
struct Lines {
    shared: Rc<Shared>,
    awaited: Rc<RefCell<Awaited>>,
    message: Message,
    window: usize,
    sleep: Option<Pin<Box<Sleep>>>,
}

impl Body for Lines {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = &mut *self;
        let mut block = Vec::new();
        let mut awaited = this.awaited.borrow_mut();
        let wait = loop {
            if awaited.lines.len() >= this.window || block.len() >= BLOCK_OCTETS {
                awaited.room = Some(context.waker().clone());
                break None;
            }
            let now_ns = this.shared.now_ns();
            let turn = this.shared.pace.borrow_mut().turn(now_ns);
            match turn {
                Turn::Done if block.is_empty() => return Poll::Ready(None),
                Turn::Done => break None,
                Turn::NotBefore(next_ns) => break Some(next_ns),
                Turn::Send {
                    number,
                    scheduled_ns,
                } => {
                    block.extend_from_slice(&this.message.write(&this.shared.texts, number));
                    block.push(b'\n');
                    awaited.lines.push_back((scheduled_ns, now_ns));
                    let in_flight = this.shared.in_flight.get();
                    this.shared.in_flight.set(in_flight + 1);
                }
            }
        };
        drop(awaited);
        if !block.is_empty() {
            return Poll::Ready(Some(Ok(Frame::data(block.into()))));
        }
        if let Some(next_ns) = wait {
            let until = this.shared.started + Duration::from_nanos(next_ns);
            let sleep = this.sleep.insert(Box::pin(tokio::time::sleep_until(until)));
            if sleep.as_mut().poll(context).is_ready() {
                context.waker().wake_by_ref();
            }
        }
        Poll::Pending
    }
}

/// Streams until the pace is done or the connection breaks.
pub(super) async fn keep_streaming(shared: &Rc<Shared>, window: u32) -> io::Result<()> {
    let awaited = Rc::new(RefCell::new(Awaited::default()));
    let ended = stream(shared, &awaited, window).await;
    let lost = awaited.borrow().lines.len() as u64;
    shared.in_flight.set(shared.in_flight.get() - lost);
    if lost > 0 {
        let now_ns = shared.now_ns();
        let mut tally = shared.tally.borrow_mut();
        for (scheduled_ns, _) in &awaited.borrow().lines {
            tally.waited(now_ns, *scheduled_ns);
        }
        tally.report.unanswered += lost;
    }
    ended.and_then(|()| match lost {
        0 => Ok(()),
        _ => Err(io::ErrorKind::UnexpectedEof.into()),
    })
}

async fn stream(
    shared: &Rc<Shared>,
    awaited: &Rc<RefCell<Awaited>>,
    window: u32,
) -> io::Result<()> {
    let stream = TcpStream::connect(&shared.target.address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, wire) = http1::handshake(TokioIo::new(stream))
        .await
        .map_err(io::Error::other)?;
    let wire = tokio::task::spawn_local(wire);
    let lines = Lines {
        shared: Rc::clone(shared),
        awaited: Rc::clone(awaited),
        message: Message::default(),
        window: window as usize,
        sleep: None,
    };
    let request = Request::post(&shared.target.path)
        .header(header::HOST, &shared.target.host)
        .header(
            header::AUTHORIZATION,
            format!("Bearer {}", shared.options.key),
        )
        .header(header::CONTENT_TYPE, "application/x-ndjson")
        .body(lines)
        .map_err(io::Error::other)?;
    let exchange = async {
        let answer = sender
            .send_request(request)
            .await
            .map_err(io::Error::other)?;
        if !answer.status().is_success() {
            let what = format!("the stream was refused with HTTP {}", answer.status());
            return Err(io::Error::other(what));
        }
        read_verdicts(shared, awaited, answer.into_body()).await
    };
    let ended = exchange.await;
    wire.abort();
    ended
}

async fn read_verdicts(
    shared: &Shared,
    awaited: &RefCell<Awaited>,
    mut body: Incoming,
) -> io::Result<()> {
    let mut begun: Vec<u8> = Vec::new();
    loop {
        let frame = tokio::time::timeout(shared.options.response_timeout, body.frame()).await;
        let Some(frame) = frame.map_err(|_| io::Error::from(io::ErrorKind::TimedOut))? else {
            return Ok(());
        };
        let Ok(octets) = frame.map_err(io::Error::other)?.into_data() else {
            continue;
        };
        begun.extend_from_slice(&octets);
        let whole = begun
            .iter()
            .rposition(|octet| *octet == b'\n')
            .map_or(0, |end| end + 1);
        let lines = begun.get(..whole).unwrap_or_default();
        for line in lines.split_inclusive(|octet| *octet == b'\n') {
            note(shared, awaited, line)?;
        }
        begun.drain(..whole);
        if begun.len() > ANSWER_OCTETS_MAX {
            return Err(io::Error::other("a verdict without end"));
        }
        if let Some(room) = awaited.borrow_mut().room.take() {
            room.wake();
        }
    }
}

fn note(shared: &Shared, awaited: &RefCell<Awaited>, line: &[u8]) -> io::Result<()> {
    let sent = awaited.borrow_mut().lines.pop_front();
    let Some((scheduled_ns, sent_ns)) = sent else {
        return Err(io::Error::other("a verdict of no line"));
    };
    shared.in_flight.set(shared.in_flight.get() - 1);
    let now_ns = shared.now_ns();
    let mut tally = shared.tally.borrow_mut();
    // What is taken has its id behind the number of its line; all else is worth a closer look.
    let rest = line.iter().position(|octet| *octet == b',');
    let rest = rest.and_then(|place| line.get(place..));
    let is_taken = rest.is_some_and(|rest| rest.starts_with(b",\"id\":\""));
    let refusal = if is_taken { None } else { refusal_inside(line) };
    tally.answered(now_ns, scheduled_ns, refusal);
    tally.served(now_ns, sent_ns);
    Ok(())
}
