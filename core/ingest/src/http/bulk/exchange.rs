//! One stream of lines and verdicts.
//!
//! Promise: nothing is read while there is no room for it, so that a client is held back by TCP; a lone line is sent at
//! once, and lines that come while others are on their way travel together. Driven by the connection that writes the answer:
//! when that ends, so does this. Bound: [`FLIGHTS_MAX`] chunks on their way, one being gathered, the octets read last; the
//! request timeout for a line to come, for the rate or the engine to have room, and for the engine's answer.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::StatusCode;
use carrack_engine::{Chunk, Submission, Verdict};
use http_body_util::BodyExt;
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

use super::gather::{Gathered, Read};
use super::lines::Lines;
use super::verdict::Row;
use crate::accounts::Account;
use crate::http::messages::rate_problem;
use crate::http::problem::Problem;
use crate::http::state::State;

/// Chunks on their way to the engine.
const FLIGHTS_MAX: usize = 4;
/// Until a full engine is asked again.
const MAILBOX_PAUSE: Duration = Duration::from_millis(2);

type Verdicts = Result<Vec<Verdict>, Problem>;

/// Lines on their way.
struct Flight {
    rows: Vec<Row>,
    reply: Reply,
    /// When it is given up.
    until: Instant,
}

enum Reply {
    /// The engine had no room; nothing behind it goes before it.
    Returned(Vec<Submission>),
    /// The engine has them.
    Awaited(oneshot::Receiver<Vec<Verdict>>),
    Known(Verdicts),
}

impl Flight {
    fn is_returned(&self) -> bool {
        matches!(self.reply, Reply::Returned(_))
    }

    /// The verdicts, where they are known by now.
    fn landed(&mut self, now: Instant) -> Option<Verdicts> {
        match &mut self.reply {
            Reply::Returned(_) => None,
            Reply::Known(known) => Some(std::mem::replace(known, Ok(Vec::new()))),
            Reply::Awaited(reply) => match reply.try_recv() {
                Ok(verdicts) => Some(Ok(verdicts)),
                Err(oneshot::error::TryRecvError::Empty) if now < self.until => None,
                Err(_) => Some(Err(Problem::no_answer())),
            },
        }
    }
}

pub(super) struct Exchange {
    state: State,
    account: Arc<Account>,
    body: Body,
    lines: Lines,
    gathered: Gathered,
    flights: VecDeque<Flight>,
    /// A line that waits for the account's rate, and when it is given up.
    held: Option<(Read, Instant)>,
    /// When what waits is tried again.
    again: Instant,
    /// When the next line has to be there.
    line_until: Instant,
    has_ended: bool,
    /// Why it ended before its time.
    cut: Option<Problem>,
    closing: watch::Receiver<bool>,
    out: Vec<u8>,
}

/// What was waited for.
enum Event {
    Time,
    Verdicts(Option<Vec<Verdict>>),
    Octets(Option<Result<Option<Bytes>, axum::Error>>),
    Closing,
}

impl Exchange {
    pub(super) fn new(state: State, account: Arc<Account>, body: Body) -> Self {
        let now = Instant::now();
        Self {
            line_until: now + state.request_timeout,
            closing: state.closing.clone(),
            state,
            account,
            body,
            lines: Lines::default(),
            gathered: Gathered::default(),
            flights: VecDeque::new(),
            held: None,
            again: now,
            has_ended: false,
            cut: None,
            out: Vec::new(),
        }
    }

    /// Waits for the first octets, or for the end of the wait for them.
    pub(super) async fn begin(&mut self) {
        self.wait().await;
    }

    /// The next verdicts; none: all are given.
    pub(super) async fn next(&mut self) -> Option<Bytes> {
        loop {
            let now = Instant::now();
            self.go_on(now);
            self.land(now);
            if self.out.is_empty() && self.is_done() {
                let row = Row::refused(self.lines.number() + 1, self.cut.take()?);
                row.decide(&mut std::iter::empty(), &mut self.out);
            }
            if !self.out.is_empty() {
                return Some(std::mem::take(&mut self.out).into());
            }
            self.wait().await;
        }
    }

    fn is_done(&self) -> bool {
        let is_empty = self.flights.is_empty() && self.gathered.is_empty();
        self.has_ended && is_empty && self.held.is_none()
    }

    fn is_chunk_returned(&self) -> bool {
        self.flights.back().is_some_and(Flight::is_returned)
    }

    /// Whether there is room for more octets.
    fn reads(&self) -> bool {
        let has_room = self.flights.len() < FLIGHTS_MAX && !self.is_chunk_returned();
        !self.has_ended && self.held.is_none() && has_room
    }

    /// Cuts, screens and sends what is at hand, as far as there is room.
    fn go_on(&mut self, now: Instant) {
        self.hand_over(now);
        while self.flights.len() < FLIGHTS_MAX && !self.is_chunk_returned() {
            let is_dry = self.fill(now);
            let is_last = self.held.is_some() || self.has_ended || self.flights.is_empty();
            if !self.gathered.is_empty() && (is_last || self.gathered.is_full()) {
                self.send(now);
            }
            if is_dry || self.held.is_some() {
                return;
            }
        }
    }

