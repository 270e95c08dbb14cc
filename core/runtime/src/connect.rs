//! A TCP connection to the next of a carrier's hosts, secured where that is asked for.
//!
//! Promise: names are resolved anew each time, every address of a name is tried, and what fails says which host and why.
//! Bound: the connect time-out over all of it, the handshake included.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpSocket, TcpStream};
use tokio::time::Instant;
use tokio_rustls::TlsConnector;

use crate::socket::Socket;
use crate::tls::{self, TlsClient, TlsPipe, TlsSource};

/// How a carrier is reached.
#[derive(Clone)]
pub struct ConnectSettings {
    /// `host:port` or `[IPv6]:port`. After a failure the next one is tried, after the last the first.
    pub addresses: Vec<String>,
    /// The address of ours that connections leave from; none: as the system chooses.
    pub local_address: Option<IpAddr>,
    /// For name, connection and handshake together.
    pub connect_timeout: Duration,
    /// TLS; none: plain TCP.
    pub tls: Option<Arc<dyn TlsSource>>,
}

impl std::fmt::Debug for ConnectSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConnectSettings")
            .field("addresses", &self.addresses)
            .field("local_address", &self.local_address)
            .field("connect_timeout", &self.connect_timeout)
            .field("tls", &self.tls.is_some())
            .finish()
    }
}

/// Opens a connection to `address`; the fault is for people.
pub(crate) async fn open(settings: &ConnectSettings, address: &str) -> Result<Socket, String> {
    let timeout = settings.connect_timeout;
    let deadline = Instant::now() + timeout;
    let stream = match tokio::time::timeout_at(deadline, tcp(settings, address, deadline)).await {
        Ok(Ok(stream)) => stream,
        Ok(Err(error)) => return Err(format!("cannot connect to {address}: {error}")),
        Err(_) => {
            return Err(format!(
                "cannot connect to {address}: no answer in {timeout:?}"
            ));
        }
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY could not be set");
    }
    let Some(source) = &settings.tls else {
        return Ok(Socket::plain(stream));
    };
    match tokio::time::timeout_at(deadline, secure(source, address, stream)).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(reason)) => Err(format!("no TLS with {address}: {reason}")),
        Err(_) => Err(format!(
            "no TLS with {address}: the handshake did not end in {timeout:?}; does this port speak TLS?"
        )),
    }
}

async fn tcp(
    settings: &ConnectSettings,
    address: &str,
    deadline: Instant,
) -> io::Result<TcpStream> {
    let found = tokio::net::lookup_host(address).await?;
    let local = settings.local_address;
    let reachable = |remote: &SocketAddr| local.is_none_or(|own| own.is_ipv4() == remote.is_ipv4());
    let remotes: Vec<SocketAddr> = found.filter(reachable).collect();
    let mut last = None;
    for (place, remote) in remotes.iter().enumerate() {
        // An address that swallows everything leaves time for the ones behind it.
        let left = u32::try_from(remotes.len() - place).unwrap_or(u32::MAX);
        let share = deadline.saturating_duration_since(Instant::now()) / left;
        match tokio::time::timeout(share, connect(*remote, local)).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(error)) => last = Some(error),
            Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
        }
    }
    Err(last.unwrap_or_else(|| match local {
        Some(own) => io::Error::other(format!(
            "it has no address that can be reached from the local address {own}"
        )),
        None => io::Error::other("its name has no address"),
    }))
}

async fn connect(remote: SocketAddr, local: Option<IpAddr>) -> io::Result<TcpStream> {
    let Some(own) = local else {
        return TcpStream::connect(remote).await;
    };
    let socket = if remote.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.bind(SocketAddr::new(own, 0)).map_err(|error| {
        io::Error::new(error.kind(), format!("the local address {own}: {error}"))
    })?;
    socket.connect(remote).await
}

async fn secure(
    source: &Arc<dyn TlsSource>,
    address: &str,
    stream: TcpStream,
) -> Result<Socket, String> {
    let host = host_of(address).to_owned();
    let source = Arc::clone(source);
    let client = tokio::task::spawn_blocking(move || source.client(&host)).await;
    let TlsClient { config, name } = match client {
        Ok(client) => client.map_err(|fault| fault.to_string())?,
        Err(error) => return Err(error.to_string()),
    };
    let shown = name.to_str().into_owned();
    let handshake = TlsConnector::from(config).connect(name, stream).await;
    let (stream, connection) = handshake
        .map_err(|error| tls::explain(&error, &shown))?
        .into_inner();
    Ok(Socket::secured(stream, TlsPipe::new(connection), shown))
}

/// The host of `host:port`, without the brackets of IPv6.
fn host_of(address: &str) -> &str {
    let host = address.rsplit_once(':').map_or(address, |(host, _)| host);
    host.trim_start_matches('[').trim_end_matches(']')
}

#[cfg(test)]
mod tests {
    use super::host_of;

    #[test]
    fn brackets_of_ipv6_are_not_part_of_the_name() {
        assert_eq!(host_of("[::1]:2775"), "::1");
        assert_eq!(host_of("smsc.example.com:2775"), "smsc.example.com");
    }
}
