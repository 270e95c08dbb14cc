//! TLS towards carriers.
//!
//! Promise: what is read from files is read anew for each new connection, so that a changed certificate needs no restart
//! and no live connection ends; files that cannot be used do not replace those that could. Each failure says whose fault
//! it is and what mends it. Bound: one record of received octets, 64 KiB of octets to be sent.

mod fault;
mod files;
mod pinned;
mod pipe;

use std::sync::Arc;

use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

pub use fault::TlsFault;
pub(crate) use fault::explain;
pub use files::TlsFiles;
pub(crate) use pipe::TlsPipe;

/// How one connection is secured.
#[derive(Debug, Clone)]
pub struct TlsClient {
    /// Trust, own certificate, versions.
    pub config: Arc<ClientConfig>,
    /// Whom the other side has to prove to be; also sent as SNI.
    pub name: ServerName<'static>,
}

/// Where a new connection's TLS comes from.
pub trait TlsSource: Send + Sync {
    /// What the next connection to `host` uses. May read files: it is called outside the loop's thread.
    ///
    /// # Errors
    /// [`TlsFault`]; the connection is tried again later.
    fn client(&self, host: &str) -> Result<TlsClient, TlsFault>;
}
