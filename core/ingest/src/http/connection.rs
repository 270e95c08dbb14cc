//! One connection: TLS where wanted, HTTP/1.1 with keep-alive, an end when the door closes.
//!
//! Promise: a client that closes its side behind a whole request gets its answer; one that has gone altogether is noticed
//! by what cannot be written to it, and keeps its place no longer than its call takes.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use super::calls::Calls;
use super::held::Held;
use super::patience::Patient;
use super::state::Peer;
use super::unread::{self, Lingering, Unread};
use crate::tls::TlsServer;

/// How connections are served.
#[derive(Clone)]
pub(crate) struct Serving {
    pub(crate) calls: Calls,
    pub(crate) tls: Option<Arc<TlsServer>>,
    /// Connections of each address.
    pub(crate) of_address: Held<IpAddr>,
    /// Longest time for a head to come, and for octets of an answer to be taken.
    pub(crate) request_timeout: Duration,
    /// True: answer what is at hand and close.
    pub(crate) closing: watch::Receiver<bool>,
}

impl Serving {
    /// Serves one connection to its end.
    pub(crate) async fn serve(self, stream: TcpStream, peer: SocketAddr) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY could not be set");
        }
        match self.tls.clone() {
            None => self.serve_http(stream, peer).await,
            Some(tls) => {
                let tls = TlsAcceptor::from(tls.current());
                match tokio::time::timeout(self.request_timeout, tls.accept(stream)).await {
                    Ok(Ok(stream)) => self.serve_http(stream, peer).await,
                    Ok(Err(error)) => tracing::debug!(%peer, %error, "the TLS handshake failed"),
                    Err(_) => tracing::debug!(%peer, "the TLS handshake did not end in time"),
                }
            }
        }
    }

    async fn serve_http(
        mut self,
        stream: impl AsyncRead + AsyncWrite + Unpin + Send,
        peer: SocketAddr,
    ) {
        let unread = Unread::default();
        let stream = Patient::new(stream, self.request_timeout);
        let stream = Lingering::new(stream, unread.clone());
        let calls = self.calls;
        // Not as layers of the calls: each of them is copied into a box of its own for every request.
        let service = service_fn(move |mut request: hyper::Request<_>| {
            request.extensions_mut().insert(Peer(peer));
            unread::answer(calls.clone(), unread.clone(), request)
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            // Else a call is dropped in its midst, and what it did nobody is told (RFC 9112, 9.6).
            .half_close(true)
            .header_read_timeout(self.request_timeout)
            .serve_connection(TokioIo::new(stream), service);
        let mut connection = std::pin::pin!(connection);
        let served = tokio::select! {
            served = connection.as_mut() => served,
            // A door that is gone closes as one that says so.
            _ = self.closing.wait_for(|closing| *closing) => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = served {
            tracing::debug!(%peer, %error, "the connection ended");
        }
    }
}
