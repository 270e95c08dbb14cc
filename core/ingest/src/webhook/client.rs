//! One HTTP request to a customer's receiver.
//!
//! Promise: the whole of it, from the name's look-up to the last octet of the answer, ends within the account's time.
//! Redirects are not followed. Bound: [`ANSWER_OCTETS_MAX`] of an answer are read, connections are kept for a while and
//! belong to one account. TLS trusts the authorities of the system.

use std::sync::Arc;
use std::time::Duration;

use carrack_settings::Webhook;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use super::backoff::retry_after;
use super::outcome::Outcome;
use super::signature::signature;

/// Most octets of an answer.
const ANSWER_OCTETS_MAX: usize = 64 * 1024;
/// How long a connection is kept without a request.
const IDLE: Duration = Duration::from_secs(60);
const AGENT: &str = concat!("carrack/", env!("CARGO_PKG_VERSION"));
const ID: &str = "x-carrack-id";
const SIGNATURE: &str = "x-carrack-signature";

/// How a request ended, and what of it is for people or for us.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) outcome: Outcome,
    /// Why, where it was not taken.
    pub(crate) detail: String,
    /// The body of an answer that took it.
    pub(crate) body: Bytes,
}

impl Answer {
    fn failed(outcome: Outcome, detail: impl Into<String>) -> Self {
        Self {
            outcome,
            detail: detail.into(),
            body: Bytes::new(),
        }
    }
}

/// Trust in the system's authorities, read now. Without any, no receiver can prove who it is, and none is posted to.
pub(crate) fn trust() -> Option<ClientConfig> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (taken, _) = roots.add_parsable_certificates(found.certs);
    if taken == 0 {
        tracing::warn!(
            "the system has no TLS authorities; webhooks by https fail until they are installed (ca-certificates)"
        );
    }
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let config = config
        .with_safe_default_protocol_versions()
        .inspect_err(|error| tracing::error!(%error, "no TLS for webhooks"));
    Some(
        config
            .ok()?
            .with_root_certificates(roots)
            .with_no_client_auth(),
    )
}

/// Posts to the receiver of one account.
pub(crate) struct Receiver {
    webhook: Webhook,
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
}

impl Receiver {
    pub(crate) fn new(webhook: Webhook, tls: ClientConfig) -> Self {
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
            .pool_max_idle_per_host(webhook.concurrency as usize)
            .build(connector);
        Self { webhook, client }
    }

    /// What it was made of.
    pub(crate) const fn webhook(&self) -> &Webhook {
        &self.webhook
    }

    /// Posts `body` once.
    pub(crate) async fn post(&self, id: &str, utc_ns: u64, body: Vec<u8>) -> Answer {
        let posting = self.exchange(id, utc_ns, body);
        match tokio::time::timeout(self.webhook.timeout, posting).await {
            Ok(answer) => answer,
            Err(_) => Answer::failed(Outcome::TimedOut, "no whole answer in time"),
        }
    }

    async fn exchange(&self, id: &str, utc_ns: u64, body: Vec<u8>) -> Answer {
        let signed = signature(
            self.webhook.secret.expose().as_bytes(),
            utc_ns / 1_000_000_000,
            &body,
        );
        let request = Request::builder()
            .method(Method::POST)
            .uri(self.webhook.url.clone())
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .header(ID, id)
            .header(SIGNATURE, signed)
            .body(Full::new(Bytes::from(body)));
        let request = match request {
            Ok(request) => request,
            Err(error) => return Answer::failed(Outcome::Broken, error.to_string()),
        };
        let response = match self.client.request(request).await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                return Answer::failed(Outcome::Unreachable, explain(&error));
            }
            Err(error) => return Answer::failed(Outcome::Broken, explain(&error)),
        };
        let status = response.status();
        let pause = response.headers().get(RETRY_AFTER);
        let pause = pause.and_then(|value| retry_after(value.to_str().ok()?));
        let outcome = Outcome::of(status, pause);
        if outcome != Outcome::Taken {
            return Answer::failed(outcome, format!("it answers {status}"));
        }
        let whole = Limited::new(response.into_body(), ANSWER_OCTETS_MAX).collect();
        match whole.await {
            Ok(body) => Answer {
                outcome,
                detail: String::new(),
                body: body.to_bytes(),
            },
            Err(error) => Answer::failed(
                Outcome::Broken,
                format!("its answer cannot be read ({}): {error}", status.as_u16()),
            ),
        }
    }
}

/// An error and what is behind it.
fn explain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