    /// Gathers lines until the chunk is full or one has to wait; true where no line is at hand.
    fn fill(&mut self, now: Instant) -> bool {
        if let Some((read, until)) = self.held.take() {
            self.admit(read, until, now);
        }
        let utc_ns = self.state.utc_ns();
        while self.held.is_none() && !self.gathered.is_full() {
            let Some(line) = self.lines.next() else {
                return true;
            };
            self.line_until = now + self.state.request_timeout;
            let number = self.lines.number();
            if let Some(read) = Read::line(line, number, &self.account, utc_ns) {
                self.admit(read, now + self.state.request_timeout, now);
            }
        }
        false
    }

    /// Adds a line that the account's rate has room for; else it waits.
    fn admit(&mut self, mut read: Read, until: Instant, now: Instant) {
        if let Err(wait_ns) = read.take_rate(&self.account) {
            if now < until {
                self.again = (now + Duration::from_nanos(wait_ns)).min(until);
                self.held = Some((read, until));
                return;
            }
            read.refuse(&rate_problem(wait_ns));
        }
        self.gathered.add(read);
    }

    /// Sends what is gathered.
    fn send(&mut self, now: Instant) {
        let gathered = std::mem::take(&mut self.gathered);
        let is_asked = !gathered.submissions.is_empty();
        self.flights.push_back(Flight {
            rows: gathered.rows,
            reply: match is_asked {
                true => Reply::Returned(gathered.submissions),
                false => Reply::Known(Ok(Vec::new())),
            },
            until: now + self.state.request_timeout,
        });
        self.hand_over(now);
    }

    /// Hands the chunk that has no place yet to the engine.
    fn hand_over(&mut self, now: Instant) {
        let Some(flight) = self.flights.back_mut() else {
            return;
        };
        let Reply::Returned(submissions) = &mut flight.reply else {
            return;
        };
        let (answer, reply) = oneshot::channel();
        let chunk = Chunk {
            submissions: std::mem::take(submissions),
            progress: None,
            parts: 1,
            // The client may have gone; what was accepted stays accepted.
            reply: Box::new(move |verdicts| drop(answer.send(verdicts))),
        };
        match self.state.engine.submit(chunk) {
            Ok(()) => {
                flight.reply = Reply::Awaited(reply);
                flight.until = now + self.state.request_timeout;
            }
            Err(_) if now >= flight.until => flight.reply = Reply::Known(Err(Problem::busy())),
            Err(back) => {
                flight.reply = Reply::Returned(back.submissions);
                self.again = now + MAILBOX_PAUSE;
            }
        }
    }

    /// Writes the verdicts of flights whose turn it is.
    fn land(&mut self, now: Instant) {
        while let Some(flight) = self.flights.front_mut()
            && let Some(landed) = flight.landed(now)
            && let Some(flight) = self.flights.pop_front()
        {
            match landed {
                Ok(verdicts) => {
                    let mut verdicts = verdicts.into_iter();
                    for row in flight.rows {
                        row.decide(&mut verdicts, &mut self.out);
                    }
                }
                Err(problem) => {
                    for row in flight.rows {
                        row.fail(&problem, &mut self.out);
                    }
                }
            }
        }
    }

    /// Waits for whatever comes first: verdicts, octets, the time of what waits, the end of the door.
    async fn wait(&mut self) {
        let reads = self.reads();
        let mut until = Instant::now() + self.state.request_timeout;
        if reads {
            until = until.min(self.line_until);
        }
        if self.held.is_some() || self.is_chunk_returned() {
            until = until.min(self.again);
        }
        let Self {
            body,
            flights,
            closing,
            ..
        } = self;
        let front = flights.front_mut();
        if let Some(flight) = &front {
            until = until.min(flight.until);
        }
        let event = tokio::select! {
            biased;
            verdicts = verdicts_of(front) => Event::Verdicts(verdicts),
            frame = body.frame(), if reads => {
                Event::Octets(frame.map(|frame| Ok(frame?.into_data().ok())))
            }
            () = sleep_until(until) => Event::Time,
            _ = closing.wait_for(|closing| *closing), if reads => Event::Closing,
        };
        self.take(event, reads);
        if !reads {
            // The client was not listened to.
            self.line_until = Instant::now() + self.state.request_timeout;
        }
    }

    fn take(&mut self, event: Event, reads: bool) {
        match event {
            Event::Verdicts(verdicts) => {
                if let Some(flight) = self.flights.front_mut() {
                    flight.reply = Reply::Known(verdicts.ok_or_else(Problem::no_answer));
                }
            }
            Event::Octets(Some(Ok(octets))) => self.lines.feed(octets.unwrap_or_default()),
            Event::Octets(None) => {
                self.lines.end();
                self.has_ended = true;
            }
            Event::Octets(Some(Err(error))) => {
                let detail = format!("the body cannot be read: {error}");
                self.cut(Problem::bad_request(detail));
            }
            Event::Closing => {
                let detail = "the node is going down; send this line and those after it again";
                self.cut(Problem::later(StatusCode::SERVICE_UNAVAILABLE, 5, detail));
            }
            Event::Time if reads && Instant::now() >= self.line_until => {
                let detail = "no whole line came in time; send it and those after it again";
                self.cut(Problem::new(StatusCode::REQUEST_TIMEOUT, detail));
            }
            Event::Time => {}
        }
    }

    fn cut(&mut self, problem: Problem) {
        self.has_ended = true;
        self.cut = Some(problem);
    }
}

async fn verdicts_of(flight: Option<&mut Flight>) -> Option<Vec<Verdict>> {
    match flight {
        Some(Flight {
            reply: Reply::Awaited(reply),
            ..
        }) => reply.await.ok(),
        _ => std::future::pending().await,
    }
}
