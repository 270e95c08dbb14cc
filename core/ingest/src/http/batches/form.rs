//! What goes with a file: the query, and the parts of a form.
//!
//! Promise: the file of a form goes to the disk as it comes, and a fault of another part ends the upload at once. Bound:
//! [`PARTS_MAX`] parts, of those that are no file [`PART_OCTETS_MAX`] octets each, and [`UNREAD_OCTETS_MAX`] of what is neither
//! the head of a part nor its content yet. The reader of forms takes all that is ready; therefore it is given one piece at a
//! time, and none while it can go on with what it has. Fails with a problem that names the part.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use futures_util::Stream;
use multer::{Field, Multipart};
use utoipa::IntoParams;

use super::super::json::TWICE;
use super::super::problem::{FieldFault, Problem};
use super::upload::Upload;
use crate::batch::{BatchRequest, Charset, OptionFault};

/// Parts of a form: each option once and a column for each field are fewer.
const PARTS_MAX: usize = 64;
/// Octets of a part that is no file; a template has fewer.
const PART_OCTETS_MAX: usize = 64 << 10;
/// Octets that may come before a part begins or goes on.
const UNREAD_OCTETS_MAX: usize = 1 << 20;

/// What may go with a file, for those who read the document; [`Parameters`] reads it.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "it is only described")]
pub(crate) struct Described {
    from: Option<String>,
    template: Option<String>,
    /// `simple` or `jinja`.
    template_syntax: Option<String>,
    class: Option<String>,
    filename: Option<String>,
    encoding: Option<String>,
    /// `csv`, `tsv` or `ndjson`.
    format: Option<String>,
    delimiter: Option<String>,
    /// `send`, `refuse` or `refuse_same_text`.
    duplicates: Option<String>,
    /// `keep` or `replace`.
    smart_characters: Option<String>,
    start_at: Option<String>,
    finish_by: Option<String>,
    spread: Option<String>,
    rate: Option<String>,
    /// When each row is sent that does not say it: a moment with its offset, or `2026-12-24T09:00 local`.
    send_at: Option<String>,
    /// How long each row is valid that does not say it: `30s`, `10m`, `2h`, `3d`.
    validity: Option<String>,
    /// Only looked at: 200 and what it would be.
    dry_run: Option<bool>,
    idempotency_key: Option<String>,
}

/// What goes with a file, from the query and the parts of a form; all its faults at once.
#[derive(Default)]
pub(super) struct Parameters {
    pub(super) request: BatchRequest,
    pub(super) idempotency_key: Option<String>,
    faults: Vec<FieldFault>,
}

impl Parameters {
    pub(super) fn read(query: Vec<(String, String)>) -> Self {
        let mut parameters = Self::default();
        for (name, value) in query {
            parameters.take(&name, &value);
        }
        parameters
    }

    fn take(&mut self, name: &str, value: &str) {
        if name == "idempotency_key" {
            if self.idempotency_key.replace(value.to_owned()).is_some() {
                self.faults.push(FieldFault {
                    field: name.to_owned(),
                    detail: TWICE.to_owned(),
                });
            }
            return;
        }
        if let Err(OptionFault { field, detail }) = self.request.set(name, value) {
            self.faults.push(FieldFault { field, detail });
        }
    }

    /// Takes the charset that stands beside the media type of the file.
    pub(super) fn take_charset(&mut self, charset: Option<&str>) -> Result<(), Problem> {
        let name = match charset {
            // It says nothing that the octets do not say better: many programs write it before anything.
            None | Some("" | "us-ascii" | "ascii") => return Ok(()),
            Some(name) => name,
        };
        let charset: Charset = name.parse().map_err(|fault| {
            let detail = format!("the charset of the Content-Type: {fault}");
            Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail)
        })?;
        let taken = self.request.take_charset(charset);
        taken.map_err(|fault| Problem::field(&fault.field, fault.detail))
    }

    pub(super) fn check(&mut self) -> Result<(), Problem> {
        if self.faults.is_empty() {
            Ok(())
        } else {
            Err(Problem::fields(std::mem::take(&mut self.faults)))
        }
    }
}

/// How much the reader of a form gets.
#[derive(Default)]
struct Pace {
    /// It has something at hand that it may go on with.
    is_fed: AtomicBool,
    /// Octets it has got since it last came to something.
    unread: AtomicUsize,
}

/// A body for the reader of a form.
struct Paced<S> {
    octets: S,
    pace: Arc<Pace>,
}

impl<S, E> Stream for Paced<S>
where
    S: Stream<Item = Result<Bytes, E>> + Unpin,
    E: std::fmt::Display,
{
    type Item = Result<Bytes, String>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.pace.is_fed.swap(false, Ordering::Relaxed) {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        let octets = match ready!(Pin::new(&mut self.octets).poll_next(context)) {
            None => return Poll::Ready(None),
            Some(Err(error)) => return Poll::Ready(Some(Err(error.to_string()))),
            Some(Ok(octets)) => octets,
        };
        self.pace.is_fed.store(true, Ordering::Relaxed);
        let before = self.pace.unread.fetch_add(octets.len(), Ordering::Relaxed);
        Poll::Ready(Some(if before + octets.len() > UNREAD_OCTETS_MAX {
            Err(format!(
                "no part begins or goes on within {UNREAD_OCTETS_MAX} octets"
            ))
        } else {
            Ok(octets)
        }))
    }
}

/// The parts of a form.
struct Form {
    parts: Multipart<'static>,
    pace: Arc<Pace>,
    in_time: Duration,
}

