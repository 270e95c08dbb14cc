//! What a call leaves unread of its request: the answer reaches the client all the same.
//!
//! A socket that is closed with octets unread is reset, and a reset takes an answer with it that the client has not read
//! yet. Promise: a little that is left is read, and the connection goes on; where more is left, or the client waits to be
//! asked for it, the answer says `Connection: close`, and the socket is closed only when the client has closed it. A body
//! that came together with its head costs nothing beyond that.
//! Bound: [`REST_OCTETS_MAX`] and [`REST_TIME_MAX`] before the answer; [`LINGER_MAX`] in all and [`SILENCE_MAX`] without a
//! word after it. Fails by closing the socket as it is.

use std::convert::Infallible;
use std::future::{Future, poll_fn};
use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use super::calls::Calls;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, Request, header};
use axum::response::Response;
use http_body_util::BodyExt;
use hyper::body::{Body as _, Frame, Incoming, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep};

/// Octets of a request that are read for the sake of the connection when nobody wants them.
const REST_OCTETS_MAX: u64 = 64 << 10;
/// How long that may take.
const REST_TIME_MAX: Duration = Duration::from_millis(100);
/// How long a client may go on sending after its answer.
const LINGER_MAX: Duration = Duration::from_secs(10);
/// How long it may be silent meanwhile.
const SILENCE_MAX: Duration = Duration::from_secs(2);
/// Octets of one read of what nobody wants.
const READ_OCTETS: usize = 16 << 10;

/// Whether the connection ends with octets of its client unread.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unread(Arc<AtomicBool>);

type Polled = Poll<Option<Result<Frame<Bytes>, hyper::Error>>>;

/// A body that is at hand still when the call has let go of it.
#[derive(Clone)]
struct Kept(Arc<Mutex<Inner>>);

struct Inner {
    body: Incoming,
    /// What was there before the call asked.
    first: Polled,
    is_asked_for: bool,
    has_ended: bool,
}

impl Kept {
    fn with<T>(&self, work: impl FnOnce(&mut Inner) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn is_whole(&self) -> bool {
        self.with(|inner| inner.has_ended || inner.body.is_end_stream())
    }
}

impl hyper::body::Body for Kept {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Polled {
        self.with(|inner| {
            inner.is_asked_for = true;
            let polled = match std::mem::replace(&mut inner.first, Poll::Pending) {
                Poll::Pending => Pin::new(&mut inner.body).poll_frame(context),
                first => first,
            };
            inner.has_ended |= matches!(polled, Poll::Ready(None | Some(Err(_))));
            polled
        })
    }

    fn is_end_stream(&self) -> bool {
        self.with(|inner| inner.first.is_pending() && inner.body.is_end_stream())
    }

    fn size_hint(&self) -> SizeHint {
        self.with(|inner| inner.body.size_hint())
    }
}

/// Answers a call so that the answer arrives, however much of the request it has read.
pub(crate) async fn answer(
    calls: Calls,
    unread: Unread,
    request: Request<Incoming>,
) -> Result<Response, Infallible> {
    let waits_to_be_asked = request.headers().contains_key(header::EXPECT);
    let (head, mut body) = request.into_parts();
    if body.is_end_stream() {
        return calls.call(Request::from_parts(head, Body::empty())).await;
    }
    let mut first = Poll::Pending;
    if !waits_to_be_asked && body.size_hint().lower() <= REST_OCTETS_MAX {
        first = poll_fn(|context| Poll::Ready(Pin::new(&mut body).poll_frame(context))).await;
    }
    if body.is_end_stream()
        && let Poll::Ready(Some(Ok(frame))) = first
    {
        let octets = frame.into_data().unwrap_or_default();
        return calls
            .call(Request::from_parts(head, Body::from(octets)))
            .await;
    }
    let has_ended = matches!(first, Poll::Ready(None | Some(Err(_))));
    let mut kept = Kept(Arc::new(Mutex::new(Inner {
        body,
        first,
        is_asked_for: false,
        has_ended,
    })));
    let request = Request::from_parts(head, Body::new(kept.clone()));
    let mut response = calls.call(request).await?;
    if kept.is_whole() {
        return Ok(response);
    }
    if response.extensions_mut().remove::<StillReads>().is_some() {
        return Ok(response.map(|body| Body::new(StillReading { body, kept, unread })));
    }
    let is_asked_for = kept.with(|inner| inner.is_asked_for);
    if is_asked_for || !waits_to_be_asked {
        let _ = tokio::time::timeout(REST_TIME_MAX, read_rest(&mut kept)).await;
    }
    if !kept.is_whole() {
        unread.0.store(true, Ordering::Relaxed);
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(header::CONNECTION, close);
    }
    Ok(response)
}

/// Marks an answer that is written while its request is still read: nobody else reads meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StillReads;

/// The body of such an answer.
struct StillReading {
    body: Body,
    kept: Kept,
    unread: Unread,
}

impl hyper::body::Body for StillReading {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(context)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for StillReading {
    fn drop(&mut self) {
        if !self.kept.is_whole() {
            self.unread.0.store(true, Ordering::Relaxed);
        }
    }
}

/// Reads what is left if it is little.
async fn read_rest(kept: &mut Kept) {
    if kept.size_hint().lower() > REST_OCTETS_MAX {
        return;
    }
    let mut octets = 0;
    while octets <= REST_OCTETS_MAX {
        match kept.frame().await {
            Some(Ok(frame)) => octets += frame.data_ref().map_or(0, |data| data.len() as u64),
            None | Some(Err(_)) => return,
        }
    }
}

/// A stream that is closed by us only when the client has heard us, where [`Unread`] says so.
pub(crate) struct Lingering<S> {
    stream: S,
    unread: Unread,
    end: Option<End>,
}

/// The time between our last word and the close.
struct End {
    until: Instant,
    silence: Pin<Box<Sleep>>,
}

impl<S> Lingering<S> {
    pub(crate) fn new(stream: S, unread: Unread) -> Self {
        Self {
            stream,
            unread,
            end: None,
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Lingering<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Lingering<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        octets: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, octets)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    /// Says that we are done, then reads until the client is.
    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.end.is_none() {
            ready!(Pin::new(&mut this.stream).poll_shutdown(context))?;
        }
        if !this.unread.0.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let end = this.end.get_or_insert_with(|| End {
            until: Instant::now() + LINGER_MAX,
            silence: Box::pin(tokio::time::sleep(SILENCE_MAX)),
        });
        let mut space = [0; READ_OCTETS];
        let now = Instant::now();
        let mut is_heard = false;
        // A client that never stops gets a turn of this thread like any other.
        for _ in 0..READS_A_TURN {
            let mut buffer = ReadBuf::new(&mut space);
            match Pin::new(&mut this.stream).poll_read(context, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() && now < end.until => {
                    is_heard = true;
                }
                Poll::Ready(_) => return Poll::Ready(Ok(())),
                Poll::Pending => {
                    if is_heard {
                        let silent = (now + SILENCE_MAX).min(end.until);
                        end.silence.as_mut().reset(silent);
                    }
                    return end.silence.as_mut().poll(context).map(Ok);
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// Reads of what nobody wants in one turn.
const READS_A_TURN: u32 = 16;
