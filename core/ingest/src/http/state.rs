//! What every request sees.

use std::net::SocketAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use carrack_engine::Engine;
use carrack_runtime::{Clock, SystemClock};
use carrack_telemetry::names;
use tokio::sync::{Semaphore, watch};

use super::held::{Held, HeldPlace};
use super::modems::Modems;
use super::problem::Problem;
use super::signature::Replays;
use super::{MetricsPage, Shadow, Taps};
use crate::accounts::{Account, AccountBook};
use crate::batch::Batches;
use crate::consent::Review;
use crate::loop_probe::ProbeBoard;
use crate::webhook::WebhookDesk;

/// Until one who has as many streams open as he may is to try again.
const OPEN_RETRY_S: u32 = 5;

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
    /// Bulk calls of each account, by its number.
    pub(crate) streams: Held<u32>,
    /// Files of each account that come in.
    pub(crate) uploads: Held<u32>,
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
    /// One more bulk call of an account.
    pub(crate) fn stream_of(&self, account: &Account) -> Result<HeldPlace<u32>, Problem> {
        open(&self.streams, account, "bulk", "bulk calls")
    }

    /// One more file of an account that comes in.
    pub(crate) fn upload_of(&self, account: &Account) -> Result<HeldPlace<u32>, Problem> {
        open(&self.uploads, account, "upload", "uploads")
    }

    pub(crate) fn utc_ns(&self) -> u64 {
        self.clock.now().utc_ns
    }
}

fn open(
    held: &Held<u32>,
    account: &Account,
    what: &'static str,
    plural: &str,
) -> Result<HeldPlace<u32>, Problem> {
    held.take(account.number).ok_or_else(|| {
        metrics::counter!(names::HTTP_STREAMS_REFUSED, "account" => account.name.clone(), "what" => what)
            .increment(1);
        let detail = format!(
            "the account has {} {plural} open, as many as it may; try again when one has ended",
            held.most()
        );
        Problem::later(StatusCode::TOO_MANY_REQUESTS, OPEN_RETRY_S, detail)
    })
}

/// Who is at the other end of the connection.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) SocketAddr);
