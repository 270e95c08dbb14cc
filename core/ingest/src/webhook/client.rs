//! One HTTP request to a customer's receiver: his webhook, or a URL that a message of his names.
//!
//! Promise: the whole of it, from the name's look-up to the last octet of the answer, ends within the account's time.
//! Redirects are not followed. Bound: [`ANSWER_OCTETS_MAX`] of an answer are read, connections are kept for a while and
//! belong to one account. A URL that a message names is held to the account's hosts and, by the look-up of its name, to addresses outside. TLS trusts the authorities of the system.

use std::sync::Arc;
use std::time::Duration;

use carrack_message::CallbackKind;
use carrack_settings::{Callbacks, PostingTerms, Secret, Webhook};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER, USER_AGENT};
use hyper::{Method, Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::dns::GaiResolver;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use tower_service::Service;

use super::backoff::retry_after;
use super::guard::{Resolver, host_of, is_listed};
use super::outcome::Outcome;
use super::render::{Rendered, is_taken};
use super::signature::signature;
use crate::accounts::Account;

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
    /// There was nothing to ask.
    pub(crate) fn nothing() -> Self {
        Self::failed(Outcome::Taken, "")
    }

    pub(crate) fn failed(outcome: Outcome, detail: impl Into<String>) -> Self {
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

type Pool<R> = Client<HttpsConnector<HttpConnector<R>>, Full<Bytes>>;

/// What an account posts by: its webhook, its callbacks, or both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Outlets {
    pub(crate) webhook: Option<Webhook>,
    pub(crate) callbacks: Option<Callbacks>,
}

impl Outlets {
    /// None where the account has neither.
    pub(crate) fn of(account: &Account) -> Option<Self> {
        (account.webhook.is_some() || account.callbacks.is_some()).then(|| Self {
            webhook: account.webhook.clone(),
            callbacks: account.callbacks.clone(),
        })
    }

    /// How it posts: as its webhook says, where it has one.
    pub(crate) fn terms(&self) -> PostingTerms {
        let webhook = self.webhook.as_ref().map(|webhook| &webhook.terms);
        let callbacks = self.callbacks.as_ref().map(|callbacks| &callbacks.terms);
        webhook.or(callbacks).cloned().unwrap_or_default()
    }

    /// Most events of a request.
    pub(crate) fn batch_max(&self) -> usize {
        self.webhook
            .as_ref()
            .map_or(1, |webhook| webhook.batch_max as usize)
    }

    /// Where its webhook is.
    pub(crate) fn url(&self) -> Option<String> {
        self.webhook.as_ref().map(|webhook| webhook.url.to_string())
    }

    /// The keys of a signature: a callback's own, else the webhook's.
    fn secrets(&self, kind: CallbackKind) -> &[Secret] {
        let webhook = self.webhook.as_ref().map(|webhook| &webhook.terms.secrets);
        let own = self
            .callbacks
            .as_ref()
            .map(|callbacks| &callbacks.terms.secrets);
        let own = own.filter(|own| kind != CallbackKind::Webhook && !own.is_empty());
        own.or(webhook).map_or(&[], |secrets| secrets)
    }
}

/// Posts to the receivers of one account.
pub(crate) struct Receiver {
    outlets: Outlets,
    terms: PostingTerms,
    webhook: Pool<GaiResolver>,
    callbacks: Pool<Resolver>,
}

impl Receiver {
    pub(crate) fn new(outlets: Outlets, tls: &ClientConfig) -> Self {
        let terms = outlets.terms();
        let private = outlets
            .callbacks
            .as_ref()
            .is_some_and(|callbacks| callbacks.private);
        Self {
            webhook: pool(GaiResolver::new(), tls, terms.concurrency),
            callbacks: pool(Resolver { private }, tls, terms.concurrency),
            outlets,
            terms,
        }
    }

    /// What it was made of.
    pub(crate) const fn outlets(&self) -> &Outlets {
        &self.outlets
    }

    /// How it posts.
    pub(crate) const fn terms(&self) -> &PostingTerms {
        &self.terms
    }

    /// Makes a request once.
    pub(crate) async fn send(
        &self,
        kind: CallbackKind,
        id: &str,
        utc_ns: u64,
        asked: Rendered,
    ) -> Answer {
        let sending = self.exchange(kind, id, utc_ns, asked);
        match tokio::time::timeout(self.terms.timeout, sending).await {
            Ok(answer) => answer,
            Err(_) => Answer::failed(Outcome::TimedOut, "no whole answer in time"),
        }
    }

    async fn exchange(&self, kind: CallbackKind, id: &str, utc_ns: u64, asked: Rendered) -> Answer {
        let request = match self.request(kind, id, utc_ns, asked) {
            Ok(request) => request,
            // Only another configuration helps: seldom, and nothing was asked.
            Err(why) => return Answer::failed(Outcome::Refused, why),
        };
        let response = match kind {
            CallbackKind::Webhook => self.webhook.request(request).await,
            _ => self.callbacks.request(request).await,
        };
        let response = match response {
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
        let body = match whole.await {
            Ok(body) => body.to_bytes(),
            Err(error) => {
                let why = format!("its answer cannot be read ({}): {error}", status.as_u16());
                return Answer::failed(Outcome::Broken, why);
            }
        };
        if !is_taken(kind, status.as_u16(), &body) {
            return Answer::failed(
                Outcome::Later(None),
                "its answer does not say that it was taken",
            );
        }
        Answer {
            outcome,
            detail: String::new(),
            body,
        }
    }

    fn request(
        &self,
        kind: CallbackKind,
        id: &str,
        utc_ns: u64,
        asked: Rendered,
    ) -> Result<Request<Full<Bytes>>, String> {
        if kind != CallbackKind::Webhook {
            let callbacks = self.outlets.callbacks.as_ref();
            let callbacks = callbacks.ok_or("the account has no `callbacks` any more")?;
            let host = host_of(&asked.url)?;
            if !is_listed(callbacks, &host) {
                return Err(format!("the account may not be told at {host:?}"));
            }
        }
        let mut request = Request::builder()
            .method(if asked.get { Method::GET } else { Method::POST })
            .uri(&asked.url)
            .header(USER_AGENT, HeaderValue::from_static(AGENT))
            .header(ID, id);
        if !asked.content_type.is_empty() {
            request = request.header(CONTENT_TYPE, asked.content_type);
        }
        let secrets = self.outlets.secrets(kind);
        if let Some(signed) = signature(secrets, utc_ns / 1_000_000_000, &asked.body) {
            request = request.header(SIGNATURE, signed);
        }
        let body = Full::new(Bytes::from(asked.body));
        request.body(body).map_err(|error| error.to_string())
    }
}

/// Connections of one account, kept for a while.
fn pool<R>(resolver: R, tls: &ClientConfig, concurrency: u32) -> Pool<R>
where
    HttpConnector<R>: Service<Uri> + Clone,
    HttpsConnector<HttpConnector<R>>: Connect + Clone,
{
    let mut plain = HttpConnector::new_with_resolver(resolver);
    plain.enforce_http(false);
    plain.set_nodelay(true);
    let connector = HttpsConnectorBuilder::new()
        .with_tls_config(tls.clone())
        .https_or_http()
        .enable_http1()
        .wrap_connector(plain);
    Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(concurrency as usize)
        .build(connector)
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
