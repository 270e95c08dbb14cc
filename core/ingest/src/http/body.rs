//! Bodies of requests, within bounds of octets and time.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Frame;
use serde_json::{Map, Value};
use tokio::task::{JoinHandle, spawn_blocking};

use super::json::{self, JsonFault, TWICE};
use super::problem::Problem;
use super::state::State;

/// The media type without its parameters, in lower case.
pub(crate) fn media_type(headers: &HeaderMap) -> String {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let value = value
        .unwrap_or_default()
        .split(';')
        .next()
        .unwrap_or_default();
    value.trim().to_ascii_lowercase()
}

/// The charset that goes with the media type, in lower case.
pub(crate) fn charset(headers: &HeaderMap) -> Option<String> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|it| it.to_str().ok());
    let mut parameters = value.unwrap_or_default().split(';').skip(1);
    parameters.find_map(|parameter| {
        let (name, value) = parameter.split_once('=')?;
        let is_charset = name.trim().eq_ignore_ascii_case("charset");
        is_charset.then(|| value.trim().trim_matches('"').to_ascii_lowercase())
    })
}

/// JSON is UTF-8 (RFC 8259, section 8.1); what says that it is something else would be read wrongly.
///
/// # Errors
/// 415 that names the charset.
pub(crate) fn check_charset(headers: &HeaderMap) -> Result<(), Problem> {
    match charset(headers).as_deref() {
        None | Some("" | "utf-8" | "utf8" | "us-ascii" | "ascii") => Ok(()),
        Some(other) => {
            let detail = format!("charset {other} is not taken here; write JSON in UTF-8");
            Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail))
        }
    }
}

/// All octets of a body, within its bounds.
pub(crate) async fn octets_of(state: &State, body: Body) -> Result<Bytes, Problem> {
    let octets_max = state.body_octets_max;
    let collected = tokio::time::timeout(
        state.request_timeout,
        Limited::new(body, octets_max).collect(),
    )
    .await;
    let collected = collected
        .map_err(|_| Problem::new(StatusCode::REQUEST_TIMEOUT, "the body did not come in time"))?
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                let detail =
                    format!("the body is larger than {octets_max} octets; send less, or a batch");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail)
            } else {
                Problem::bad_request(format!("the body cannot be read: {error}"))
            }
        })?;
    Ok(collected.to_bytes())
}

/// Reads a JSON object.
pub(crate) async fn json_object(
    state: &State,
    headers: &HeaderMap,
    body: Body,
) -> Result<Map<String, Value>, Problem> {
    let media = media_type(headers);
    if !media.is_empty() && media != "application/json" && !media.ends_with("+json") {
        let detail = format!("{media} is not taken here; send application/json");
        return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
    }
    check_charset(headers)?;
    match json::read(&octets_of(state, body).await?) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Problem::bad_request(
            "the body has to be a JSON object, like {\"to\": ..., \"from\": ..., \"text\": ...}",
        )),
        Err(JsonFault::Twice(key)) => Err(Problem::field(&key, TWICE)),
        Err(JsonFault::NoJson(error)) => Err(Problem::bad_request(format!(
            "the body is not JSON: {error}"
        ))),
    }
}

/// The first octets of a file as a body, block by block, each read where that holds nobody up.
pub(crate) struct FileBody {
    reading: Reading,
    left: u64,
    block: usize,
}

enum Reading {
    /// Between two blocks; none: a read failed.
    Idle(Option<File>),
    Busy(JoinHandle<(File, io::Result<Vec<u8>>)>),
}

impl FileBody {
    pub(crate) fn new(file: File, octets: u64, block: usize) -> Self {
        Self {
            reading: Reading::Idle(Some(file)),
            left: octets,
            block,
        }
    }
}

fn read_block(mut file: File, wanted: usize) -> (File, io::Result<Vec<u8>>) {
    let mut block = vec![0; wanted];
    let read = file.read(&mut block).and_then(|read| match read {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        read => {
            block.truncate(read);
            Ok(block)
        }
    });
    (file, read)
}

impl hyper::body::Body for FileBody {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        loop {
            match &mut self.reading {
                Reading::Idle(file) => {
                    let Some(file) = file.take().filter(|_| self.left > 0) else {
                        return Poll::Ready(None);
                    };
                    let left = usize::try_from(self.left).unwrap_or(usize::MAX);
                    let wanted = left.min(self.block);
                    let reading = spawn_blocking(move || read_block(file, wanted));
                    self.reading = Reading::Busy(reading);
                }
                Reading::Busy(reading) => {
                    let read = ready!(Pin::new(reading).poll(context));
                    self.reading = Reading::Idle(None);
                    let (file, block) = read.map_err(io::Error::other)?;
                    let block = block?;
                    self.left = self.left.saturating_sub(block.len() as u64);
                    self.reading = Reading::Idle(Some(file));
                    return Poll::Ready(Some(Ok(Frame::data(block.into()))));
                }
            }
        }
    }
}
