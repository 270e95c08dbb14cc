//! One HTTP request to the register.
//!
//! Promise: the whole of it, from the name's look-up to the last octet of the answer, ends within the time of the settings.
//! Redirects are not followed. Bound: [`ANSWER_OCTETS_MAX`] of an answer are read. TLS trusts the authorities of the
//! system.

use std::sync::Arc;
use std::time::Duration;

use carrack_message::Msisdn;
use carrack_settings::Hlr;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{
    ACCEPT, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER, USER_AGENT,
};
use hyper::{Method, Request, StatusCode};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use crate::reading::read;
use crate::{Failure, Known};

/// Most octets of an answer.
const ANSWER_OCTETS_MAX: usize = 64 * 1024;
/// How long a connection is kept without a request.
const IDLE: Duration = Duration::from_secs(60);
const AGENT: &str = concat!("carrack/", env!("CARGO_PKG_VERSION"));

/// Asks the register of the settings.
pub(crate) struct Register {
    settings: Hlr,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

/// Trust in the system's authorities, read now; none where this machine can do no TLS.
pub(crate) fn trust() -> Option<ClientConfig> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        tracing::warn!(
            "the system has no TLS authorities; number lookups by https fail until they are installed (ca-certificates)"
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .inspect_err(|error| tracing::error!(%error, "no TLS for number lookups"))
        .ok()?;
    Some(config.with_root_certificates(roots).with_no_client_auth())
}

impl Register {
    pub(crate) fn new(settings: Hlr, tls: ClientConfig) -> Self {
        let mut plain = HttpConnector::new();
        plain.enforce_http(false);
        plain.set_nodelay(true);
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(plain);
        let client = Client::builder(TokioExecutor::new())
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE)
            .pool_max_idle_per_host(settings.concurrency as usize)
            .build(connector);
        Self { settings, client }
    }

    /// Asks for one number.
    pub(crate) async fn ask(&self, number: Msisdn) -> Result<Known, Failure> {
        let asking = self.exchange(number);
        match tokio::time::timeout(self.settings.timeout, asking).await {
            Ok(answer) => answer,
            Err(_) => Err(Failure::TimedOut),
        }
    }

    async fn exchange(&self, number: Msisdn) -> Result<Known, Failure> {
        let request = self.request(number).ok_or(Failure::Unreadable)?;
        let response = self.client.request(request).await.map_err(|error| {
            if error.is_connect() {
                Failure::Unreachable
            } else {
                Failure::Unreadable
            }
        })?;
        check(response.status(), response.headers())?;
        let whole = Limited::new(response.into_body(), ANSWER_OCTETS_MAX).collect();
        let body = whole.await.map_err(|_| Failure::Unreadable)?.to_bytes();
        read(&self.settings, &body)
    }

    fn request(&self, number: Msisdn) -> Option<Request<Full<Bytes>>> {
        let digits = number.to_string();
        let filled = |template: &str| template.replace(Hlr::NUMBER, &digits);
        let body = self.settings.body.as_deref().map(filled);
        let mut request = Request::builder()
            .method(if body.is_some() {
                Method::POST
            } else {
                Method::GET
            })
            .uri(filled(self.settings.url.expose()))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .header(ACCEPT, HeaderValue::from_static("application/json"));
        if body.is_some() {
            request = request.header(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let mut request = request
            .body(Full::new(Bytes::from(body.unwrap_or_default())))
            .ok()?;
        for (name, value) in &self.settings.headers {
            let name = HeaderName::from_bytes(name.as_bytes()).ok()?;
            let mut value = HeaderValue::from_str(value.expose()).ok()?;
            value.set_sensitive(true);
            request.headers_mut().insert(name, value);
        }
        Some(request)
    }
}

/// What a status means.
fn check(status: StatusCode, headers: &HeaderMap) -> Result<(), Failure> {
    let number = status.as_u16();
    if status.is_success() {
        return Ok(());
    }
    if status.is_redirection() {
        return Err(Failure::Redirected(number));
    }
    let is_later = matches!(number, 408 | 425 | 429) || status.is_server_error();
    if !is_later {
        return Err(Failure::Refused(number));
    }
    let seconds = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok()?.trim().parse().ok());
    Err(Failure::Later {
        status: number,
        pause: seconds.map(Duration::from_secs),
    })
}
