//! What the HTTP door is started with.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use carrack_settings::Http;

use super::modems::Modems;
use super::{Shadow, Taps};
use crate::consent::Review;
use crate::loop_probe::ProbeBoard;
use crate::tls::TlsFiles;
use crate::webhook::WebhookDesk;

/// Gives the Prometheus page.
pub type MetricsPage = Arc<dyn Fn() -> String + Send + Sync>;

/// Where the door listens and what it bears.
#[derive(Clone)]
pub struct HttpSpec {
    /// Where it listens; port 0 takes any free port.
    pub listen: SocketAddr,
    /// Certificate and key; none: plain HTTP.
    pub tls: Option<TlsFiles>,
    /// Most octets of a body, batches apart.
    pub body_octets_max: usize,
    /// Connections at a time, over all threads.
    pub connections_max: usize,
    /// Of these from one address.
    pub connections_of_address_max: usize,
    /// Bulk calls of an account at a time.
    pub streams_of_account_max: usize,
    /// Files of an account that come in at a time.
    pub uploads_of_account_max: usize,
    /// Longest time for a request's header, for its body, and for each answer of the engine.
    pub request_timeout: Duration,
    /// Origins whose pages may call from a browser; empty: none.
    pub cors_origins: Vec<String>,
    /// Whether callers of Kannel are answered.
    pub kannel: bool,
    /// Whether callers of Jasmin are answered.
    pub jasmin: bool,
    /// Threads that serve.
    pub threads: usize,
    /// Gives `/metrics`; none: 404.
    pub metrics: Option<MetricsPage>,
    /// What operators may listen to.
    pub taps: Taps,
    /// What another table would have done; none: 404.
    pub shadow: Shadow,
    /// How loop probes do.
    pub loop_probes: ProbeBoard,
    /// Texts that a person has to read.
    pub review: Review,
    /// Modems of the node's pools.
    pub modems: Modems,
    /// How webhooks do; none: 404.
    pub webhooks: Option<WebhookDesk>,
}

impl HttpSpec {
    /// As configured, on one thread, without taps or shadow.
    #[must_use]
    pub fn from_settings(http: &Http, metrics: Option<MetricsPage>) -> Self {
        Self {
            listen: http.listen,
            tls: http.tls.as_ref().map(TlsFiles::from),
            body_octets_max: usize::try_from(http.body_octets_max).unwrap_or(usize::MAX),
            connections_max: http.connections_max as usize,
            connections_of_address_max: http.connections_of_address_max as usize,
            streams_of_account_max: http.streams_of_account_max as usize,
            uploads_of_account_max: http.uploads_of_account_max as usize,
            request_timeout: http.request_timeout,
            cors_origins: http.cors_origins.clone(),
            kannel: http.kannel,
            jasmin: http.jasmin,
            threads: 1,
            metrics,
            taps: Taps::default(),
            shadow: None,
            loop_probes: ProbeBoard::default(),
            review: Review::default(),
            modems: None,
            webhooks: None,
        }
    }
}