impl Form {
    fn open(headers: &HeaderMap, body: Body, in_time: Duration) -> Result<Self, Problem> {
        let content_type = headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok());
        let boundary = multer::parse_boundary(content_type.unwrap_or_default()).map_err(bad)?;
        let pace = Arc::new(Pace::default());
        let body = Paced {
            octets: body.into_data_stream(),
            pace: Arc::clone(&pace),
        };
        Ok(Self {
            parts: Multipart::new(body, boundary),
            pace,
            in_time,
        })
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>, Problem> {
        begin(&self.pace);
        in_time(self.in_time, self.parts.next_field()).await
    }

    /// The next octets of a part.
    async fn octets(&self, part: &mut Field<'static>) -> Result<Option<Bytes>, Problem> {
        begin(&self.pace);
        in_time(self.in_time, part.chunk()).await
    }
}

/// What the reader has comes first.
fn begin(pace: &Pace) {
    pace.is_fed.store(true, Ordering::Relaxed);
    pace.unread.store(0, Ordering::Relaxed);
}

async fn in_time<T>(
    time: Duration,
    read: impl Future<Output = multer::Result<T>>,
) -> Result<T, Problem> {
    let late = |_| {
        Problem::new(
            StatusCode::REQUEST_TIMEOUT,
            "the body did not go on in time",
        )
    };
    let read = tokio::time::timeout(time, read).await.map_err(late)?;
    read.map_err(bad)
}

fn bad(error: multer::Error) -> Problem {
    let why = match error {
        multer::Error::StreamReadFailed(why) => why.to_string(),
        error => error.to_string(),
    };
    Problem::bad_request(format!("the form cannot be read: {why}"))
}

/// Reads a form to its end, the file to the disk and the other parts to the parameters.
pub(super) async fn multipart(
    headers: &HeaderMap,
    body: Body,
    time: Duration,
    upload: &mut Upload,
    parameters: &mut Parameters,
) -> Result<(), Problem> {
    let mut form = Form::open(headers, body, time)?;
    let mut found = false;
    let mut charset = None;
    let mut parts = 0;
    while let Some(mut part) = form.next().await? {
        parts += 1;
        if parts > PARTS_MAX {
            let detail = format!("the form has more than {PARTS_MAX} parts; send each option once");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
        }
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" && !found {
            found = true;
            if parameters.request.filename.is_none() {
                parameters.request.filename = part.file_name().map(str::to_owned);
            }
            let media = part.content_type();
            charset = media.and_then(|media| Some(media.get_param("charset")?.to_string()));
            while let Some(octets) = form.octets(&mut part).await? {
                upload.take(&octets).await?;
            }
            continue;
        }
        let mut text = Vec::new();
        while let Some(octets) = form.octets(&mut part).await? {
            text.extend_from_slice(&octets);
            if text.len() > PART_OCTETS_MAX {
                let detail = format!("the part `{name}` is longer than {PART_OCTETS_MAX} octets");
                return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail));
            }
        }
        let text = String::from_utf8(text).map_err(|_| Problem::field(&name, "is not UTF-8"))?;
        parameters.take(&name, &text);
        parameters.check()?;
    }
    // An encoding may be named behind the file.
    parameters.take_charset(charset.map(|name| name.to_ascii_lowercase()).as_deref())?;
    if found {
        Ok(())
    } else {
        Err(Problem::field(
            "file",
            "is missing; send the CSV as the part `file`",
        ))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::time::Duration;

    use axum::body::{Body, Bytes};
    use axum::http::{HeaderMap, HeaderValue, header};
    use futures_util::stream;
    use proptest::prelude::*;

    use super::{Form, UNREAD_OCTETS_MAX};

    const PIECE_OCTETS: usize = 64 << 10;

    /// A body that is always ready, and how much of it was taken.
    fn ready(text: Vec<u8>, taken: std::sync::Arc<std::sync::atomic::AtomicUsize>) -> Body {
        let pieces: Vec<Bytes> = text
            .chunks(PIECE_OCTETS)
            .map(Bytes::copy_from_slice)
            .collect();
        let note = move |piece: Bytes| {
            taken.fetch_add(piece.len(), std::sync::atomic::Ordering::Relaxed);
            Ok::<_, std::io::Error>(piece)
        };
        Body::from_stream(stream::iter(pieces.into_iter().map(note)))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

        #[test]
        fn no_more_is_taken_than_is_needed_to_go_on(lengths in prop::collection::vec(0_usize..300_000, 1..8)) {
            let mut text = Vec::new();
            for length in &lengths {
                text.extend_from_slice(b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n");
                text.extend(std::iter::repeat_n(b'.', *length));
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"--x--\r\n");
            text.extend(std::iter::repeat_n(b' ', 4 * UNREAD_OCTETS_MAX));
            let taken = std::sync::Arc::default();
            let body = ready(text, std::sync::Arc::clone(&taken));
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("multipart/form-data; boundary=x"));
            let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
            let found = runtime.block_on(async {
                let mut form = Form::open(&headers, body, Duration::from_secs(20)).unwrap();
                let (mut found, mut read) = (Vec::new(), 0);
                while let Some(mut part) = form.next().await.unwrap() {
                    let mut length = 0;
                    while let Some(octets) = form.octets(&mut part).await.unwrap() {
                        length += octets.len();
                        read += octets.len();
                        let ahead = taken.load(std::sync::atomic::Ordering::Relaxed) - read;
                        assert!(ahead < 2 * PIECE_OCTETS + 1_000, "{ahead} octets lie in the reader");
                    }
                    found.push(length);
                }
                found
            });
            prop_assert_eq!(found, lengths);
        }
    }
}
