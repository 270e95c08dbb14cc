//! Bodies of requests that come compressed: `Content-Encoding: gzip` or `zstd`.
//!
//! Promise: what a call reads is what the client wrote, and every bound on octets holds for that. Bound: nothing is kept but
//! [`BLOCK_OCTETS`] and what the decoder needs, of zstd a window of [`ZSTD_WINDOW_LOG2`]. Fails as a body that cannot be read;
//! another encoding is a 415.

use std::io;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use async_compression::zstd::DParameter;
use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::TryStreamExt;
use tokio::io::AsyncRead;
use tokio_util::io::{ReaderStream, StreamReader};

use super::problem::Problem;

/// Octets that are made of a compressed body at a time.
const BLOCK_OCTETS: usize = 64 << 10;
/// 8 MiB, what RFC 9659 asks of HTTP.
const ZSTD_WINDOW_LOG2: u32 = 23;

/// Reads a compressed body as what it was.
pub(crate) async fn decode(mut request: Request, next: Next) -> Response {
    let Some(encoding) = request.headers_mut().remove(header::CONTENT_ENCODING) else {
        return next.run(request).await;
    };
    let decoded = |request: Request, way: fn(Body) -> Body| {
        let (mut parts, body) = request.into_parts();
        parts.headers.remove(header::CONTENT_LENGTH);
        Request::from_parts(parts, way(body))
    };
    let name = encoding.to_str().unwrap_or_default().trim();
    let request = match name.to_ascii_lowercase().as_str() {
        "" | "identity" => request,
        "gzip" | "x-gzip" => decoded(request, gzip),
        "zstd" => decoded(request, zstd),
        _ => {
            let detail = format!("the encoding {name:?} is not taken; send gzip, zstd, or none");
            let problem = Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail);
            let mut response = problem.into_response();
            let taken = HeaderValue::from_static("gzip, zstd");
            response
                .headers_mut()
                .insert(header::ACCEPT_ENCODING, taken);
            return response;
        }
    };
    next.run(request).await
}

/// Answers are always there unpacked as well: who refuses that has what he asked for done, and the answer plainly, never a
/// 406 behind it.
pub(super) async fn plain_always(mut request: Request, next: Next) -> Response {
    if let Some(value) = request.headers().get(header::ACCEPT_ENCODING) {
        let text = value.to_str().unwrap_or_default().to_ascii_lowercase();
        let is_packing = |part: &&str| {
            let name = part.split(';').next().unwrap_or_default().trim();
            matches!(name, "gzip" | "zstd")
        };
        let packing: Vec<&str> = text.split(',').filter(is_packing).collect();
        match HeaderValue::try_from(packing.join(",")) {
            Ok(value) if !packing.is_empty() => {
                request.headers_mut().insert(header::ACCEPT_ENCODING, value);
            }
            _ => drop(request.headers_mut().remove(header::ACCEPT_ENCODING)),
        }
    }
    next.run(request).await
}

fn octets(body: Body) -> impl tokio::io::AsyncBufRead {
    StreamReader::new(body.into_data_stream().map_err(io::Error::other))
}

fn whole(decoder: impl AsyncRead + Send + 'static) -> Body {
    Body::from_stream(ReaderStream::with_capacity(decoder, BLOCK_OCTETS))
}

fn gzip(body: Body) -> Body {
    let mut decoder = GzipDecoder::new(octets(body));
    decoder.multiple_members(true);
    whole(decoder)
}

fn zstd(body: Body) -> Body {
    let window = [DParameter::window_log_max(ZSTD_WINDOW_LOG2)];
    let mut decoder = ZstdDecoder::with_params(octets(body), &window);
    decoder.multiple_members(true);
    whole(decoder)
}
