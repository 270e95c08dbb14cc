//! `GET /v1/carriers/{name}/trace`: what goes over a carrier's wires, while it goes, one JSON document a line.
//!
//! Operators only; one trace a carrier at a time. Contents are masked before they leave the node unless `contents=true`.
//! Bound: what the tap holds, and [`FRAME_OCTETS`] on its way; a client that reads too slowly loses PDUs, counted, and
//! never holds a link up. It ends by its time, with the client, or with the node.

use std::fmt::Write as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::{Query as Parameters, State as Extract};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use carrack_carrier::trace::{Direction, Listener, Recorder, TracedPdu};
use hyper::body::Frame;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep};
use utoipa::IntoParams;

use super::authentication::Operator;
use super::openapi::{Missing, ParameterFaults, Refusals};
use super::path::Path;
use super::problem::Problem;
use super::state::State;

/// Longest trace.
const SECONDS_MAX: u32 = 3600;
const SECONDS: u32 = 60;
/// Octets of lines given to the connection at once, about.
const FRAME_OCTETS: usize = 64 << 10;
/// Chunks read between two looks at the clock.
const CHUNKS_A_LOOK: usize = 256;
/// Between two looks at a tap that was empty.
const LOOK: Duration = Duration::from_millis(50);
/// Between two lines that only say that it goes on.
const SIGN_OF_LIFE: Duration = Duration::from_secs(1);

/// What is wanted of a trace.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wanted {
    /// How long.
    #[param(minimum = 1, maximum = 3600, default = 60)]
    seconds: Option<u32>,
    /// With texts and numbers.
    #[serde(default)]
    contents: bool,
}

#[derive(Serialize)]
struct First<'a> {
    carrier: &'a str,
    seconds: u32,
    contents: bool,
}

#[derive(Serialize)]
struct Line<'a> {
    utc_ns: u64,
    link: u32,
    session: u8,
    connection: u32,
    direction: &'static str,
    pdu: &'a str,
}

/// How it stands: now and then, and at the end.
#[derive(Serialize)]
struct Standing {
    pdus: u64,
    dropped: u64,
    passed_over: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<&'static str>,
}

/// What goes over a carrier's wires, while it goes
#[utoipa::path(
    get, path = "/v1/carriers/{name}/trace", operation_id = "trace", tag = "operators",
    params(("name" = String, Path, description = "Its name"), Wanted),
    responses(
        (status = 200, description = "A JSON document a line", body = String, content_type = "application/x-ndjson"),
        (status = 409, description = "It is being traced already", body = Problem, content_type = "application/problem+json"),
        ParameterFaults, Missing, Refusals
    )
)]
pub(crate) async fn trace(
    Extract(state): Extract<State>,
    Operator(operator): Operator,
    Path(name): Path<String>,
    wanted: Result<Parameters<Wanted>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Problem> {
    let Parameters(wanted) = wanted?;
    let seconds = wanted.seconds.unwrap_or(SECONDS);
    if !(1..=SECONDS_MAX).contains(&seconds) {
        let detail = format!("{seconds} is not 1 to {SECONDS_MAX}");
        return Err(Problem::field("seconds", detail));
    }
    let tap = state
        .taps
        .get(&name)
        .ok_or_else(|| Problem::not_found(format!("there is no carrier {name:?}")))?;
    let listener = tap.listen().ok_or_else(|| {
        let detail = format!("carrier {name:?} is being traced already; wait for that to end");
        Problem::new(StatusCode::CONFLICT, detail)
    })?;
    // With contents it shows what customers write to people: who asked for that must be known.
    tracing::info!(
        carrier = name,
        seconds,
        contents = wanted.contents,
        by = operator.name,
        "a trace begins"
    );
    let first = First {
        carrier: &name,
        seconds,
        contents: wanted.contents,
    };
    let now = Instant::now();
    let mut body = TraceBody {
        listener: Some(listener),
        recorder: Recorder::new(wanted.contents),
        lines: Lines::default(),
        until: now + Duration::from_secs(seconds.into()),
        sign_at: now + SIGN_OF_LIFE,
        sleep: Box::pin(tokio::time::sleep(LOOK)),
        closing: state.closing.clone(),
    };
    body.lines.put(&first);
    let mut response = Response::new(Body::new(body));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/x-ndjson"),
    );
    Ok(response)
}

