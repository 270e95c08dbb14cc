//! What every request sees.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use carrack_engine::Engine;
use carrack_runtime::{Clock, SystemClock};
use tokio::sync::{Semaphore, watch};

use super::modems::Modems;
use super::signature::Replays;
use super::{MetricsPage, Shadow, Taps};
use crate::accounts::AccountBook;
use crate::batch::Batches;
use crate::consent::Review;
use crate::loop_probe::ProbeBoard;
use crate::webhook::WebhookDesk;

/// Shared by all requests: every step of a request's way takes a copy.
#[derive(Clone)]
pub(crate) struct State(Arc<Shared>);

pub(crate) struct Shared {
    pub(crate) engine: Engine,
    pub(crate) accounts: Arc<AccountBook>,
    pub(crate) batches: Batches,
    pub(crate) metrics: Option<MetricsPage>,
    pub(crate) taps: Taps,
    pub(crate) shadow: Shadow,
    pub(crate) loop_probes: ProbeBoard,
    pub(crate) review: Review,
    pub(crate) modems: Modems,
    /// How webhooks do; none: this door shows none.
    pub(crate) webhooks: Option<WebhookDesk>,
    /// True: the door closes.
    pub(crate) closing: watch::Receiver<bool>,
    pub(crate) body_octets_max: usize,
    pub(crate) request_timeout: Duration,
    pub(crate) kannel: bool,
    pub(crate) jasmin: bool,
    pub(crate) clock: SystemClock,
    /// Turns at reading the log.
    pub(crate) log_readers: Arc<Semaphore>,
    /// Signatures that were used.
    pub(crate) replays: Replays,
}

impl Deref for State {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

impl From<Shared> for State {
    fn from(shared: Shared) -> Self {
        Self(Arc::new(shared))
    }
}

impl Shared {
    pub(crate) fn utc_ns(&self) -> u64 {
        self.clock.now().utc_ns
    }
}

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);