/// Lines on their way out.
#[derive(Default)]
struct Lines {
    text: String,
    hex: String,
    pdus: u64,
}

impl Lines {
    fn put(&mut self, line: &impl Serialize) {
        // Numbers, booleans and texts can always be written.
        if let Ok(line) = serde_json::to_string(line) {
            self.text.push_str(&line);
            self.text.push('\n');
        }
    }

    fn put_pdu(&mut self, pdu: &TracedPdu<'_>) {
        let mut hex = std::mem::take(&mut self.hex);
        hex.clear();
        for octet in pdu.octets {
            // Writing to a String does not fail.
            let _ = write!(hex, "{octet:02x}");
        }
        self.put(&Line {
            utc_ns: pdu.utc_ns,
            link: pdu.stream.link,
            session: pdu.stream.session,
            connection: pdu.stream.connection,
            direction: match pdu.direction {
                Direction::Out => "out",
                Direction::In => "in",
            },
            pdu: &hex,
        });
        self.pdus += 1;
        self.hex = hex;
    }
}

/// A trace as a body; dropping it ends the copying.
struct TraceBody {
    listener: Option<Listener>,
    recorder: Recorder,
    lines: Lines,
    until: Instant,
    sign_at: Instant,
    sleep: Pin<Box<Sleep>>,
    closing: watch::Receiver<bool>,
}

impl TraceBody {
    /// Takes what waits; true when there was nothing more.
    fn gather(&mut self) -> bool {
        let Some(listener) = self.listener.as_mut() else {
            return true;
        };
        for _ in 0..CHUNKS_A_LOOK {
            if self.lines.text.len() >= FRAME_OCTETS {
                return false;
            }
            let Some(chunk) = listener.take() else {
                return true;
            };
            let lines = &mut self.lines;
            self.recorder.feed(&chunk, &mut |pdu| lines.put_pdu(&pdu));
        }
        false
    }

    fn put_standing(&mut self, end: Option<&'static str>) {
        let dropped = self.listener.as_ref().map_or(0, Listener::dropped);
        let standing = Standing {
            pdus: self.lines.pdus,
            dropped,
            passed_over: self.recorder.passed_over(),
            end,
        };
        self.lines.put(&standing);
    }

    /// Ends it where its time has come.
    fn look_at_the_clock(&mut self, is_empty: bool) {
        let now = Instant::now();
        if self.listener.is_none() {
            return;
        }
        // What came in time is told though the telling takes longer; a node that stops does not wait for that.
        let end = match (*self.closing.borrow(), now >= self.until) {
            (true, _) => Some("the node stops"),
            (false, true) if is_empty || now >= self.until + SIGN_OF_LIFE => Some("time"),
            _ => None,
        };
        if end.is_some() {
            self.put_standing(end);
            self.listener = None;
        } else if now >= self.sign_at {
            self.sign_at = now + SIGN_OF_LIFE;
            self.put_standing(None);
        }
    }
}

impl hyper::body::Body for TraceBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        loop {
            let is_empty = self.gather();
            self.look_at_the_clock(is_empty);
            if !self.lines.text.is_empty() {
                let text = std::mem::take(&mut self.lines.text);
                return Poll::Ready(Some(Ok(Frame::data(text.into()))));
            }
            if self.listener.is_none() {
                return Poll::Ready(None);
            }
            if self.sleep.as_mut().poll(context).is_pending() {
                return Poll::Pending;
            }
            let next = Instant::now() + LOOK;
            self.sleep.as_mut().reset(next);
        }
    }
}

/// Where the octets of each carrier can be listened to, by its name.
pub type Taps = Arc<std::collections::BTreeMap<String, Arc<carrack_carrier::trace::Tap>>>;
